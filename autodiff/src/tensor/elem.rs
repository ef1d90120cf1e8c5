//! What the arguments of an elementwise formula are.

use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

use crate::rules::{Algebra, Binary, Unary, binary_functions, unary_functions};

/// One element of a tensor in a formula of [`elementwise!`](crate::elementwise): all operators, with `f64` on either side,
/// and the functions of the table. Which number stands behind it, the formula does not see: a plain one for the value, one
/// with derivatives for the gradient, a whole tensor where the gradient is recorded.
///
/// There are no comparisons that yield `bool`: [`less`](Elem::less) and [`select`](Elem::select) choose.
///
/// ```
/// use autodiff::{Tensor, elementwise, tensor::Elem};
/// // Huber's loss: quadratic near 0, linear beyond.
/// elementwise!(huber(r) => Elem::select(r.abs().less(1.0), 0.5 * r * r, r.abs() - 0.5));
/// let r = Tensor::constant(ndarray::array![-3.0, 0.5]);
/// assert_eq!(huber(&r).to_array(), ndarray::array![2.5, 0.125].into_dyn());
/// ```
#[derive(Clone, Copy)]
pub struct Elem<A>(pub(super) A);

impl<A: Algebra> From<f64> for Elem<A> {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Self(A::constant(value))
    }
}

impl<A: Algebra> Elem<A> {
    /// Power with an integer exponent.
    #[inline(always)]
    pub fn powi(self, n: i32) -> Self {
        self.apply2(Binary::Powi, f64::from(n).into())
    }

    /// Where `self < other`.
    #[inline(always)]
    pub fn less(self, other: impl Into<Self>) -> A::Mask {
        self.0.less(other.into().0)
    }

    /// Where `self == other`; nowhere for NaN.
    #[inline(always)]
    pub fn equals(self, other: impl Into<Self>) -> A::Mask {
        self.0.equals(other.into().0)
    }

    /// `a` where the mask holds and `b` elsewhere. What is not chosen has no influence.
    #[inline(always)]
    pub fn select(mask: A::Mask, a: impl Into<Self>, b: impl Into<Self>) -> Self {
        Self(A::select(mask, a.into().0, b.into().0))
    }

    #[inline(always)]
    fn apply2(self, f: Binary, other: Self) -> Self {
        Self(self.0.apply2(f, other.0))
    }
}

macro_rules! unary_methods {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => {
        /// The table's functions of one argument.
        #[allow(clippy::should_implement_trait, reason = "`neg` is a row of the table as well as an operator")]
        impl<A: Algebra> Elem<A> { $(
            $(#[$doc])*
            #[inline(always)]
            pub fn $method(self) -> Self { Self(self.0.apply1(Unary::$variant)) }
        )* }
    };
}
unary_functions!(unary_methods);

macro_rules! binary_methods {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => {
        /// The table's functions of two arguments.
        impl<A: Algebra> Elem<A> { $(
            $(#[$doc])*
            #[inline(always)]
            pub fn $method(self, other: impl Into<Self>) -> Self { self.apply2(Binary::$variant, other.into()) }
        )* }
    };
}
binary_functions!(binary_methods);

macro_rules! operators {
    ($($op:ident $method:ident $assign:ident $assign_method:ident)*) => { $(
        impl<A: Algebra> $op for Elem<A> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self { self.apply2(Binary::$op, other) }
        }
        impl<A: Algebra> $op<f64> for Elem<A> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self { self.apply2(Binary::$op, other.into()) }
        }
        impl<A: Algebra> $op<Elem<A>> for f64 {
            type Output = Elem<A>;
            #[inline(always)]
            fn $method(self, other: Elem<A>) -> Elem<A> { Elem::from(self).apply2(Binary::$op, other) }
        }
        impl<A: Algebra, B: Into<Elem<A>>> $assign<B> for Elem<A> {
            #[inline(always)]
            fn $assign_method(&mut self, other: B) { *self = self.apply2(Binary::$op, other.into()); }
        }
    )* };
}
operators! {
    Add add AddAssign add_assign
    Sub sub SubAssign sub_assign
    Mul mul MulAssign mul_assign
    Div div DivAssign div_assign
    Rem rem RemAssign rem_assign
}

impl<A: Algebra> Neg for Elem<A> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.apply1(Unary::Neg))
    }
}
