//! Which second derivatives there are, for the pattern of a Hessian.

/// Which second derivatives of an operation can be other than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curvature {
    /// None: the operation is linear, at least piece by piece.
    None,
    /// Only mixed ones, of an argument in the first half of the list with its partner in the second.
    Product,
    /// All.
    Full,
}

/// The curvature of a row by what it says of itself.
macro_rules! curvature {
    () => {
        Curvature::Full
    };
    (bilinear) => {
        Curvature::Product
    };
    ($linear_or_step:ident) => {
        Curvature::None
    };
}
pub(super) use curvature;

#[cfg(test)]
mod tests {
    use super::super::{Binary, Unary};
    use super::*;
    use crate::{Dual, Real};

    type Twice = Dual<Dual<f64, 2>, 2>;

    fn variable(x: f64, axis: usize) -> Twice {
        let unit = std::array::from_fn(|k| f64::from(u8::from(k == axis)));
        Dual::new(Dual::new(x, unit), unit.map(Dual::constant))
    }

    fn second(y: Twice) -> [[f64; 2]; 2] {
        y.tangent().map(|row| *row.tangent())
    }

    /// What is said to be 0 is 0 at every check point, and what is said not to be is not at some.
    #[test]
    fn agrees_with_the_rules() {
        for &f in Unary::ALL {
            let curved = f.points().iter().any(|&x| second(variable(x, 0).unary(f))[0][0] != 0.0);
            assert_eq!(f.curvature() == Curvature::Full, curved, "{}", f.name());
        }
        for &f in Binary::ALL {
            let at = |i: usize, j: usize| {
                let second = |&(a, b): &(f64, f64)| second(variable(a, 0).binary(f, variable(b, 1)))[i][j];
                f.points().iter().map(second).any(|x| x != 0.0)
            };
            let expected = match f.curvature() {
                Curvature::None => (false, false),
                Curvature::Product => (true, false),
                Curvature::Full => (at(0, 1), true),
            };
            assert_eq!((at(0, 1), at(0, 0) || at(1, 1)), expected, "{}", f.name());
            assert!(!at(0, 0) || f.curvature_in_first() == Curvature::Full, "{}: first", f.name());
            assert!(!at(1, 1) || f.curvature_in_second() == Curvature::Full, "{}: second", f.name());
        }
    }
}
