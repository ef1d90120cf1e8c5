//! One element of a loop.

use crate::Real;
use crate::rules::{Algebra, Binary, Unary, algebra_operators};

/// A number whose elementary functions are those of [`vmath`](super::vmath), and a note whether one of them met an
/// argument beyond its reach. With `WHOLE` none is: such arguments go to the standard library.
#[derive(Clone, Copy)]
pub(crate) struct Lane<T, const WHOLE: bool> {
    pub(crate) value: T,
    pub(crate) beyond: bool,
}

impl<T: Real, const WHOLE: bool> Lane<T, WHOLE> {
    #[inline(always)]
    pub(crate) fn new(value: T) -> Self {
        Self { value, beyond: false }
    }
}

impl<T: Real, const WHOLE: bool> Algebra for Lane<T, WHOLE> {
    type Mask = (bool, bool);

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self::new(T::of(value))
    }

    #[inline(always)]
    fn apply1(self, f: Unary) -> Self {
        let (value, beyond) = self.value.lane_unary::<WHOLE>(f);
        Self { value, beyond: self.beyond | beyond }
    }

    #[inline(always)]
    fn apply2(self, f: Binary, other: Self) -> Self {
        let value = match f {
            Binary::Chain => self.value.chain(other.value),
            _ => self.value.lane_binary(f, other.value),
        };
        Self { value, beyond: self.beyond | other.beyond }
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        (self.value < other.value, self.beyond | other.beyond)
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self::Mask {
        (self.value == other.value, self.beyond | other.beyond)
    }

    #[inline(always)]
    fn select((mask, beyond): Self::Mask, a: Self, b: Self) -> Self {
        Self { value: if mask { a.value } else { b.value }, beyond: beyond | a.beyond | b.beyond }
    }
}

algebra_operators!({T: Real, const WHOLE: bool} {Lane<T, WHOLE>});
