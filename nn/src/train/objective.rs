//! What a trainer minimises.

use autodiff::{Real, Tensor};

use crate::data::batch::Batch;
use crate::error::Result;
use crate::layer::Layer;
use crate::loss::term::Loss;
use crate::unlisted::{self, Owner};
use crate::uses::Search;

/// What a batch gives: the value to minimise, and the model's outputs where there are such.
#[derive(Debug)]
pub struct Computed<T: Real> {
    pub(super) value: Tensor<T>,
    pub(super) outputs: Option<Tensor<T>>,
}

/// What a [`Trainer`](super::Trainer) minimises: a [`Loss`] of outputs and targets, or an [`Objective`]; `K` says which, and is
/// inferred.
pub trait Criterion<T: Real, M: Layer<T>, K> {
    /// Whether there are outputs and targets.
    #[doc(hidden)]
    const HAS_OUTPUTS: bool;

    /// Whether a batch says anything; see [`Loss::counts`].
    #[doc(hidden)]
    fn counts(&self, _batch: &Batch<T>) -> bool {
        true
    }

    /// The weight of a batch as a part of a larger one; see [`Loss::weight`].
    #[doc(hidden)]
    fn weight(&self, batch: &Batch<T>) -> Option<f64> {
        Some(batch.len() as f64)
    }

    /// The value that a batch's outputs give, where there are such.
    #[doc(hidden)]
    #[track_caller]
    fn value(&self, _outputs: &Tensor<T>, _batch: &Batch<T>) -> Option<Tensor<T>> {
        None
    }

    /// Computes a batch's value; looks for parameters that the model does not list if `search`.
    #[doc(hidden)]
    #[track_caller]
    fn compute(&self, model: &M, batch: &Batch<T>, search: bool) -> Result<Computed<T>>;
}

impl<T: Real, M: Layer<T>, L: Loss<T>> Criterion<T, M, OfOutputs> for L {
    const HAS_OUTPUTS: bool = true;

    fn counts(&self, batch: &Batch<T>) -> bool {
        Loss::counts(self, batch.targets())
    }

    fn weight(&self, batch: &Batch<T>) -> Option<f64> {
        Loss::weight(self, batch.targets())
    }

    #[track_caller]
    fn value(&self, outputs: &Tensor<T>, batch: &Batch<T>) -> Option<Tensor<T>> {
        Some(self.loss(outputs, batch.targets()))
    }

    #[track_caller]
    fn compute(&self, model: &M, batch: &Batch<T>, search: bool) -> Result<Computed<T>> {
        let (x, t) = batch.pair();
        let search = search.then(Search::begin);
        let outputs = model.forward(x);
        search.map_or(Ok(()), |search| unlisted::refuse(search, model, Owner::Model))?;
        Ok(Computed { value: self.loss(&outputs, t), outputs: Some(outputs) })
    }
}

/// Tells losses from objectives.
#[derive(Debug)]
pub struct OfOutputs;

/// Tells objectives from losses.
#[derive(Debug)]
pub struct OfBatch;

/// A function of model and batch to minimise, from [`Trainer::objective`](super::Trainer::objective).
#[derive(Clone, Debug)]
pub struct Objective<F>(pub(super) F);

impl<T: Real, M: Layer<T>, F: Fn(&M, &Batch<T>) -> Tensor<T>> Criterion<T, M, OfBatch> for Objective<F> {
    const HAS_OUTPUTS: bool = false;

    #[track_caller]
    fn compute(&self, model: &M, batch: &Batch<T>, search: bool) -> Result<Computed<T>> {
        let search = search.then(Search::begin);
        let value = (self.0)(model, batch);
        search.map_or(Ok(()), |search| unlisted::refuse(search, model, Owner::Anybody))?;
        Ok(Computed { value, outputs: None })
    }
}
