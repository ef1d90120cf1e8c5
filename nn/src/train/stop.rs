//! When training ends.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::History;

/// Why a training run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Stop {
    /// All epochs are done.
    #[default]
    Epochs,
    /// The training loss changed by less than the bound from one epoch to the next.
    LossChange,
    /// The gradient's norm fell below the bound.
    Gradient,
    /// The time was up.
    Time,
    /// The validation loss did not fall for as many epochs as early stopping waits.
    Patience,
    /// A callback said so.
    Callback,
    /// Ctrl-C was pressed.
    Interrupted,
}

impl Stop {
    /// Whether there is nothing to go on with: the same run, started again from its checkpoint, would end at once.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::LossChange | Self::Gradient | Self::Patience)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Epochs => "all epochs done",
            Self::LossChange => "loss settled",
            Self::Gradient => "gradient vanished",
            Self::Time => "time is up",
            Self::Patience => "no progress",
            Self::Callback => "stopped by a callback",
            Self::Interrupted => "interrupted",
        })
    }
}

/// When to end besides the number of epochs.
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
