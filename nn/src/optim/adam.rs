//! Adaptive moments.

use autodiff::{Real, Tensor};

use super::descent::Descent;
use super::transform::{At, Transform};
use crate::expect;

/// Adam (Kingma and Ba 2015): `m ← β₁ m + (1 - β₁) g`, `v ← β₂ v + (1 - β₂) g²`, and in step `t`
/// `w ← w - η m̂ / (√v̂ + ε)` with `m̂ = m / (1 - β₁ᵗ)`, `v̂ = v / (1 - β₂ᵗ)`. With β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
///
/// ```
/// let optimizer = nn::Adam::<f64>::new(1e-3).betas(0.9, 0.99).epsilon(1e-7);
/// ```
pub type Adam<T> = Descent<T, Moments>;

/// [`Adam`] whose weight decay stands outside the adaptive step (Loshchilov and Hutter 2019):
/// `w ← w - η (m̂ / (√v̂ + ε) + λ w)`. With λ = 0.01 unless told otherwise by
/// [`decoupled_weight_decay`](Descent::decoupled_weight_decay).
///
/// ```
/// use nn::optim::Group;
/// let optimizer = nn::AdamW::<f64>::new(1e-3).group(Group::new(nn::is_bias).weight_decay(0.0));
/// ```
pub type AdamW<T> = Descent<T, MomentsW>;

impl<T: Real> Adam<T> {
    /// Adam with learning rate `eta`, usually 1e-3.
    ///
    /// # Panics
    /// If the rate is not a finite number above 0.
    #[track_caller]
    pub fn new(eta: f64) -> Self {
        Self::with_rule("Adam", eta, Moments::default())
    }
}

impl<T: Real> AdamW<T> {
    /// `AdamW` with learning rate `eta`, usually 1e-3, and weight decay 0.01.
    ///
    /// # Panics
    /// If the rate is not a finite number above 0.
    #[track_caller]
    pub fn new(eta: f64) -> Self {
        Self::with_rule("AdamW", eta, MomentsW::default()).decoupled_weight_decay(0.01)
    }
}

/// For [`Adam`] and [`AdamW`].
impl<T: Real, const DECOUPLED: bool> Descent<T, Moments<DECOUPLED>> {
    /// Sets `β₁` and `β₂`: the shares of the mean and of the mean of squares that stay in a step.
    ///
    /// # Panics
    /// If one is not at least 0 and below 1.
    #[track_caller]
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        let (name, rule) = (self.name, &mut self.chain.rule);
        rule.beta1 = expect::below_one(&format!("{name}: beta1"), beta1);
        rule.beta2 = expect::below_one(&format!("{name}: beta2"), beta2);
        self
    }

    /// Sets `ε`, which keeps the divisor from 0.
    ///
    /// # Panics
    /// If it is not a finite number above 0.
    #[track_caller]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.chain.rule.epsilon = expect::positive(&format!("{}: epsilon", self.name), epsilon);
        self
    }
}

/// The rule of [`Adam`]; with `DECOUPLED` that of [`AdamW`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments<const DECOUPLED: bool = false> {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

/// The rule of [`AdamW`]: the same, before the weight decay.
pub type MomentsW = Moments<true>;

impl<const DECOUPLED: bool> Default for Moments<DECOUPLED> {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl<T: Real, const DECOUPLED: bool> Transform<T> for Moments<DECOUPLED> {
    fn arrays(&self) -> &'static [&'static str] {
        &["mean", "squares"]
    }

    fn apply(&self, update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
        let t = at.step() as f64;
        // What the zeros at the start have taken off the means; as factors, for a division is slow.
        let [unbias1, unbias2] = [self.beta1, self.beta2].map(|beta| 1.0 / (1.0 - beta.powf(t)));
        let (unbias, unbias_root) = (T::of(unbias1), T::of(unbias2.sqrt()));
        let (beta2, epsilon) = (T::of(self.beta2), T::of(self.epsilon));
        let [fresh1, fresh2] = [self.beta1, self.beta2].map(|beta| T::of(1.0 - beta));
        let [mean, squares] = at.arrays();
        mean.update(update, |m, g| m + fresh1 * (g - m));
        squares.update(update, |v, g| beta2 * v + fresh2 * (g * g));
        *update = mean.clone();
        update.update(squares, |m, v| m * unbias / (v.sqrt() * unbias_root + epsilon));
    }
}
