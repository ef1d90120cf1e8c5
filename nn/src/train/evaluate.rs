//! The loss of a batch and its gradient.

use autodiff::{Gradients, Real, Tape, Tensor};

use super::callback::Callbacks;
use super::diverged::cause;
use super::objective::{Computed, Criterion};
use super::trainer::Settings;
use crate::data::batch::Batch;
use crate::error::Result;
use crate::layer::Layer;
use crate::track::scope;
use crate::visit::watch;

/// What a batch gave.
pub(super) struct Evaluated<T: Real> {
    pub(super) items: usize,
    pub(super) loss: f64,
    pub(super) penalty: f64,
    /// If loss or penalty are not finite, why.
    pub(super) found: Result<Found<T>, String>,
}

/// What goes with a finite loss.
pub(super) struct Found<T: Real> {
    /// By the watched parameters.
    pub(super) gradients: Gradients<T>,
    pub(super) metrics: Vec<f64>,
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

    /// Whether the next batch is the first.
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Puts the parameters on the empty tape; returns whether that is the first time.
    #[track_caller]
    pub(super) fn begin(&mut self, model: &impl Layer<T>) -> bool {
        self.tape.reset();
        watch(model, &self.tape);
        std::mem::take(&mut self.fresh)
    }

    #[track_caller]
    pub(super) fn evaluate<M: Layer<T>, K>(
        &mut self,
        model: &M,
        loss: &impl Criterion<T, M, K>,
        (settings, callbacks): (&Settings, &Callbacks<M>),
        batch: &Batch<T>,
    ) -> Result<Evaluated<T>> {
        let is_first = self.begin(model);
        let Computed { value: error, outputs } = loss.compute(model, batch, is_first)?;
        scalar(&error);
        let penalty = settings.regularizer.as_ref().map(|regularizer| regularizer.penalty(model));
        let [loss, penalty_value] =
            [Some(&error), penalty.as_ref()].map(|term| term.map_or(0.0, |term| term.item().primal()));
        let found = if loss.is_finite() && penalty_value.is_finite() {
            let gradients = penalty.map_or(error.clone(), |penalty| &error + penalty).backward();
            let mut metrics = settings.metrics.measure(outputs.as_ref(), batch);
            scope(|| callbacks.measure(model, batch, &mut metrics));
            Ok(Found { gradients, metrics })
        } else {
            Err(cause(model, batch))
        };
        Ok(Evaluated { items: batch.len(), loss, penalty: penalty_value, found })
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
