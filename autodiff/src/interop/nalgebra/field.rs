//! nalgebra's number traits, for both types by one macro. Functions are the table's; questions look at values.

use ::nalgebra::{ComplexField, Field, RealField, SimdValue};
use num_traits::{Float, One, Signed, Zero};
use simba::scalar::{SubsetOf, SupersetOf};

use super::send::SendVar;
use crate::numbers::methods::{constants, forward, forward2};
use crate::rules::{Binary, Unary};
use crate::{Dual, Real};

impl<T: Real, const N: usize> Dual<T, N> {
    /// Whether no derivative is attached.
    fn is_plain(&self) -> bool {
        self.tangent().iter().all(|t| t.is_exact_zero())
    }
}

impl<T: Real> SendVar<T> {
    /// Whether no derivative is attached.
    fn is_plain(self) -> bool {
        !self.is_tracked()
    }
}

/// `s(x) / x` for `s` = sine (`sign` -1) or its hyperbolic twin (`sign` 1). At 0 the series' first terms stand in, so
/// that there are derivatives: up to the seventh they are right.
fn cardinal<R: Real>(x: R, sign: f64, s: impl FnOnce(R) -> R) -> R {
    if !x.is_zero() {
        return s(x) / x;
    }
    let z = x * x * R::of(sign);
    let one = R::one();
    one + z / R::of(6.0) * (one + z / R::of(20.0) * (one + z / R::of(42.0)))
}

macro_rules! field {
    ({$($g:tt)*} {$number:ty}) => {
        impl<T: Real + RealField, $($g)*> Signed for $number {
            #[track_caller]
            fn abs(&self) -> Self { self.unary(Unary::Abs) }
            #[track_caller]
            fn abs_sub(&self, other: &Self) -> Self { self.binary(Binary::AbsSub, *other) }
            #[track_caller]
            fn signum(&self) -> Self { self.unary(Unary::Signum) }
            #[track_caller]
            fn is_positive(&self) -> bool { Float::is_sign_positive(*self) }
            #[track_caller]
            fn is_negative(&self) -> bool { Float::is_sign_negative(*self) }
        }

        // One lane of itself.
        #[allow(unsafe_code, reason = "the trait declares two methods unsafe; nothing in here is")]
        impl<T: Real + RealField, $($g)*> SimdValue for $number {
            const LANES: usize = 1;
            type Element = Self;
            type SimdBool = bool;
            #[inline(always)]
            fn splat(value: Self) -> Self { value }
            #[inline(always)]
            fn extract(&self, _: usize) -> Self { *self }
            #[inline(always)]
            unsafe fn extract_unchecked(&self, _: usize) -> Self { *self }
            #[inline(always)]
            fn replace(&mut self, _: usize, value: Self) { *self = value; }
            #[inline(always)]
            unsafe fn replace_unchecked(&mut self, _: usize, value: Self) { *self = value; }
            #[inline(always)]
            fn select(self, condition: bool, other: Self) -> Self { if condition { self } else { other } }
        }

        impl<T: Real + RealField, $($g)*> Field for $number {}

        impl<T: Real + RealField, $($g)*> SubsetOf<Self> for $number {
            fn to_superset(&self) -> Self { *self }
            fn from_superset_unchecked(element: &Self) -> Self { *element }
            fn is_in_subset(_: &Self) -> bool { true }
        }

        field!(plain f32 {$($g)*} {$number});
        field!(plain f64 {$($g)*} {$number});

        impl<T: Real + RealField, $($g)*> ComplexField for $number {
            type RealField = Self;
            forward!(
                abs signum recip floor ceil round trunc fract sqrt cbrt exp exp2 exp_m1 ln ln_1p log2 log10
                sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
            );
            forward2!(log powf hypot);
            fn from_real(re: Self) -> Self { re }
            fn real(self) -> Self { self }
            fn imaginary(self) -> Self { Self::zero() }
            fn conjugate(self) -> Self { self }
            #[track_caller]
            fn modulus(self) -> Self { self.abs() }
            #[track_caller]
            fn norm1(self) -> Self { self.abs() }
            #[track_caller]
            fn modulus_squared(self) -> Self { self * self }
            #[track_caller]
            fn argument(self) -> Self { if self >= Self::zero() { Self::zero() } else { Self::pi() } }
            // The sign is chosen first: magnitude times sign is the number itself, at 0 too, derivative included.
            #[track_caller]
            fn to_exp(self) -> (Self, Self) {
                if self >= Self::zero() { (self, Self::one()) } else { (-self, -Self::one()) }
            }
            #[track_caller]
            fn scale(self, factor: Self) -> Self { self * factor }
            #[track_caller]
            fn unscale(self, factor: Self) -> Self { self / factor }
            #[track_caller]
            fn mul_add(self, a: Self, b: Self) -> Self { self.mul_add(a, b) }
            #[track_caller]
            fn powi(self, n: i32) -> Self { self.powi(n) }
            #[track_caller]
            fn powc(self, n: Self) -> Self { self.powf(n) }
            #[track_caller]
            fn sin_cos(self) -> (Self, Self) { self.sin_cos() }
            #[track_caller]
            fn sinc(self) -> Self { cardinal(self, -1.0, Self::sin) }
            #[track_caller]
            fn sinhc(self) -> Self { cardinal(self, 1.0, Self::sinh) }
            #[track_caller]
            fn is_finite(&self) -> bool { Float::is_finite(*self) }
            #[track_caller]
            fn try_sqrt(self) -> Option<Self> { if self >= Self::zero() { Some(self.sqrt()) } else { None } }
        }

        impl<T: Real + RealField, $($g)*> RealField for $number {
            forward2!(copysign max min atan2);
            constants!(
                pi two_pi frac_pi_2 frac_pi_3 frac_pi_4 frac_pi_6 frac_pi_8 frac_1_pi frac_2_pi frac_2_sqrt_pi
                e log2_e log10_e ln_2 ln_10
            );
            #[track_caller]
            fn is_sign_positive(&self) -> bool { Float::is_sign_positive(*self) }
            #[track_caller]
            fn is_sign_negative(&self) -> bool { Float::is_sign_negative(*self) }
            #[track_caller]
            fn clamp(self, min: Self, max: Self) -> Self { self.clamp(min, max) }
            fn min_value() -> Option<Self> { <T as RealField>::min_value().map(Self::constant) }
            fn max_value() -> Option<Self> { <T as RealField>::max_value().map(Self::constant) }
        }
    };

    // A plain number is a constant; what carries a derivative is no plain number.
    (plain $plain:ident {$($g:tt)*} {$number:ty}) => {
        impl<T: Real + RealField, $($g)*> SubsetOf<$number> for $plain {
            fn to_superset(&self) -> $number { <$number>::constant(T::from_subset(self)) }
            #[track_caller]
            fn from_superset_unchecked(element: &$number) -> Self { element.taken().to_subset_unchecked() }
            fn is_in_subset(element: &$number) -> bool {
                element.is_plain() && SupersetOf::<$plain>::is_in_subset(&element.value())
            }
        }
    };
}

field!({const N: usize} {Dual<T, N>});
field!({} {SendVar<T>});
