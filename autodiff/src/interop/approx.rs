//! Feature `approx`: approximate comparison, by value.

use ::approx::{AbsDiffEq, RelativeEq, UlpsEq};

#[cfg(feature = "nalgebra")]
use super::nalgebra::SendVar;
use crate::{Dual, Real, Var};

/// Values are compared as the number underneath compares them. Tolerances are numbers of the same type, of which the
/// value counts: so bounds like `R: RelativeEq<Epsilon = R>` hold.
macro_rules! by_value {
    ({$($g:tt)*} {$number:ty}) => {
        impl<T: Real + AbsDiffEq<Epsilon = T>, $($g)*> AbsDiffEq for $number {
            type Epsilon = Self;
            fn default_epsilon() -> Self { Self::constant(T::default_epsilon()) }
            fn abs_diff_eq(&self, other: &Self, epsilon: Self) -> bool {
                self.value().abs_diff_eq(&other.value(), epsilon.value())
            }
        }

        impl<T: Real + RelativeEq<Epsilon = T>, $($g)*> RelativeEq for $number {
            fn default_max_relative() -> Self { Self::constant(T::default_max_relative()) }
            fn relative_eq(&self, other: &Self, epsilon: Self, max_relative: Self) -> bool {
                self.value().relative_eq(&other.value(), epsilon.value(), max_relative.value())
            }
        }

        impl<T: Real + UlpsEq<Epsilon = T>, $($g)*> UlpsEq for $number {
            fn default_max_ulps() -> u32 { T::default_max_ulps() }
            fn ulps_eq(&self, other: &Self, epsilon: Self, max_ulps: u32) -> bool {
                self.value().ulps_eq(&other.value(), epsilon.value(), max_ulps)
            }
        }
    };
}

by_value!({} {Var<T>});
by_value!({const N: usize} {Dual<T, N>});
#[cfg(feature = "nalgebra")]
by_value!({} {SendVar<T>});
