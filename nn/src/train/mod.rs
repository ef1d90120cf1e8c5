//! The training loop.

mod callback;
mod checkpoint;
mod checkpoints;
mod clock;
mod compare;
mod criteria;
#[cfg(feature = "data")]
mod csv;
mod diverged;
mod evaluate;
mod fit;
pub(crate) mod history;
#[cfg(feature = "interrupt")]
mod interrupt;
mod metric;
mod norms;
mod number;
mod objective;
mod progress;
mod run;
mod stop;
mod trainer;

pub use callback::Step;
pub use checkpoints::Checkpoints;
pub use compare::{Comparison, Trial, cross_validate, restarts};
pub use history::{Curve, Epoch, GradientNorm, History};
pub use objective::{Criterion, Objective};
pub use stop::Stop;
pub use trainer::Trainer;
