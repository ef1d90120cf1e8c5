//! Optimisers: how gradients change parameters.
//!
//! A first-order optimiser is a chain of [`Transform`]s that turn each parameter's gradient into its update `u`; then
//! `w ← w - η u`, where the rate `η` may follow a [schedule](crate::schedule). The ready-made ones, each a [`Descent`]
//! with its own rule in the middle of the chain, reproduce PyTorch's numbers:
//!
//! | | update, before the rate |
//! |---|---|
//! | [`Sgd`] | `g`, with momentum `v ← μ v + g` and `v`, Nesterov's `g + μ v` |
//! | [`Adagrad`] | `g / (√Σg² + ε)` |
//! | [`RmsProp`] | `g / (√mean g² + ε)`, centred and with momentum if asked |
//! | [`Adam`], [`AdamW`] | `m̂ / (√v̂ + ε)`; weight decay inside and outside |
//!
//! ```
//! use nn::optim::Group;
//! use nn::schedule::{Schedule, cosine, warm_up};
//! use nn::{AdamW, is_bias};
//! let optimizer = AdamW::<f32>::new(1e-3)
//!     .clip_norm(1.0)
//!     .group(Group::new(is_bias).weight_decay(0.0))
//!     .group(Group::new(|name| name.starts_with("layers.0.")).rate(1e-4))
//!     .schedule(warm_up(100, 0.0).times(cosine(10_000, 0.01)));
//! ```
//!
//! [`Lbfgs`] and [`Newton`] minimise an objective over all data at once and choose their steps themselves; so does [`LeastSquares`] with
//! sums of squares, whose [`Fit`] says how well the parameters are known. All three serve without networks, too.

mod adagrad;
mod adam;
mod bounds;
mod chain;
mod clip;
mod decay;
mod descent;
mod group;
mod lbfgs;
mod least_squares;
mod line_search;
mod minimize;
mod momentum;
mod newton;
mod objective;
pub(crate) mod optimizer;
mod projected;
mod rmsprop;
mod slot;
pub(crate) mod state;
mod step;
pub(crate) mod transform;

pub use adagrad::{Adagrad, InverseRoot};
pub use adam::{Adam, AdamW, Moments, MomentsW};
pub use bounds::Bounds;
pub use clip::{ClipNorm, ClipValue};
pub use decay::WeightDecay;
pub use descent::Descent;
pub use group::Group;
pub use lbfgs::Lbfgs;
pub use least_squares::{Ending, Fit, LeastSquares, Robust};
pub use minimize::{Minimum, Outcome, Progress};
pub use momentum::{Momentum, Sgd};
pub use newton::Newton;
pub use objective::Objective;
pub use optimizer::Optimizer;
pub use rmsprop::{RmsProp, RootMeanSquare};
pub use state::State;
pub use transform::{At, Survey, Transform, Updates};
