//! Gradients divided by their recent size.

use autodiff::{Real, Tensor};

use super::descent::Descent;
use super::transform::{At, Transform};
use crate::expect;

/// `RMSprop` (Hinton 2012): `s ← α s + (1 - α) g²`, `w ← w - η g / (√s + ε)`. With α = 0.99, ε = 1e-8.
///
/// ```
/// let optimizer = nn::RmsProp::<f64>::new(0.01).alpha(0.9).momentum(0.9).centered();
/// ```
pub type RmsProp<T> = Descent<T, RootMeanSquare>;

impl<T: Real> RmsProp<T> {
    /// `RMSprop` with learning rate `eta`, usually 0.01.
    ///
    /// # Panics
    /// If the rate is not a finite number above 0.
    #[track_caller]
    pub fn new(eta: f64) -> Self {
        let rule = RootMeanSquare { alpha: 0.99, epsilon: 1e-8, mu: 0.0, centered: false };
        Self::with_rule("RmsProp", eta, rule)
    }

    /// Sets `α`: the share of the mean of squares that stays in a step.
    ///
    /// # Panics
    /// If it is not at least 0 and below 1.
    #[track_caller]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.chain.rule.alpha = expect::below_one("RmsProp: alpha", alpha);
        self
    }

    /// Sets `ε`, which keeps the divisor from 0.
    ///
    /// # Panics
    /// If it is not a finite number above 0.
    #[track_caller]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.chain.rule.epsilon = expect::positive("RmsProp: epsilon", epsilon);
        self
    }

    /// Adds momentum to the divided gradient: `v ← μ v + g / (√s + ε)`, and the update is `v`.
    ///
    /// # Panics
    /// If it is not at least 0 and below 1.
    #[track_caller]
    pub fn momentum(mut self, mu: f64) -> Self {
        self.chain.rule.mu = expect::below_one("RmsProp: the momentum", mu);
        self
    }

    /// Divides by the standard deviation: with `m ← α m + (1 - α) g`, the root is of `s - m²`, and of 0 where rounding
    /// makes that negative.
    pub fn centered(mut self) -> Self {
        self.chain.rule.centered = true;
        self
    }
}

/// The rule of [`RmsProp`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RootMeanSquare {
    alpha: f64,
    epsilon: f64,
    mu: f64,
    centered: bool,
}

impl<T: Real> Transform<T> for RootMeanSquare {
    fn arrays(&self) -> &'static [&'static str] {
        match (self.centered, self.mu != 0.0) {
            (false, false) => &["squares"],
            (true, false) => &["squares", "mean"],
            (false, true) => &["squares", "velocity"],
            (true, true) => &["squares", "mean", "velocity"],
        }
    }

    fn apply(&self, update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
        let [alpha, epsilon, mu] = [self.alpha, self.epsilon, self.mu].map(T::of);
        let mut arrays = at.arrays.iter_mut();
        let mut next = || arrays.next().expect("as many as `arrays` names");
        let squares = next();
        squares.update(update, |s, g| alpha * s + (T::one() - alpha) * (g * g));
        let mut variance = squares.clone();
        if self.centered {
            let mean = next();
            mean.update(update, |m, g| m + (T::one() - alpha) * (g - m));
            variance.update(mean, |s, m| s - m * m);
        }
        // Not `max`, which would turn NaN into 0.
        let root = |s: T| if s < T::zero() { T::zero() } else { s.sqrt() };
        update.update(&variance, |g, s| g / (root(s) + epsilon));
        if self.mu != 0.0 {
            let velocity = next();
            velocity.update(update, |v, u| mu * v + u);
            *update = velocity.clone();
        }
    }
}
