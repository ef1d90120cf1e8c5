//! A box that a search stays in.

use autodiff::Real;

/// Bounds of the unknowns of a minimisation: `lower ≤ x ≤ upper`, each bound a number or infinite.
///
/// ```
/// use nn::optim::Bounds;
/// let positive = Bounds::new([0.0, 0.0], [f64::INFINITY, 1.0]);
/// assert_eq!(positive.project(&[-1.0, 3.0]), [0.0, 1.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds<T> {
    lower: Vec<T>,
    upper: Vec<T>,
}

impl<T: Real> Bounds<T> {
    /// A lower and an upper bound for each unknown.
    ///
    /// # Panics
    /// If there are not as many of both, if one is NaN, or if a lower bound is above the upper one.
    #[track_caller]
    pub fn new(lower: impl Into<Vec<T>>, upper: impl Into<Vec<T>>) -> Self {
        let (lower, upper) = (lower.into(), upper.into());
        assert!(
            lower.len() == upper.len(),
            "Bounds: {} lower bounds and {} upper ones, expected one of each for every unknown",
            lower.len(),
            upper.len()
        );
        // Not in a closure: a panic is to point at the caller.
        for (k, (low, high)) in lower.iter().zip(&upper).enumerate() {
            assert!(low <= high, "Bounds: unknown {k} is to lie between {low} and {high}, expected low ≤ high");
        }
        Self { lower, upper }
    }

    /// No bounds, for so many unknowns.
    pub fn none(unknowns: usize) -> Self {
        Self { lower: vec![-T::infinity(); unknowns], upper: vec![T::infinity(); unknowns] }
    }

    /// The point of the box that is nearest to this one.
    pub fn project(&self, x: &[T]) -> Vec<T> {
        x.iter().zip(self.lower.iter().zip(&self.upper)).map(|(&x, (&low, &high))| x.max(low).min(high)).collect()
    }

    /// Panics unless there is a bound for each unknown.
    #[track_caller]
    pub(super) fn fit(&self, op: &str, unknowns: usize) {
        assert!(self.lower.len() == unknowns, "{op}: bounds of {} unknowns for {unknowns}", self.lower.len());
    }

    /// For each unknown whether it may go downhill: all but those at a bound that the gradient points away from.
    pub(super) fn free(&self, x: &[T], gradient: &[T]) -> Vec<bool> {
        let bounds = self.lower.iter().zip(&self.upper);
        let blocked =
            |((&x, &g), (&low, &high)): ((&T, &T), (&T, &T))| x <= low && g >= T::zero() || x >= high && g <= T::zero();
        x.iter().zip(gradient).zip(bounds).map(|at| !blocked(at)).collect()
    }
}
