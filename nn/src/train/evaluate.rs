//! The loss of a batch and its gradient.

use autodiff::{Gradients, Real, Tape, Tensor};

use crate::layer::Layer;
use crate::loss::term::Loss;
use crate::regularizer::Regularizer;
use crate::visit::watch;

/// What a batch gave.
pub(super) struct Evaluated<T: Real> {
    pub(super) loss: f64,
    pub(super) penalty: f64,
    pub(super) y: Tensor<T>,
    /// By the watched parameters; `None` if loss or penalty are not finite.
    pub(super) gradients: Option<Gradients<T>>,
}

/// How batches are evaluated.
pub(super) trait Evaluate<T: Real, M, L> {
    fn evaluate(
        &mut self,
        model: &mut M,
        loss: &L,
        regularizer: Option<&Regularizer>,
        batch: (&Tensor<T>, &Tensor<T>),
    ) -> Evaluated<T>;

    /// Takes the parameters off their tape.
    fn release(&mut self);
}

/// On one tape, which is used again for every batch.
pub(super) struct Serial<T: Real>(Tape<T>);

impl<T: Real> Serial<T> {
    pub(super) fn new() -> Self {
        Self(Tape::new())
    }
}

impl<T: Real, M: Layer<T>, L: Loss<T>> Evaluate<T, M, L> for Serial<T> {
    fn evaluate(
        &mut self,
        model: &mut M,
        loss: &L,
        regularizer: Option<&Regularizer>,
        (x, t): (&Tensor<T>, &Tensor<T>),
    ) -> Evaluated<T> {
        self.0.reset();
        watch(model, &self.0);
        let y = model.forward(x);
        let error = loss.loss(&y, t);
        let penalty = regularizer.map(|regularizer| regularizer.penalty(model));
        let [loss, penalty_value] =
            [Some(&error), penalty.as_ref()].map(|term| term.map_or(0.0, |term| term.item().primal()));
        let is_finite = loss.is_finite() && penalty_value.is_finite();
        let gradients = is_finite.then(|| penalty.map_or(error.clone(), |penalty| &error + penalty).backward());
        Evaluated { loss, penalty: penalty_value, y, gradients }
    }

    fn release(&mut self) {
        self.0.reset();
    }
}
