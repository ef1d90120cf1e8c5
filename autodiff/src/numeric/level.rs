//! A difference quotient at one step, and what is known of its error.

use crate::Real;

/// A difference quotient.
#[derive(Clone, Copy)]
pub(crate) struct Level<T> {
    pub(super) step: T,
    /// The power of the step in which it goes to its limit as a series.
    pub(super) power: i32,
    pub(super) quotient: T,
    /// What the sizes of the values add up to, or those of the terms that they come from.
    pub(super) size: T,
    /// A bound of the quotient's rounding.
    pub(super) rounding: T,
    /// A bound of what it is off by because the step is.
    pub(super) slip: T,
}

impl<T: Real> Level<T> {
    /// The quotient `over(change)`, of values whose sizes add up to `size`. No value is closer than the least number above 0.
    ///
    /// Widths are to be in units of the largest step: then neither they nor the quotient leave the range of numbers where
    /// the derivative does, and what they leave it by can be seen.
    pub(crate) fn new(step: T, power: i32, change: T, size: T, over: impl Fn(T) -> T) -> Self {
        let least = T::min_positive_value() * T::epsilon();
        let rounding = over(T::epsilon() * size + least).abs() + least;
        Self { step, power, quotient: over(change), size, rounding, slip: T::zero() }
    }

    /// Takes the values to have the rounding of terms that add up to a size, if that is larger.
    pub(super) fn round_as(&mut self, size: T) {
        let ratio = size / self.size.max(T::min_positive_value());
        if ratio > T::one() {
            self.rounding *= ratio;
            self.size = size;
        }
    }
}
