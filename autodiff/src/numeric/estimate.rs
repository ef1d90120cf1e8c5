//! A number that is known up to a bound.

use std::fmt;

use crate::Real;

/// A value and a bound of its error.
///
/// Displays as `value ± error`. Where nothing can be said the error is infinite; the value is NaN where the function is not
/// finite.
///
/// ```
/// use autodiff::numeric::Estimate;
/// assert_eq!(Estimate { value: 1.234567, error: 2.1e-13 }.to_string(), "1.234567 ± 2e-13");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate<T> {
    /// The value.
    pub value: T,
    /// The bound of its error, absolute.
    pub error: T,
}

impl<T: Real> Estimate<T> {
    /// Nothing is known.
    pub(super) fn unknown() -> Self {
        Self { value: T::nan(), error: T::infinity() }
    }

    /// The same with an infinite error.
    pub(super) fn unbounded(self) -> Self {
        Self { error: T::infinity(), ..self }
    }

    /// A derivative by what is so many times as large. Nothing is known if it leaves the range of numbers.
    pub(crate) fn per(self, unit: T) -> Self {
        let value = self.value / unit;
        let least = T::min_positive_value() * T::epsilon();
        if value.is_finite() { Self { value, error: (self.error / unit).abs() + least } } else { Self::unknown() }
    }
}

impl<T: Real> fmt::Display for Estimate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)?;
        write!(f, " ± {:.0e}", self.error.primal())
    }
}
