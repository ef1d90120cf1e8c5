//! What an optimiser is.

use autodiff::{Gradients, Real, Tape, Tensor};

use super::state::State;
use crate::error::Result;
use crate::layer::Layer;
use crate::visit::{one_for_each, unnamed, watch};

/// Changes a model's parameters by their gradients. All gradients are computed before any parameter changes.
pub trait Optimizer<T: Real> {
    /// Takes one step.
    ///
    /// # Errors
    /// If no gradient reaches one of the parameters; no parameter is changed then.
    #[doc(alias = "apply_updates")]
    fn step(&mut self, model: &dyn Layer<T>, gradients: &Gradients<T>) -> Result<()>;

    /// Takes one step by gradients from elsewhere, in the order of [`parameters`](crate::parameters): those of
    /// [`param_grad`](crate::param_grad), and sums and means of several.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// use nn::{Layer, Linear, Optimizer, Sgd};
    /// let model = Linear::from_weights(array![[2.0]], array![0.0]);
    /// let of = |x: f64| nn::param_grad(&model, |model| model.forward(&Tensor::constant(array![[x]])).square().sum());
    /// let sum: Vec<_> = of(1.0)?.iter().zip(&of(2.0)?).map(|(a, b)| a + b).collect();
    /// Sgd::new(0.1).step_with(&model, &sum)?;   // w = 2 - 0.1 (4 + 16)
    /// assert_eq!(model.weight().value().to_array(), array![[0.0]].into_dyn());
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`step`](Self::step), and if there is not one gradient of its shape for each parameter.
    fn step_with(&mut self, model: &dyn Layer<T>, gradients: &[Tensor<T>]) -> Result<()> {
        one_for_each("step_with", "gradient", model, gradients)?;
        let tape = Tape::new();
        watch(model, &tape);
        let (mut gradients, mut sum) = (gradients.iter(), tape.tensor(Tensor::scalar(T::zero())));
        // `Σ w g` has exactly the gradient `g`.
        unnamed(model, |param| {
            let gradient = gradients.next().expect("one for each parameter");
            sum = &sum + (param.tensor() * gradient.detach()).sum();
        });
        self.step(model, &sum.backward())
    }

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
            fn step(&mut self, model: &dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
                (**self).step(model, gradients)
            }

            fn step_with(&mut self, model: &dyn Layer<T>, gradients: &[Tensor<T>]) -> Result<()> {
                (**self).step_with(model, gradients)
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
