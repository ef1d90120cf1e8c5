//! Multilayer perceptrons on the tape.

mod atomic;
mod check;
pub mod data;
mod error;
mod init;
mod layer;
pub mod layers;
pub mod loss;
pub mod metrics;
pub mod optim;
mod param;
mod persist;
pub mod plot;
mod train;

pub use check::{GradientCheck, check_gradient};
pub use data::{Batches, Dataset, Table};
pub use error::{Error, Result};
pub use init::Init;
pub use layer::{Layer, Visit, VisitMut, count, names, parameters, parameters_mut, watch};
pub use layers::{Activation, Linear, Mlp, Sequential};
pub use loss::Loss;
pub use optim::{Optimizer, Sgd};
pub use param::Param;
pub use persist::{Element, load, save};
pub use train::{Epoch, History, Trainer};
