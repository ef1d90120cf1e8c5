//! Forward mode over anything in which rules are written: numbers of a loop, and whole tensors.

use crate::rules::{Algebra, Binary, Unary, algebra_operators};

/// A value and its derivatives in `N` directions; `None` where it does not depend on the direction, so that nothing is
/// computed there. What [`Dual`](crate::Dual) is for numbers.
#[derive(Clone, Copy)]
pub(super) struct Tangent<A, const N: usize> {
    pub(super) value: A,
    pub(super) along: [Option<A>; N],
}

impl<A: Algebra, const N: usize> Tangent<A, N> {
    #[inline(always)]
    fn varies(&self) -> bool {
        self.along.iter().any(Option::is_some)
    }

    /// The chain rule: the derivatives times a slope.
    #[inline(always)]
    fn times(&self, slope: impl FnOnce() -> A) -> [Option<A>; N] {
        if !self.varies() {
            return [None; N];
        }
        let slope = slope();
        self.along.map(|along| along.map(|along| along.apply2(Binary::Chain, slope)))
    }
}

impl<A: Algebra, const N: usize> Algebra for Tangent<A, N> {
    type Mask = A::Mask;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self { value: A::constant(value), along: [None; N] }
    }

    #[inline(always)]
    fn apply1(self, f: Unary) -> Self {
        let y = self.value.apply1(f);
        Self { value: y, along: self.times(|| f.derivative(self.value, y)) }
    }

    #[inline(always)]
    fn apply2(self, f: Binary, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        let y = a.apply2(f, b);
        let left = self.times(|| f.derivative_a(a, b, y));
        let right = other.times(|| f.derivative_b(a, b, y));
        let sum = |k: usize| match (left[k], right[k]) {
            (Some(left), Some(right)) => Some(left + right),
            (left, right) => left.or(right),
        };
        Self { value: y, along: std::array::from_fn(sum) }
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        self.value.less(other.value)
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self::Mask {
        self.value.equals(other.value)
    }

    #[inline(always)]
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self {
        let along = |k: usize| match (a.along[k], b.along[k]) {
            (None, None) => None,
            (a, b) => {
                let [a, b] = [a, b].map(|along| along.unwrap_or_else(|| A::constant(0.0)));
                Some(A::select(mask, a, b))
            }
        };
        Self { value: A::select(mask, a.value, b.value), along: std::array::from_fn(along) }
    }
}

algebra_operators!({A: Algebra, const N: usize} {Tangent<A, N>});
