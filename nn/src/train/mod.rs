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
mod engine;
mod evaluate;
mod fit;
pub(crate) mod history;
#[cfg(feature = "interrupt")]
mod interrupt;
mod metric;
mod norms;
mod number;
mod objective;
mod parts;
mod progress;
mod ranks;
mod run;
mod stop;
mod threads;
mod trainer;

pub use callback::Step;
pub use checkpoints::Checkpoints;
pub use compare::{Comparison, Trial, cross_validate, restarts};
pub use engine::{Carry, Engine, Parts};
pub use history::{Curve, Epoch, GradientNorm, History};
pub use objective::{Criterion, Objective};
pub use stop::Stop;
pub use threads::Threads;
pub use trainer::Trainer;
