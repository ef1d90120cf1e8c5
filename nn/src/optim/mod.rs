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
//! [`Lbfgs`] and [`Newton`] minimise an objective over all data at once and choose their steps themselves.

mod adagrad;
mod adam;
mod chain;
mod clip;
mod decay;
mod descent;
mod group;
mod lbfgs;
mod line_search;
mod minimize;
mod momentum;
mod newton;
mod objective;
mod rmsprop;
mod slot;
mod state;
mod step;
mod transform;

pub use adagrad::{Adagrad, InverseRoot};
pub use adam::{Adam, AdamW, Moments, MomentsW};
pub use clip::{ClipNorm, ClipValue};
pub use decay::WeightDecay;
pub use descent::Descent;
pub use group::Group;
pub use lbfgs::Lbfgs;
pub use minimize::{Minimum, Outcome, Progress};
pub use momentum::{Momentum, Sgd};
pub use newton::Newton;
pub use rmsprop::{RmsProp, RootMeanSquare};
pub use state::State;
pub use transform::{At, Survey, Transform, Updates};

use autodiff::{Gradients, Real};

use crate::{Layer, Result};

/// Changes a model's parameters by their gradients. All gradients are computed before any parameter changes.
pub trait Optimizer<T: Real> {
    /// One step.
    ///
    /// # Errors
    /// If no gradient reaches one of the parameters; no parameter is changed then.
    fn step(&mut self, model: &mut dyn Layer<T>, gradients: &Gradients<T>) -> Result<()>;

    /// The learning rate of the next step, for display.
    fn rate(&self) -> f64;

    /// Takes note of a loss, for rates that follow it. The trainer shows the validation loss of every epoch.
    fn observe(&mut self, _loss: f64) {}

    /// What the optimiser remembers from step to step, for a checkpoint. An optimiser that does not say otherwise
    /// remembers nothing.
    fn state(&self) -> State<T> {
        State::default()
    }

    /// Puts a state back, of an optimiser built like this one and of the same model: the next step is bit for bit the
    /// one that would have followed.
    ///
    /// # Errors
    /// If the state is another optimiser's or another model's; nothing is changed then.
    fn restore(&mut self, _model: &dyn Layer<T>, state: &State<T>) -> Result<()> {
        state.only(&[], &[])
    }
}

macro_rules! forward {
    ($($holder:ty)*) => { $(
        impl<T: Real, O: Optimizer<T> + ?Sized> Optimizer<T> for $holder {
            fn step(&mut self, model: &mut dyn Layer<T>, gradients: &Gradients<T>) -> Result<()> {
                (**self).step(model, gradients)
            }

            fn rate(&self) -> f64 {
                (**self).rate()
            }

            fn observe(&mut self, loss: f64) {
                (**self).observe(loss);
            }

            fn state(&self) -> State<T> {
                (**self).state()
            }

            fn restore(&mut self, model: &dyn Layer<T>, state: &State<T>) -> Result<()> {
                (**self).restore(model, state)
            }
        }
    )* };
}
forward!(Box<O> &mut O);
