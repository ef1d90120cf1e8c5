//! Functions of any number of arguments, recorded as one entry.

use num_traits::Float;
use smallvec::SmallVec;

use crate::Real;
use crate::kernels::reduce;
use crate::rules::{Algebra, Curvature, share_of};

/// A function of a list of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Nary {
    /// `a · b + c` with one rounding; three arguments.
    MulAdd,
    /// Sum in order.
    Sum,
    /// Sum in order, divided by the number of arguments.
    Mean,
    /// `Σ a_i b_i` in order; first all `a`, then all `b`.
    Dot,
    /// `Σ x_i²` in order.
    SumSq,
    /// `√Σ x_i²`, scaled if the squares leave the range of the number type.
    Norm,
    /// Product in order.
    Product,
    /// `ln Σ e^{x_i}`, shifted by the largest argument.
    LogSumExp,
    /// Horner's rule; first `x`, then the coefficients from the constant term up.
    Polynomial,
}

impl Nary {
    pub(crate) const ALL: &[Self] = &[
        Self::MulAdd,
        Self::Sum,
        Self::Mean,
        Self::Dot,
        Self::SumSq,
        Self::Norm,
        Self::Product,
        Self::LogSumExp,
        Self::Polynomial,
    ];

    /// The function's name, for messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MulAdd => "mul_add",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Dot => "dot",
            Self::SumSq => "sum_sq",
            Self::Norm => "norm",
            Self::Product => "product",
            Self::LogSumExp => "logsumexp",
            Self::Polynomial => "poly_eval",
        }
    }

    /// Whether recording stores the partial derivatives, since they come with the value and are dear to compute again.
    pub(crate) const fn stores_partials(self) -> bool {
        matches!(self, Self::LogSumExp)
    }

    /// Which second derivatives can be other than 0.
    pub(crate) const fn curvature(self) -> Curvature {
        match self {
            Self::Sum | Self::Mean => Curvature::None,
            Self::Dot => Curvature::Product,
            _ => Curvature::Full,
        }
    }

    /// The value on plain numbers.
    pub(crate) fn value<F: Real>(self, x: &[F]) -> F {
        self.value_of(x.len(), |i| x[i])
    }

    /// The value where argument `i` of `n` is `x(i)`. An empty sum is `-0`, as in the standard library.
    #[inline]
    pub(crate) fn value_of<F: Real>(self, n: usize, x: impl Fn(usize) -> F) -> F {
        let all = (0..n).map(&x);
        match self {
            Self::MulAdd => x(0).mul_add(x(1), x(2)),
            Self::Sum => all.fold(F::neg_zero(), |sum, x| sum + x),
            Self::Mean => all.fold(F::neg_zero(), |sum, x| sum + x) / count(n),
            Self::Dot => (0..n / 2).map(|i| x(i) * x(n / 2 + i)).reduce(|sum, term| sum + term).unwrap_or(F::zero()),
            Self::SumSq => sum_of_squares(all),
            Self::Norm => {
                let sum = sum_of_squares(all.clone());
                if sum.is_normal() {
                    return sum.sqrt();
                }
                let scale = reduce::unit(all.fold(F::zero(), |m, x| m.max(x.abs())));
                sum_of_squares((0..n).map(|i| x(i) / scale)).sqrt() * scale
            }
            Self::Product => all.reduce(|product, x| product * x).unwrap_or(F::one()),
            Self::LogSumExp => log_sum_exp(&all.collect::<SmallVec<[F; 8]>>()).0,
            Self::Polynomial => (1..n).rev().map(&x).reduce(|y, c| y * x(0) + c).unwrap_or(F::zero()),
        }
    }

    /// The value, and the partial derivatives of a function that stores them, which fall off on the way.
    pub(crate) fn value_and_partials<F: Real>(self, x: &[F]) -> (F, SmallVec<[F; 8]>) {
        if !self.stores_partials() {
            return (self.value(x), SmallVec::new());
        }
        let (value, mut shares, total) = log_sum_exp(x);
        for share in &mut shares {
            *share /= total;
        }
        (value, shares)
    }

    /// The derivatives with respect to every argument, where the function's value is `y`.
    pub(crate) fn derivatives<R: Algebra>(self, x: &[R], y: R) -> SmallVec<[R; 8]> {
        let constant = |c: f64| x.iter().map(|_| R::constant(c)).collect();
        match self {
            Self::MulAdd => SmallVec::from_slice(&[x[1], x[0], R::constant(1.0)]),
            Self::Sum => constant(1.0),
            Self::Mean => constant(1.0 / x.len() as f64),
            Self::Dot => {
                let (a, b) = x.split_at(x.len() / 2);
                b.iter().chain(a).copied().collect()
            }
            Self::SumSq => x.iter().map(|&x| x + x).collect(),
            Self::Norm => x.iter().map(|&x| share_of(x, y)).collect(),
            Self::Product => product_derivatives(x),
            Self::LogSumExp => {
                let top = R::constant(f64::INFINITY);
                let (endless, empty) = (y.equals(top), y.equals(-top));
                let or_1 = |mask, x| R::select(mask, R::constant(1.0), x);
                let share = |&x: &R| {
                    let is_top = R::select(x.equals(top), R::constant(1.0), R::constant(0.0));
                    R::select(endless, is_top, (x - or_1(empty, y)).exp())
                };
                let shares: SmallVec<[R; 8]> = x.iter().map(share).collect();
                // Dividing by the sum takes out the rounding of `y`.
                let total = shares.iter().copied().reduce(|sum, share| sum + share).unwrap_or(R::constant(1.0));
                let total = or_1(empty, total);
                shares.iter().map(|&share| share / total).collect()
            }
            Self::Polynomial => {
                let (at, coefficients) = (x[0], &x[1..]);
                // Horner's rule for the value and, one step behind, for the slope. Neither begins with a zero, which an infinite
                // `x` would turn into NaN.
                let (mut value, mut slope) = (None, None);
                for &c in coefficients.iter().rev() {
                    slope = value.map(|value| slope.map_or(value, |slope: R| slope * at + value));
                    value = Some(value.map_or(c, |value: R| value * at + c));
                }
                let mut slopes: SmallVec<[R; 8]> = SmallVec::from_slice(&[slope.unwrap_or(R::constant(0.0))]);
                let mut power = R::constant(1.0);
                for _ in coefficients {
                    slopes.push(power);
                    power = power * at;
                }
                slopes
            }
        }
    }
}

