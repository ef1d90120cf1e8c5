//! Forward mode: a number with tangents.

use std::fmt;

use super::Real;
use super::methods::{comparisons, number_traits};
use super::operators::{binary_methods, unary_methods};
use super::question::Question;
use crate::rules::{Binary, Unary};

/// A value with `N` tangents: `f(a + b ε) = f(a) + f'(a) b ε`, `ε² = 0`.
///
/// Every function of the table works on it, and so does code that is generic over [`Real`] or `num_traits::Float`.
/// Comparisons look at the value alone. Duals nest: `Dual<Dual<f64>>` carries second derivatives.
///
/// ```
/// use autodiff::Dual;
/// // The gradient of x·y + sin x in two tangents, at (2, 3).
/// let x = Dual::<f64, 2>::new(2.0, [1.0, 0.0]);
/// let y = Dual::<f64, 2>::new(3.0, [0.0, 1.0]);
/// let f = x * y + x.sin();
/// assert_eq!(f.tangent(), &[3.0 + 2.0_f64.cos(), 2.0]);
/// ```
#[doc(alias("forward mode", "linearize", "make_dual"))]
#[derive(Clone, Copy)]
pub struct Dual<T, const N: usize = 1> {
    value: T,
    tangent: [T; N],
}

impl<T: Real, const N: usize> Dual<T, N> {
    /// A value with its tangents.
    #[inline(always)]
    pub fn new(value: T, tangent: [T; N]) -> Self {
        Self { value, tangent }
    }

    /// A constant: all tangents are 0.
    #[inline(always)]
    pub fn constant(value: T) -> Self {
        Self { value, tangent: [T::zero(); N] }
    }

    /// The value.
    #[inline(always)]
    pub fn value(self) -> T {
        self.value
    }

    /// The tangents.
    #[inline(always)]
    pub fn tangent(&self) -> &[T; N] {
        &self.tangent
    }

    /// The chain rule: a function of `x` from its value and its partial derivatives.
    #[inline]
    pub(crate) fn composed(value: T, partials: &[T], x: &[Self]) -> Self {
        let along = |k: usize| {
            let terms = x.iter().zip(partials).map(|(x, &partial)| x.tangent[k].chain(partial));
            terms.fold(T::zero(), |sum, term| sum + term)
        };
        Self { value, tangent: std::array::from_fn(along) }
    }

    #[inline(always)]
    pub(crate) fn apply1(self, f: Unary) -> Self {
        let y = self.value.unary(f);
        let partial = f.derivative(self.value, y);
        Self { value: y, tangent: self.tangent.map(|t| t.chain(partial)) }
    }

    #[inline(always)]
    pub(crate) fn apply2(self, f: Binary, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        let y = a.binary(f, b);
        let (da, db) = (f.derivative_a(a, b, y), f.derivative_b(a, b, y));
        let tangent = std::array::from_fn(|i| self.tangent[i].chain(da) + other.tangent[i].chain(db));
        Self { value: y, tangent }
    }

    /// The value, for a trait that makes something else of it: a recorded one takes note of that.
    #[inline(always)]
    pub(crate) fn taken(self) -> T {
        self.value
    }

    /// Whether a program is to take note of questions to this: the value underneath is asked each of them, and knows.
    #[cfg(feature = "approx")]
    #[allow(clippy::unused_self, reason = "asked as a recorded variable is")]
    pub(crate) fn is_guarded(self) -> bool {
        false
    }

    #[inline(always)]
    #[track_caller]
    fn ask(self, question: Question, other: Self) -> bool {
        question.answer(self.value, other.value)
    }

    fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
        terms.fold(Self::constant(-T::zero()), |sum, x| sum + x)
    }

    fn product_of(mut factors: impl Iterator<Item = Self>) -> Self {
        let Some(first) = factors.next() else { return Self::constant(T::one()) };
        factors.fold(first, |product, x| product * x)
    }

    /// `self · a + b` with one rounding.
    #[inline]
    pub fn mul_add(self, a: Self, b: Self) -> Self {
        let value = self.value.mul_add(a.value, b.value);
        Self::composed(value, &[a.value, self.value, T::one()], &[self, a, b])
    }
}

impl<T: Real> Dual<T> {
    /// The independent variable: tangent 1.
    #[inline(always)]
    pub fn variable(value: T) -> Self {
        Self { value, tangent: [T::one()] }
    }
}

impl<T: Real, const N: usize> Real for Dual<T, N> {
    #[inline(always)]
    fn unary(self, f: Unary) -> Self {
        self.apply1(f)
    }

    #[inline(always)]
    fn binary(self, f: Binary, other: Self) -> Self {
        self.apply2(f, other)
    }

    #[inline(always)]
    fn of(value: f64) -> Self {
        Self::constant(T::of(value))
    }

    #[inline(always)]
    fn is_exact_zero(self) -> bool {
        self.value.is_exact_zero() && self.tangent.iter().all(|t| t.is_exact_zero())
    }

    #[inline(always)]
    fn is_exact_one(self) -> bool {
        self.value.is_exact_one() && self.tangent.iter().all(|t| t.is_exact_zero())
    }

    // A zero value wins over an infinite partial derivative whatever its tangents, which go on by the product rule. What has no
    // tangent adds none: a zero tangent, of either factor, wins too.
    #[inline(always)]
    fn chain(self, partial: Self) -> Self {
        let (a, b) = (self.value, partial.value);
        if a.is_exact_zero() {
            return Self { value: a, tangent: self.tangent.map(|t| t.chain(b)) };
        }
        let term = |t: T| if t.is_exact_zero() { t } else { a.chain(t) };
        let tangent = std::array::from_fn(|i| self.tangent[i].chain(b) + term(partial.tangent[i]));
        Self { value: a.chain(b), tangent }
    }

    #[inline(always)]
    #[track_caller]
    fn primal(self) -> f64 {
        self.value.primal()
    }
}

impl<T: Real, const N: usize> fmt::Display for Dual<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)?;
        for (i, t) in self.tangent.iter().enumerate() {
            write!(f, " + ")?;
            fmt::Display::fmt(t, f)?;
            if N == 1 { write!(f, " ε")? } else { write!(f, " ε{i}")? }
        }
        Ok(())
    }
}

impl<T: Real, const N: usize> fmt::Debug for Dual<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dual({:?}, {:?})", self.value, self.tangent)
    }
}

comparisons!({const N: usize} {Dual<T, N>});
number_traits!({const N: usize} Dual {N});
