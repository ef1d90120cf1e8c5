//! A difference quotient at one step, and what is known of its error.

use crate::Real;

/// A difference quotient.
pub(crate) struct Level<T> {
    pub(crate) step: T,
    pub(crate) quotient: T,
    /// A bound of the quotient's rounding.
    pub(crate) rounding: T,
    /// By how much the function's values around the point, taken together, miss the value in the middle.
    pub(super) away: T,
    /// A bound of the rounding of that.
    pub(super) blur: T,
}

impl<T: Real> Level<T> {
    /// The quotient `over(change)`, of values whose sizes add up to `size`. No value is closer than the least number above 0.
    pub(crate) fn new(step: T, change: T, away: T, size: T, over: impl Fn(T) -> T) -> Self {
        let least = T::min_positive_value() * T::epsilon();
        let blur = T::epsilon() * size + least;
        Self { step, quotient: over(change), rounding: over(blur).abs() + least, away, blur }
    }
}
