//! What `Var` and `Dual` have in common: the table's functions as methods, operators, and the `num_traits` traits.
//!
//! Both types offer `constant`, `value`, `taken`, `apply1`, `apply2` and `mul_add`; all else follows from these. The macros
//! only spread the same line over the two types; derivatives stand in the table.

/// `num_traits`: `Float` in full and what it stands on, `FloatConst`, conversions; `Sum` and `Product`.
macro_rules! number_traits {
    ({$($g:tt)*} $number:ident {$($n:tt)*}) => {
        $crate::numbers::operators::operators! { {$($g)*} {$number<T, $($n)*>} {$number<f64, $($n)*>} {$number<f32, $($n)*>}
            Add add AddAssign add_assign
            Sub sub SubAssign sub_assign
            Mul mul MulAssign mul_assign
            Div div DivAssign div_assign
            Rem rem RemAssign rem_assign
        }
        $crate::rules::unary_functions!(unary_methods, {$($g)*}, {$number<T, $($n)*>});
        $crate::rules::binary_functions!(binary_methods, {$($g)*}, {$number<T, $($n)*>});
        $crate::numbers::methods::number_conversions! { {$($g)*} {$number<T, $($n)*>} }
        $crate::numbers::methods::number_float! { {$($g)*} {$number<T, $($n)*>} }
    };
}
pub(crate) use number_traits;

/// Comparisons look at the value, each through `ask`, where a number that is recorded into a program takes note of it.
macro_rules! comparisons {
    ({$($g:tt)*} {$number:ty}) => {
        impl<T: Real, $($g)*> PartialEq for $number {
            #[inline(always)]
            #[track_caller]
            fn eq(&self, other: &Self) -> bool { self.ask($crate::numbers::question::Question::Equal, *other) }
        }

        impl<T: Real, $($g)*> PartialOrd for $number {
            #[inline(always)]
            #[track_caller]
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                // One after the other: together the answers tell all four outcomes apart.
                if *self < *other {
                    Some(std::cmp::Ordering::Less)
                } else if *self == *other {
                    Some(std::cmp::Ordering::Equal)
                } else if *self > *other {
                    Some(std::cmp::Ordering::Greater)
                } else {
                    None
                }
            }
            $crate::numbers::methods::order!(lt Less le LessOrEqual gt Greater ge GreaterOrEqual);
        }

        /// Beside a plain number.
        impl<T: Real, $($g)*> PartialEq<T> for $number {
            #[inline(always)]
            #[track_caller]
            fn eq(&self, other: &T) -> bool { *self == Self::constant(*other) }
        }

        impl<T: Real, $($g)*> PartialOrd<T> for $number {
            #[inline(always)]
            #[track_caller]
            fn partial_cmp(&self, other: &T) -> Option<std::cmp::Ordering> { self.partial_cmp(&Self::constant(*other)) }
            $crate::numbers::methods::order_plain!(T, lt le gt ge);
        }
    };
}
pub(crate) use comparisons;

macro_rules! order {
    ($($name:ident $question:ident)*) => { $(
        #[inline(always)]
        #[track_caller]
        fn $name(&self, other: &Self) -> bool { self.ask($crate::numbers::question::Question::$question, *other) }
    )* };
}
pub(crate) use order;

macro_rules! order_plain {
    ($plain:ty, $($name:ident)*) => { $(
        #[inline(always)]
        #[track_caller]
        fn $name(&self, other: &$plain) -> bool { self.$name(&Self::constant(*other)) }
    )* };
}
pub(crate) use order_plain;

