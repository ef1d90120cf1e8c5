//! What a derivative rule may use.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Binary, Unary, binary_functions, unary_functions};

/// The operations in which derivative rules are written: arithmetic, the table's own functions, and choice by mask.
///
/// There are no comparisons that yield `bool`, so the same rule runs on a number, on a recorded variable, and on a
/// whole tensor. Every [`Real`](crate::Real) is an `Algebra`.
///
/// ```
/// use autodiff::rules::{Algebra, Unary};
/// // d tanh = 1 - y^2, from the table's row
/// let (x, y) = (0.5_f64, 0.5_f64.tanh());
/// assert_eq!(Unary::Tanh.derivative(x, y), (1.0 - y) * (1.0 + y));
/// ```
pub trait Algebra:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The outcome of a comparison: `bool` for numbers, one truth value an element for tensors.
    type Mask: Copy;

    /// Whether this is an element of a loop over arrays, which has vector instructions only if all is inlined.
    #[doc(hidden)]
    const IN_LOOP: bool = false;

    /// A constant, with derivative 0.
    fn constant(value: f64) -> Self;

    /// Applies a function of one argument.
    fn apply1(self, f: Unary) -> Self;

    /// Applies a function of two arguments.
    fn apply2(self, f: Binary, other: Self) -> Self;

    /// The product with a slope, in which an exact zero wins over infinity and NaN; see [`Real::chain`](crate::Real::chain).
    #[inline(always)]
    fn chained(self, slope: Self) -> Self {
        self.apply2(Binary::Chain, slope)
    }

    /// Where `self < other`.
    fn less(self, other: Self) -> Self::Mask;

    /// Where `self == other`; false for NaN.
    fn equals(self, other: Self) -> Self::Mask;

    /// `a` where the mask holds and `b` elsewhere; the value not chosen has no influence, NaN included.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;

    /// `partial` where `self` is a number, `self` where it is NaN: outside a function's domain its derivatives are NaN too, to
    /// any order.
    #[inline(always)]
    fn domain(self, partial: Self) -> Self {
        Self::select(self.equals(self), partial, self)
    }

    /// `self` for what is chosen only where the mask does not hold, by [`select`](Self::select). Where a choice is made of recorded
    /// values, both are computed and what is not chosen passes on nothing; but its own infinite slopes would meet that nothing at
    /// higher orders, so there it is 1 where the mask holds. Plain numbers stay as they are.
    #[inline(always)]
    fn unless(self, mask: Self::Mask) -> Self {
        Self::select(mask, Self::constant(1.0), self)
    }

    /// As [`unless`](Self::unless), for what is chosen only where the mask holds.
    #[inline(always)]
    fn only(self, mask: Self::Mask) -> Self {
        Self::select(mask, self, Self::constant(1.0))
    }

    /// The share of `self` in a maximum or minimum with `other`: 1 where it is `chosen`, half at a tie, 1 if only
    /// `other` is NaN.
    #[inline(always)]
    fn share(self, other: Self, chosen: Self::Mask) -> Self {
        let lost = Self::select(other.equals(other), Self::constant(0.0), Self::constant(1.0));
        let tied = Self::select(self.equals(other), Self::constant(0.5), lost);
        Self::select(chosen, Self::constant(1.0), tied)
    }

    /// Power with an integer exponent given as a constant.
    #[inline(always)]
    fn powi_of(self, exponent: Self) -> Self {
        self.apply2(Binary::Powi, exponent)
    }

    unary_functions!(unary_defaults);
    binary_functions!(binary_defaults);
}

macro_rules! unary_defaults {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => { $(
        $(#[$doc])*
        #[inline(always)]
        fn $method(self) -> Self { self.apply1(Unary::$variant) }
    )* };
}
use unary_defaults;

macro_rules! binary_defaults {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => { $(
        $(#[$doc])*
        #[inline(always)]
        fn $method(self, other: Self) -> Self { self.apply2(Binary::$variant, other) }
    )* };
}
use binary_defaults;

/// `+ - * /` and negation of a type that is an [`Algebra`], by its rows.
macro_rules! algebra_operators {
    ($g:tt $type:tt) => {
        $crate::rules::algebra_operators! { $g $type Add add }
        $crate::rules::algebra_operators! { $g $type Sub sub }
        $crate::rules::algebra_operators! { $g $type Mul mul }
        $crate::rules::algebra_operators! { $g $type Div div }
        $crate::rules::algebra_negation! { $g $type }
    };
    ({$($g:tt)*} {$type:ty} $op:ident $method:ident) => {
        impl<$($g)*> std::ops::$op for $type {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self { self.apply2($crate::rules::Binary::$op, other) }
        }
    };
}
pub(crate) use algebra_operators;

macro_rules! algebra_negation {
    ({$($g:tt)*} {$type:ty}) => {
        impl<$($g)*> std::ops::Neg for $type {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self { self.apply1($crate::rules::Unary::Neg) }
        }
    };
}
pub(crate) use algebra_negation;
