//! A factor that falls when the loss stops falling.

use crate::expect;

/// Cuts the rate when the observed loss has stopped falling.
///
/// After `patience` observations in a row without a loss below `best · (1 - threshold)`, the next one cuts the factor:
/// `f ← max(f · cut, floor)`. A loss that is NaN is none below. For a loss that may be negative the threshold counts on
/// `|best|`.
///
/// The trainer shows it the validation loss of every epoch; in an own loop, call the optimiser's
/// [`observe`](crate::Optimizer::observe).
///
/// ```
/// use nn::schedule::Plateau;
/// let mut plateau = Plateau::new(0.5, 2);
/// let factors = [1.0, 0.9, 0.9, 0.9, 0.9, 0.8].map(|loss| plateau.observe(loss));
/// assert_eq!(factors, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5]);
/// ```
#[doc(alias = "ReduceLROnPlateau")]
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    cut: f64,
    patience: usize,
    threshold: f64,
    cooldown: usize,
    floor: f64,
    pub(crate) progress: Progress,
}

/// What the observations so far have led to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Progress {
    pub(crate) factor: f64,
    pub(crate) best: f64,
    pub(crate) waited: usize,
    pub(crate) cooling: usize,
}

impl Plateau {
    /// Multiplies the rate by `cut` after `patience` observations without progress; a progress of less than 1e-4 of the
    /// best loss is none.
    ///
    /// # Panics
    /// If `cut` is not at least 0 and below 1.
    #[track_caller]
    pub fn new(cut: f64, patience: usize) -> Self {
        expect::below_one("Plateau: the cut", cut);
        let progress = Progress { factor: 1.0, best: f64::INFINITY, waited: 0, cooling: 0 };
        Self { cut, patience, threshold: 1e-4, cooldown: 0, floor: 0.0, progress }
    }

    /// Sets the progress, as a share of the best loss, that counts.
    ///
    /// # Panics
    /// If the threshold is not at least 0 and below 1.
    #[track_caller]
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = expect::below_one("Plateau: the threshold", threshold);
        self
    }

    /// Sets the number of observations after a cut that do not count as waiting.
    pub fn cooldown(mut self, observations: usize) -> Self {
        self.cooldown = observations;
        self
    }

    /// Sets the lowest factor.
    ///
    /// # Panics
    /// If the floor is not between 0 and 1.
    #[track_caller]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = expect::fraction("Plateau: the floor", floor);
        self
    }

    /// Returns the current factor.
    pub fn factor(&self) -> f64 {
        self.progress.factor
    }

    /// Takes note of a loss; returns the factor from now on.
    pub fn observe(&mut self, loss: f64) -> f64 {
        let Progress { factor, best, waited, cooling } = &mut self.progress;
        let enough = if best.is_finite() { *best - self.threshold * best.abs() } else { *best };
        if loss < enough {
            *best = loss;
            *waited = 0;
        } else {
            *waited += 1;
        }
        if *cooling > 0 {
            *cooling -= 1;
            *waited = 0;
        }
        if *waited > self.patience {
            *factor = (*factor * self.cut).max(self.floor);
            *cooling = self.cooldown;
            *waited = 0;
        }
        *factor
    }
}