macro_rules! number_conversions {
    ({$($g:tt)*} {$number:ty}) => {
        impl<T: Real, $($g)*> $number {
            /// Power with an integer exponent, as `f64::powi` gives it.
            #[inline(always)]
            #[track_caller]
            pub fn powi(self, n: i32) -> Self {
                self.apply2($crate::rules::Binary::Powi, Self::constant(T::of(f64::from(n))))
            }

            /// Derivative of order `n` of `digamma`; see [`Binary::Polygamma`]($crate::rules::Binary::Polygamma).
            #[inline(always)]
            #[track_caller]
            pub fn polygamma(self, n: u32) -> Self {
                self.apply2($crate::rules::Binary::Polygamma, Self::constant(T::of(f64::from(n))))
            }

            /// Spherical Bessel function of the first kind, of order `n`; see
            /// [`Binary::SphericalJn`]($crate::rules::Binary::SphericalJn).
            #[inline(always)]
            #[track_caller]
            pub fn spherical_jn(self, n: u32) -> Self {
                self.apply2($crate::rules::Binary::SphericalJn, Self::constant(T::of(f64::from(n))))
            }

            /// Sine and cosine.
            #[inline]
            #[track_caller]
            pub fn sin_cos(self) -> (Self, Self) {
                (self.sin(), self.cos())
            }

            /// `self` held between `low` and `high`. At the bounds the derivative with respect to `self` is 0.
            ///
            /// # Panics
            /// If `low > high`, or one of them is NaN.
            #[inline]
            #[track_caller]
            pub fn clamp(self, low: impl $crate::Operand<Self>, high: impl $crate::Operand<Self>) -> Self {
                let (low, high) = (low.operand(), high.operand());
                assert!(low <= high, "clamp: the lower bound is {low}, the upper {high}; the lower must not be above");
                if self < low {
                    low
                } else if self > high {
                    high
                } else if self == low || self == high {
                    Self::constant(self.taken())
                } else {
                    self
                }
            }
        }

        impl<T: Real, $($g)*> std::ops::Neg for $number {
            type Output = Self;
            #[inline(always)]
            #[track_caller]
            fn neg(self) -> Self { self.apply1($crate::rules::Unary::Neg) }
        }

        impl<T: Real, $($g)*> std::ops::Neg for &$number {
            type Output = $number;
            #[inline(always)]
            #[track_caller]
            fn neg(self) -> $number { self.apply1($crate::rules::Unary::Neg) }
        }

        impl<T: Real, $($g)*> Default for $number {
            fn default() -> Self { Self::constant(T::zero()) }
        }

        impl<T: Real, $($g)*> From<T> for $number {
            #[inline(always)]
            fn from(value: T) -> Self { Self::constant(value) }
        }

        impl<T: Real, S: $crate::Beside<T>, $($g)*> $crate::Operand<$number> for S
        where
            $number: From<S::As>,
        {
            #[inline(always)]
            #[track_caller]
            fn operand(self) -> $number { <$number>::from(self.beside()) }
        }

        /// Beside the numbers that it is made of.
        impl<T: Real, $($g)*> $crate::Beside<T> for $number {
            type As = Self;
            #[inline(always)]
            fn beside(self) -> Self { self }
        }

        /// As a number itself.
        impl<T: Real, $($g)*> $crate::Beside<Self> for $number {
            type As = Self;
            #[inline(always)]
            fn beside(self) -> Self { self }
        }

        impl<T: Real, $($g)*> num_traits::Zero for $number {
            #[inline(always)]
            fn zero() -> Self { Self::constant(T::zero()) }
            #[track_caller]
            fn is_zero(&self) -> bool { *self == Self::constant(T::zero()) }
        }

        impl<T: Real, $($g)*> num_traits::One for $number {
            #[inline(always)]
            fn one() -> Self { Self::constant(T::one()) }
        }

        impl<T: Real, $($g)*> num_traits::Num for $number {
            type FromStrRadixErr = T::FromStrRadixErr;
            fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
                T::from_str_radix(text, radix).map(Self::constant)
            }
        }

        impl<T: Real, $($g)*> num_traits::ToPrimitive for $number {
            #[track_caller]
            fn to_i64(&self) -> Option<i64> {
                self.ask($crate::numbers::question::Question::IntegerPart, Self::constant(self.value().trunc()));
                self.value().to_i64()
            }
            #[track_caller]
            fn to_u64(&self) -> Option<u64> {
                self.ask($crate::numbers::question::Question::IntegerPart, Self::constant(self.value().trunc()));
                self.value().to_u64()
            }
            #[track_caller]
            fn to_f64(&self) -> Option<f64> { self.taken().to_f64() }
        }

        impl<T: Real, $($g)*> num_traits::NumCast for $number {
            fn from<P: num_traits::ToPrimitive>(n: P) -> Option<Self> { <T as num_traits::NumCast>::from(n).map(Self::constant) }
        }

        impl<T: Real, $($g)*> num_traits::FromPrimitive for $number {
            fn from_i64(n: i64) -> Option<Self> { T::from_i64(n).map(Self::constant) }
            fn from_u64(n: u64) -> Option<Self> { T::from_u64(n).map(Self::constant) }
            fn from_f64(n: f64) -> Option<Self> { Some(Self::constant(T::of(n))) }
        }

        impl<T: Real, $($g)*> std::iter::Sum for $number {
            #[track_caller]
            fn sum<I: Iterator<Item = Self>>(terms: I) -> Self { Self::sum_of(terms) }
        }

        impl<'a, T: Real, $($g)*> std::iter::Sum<&'a $number> for $number {
            #[track_caller]
            fn sum<I: Iterator<Item = &'a Self>>(terms: I) -> Self { Self::sum_of(terms.copied()) }
        }

        impl<T: Real, $($g)*> std::iter::Product for $number {
            #[track_caller]
            fn product<I: Iterator<Item = Self>>(factors: I) -> Self { Self::product_of(factors) }
        }

        impl<'a, T: Real, $($g)*> std::iter::Product<&'a $number> for $number {
            #[track_caller]
            fn product<I: Iterator<Item = &'a Self>>(factors: I) -> Self { Self::product_of(factors.copied()) }
        }
    };
}
pub(crate) use number_conversions;

