//! The loss of a batch and its gradient.

use autodiff::{Gradients, Real, Tape, Tensor};

use super::objective::{Computed, Criterion};
use crate::data::batch::Batch;
use crate::error::Result;
use crate::layer::Layer;
use crate::regularizer::Regularizer;
use crate::visit::watch;

/// What a batch gave.
pub(super) struct Evaluated<T: Real> {
    pub(super) loss: f64,
    pub(super) penalty: f64,
    pub(super) outputs: Option<Tensor<T>>,
    /// By the watched parameters; `None` if loss or penalty are not finite.
    pub(super) gradients: Option<Gradients<T>>,
}

/// Evaluates batches on one tape, which is used again for every batch.
pub(super) struct Evaluator<T: Real> {
    tape: Tape<T>,
    /// Whether the next batch is the first.
    fresh: bool,
}

impl<T: Real> Evaluator<T> {
    pub(super) fn new() -> Self {
        Self { tape: Tape::new(), fresh: true }
    }

    #[track_caller]
    pub(super) fn evaluate<M: Layer<T>, K>(
        &mut self,
        model: &M,
        loss: &impl Criterion<T, M, K>,
        regularizer: Option<&Regularizer>,
        batch: &Batch<T>,
    ) -> Result<Evaluated<T>> {
        self.tape.reset();
        watch(model, &self.tape);
        let Computed { value: error, outputs } = loss.compute(model, batch, std::mem::take(&mut self.fresh))?;
        scalar(&error);
        let penalty = regularizer.map(|regularizer| regularizer.penalty(model));
        let [loss, penalty_value] =
            [Some(&error), penalty.as_ref()].map(|term| term.map_or(0.0, |term| term.item().primal()));
        let is_finite = loss.is_finite() && penalty_value.is_finite();
        let gradients = is_finite.then(|| penalty.map_or(error.clone(), |penalty| &error + penalty).backward());
        Ok(Evaluated { loss, penalty: penalty_value, outputs, gradients })
    }

    /// Takes the parameters off their tape.
    pub(super) fn release(&mut self) {
        self.tape.reset();
    }
}

/// Refuses a loss that cannot be minimised.
#[track_caller]
pub(super) fn scalar<T: Real>(loss: &Tensor<T>) {
    assert!(
        loss.len() == 1,
        "the loss has shape {:?}, expected a single number: its mean or sum over the batch (`.mean()`, `.sum()`)",
        loss.shape()
    );
}
