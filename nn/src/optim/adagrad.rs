//! Rates that fall with the gradients seen so far.

use autodiff::{Real, Tensor};

use super::descent::Descent;
use super::transform::{At, Transform};
use crate::expect;

/// Adagrad (Duchi, Hazan and Singer 2011): `s ← s + g²`, `w ← w - η g / (√s + ε)`. With ε = 1e-10.
///
/// ```
/// let optimizer = nn::Adagrad::<f64>::new(0.01).epsilon(1e-8);
/// ```
pub type Adagrad<T> = Descent<T, InverseRoot>;

impl<T: Real> Adagrad<T> {
    /// Adagrad with learning rate `eta`, usually 0.01.
    ///
    /// # Panics
    /// If the rate is not a finite number above 0.
    #[track_caller]
    pub fn new(eta: f64) -> Self {
        Self::with_rule("Adagrad", eta, InverseRoot { epsilon: 1e-10 })
    }

    /// Sets `ε`, which keeps the divisor from 0.
    ///
    /// # Panics
    /// If it is not a finite number above 0.
    #[track_caller]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.chain.rule.epsilon = expect::positive("Adagrad: epsilon", epsilon);
        self
    }
}

/// The rule of [`Adagrad`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseRoot {
    epsilon: f64,
}

impl<T: Real> Transform<T> for InverseRoot {
    fn arrays(&self) -> &'static [&'static str] {
        &["squares"]
    }

    fn apply(&self, update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
        let epsilon = T::of(self.epsilon);
        let [squares] = at.arrays();
        squares.update(update, |s, g| s + g * g);
        update.update(squares, |g, s| g / (s.sqrt() + epsilon));
    }
}