macro_rules! number_float {
    ({$($g:tt)*} {$number:ty}) => {
        impl<T: Real, $($g)*> num_traits::Float for $number {
            $crate::numbers::methods::constants!(nan infinity neg_infinity neg_zero min_value min_positive_value max_value epsilon);
            $crate::numbers::methods::questions!(
                is_nan Nan is_infinite Infinite is_finite Finite is_normal Normal is_subnormal Subnormal
                is_sign_positive SignPositive is_sign_negative SignNegative
            );
            $crate::numbers::methods::forward!(
                floor ceil round trunc fract abs signum recip sqrt exp exp2 ln log2 log10 cbrt sin cos tan asin acos atan
                exp_m1 ln_1p sinh cosh tanh asinh acosh atanh to_degrees to_radians
            );
            $crate::numbers::methods::forward2!(powf log max min abs_sub hypot atan2 copysign);
            #[track_caller]
            fn classify(self) -> std::num::FpCategory { $crate::numbers::question::category(self) }
            #[track_caller]
            fn integer_decode(self) -> (u64, i16, i8) { self.taken().integer_decode() }
            #[inline(always)]
            #[track_caller]
            fn powi(self, n: i32) -> Self { self.powi(n) }
            #[inline]
            #[track_caller]
            fn mul_add(self, a: Self, b: Self) -> Self { self.mul_add(a, b) }
            #[inline]
            #[track_caller]
            fn sin_cos(self) -> (Self, Self) { self.sin_cos() }
            #[inline]
            #[track_caller]
            fn clamp(self, low: Self, high: Self) -> Self { self.clamp(low, high) }
        }

        impl<T: Real, $($g)*> num_traits::FloatConst for $number {
            $crate::numbers::methods::constants!(
                E FRAC_1_PI FRAC_1_SQRT_2 FRAC_2_PI FRAC_2_SQRT_PI FRAC_PI_2 FRAC_PI_3 FRAC_PI_4 FRAC_PI_6 FRAC_PI_8
                LN_10 LN_2 LOG10_2 LOG10_E LOG2_10 LOG2_E PI SQRT_2 TAU
            );
        }
    };
}
pub(crate) use number_float;

/// Numbers with a name become constants.
macro_rules! constants {
    ($($name:ident)*) => { $(
        #[inline]
        fn $name() -> Self { Self::constant(T::$name()) }
    )* };
}
pub(crate) use constants;

/// Questions are answered by the value.
macro_rules! questions {
    ($($name:ident $question:ident)*) => { $(
        #[inline]
        #[track_caller]
        fn $name(self) -> bool { self.ask($crate::numbers::question::Question::$question, self) }
    )* };
}
pub(crate) use questions;

/// Trait methods that are inherent methods already.
macro_rules! forward {
    ($($name:ident)*) => { $(
        #[inline(always)]
        #[track_caller]
        fn $name(self) -> Self { self.$name() }
    )* };
}
pub(crate) use forward;

macro_rules! forward2 {
    ($($name:ident)*) => { $(
        #[inline(always)]
        #[track_caller]
        fn $name(self, other: Self) -> Self { self.$name(other) }
    )* };
}
pub(crate) use forward2;
