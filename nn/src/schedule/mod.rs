//! Schedules: factors of the learning rate, as functions of the step.
//!
//! A schedule is any function from the number of steps taken so far to a factor; the rate of that step is the
//! optimiser's rate times the factor. The functions here make the usual ones, [`Schedule`] puts them together:
//!
//! ```
//! use nn::schedule::{Schedule, cosine, warm_up};
//! // Up over 10 steps, then down to nothing over 90.
//! let rate = warm_up(10, 0.0).then(10, cosine(90, 0.0));
//! assert_eq!([rate(0), rate(5), rate(10), rate(100)], [0.0, 0.5, 1.0, 0.0]);
//! let sgd = nn::Sgd::<f64>::new(0.1).schedule(rate);
//! // One of your own is a closure.
//! let sgd = nn::Sgd::<f64>::new(0.1).schedule(|t| 1.0 / (1.0 + 0.01 * t as f64));
//! ```
//!
//! [`Plateau`] follows the observed loss instead of the step. [`growing_batches`] is a schedule of batch sizes (L22).

pub(crate) mod factor;
pub(crate) mod plateau;

pub use factor::{
    Schedule, constant, cosine, exponential, growing_batches, milestones, one_cycle, polynomial, step, warm_up,
};
pub use plateau::Plateau;
