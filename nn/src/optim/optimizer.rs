//! What an optimiser is.

use autodiff::{Gradients, Real};

use super::state::State;
use crate::error::Result;
use crate::layer::Layer;

/// Changes a model's parameters by their gradients. All gradients are computed before any parameter changes.
pub trait Optimizer<T: Real> {
    /// Takes one step.
    ///
    /// # Errors
    /// If no gradient reaches one of the parameters; no parameter is changed then.
    fn step(&mut self, model: &mut dyn Layer<T>, gradients: &Gradients<T>) -> Result<()>;

    /// Returns the learning rate of the next step, for display.
    fn rate(&self) -> f64;

    /// Takes note of a loss, for rates that follow it. The trainer shows the validation loss of every epoch.
    fn observe(&mut self, _loss: f64) {}

    /// Returns what the optimiser remembers from step to step, for a checkpoint: nothing, by default.
    fn state(&self) -> State<T> {
        State::default()
    }

    /// Restores the state of an optimiser built like this one, for the same model: the next step is bit for bit the one
    /// that would have followed.
    ///
    /// # Errors
    /// If the state belongs to another optimiser or another model; nothing is changed then.
    fn restore(&mut self, _model: &dyn Layer<T>, state: &State<T>) -> Result<()> {
        state.only(&[], &[])
    }
}

macro_rules! forward {
    ($($holder:ty)*) => { $(
        impl<T: Real, O: Optimizer<T> + ?Sized> Optimizer<T> for $holder {
            fn step(&mut self, model: &mut dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
                (**self).step(model, gradients)
            }

            fn rate(&self) -> f64 {
                (**self).rate()
            }

            fn observe(&mut self, loss: f64) {
                (**self).observe(loss);
            }

            fn state(&self) -> State<T> {
                (**self).state()
            }

            fn restore(&mut self, model: &dyn Layer<T>, state: &State<T>) -> Result<()> {
                (**self).restore(model, state)
            }
        }
    )* };
}
forward!(Box<O> &mut O);
