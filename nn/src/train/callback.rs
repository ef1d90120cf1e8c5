//! What a caller wants to see of a run, step by step and epoch by epoch.

use std::ops::ControlFlow;

use super::history::{Epoch, History};

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

/// Functions that are called; the first one that breaks ends the run, after the others have been called.
pub(super) struct Callbacks<M> {
    pub(super) steps: Vec<OnStep<M>>,
    pub(super) epochs: Vec<OnEpoch<M>>,
}

impl<M> Default for Callbacks<M> {
    fn default() -> Self {
        Self { steps: Vec::new(), epochs: Vec::new() }
    }
}

impl<M> Callbacks<M> {
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
