//! Feature `approx`: approximate comparison, by value.

use ::approx::{AbsDiffEq, RelativeEq, UlpsEq};
use num_traits::Float;

#[cfg(feature = "nalgebra")]
use super::nalgebra::SendVar;
use crate::{Dual, Real, Var};

/// Whether two numbers are far more than `ulps` units in the last place apart, so that nobody need look at their bits.
#[track_caller]
fn are_far<R: Real>(a: R, b: R, ulps: u32) -> bool {
    let top = a.abs().max(b.abs()).max(R::min_positive_value());
    (a - b).abs() > top * R::epsilon() * R::of(2.0 * (f64::from(ulps) + 1.0))
}

/// Values are compared as the number underneath compares them. Tolerances are numbers of the same type, of which the
/// value counts: so bounds like `R: RelativeEq<Epsilon = R>` hold.
///
/// While a program is recorded, the comparison is made on the variables, in the steps in which it is defined for plain
/// numbers, and each is noted.
macro_rules! by_value {
    ({$($g:tt)*} {$number:ty}) => {
        impl<T: Real + AbsDiffEq<Epsilon = T>, $($g)*> AbsDiffEq for $number {
            type Epsilon = Self;
            fn default_epsilon() -> Self { Self::constant(T::default_epsilon()) }
            #[track_caller]
            fn abs_diff_eq(&self, other: &Self, epsilon: Self) -> bool {
                if self.is_guarded() || other.is_guarded() || epsilon.is_guarded() {
                    return (*self - *other).abs() <= epsilon;
                }
                self.value().abs_diff_eq(&other.value(), epsilon.value())
            }
        }

        impl<T: Real + RelativeEq<Epsilon = T>, $($g)*> RelativeEq for $number {
            fn default_max_relative() -> Self { Self::constant(T::default_max_relative()) }
            #[track_caller]
            fn relative_eq(&self, other: &Self, epsilon: Self, max_relative: Self) -> bool {
                if [*self, *other, epsilon, max_relative].iter().any(|x| x.is_guarded()) {
                    if self == other {
                        return true;
                    }
                    if Float::is_infinite(*self) || Float::is_infinite(*other) {
                        return false;
                    }
                    let distance = (*self - *other).abs();
                    return distance <= epsilon || distance <= self.abs().max(other.abs()) * max_relative;
                }
                self.value().relative_eq(&other.value(), epsilon.value(), max_relative.value())
            }
        }

        impl<T: Real + UlpsEq<Epsilon = T>, $($g)*> UlpsEq for $number {
            fn default_max_ulps() -> u32 { T::default_max_ulps() }
            #[track_caller]
            fn ulps_eq(&self, other: &Self, epsilon: Self, max_ulps: u32) -> bool {
                if self.is_guarded() || other.is_guarded() || epsilon.is_guarded() {
                    if self.abs_diff_eq(other, epsilon) {
                        return true;
                    }
                    if self.signum() != other.signum() || are_far(*self, *other, max_ulps) {
                        return false;
                    }
                    return self.taken().ulps_eq(&other.taken(), epsilon.taken(), max_ulps);
                }
                self.value().ulps_eq(&other.value(), epsilon.value(), max_ulps)
            }
        }
    };
}

by_value!({} {Var<T>});
by_value!({const N: usize} {Dual<T, N>});
#[cfg(feature = "nalgebra")]
by_value!({} {SendVar<T>});
