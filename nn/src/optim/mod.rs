//! Optimisers: how gradients change parameters.

mod sgd;

pub use sgd::Sgd;

use autodiff::{Gradients, Real};

use crate::{Layer, Result};

/// Changes a model's parameters by their gradients. All gradients are computed before any parameter changes.
pub trait Optimizer<T: Real> {
    /// One step.
    ///
    /// # Errors
    /// If no gradient reaches one of the parameters; no parameter is changed then.
    fn step(&mut self, model: &mut dyn Layer<T>, gradients: &Gradients<T>) -> Result<()>;

    /// The learning rate of the next step, for display.
    fn rate(&self) -> f64;
}
