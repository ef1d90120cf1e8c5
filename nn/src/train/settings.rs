//! What a training run is told.

use super::checkpoints::Checkpoints;
use super::criteria::Criteria;
use super::metric::Metrics;
use crate::regularizer::Regularizer;

/// What does not depend on the model's type.
pub(super) struct Settings {
    pub(super) epochs: usize,
    pub(super) batch_sizes: Box<dyn Fn(usize) -> usize>,
    pub(super) seed: u64,
    pub(super) progress: bool,
    pub(super) metrics: Metrics,
    pub(super) regularizer: Option<Regularizer>,
    pub(super) criteria: Criteria,
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) interruptible: bool,
}

impl Settings {
    /// The size of a full batch in an epoch from 0.
    pub(super) fn batch_size(&self, epoch: usize, items: usize) -> usize {
        (self.batch_sizes)(epoch).clamp(1, items)
    }
}
