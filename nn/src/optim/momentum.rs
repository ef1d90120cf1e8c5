//! Stochastic gradient descent.

use autodiff::{Real, Tensor};

use super::descent::Descent;
use super::transform::{At, Transform};
use crate::expect;

/// Gradient descent `w ← w - η g`; with momentum `v ← μ v + g`, `w ← w - η v`; in Nesterov's form `w ← w - η (g + μ v)`
/// (as PyTorch defines them).
///
/// ```
/// use autodiff::{Tape, Tensor};
/// use nn::{Layer, Linear, Optimizer, Sgd};
/// use ndarray::array;
/// let mut model = Linear::from_weights(array![[2.0]], array![0.0]);
/// let tape = Tape::new();
/// nn::watch(&mut model, &tape);
/// let loss = model.forward(&Tensor::constant(array![[3.0]])).sum();   // 3 w + b
/// Sgd::new(0.1).step(&mut model, &loss.backward())?;
/// assert_eq!(model.weight().value().item(), 2.0 - 0.1 * 3.0);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// On a quadratic with second derivative `h` the rate `1/h` arrives in one step, any below `2/h` converges, and one above
/// diverges (L23).
pub type Sgd<T> = Descent<T, Momentum>;

impl<T: Real> Sgd<T> {
    /// Plain gradient descent with learning rate `eta`.
    ///
    /// # Panics
    /// If the rate is not a finite number above 0.
    #[track_caller]
    pub fn new(eta: f64) -> Self {
        Self::with_rule("Sgd", eta, Momentum { mu: 0.0, nesterov: false })
    }

    /// Adds momentum `mu`, usually 0.9.
    ///
    /// # Panics
    /// If it is not at least 0 and below 1.
    #[track_caller]
    pub fn momentum(mut self, mu: f64) -> Self {
        self.chain.rule.mu = expect::below_one("Sgd: the momentum", mu);
        self
    }

    /// Takes the momentum in Nesterov's form: the gradient is followed once more after the velocity.
    pub fn nesterov(mut self) -> Self {
        self.chain.rule.nesterov = true;
        self
    }
}

/// The rule of [`Sgd`]: `v ← μ v + g`, and the update is `v` or, in Nesterov's form, `g + μ v`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    mu: f64,
    nesterov: bool,
}

impl<T: Real> Transform<T> for Momentum {
    fn arrays(&self) -> &'static [&'static str] {
        if self.mu == 0.0 { &[] } else { &["velocity"] }
    }

    fn apply(&self, update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
        if self.mu == 0.0 {
            return;
        }
        let mu = T::of(self.mu);
        let [velocity] = at.arrays();
        velocity.update(update, |v, g| mu * v + g);
        if self.nesterov {
            update.update(velocity, |g, v| g + mu * v);
        } else {
            *update = velocity.clone();
        }
    }
}
