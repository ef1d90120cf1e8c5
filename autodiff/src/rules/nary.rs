//! Functions of any number of arguments, recorded as one entry.

use num_traits::Float;
use smallvec::SmallVec;

use super::Algebra;

/// A function of a list of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Nary {
    /// `a · b + c` with one rounding; three arguments.
    MulAdd,
    /// Sum in order.
    Sum,
    /// `Σ a_i b_i` in order; first all `a`, then all `b`.
    Dot,
    /// `ln Σ e^{x_i}`, shifted by the largest argument.
    LogSumExp,
}

impl Nary {
    pub(crate) const ALL: &[Self] = &[Self::MulAdd, Self::Sum, Self::Dot, Self::LogSumExp];

    /// The function's name, for messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MulAdd => "mul_add",
            Self::Sum => "sum",
            Self::Dot => "dot",
            Self::LogSumExp => "logsumexp",
        }
    }

    /// Whether recording stores the partial derivatives, since they come with the value and are dear to compute again.
    pub(crate) const fn stores_partials(self) -> bool {
        matches!(self, Self::LogSumExp)
    }

    /// The value on plain numbers. An empty sum is `-0`, as in the standard library.
    pub(crate) fn value<F: Float>(self, x: &[F]) -> F {
        match self {
            Self::MulAdd => x[0].mul_add(x[1], x[2]),
            Self::Sum => x.iter().fold(F::neg_zero(), |sum, &x| sum + x),
            Self::Dot => {
                let (a, b) = x.split_at(x.len() / 2);
                a.iter().zip(b).fold(F::zero(), |sum, (&a, &b)| sum + a * b)
            }
            Self::LogSumExp => {
                let top = x.iter().fold(F::neg_infinity(), |m, &x| if x > m || x.is_nan() { x } else { m });
                if top.is_infinite() {
                    return top;
                }
                x.iter().fold(F::zero(), |sum, &x| sum + (x - top).exp()).ln() + top
            }
        }
    }

    /// The derivatives with respect to every argument, where the function's value is `y`.
    pub(crate) fn derivatives<R: Algebra>(self, x: &[R], y: R) -> SmallVec<[R; 8]> {
        match self {
            Self::MulAdd => SmallVec::from_slice(&[x[1], x[0], R::constant(1.0)]),
            Self::Sum => x.iter().map(|_| R::constant(1.0)).collect(),
            Self::Dot => {
                let (a, b) = x.split_at(x.len() / 2);
                b.iter().chain(a).copied().collect()
            }
            Self::LogSumExp => {
                // Dividing by the sum takes out the rounding of `y`.
                let empty = y.equals(R::constant(f64::NEG_INFINITY));
                let shares: SmallVec<[R; 8]> = x.iter().map(|&x| (x - y).exp()).collect();
                let total = shares.iter().copied().reduce(|sum, share| sum + share).unwrap_or(R::constant(1.0));
                shares.iter().map(|&share| R::select(empty, R::constant(0.0), share / total)).collect()
            }
        }
    }
}
