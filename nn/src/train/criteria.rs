//! When a run ends besides the number of epochs.

use std::time::Duration;

use super::history::History;
use super::stop::Stop;

#[derive(Default)]
pub(super) struct Criteria {
    pub(super) loss_change: Option<f64>,
    pub(super) gradient: Option<f64>,
    pub(super) time: Option<Duration>,
    pub(super) patience: Option<usize>,
}

impl Criteria {
    /// What the epochs so far say.
    pub(super) fn after_epoch(&self, history: &History) -> Option<Stop> {
        let last = history.last()?;
        if self.gradient.is_some_and(|bound| last.gradient_norm < bound) {
            return Some(Stop::Gradient);
        }
        if let (Some(bound), [.., before, last]) = (self.loss_change, &history.epochs[..])
            && (last.train_loss - before.train_loss).abs() < bound
        {
            return Some(Stop::LossChange);
        }
        let waited = history.epochs.len() - best(history).unwrap_or(0);
        self.patience.is_some_and(|patience| waited > patience).then_some(Stop::Patience)
    }
}

/// The number, from 1, of the first epoch with the lowest validation loss; `None` if that was never a number.
pub(super) fn best(history: &History) -> Option<usize> {
    let losses = history.epochs.iter().map(|epoch| epoch.valid_loss).enumerate();
    let best = losses.filter(|(_, loss)| !loss.is_nan()).min_by(|(_, a), (_, b)| a.total_cmp(b));
    best.map(|(epoch, _)| epoch + 1)
}
