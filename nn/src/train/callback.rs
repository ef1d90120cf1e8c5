//! What a caller wants to see of a run, step by step and epoch by epoch.

use std::any::Any;
use std::ops::ControlFlow;

use autodiff::Real;

use super::history::{Epoch, History};
use crate::data::batch::Batch;

/// A step that was taken.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The batch in its epoch, from 1.
    pub batch: usize,
    /// The step in the run, from 1.
    pub step: usize,
    /// The batch's loss before the step, without the penalty.
    pub loss: f64,
    /// The penalty before the step.
    pub penalty: f64,
    /// The learning rate of the step.
    pub rate: f64,
    /// The gradient's norm, all parameters together.
    pub gradient_norm: f64,
    /// The gradient's norm layer by layer, in the order of [`History::layers`].
    pub layer_norms: Vec<f64>,
}

type OnStep<M> = Box<dyn FnMut(&Step, &M) -> ControlFlow<()>>;
type OnEpoch<M> = Box<dyn FnMut(&Epoch, &History, &M) -> ControlFlow<()>>;

type Measure<M> = Box<dyn Fn(&M, &dyn Any) -> f64>;

/// Functions that are called; the first one that breaks ends the run, after the others have been called.
pub(super) struct Callbacks<M> {
    pub(super) steps: Vec<OnStep<M>>,
    pub(super) epochs: Vec<OnEpoch<M>>,
    /// Metrics of model and batch.
    pub(super) measures: Vec<(String, Measure<M>)>,
}

impl<M> Default for Callbacks<M> {
    fn default() -> Self {
        Self { steps: Vec::new(), epochs: Vec::new(), measures: Vec::new() }
    }
}

impl<M> Callbacks<M> {
    /// Adds what the metrics of model and batch give.
    pub(super) fn measure<T: Real>(&self, model: &M, batch: &Batch<T>, found: &mut Vec<f64>) {
        found.extend(self.measures.iter().map(|(_, measure)| measure(model, batch)));
    }

    /// Whether the run is to end.
    pub(super) fn step(&mut self, step: &Step, model: &M) -> bool {
        self.steps.iter_mut().filter_map(|call| call(step, model).break_value()).count() > 0
    }

    /// Whether the run is to end.
    pub(super) fn epoch(&mut self, history: &History, model: &M) -> bool {
        let Some(last) = history.last() else { return false };
        self.epochs.iter_mut().filter_map(|call| call(last, history, model).break_value()).count() > 0
    }
}
