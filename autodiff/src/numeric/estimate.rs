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
}

impl<T: Real> fmt::Display for Estimate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)?;
        write!(f, " ± {:.0e}", self.error.primal())
    }
}
