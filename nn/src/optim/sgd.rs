//! Stochastic gradient descent.

use autodiff::{Gradients, Real, Tensor};

use super::Optimizer;
use crate::layer::{parameters, parameters_mut};
use crate::{Layer, Result};

/// Gradient descent `w ← w - η g`; with momentum `v ← μ v + g`, `w ← w - η v` (as PyTorch defines it).
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
#[derive(Debug)]
pub struct Sgd<T: Real> {
    eta: T,
    momentum: T,
    velocity: Vec<Tensor<T>>,
}

impl<T: Real> Sgd<T> {
    /// Plain gradient descent with learning rate `eta`.
    pub fn new(eta: f64) -> Self {
        Self { eta: T::of(eta), momentum: T::zero(), velocity: Vec::new() }
    }

    /// Adds momentum `mu`, usually 0.9.
    pub fn momentum(mut self, mu: f64) -> Self {
        self.momentum = T::of(mu);
        self
    }
}

impl<T: Real> Optimizer<T> for Sgd<T> {
    fn step(&mut self, model: &mut dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
        let mut complete = Ok(());
        parameters(model, |name, param| {
            if complete.is_ok() {
                complete = param.require(name, gradients).map(drop);
            }
        });
        complete?;
        let (eta, momentum, velocity) = (self.eta, self.momentum, &mut self.velocity);
        let mut k = 0;
        parameters_mut(model, |_, param| {
            let Some(gradient) = param.gradient(gradients) else { return };
            if momentum == T::zero() {
                param.update(gradient, |w, g| w - eta * g);
                return;
            }
            if velocity.len() == k {
                velocity.push(gradient.clone());
            } else {
                velocity[k].update(gradient, |v, g| momentum * v + g);
            }
            param.update(&velocity[k], |w, v| w - eta * v);
            k += 1;
        });
        Ok(())
    }

    fn rate(&self) -> f64 {
        self.eta.primal()
    }
}
