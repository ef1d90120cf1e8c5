//! Operators and the table's functions as methods, for `Var` and `Dual` alike: each is one call of `apply1` or `apply2`.
//! The macros only spread the same line over the types; derivatives stand in the table.

/// Inherent methods, one for each unary row, so that plain code needs no trait in scope.
macro_rules! unary_methods {
    ({$($g:tt)*} {$number:ty} $($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => {
        #[allow(clippy::should_implement_trait, reason = "`neg` is a row of the table as well as an operator")]
        impl<T: $crate::Real, $($g)*> $number { $(
            $(#[$doc])*
            #[inline(always)]
            #[track_caller]
            pub fn $method(self) -> Self { self.apply1($crate::rules::Unary::$variant) }
        )* }
    };
}
pub(crate) use unary_methods;

/// Inherent methods, one for each binary row.
macro_rules! binary_methods {
    ({$($g:tt)*} {$number:ty} $($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => {
        impl<T: $crate::Real, $($g)*> $number { $(
            $(#[$doc])*
            #[inline(always)]
            #[track_caller]
            pub fn $method(self, other: impl $crate::Operand<Self>) -> Self {
                self.apply2($crate::rules::Binary::$variant, other.operand())
            }
        )* }
    };
}
pub(crate) use binary_methods;

/// `a ∘ b` for values and references, plain numbers on either side, and assignment.
macro_rules! operators {
    ($g:tt $number:tt $f64:tt $f32:tt $($op:ident $method:ident $assign:ident $assign_method:ident)*) => { $(
        $crate::numbers::operators::operator! { $g $number $op $method $assign $assign_method }
        $crate::numbers::operators::plain_left! { $g $f64 f64 $op $method }
        $crate::numbers::operators::plain_left! { $g $f32 f32 $op $method }
    )* };
}
pub(crate) use operators;

macro_rules! operator {
    ({$($g:tt)*} {$number:ty} $op:ident $method:ident $assign:ident $assign_method:ident) => {
        impl<T: $crate::Real, $($g)*> std::ops::$op for $number {
            type Output = Self;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: Self) -> Self { self.apply2($crate::rules::Binary::$op, other) }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$op<&$number> for $number {
            type Output = Self;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: &Self) -> Self { self.apply2($crate::rules::Binary::$op, *other) }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$op<$number> for &$number {
            type Output = $number;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: $number) -> $number { self.apply2($crate::rules::Binary::$op, other) }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$op<&$number> for &$number {
            type Output = $number;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: &$number) -> $number { self.apply2($crate::rules::Binary::$op, *other) }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$op<T> for $number {
            type Output = Self;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: T) -> Self { self.apply2($crate::rules::Binary::$op, <$number>::constant(other)) }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$op<T> for &$number {
            type Output = $number;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: T) -> $number { self.apply2($crate::rules::Binary::$op, <$number>::constant(other)) }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$assign for $number {
            #[inline(always)]
            #[track_caller]
            fn $assign_method(&mut self, other: Self) { *self = self.apply2($crate::rules::Binary::$op, other); }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$assign<&$number> for $number {
            #[inline(always)]
            #[track_caller]
            fn $assign_method(&mut self, other: &Self) { *self = self.apply2($crate::rules::Binary::$op, *other); }
        }
        impl<T: $crate::Real, $($g)*> std::ops::$assign<T> for $number {
            #[inline(always)]
            #[track_caller]
            fn $assign_method(&mut self, other: T) {
                *self = self.apply2($crate::rules::Binary::$op, <$number>::constant(other));
            }
        }
    };
}
pub(crate) use operator;

macro_rules! plain_left {
    ({$($g:tt)*} {$number:ty} $plain:ident $op:ident $method:ident) => {
        impl<$($g)*> std::ops::$op<$number> for $plain {
            type Output = $number;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: $number) -> $number {
                <$number>::constant(self).apply2($crate::rules::Binary::$op, other)
            }
        }
        impl<$($g)*> std::ops::$op<&$number> for $plain {
            type Output = $number;
            #[inline(always)]
            #[track_caller]
            fn $method(self, other: &$number) -> $number {
                <$number>::constant(self).apply2($crate::rules::Binary::$op, *other)
            }
        }
    };
}
pub(crate) use plain_left;
