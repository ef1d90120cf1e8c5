//! Why a run ended.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// The time limit was reached.
    Time,
    /// The validation loss did not fall for as many epochs as early stopping waits.
    Patience,
    /// A callback ended it.
    Callback,
    /// Ctrl-C was pressed.
    Interrupted,
}

impl Stop {
    /// Whether there is nothing to continue: the same run, started again from its checkpoint, would end at once.
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
