//! One element of a loop.

use super::element::Element;
use super::vmath;
use crate::Real;
use crate::rules::{Algebra, Binary, Unary, algebra_operators};

/// A number as a loop computes with it.
pub(crate) trait Lane<T>: Algebra {
    fn new(value: T) -> Self;

    /// The value, and whether an argument on the way to it was beyond the reach of a fast function: then it means nothing.
    fn done(self) -> (T, bool);
}

/// A number of any type, with its own functions.
#[derive(Clone, Copy)]
pub(crate) struct Plain<T>(T);

impl<T: Real> Lane<T> for Plain<T> {
    #[inline(always)]
    fn new(value: T) -> Self {
        Self(value)
    }

    #[inline(always)]
    fn done(self) -> (T, bool) {
        (self.0, false)
    }
}

impl<T: Real> Algebra for Plain<T> {
    type Mask = bool;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self(T::of(value))
    }

    #[inline(always)]
    fn apply1(self, f: Unary) -> Self {
        Self(self.0.unary(f))
    }

    #[inline(always)]
    fn apply2(self, f: Binary, other: Self) -> Self {
        Self(self.0.binary(f, other.0))
    }

    #[inline(always)]
    fn chained(self, slope: Self) -> Self {
        Self(self.0.chain(slope.0))
    }

    #[inline(always)]
    fn unless(self, _: Self::Mask) -> Self {
        self
    }

    #[inline(always)]
    fn only(self, _: Self::Mask) -> Self {
        self
    }

    #[inline(always)]
    fn less(self, other: Self) -> bool {
        self.0 < other.0
    }

    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        self.0 == other.0
    }

    #[inline(always)]
    fn select(mask: bool, a: Self, b: Self) -> Self {
        if mask { a } else { b }
    }
}

algebra_operators!({T: Real} {Plain<T>});

/// A number of the machine whose elementary functions are those of [`vmath`], and a note whether one of them met an argument
/// beyond its reach. With `WHOLE` none is: such arguments go to the standard library.
#[derive(Clone, Copy)]
pub(crate) struct Fast<T, const WHOLE: bool> {
    value: T,
    beyond: bool,
}

impl<T: Element, const WHOLE: bool> Lane<T> for Fast<T, WHOLE> {
    #[inline(always)]
    fn new(value: T) -> Self {
        Self { value, beyond: false }
    }

    #[inline(always)]
    fn done(self) -> (T, bool) {
        (self.value, self.beyond)
    }
}

impl<T: Element, const WHOLE: bool> Algebra for Fast<T, WHOLE> {
    type Mask = (bool, bool);

    const IN_LOOP: bool = true;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self::new(T::of(value))
    }

    #[inline(always)]
    fn apply1(self, f: Unary) -> Self {
        let (value, beyond) = vmath::unary::<T, WHOLE>(f, self.value);
        Self { value, beyond: self.beyond | beyond }
    }

    #[inline(always)]
    fn apply2(self, f: Binary, other: Self) -> Self {
        Self { value: vmath::binary(f, self.value, other.value), beyond: self.beyond | other.beyond }
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

algebra_operators!({T: Element, const WHOLE: bool} {Fast<T, WHOLE>});
