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
        let mut varies = false;
        for along in &self.along {
            varies |= along.is_some();
        }
        varies
    }

    /// The chain rule: the derivatives times a partial one. Loops here and below, for closures need not be inlined, and what is
    /// not is not compiled for the processor at hand.
    #[inline(always)]
    fn times(&self, partial: A) -> [Option<A>; N] {
        let mut along = self.along;
        for along in &mut along {
            if let Some(value) = along {
                *along = Some(value.chained(partial));
            }
        }
        along
    }
}

impl<A: Algebra, const N: usize> Algebra for Tangent<A, N> {
    type Mask = A::Mask;

    const IN_LOOP: bool = A::IN_LOOP;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self { value: A::constant(value), along: [None; N] }
    }

    #[inline(always)]
    fn apply1(self, f: Unary) -> Self {
        let y = self.value.apply1(f);
        let along = if self.varies() { self.times(f.derivative(self.value, y)) } else { [None; N] };
        Self { value: y, along }
    }

    #[inline(always)]
    fn apply2(self, f: Binary, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        let y = a.apply2(f, b);
        let left = if self.varies() { self.times(f.derivative_a(a, b, y)) } else { [None; N] };
        let right = if other.varies() { other.times(f.derivative_b(a, b, y)) } else { [None; N] };
        let mut along = left;
        for k in 0..N {
            along[k] = match (left[k], right[k]) {
                (Some(left), Some(right)) => Some(left + right),
                (left, right) => left.or(right),
            };
        }
        Self { value: y, along }
    }

    #[inline(always)]
    fn chained(self, slope: Self) -> Self {
        let mut along = self.times(slope.value);
        for (left, change) in along.iter_mut().zip(slope.along) {
            let Some(change) = change else { continue };
            let term = self.value.chained(change);
            *left = Some(left.map_or(term, |left| left + term));
        }
        Self { value: self.value.chained(slope.value), along }
    }

    #[inline(always)]
    fn unless(self, mask: Self::Mask) -> Self {
        let mut along = self.along;
        for along in &mut along {
            if let Some(value) = along {
                *along = Some(value.unless(mask));
            }
        }
        Self { value: self.value.unless(mask), along }
    }

    #[inline(always)]
    fn only(self, mask: Self::Mask) -> Self {
        let mut along = self.along;
        for along in &mut along {
            if let Some(value) = along {
                *along = Some(value.only(mask));
            }
        }
        Self { value: self.value.only(mask), along }
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
        let mut along = [None; N];
        for (k, along) in along.iter_mut().enumerate() {
            let zero = A::constant(0.0);
            *along = match (a.along[k], b.along[k]) {
                (None, None) => None,
                (a, b) => Some(A::select(mask, a.unwrap_or(zero), b.unwrap_or(zero))),
            };
        }
        Self { value: A::select(mask, a.value, b.value), along }
    }
}

algebra_operators!({A: Algebra, const N: usize} {Tangent<A, N>});