/// The product of all other factors, without a division: a factor may be 0.
fn product_derivatives<R: Algebra>(x: &[R]) -> SmallVec<[R; 8]> {
    let n = x.len();
    let one = R::constant(1.0);
    // Products of what is before and of what is behind, two chains at once.
    let mut before: SmallVec<[R; 8]> = SmallVec::from_elem(one, n);
    let mut behind = before.clone();
    for i in 1..n {
        before[i] = before[i - 1] * x[i - 1];
        behind[n - 1 - i] = behind[n - i] * x[n - i];
    }
    before.iter_mut().zip(behind).for_each(|(product, behind)| *product = *product * behind);
    before
}

/// `ln Σ e^{x_i}`, and the powers less the largest argument with their sum: what each argument has a share in. If the
/// largest is infinite, the arguments have the shares of a limit: none below `-inf`, even ones among `+inf`.
fn log_sum_exp<F: Real>(x: &[F]) -> (F, SmallVec<[F; 8]>, F) {
    let top = reduce::largest(x);
    if Float::is_infinite(top) {
        let shares: SmallVec<[F; 8]> =
            x.iter().map(|&x| if x == F::infinity() { F::one() } else { F::zero() }).collect();
        let total = shares.iter().fold(F::zero(), |sum, &share| sum + share);
        return (top, shares, if top < F::zero() { F::one() } else { total });
    }
    let mut powers = SmallVec::from_elem(F::zero(), x.len());
    reduce::shifted_exp(x, top, &mut powers);
    let total = reduce::sum(&powers);
    (Float::ln(total) + top, powers, total)
}

fn sum_of_squares<F: Float>(x: impl Iterator<Item = F>) -> F {
    x.map(|x| x * x).fold(F::zero(), |sum, term| sum + term)
}

fn count<F: Float>(n: usize) -> F {
    F::from(n).expect("a count is a number")
}
