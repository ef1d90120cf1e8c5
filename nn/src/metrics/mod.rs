//! How good predictions are.
//!
//! Outputs `y` and targets `t` are tensors of one shape: a row an item, or a single axis of items with one output each.
//! With one output a class is 0 or 1, from 0.5 on; with several, targets are one-hot and the class is the
//! largest entry's place. All results are `f64`. Where a metric is undefined it is NaN, and its description says when;
//! without items every one is.

pub(crate) mod accuracy;
pub(crate) mod confusion;
mod ranking;
mod regression;
mod rows;

pub use accuracy::accuracy;
pub use confusion::{Average, Confusion};
pub use ranking::{log_loss, roc_auc, top_k};
pub use regression::{mae, mse, r2};
pub use rows::classes;
