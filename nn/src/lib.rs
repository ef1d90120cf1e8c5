//! Multilayer perceptrons, losses and optimisers on the [`autodiff`] tape.
//!
//! ```
//! use nn::{Activation, Dataset, Layer, Mlp, Sgd, Trainer, loss};
//! use ndarray::array;
//! use rand::SeedableRng;
//!
//! let xor = Dataset::new(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![[0.], [1.], [1.], [0.]])?;
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
//! let model = Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut rng);
//! let mut trainer = Trainer::new(model, loss::bce_with_logits, Sgd::new(0.5)).epochs(500).batch_size(4);
//! trainer.fit(&xor, &xor)?;
//! let (x, t) = xor.all();
//! let logits = trainer.model().forward(&x);
//! assert_eq!(nn::metrics::accuracy(&logits.sigmoid(), &t), 1.0);
//! # Ok::<(), nn::Error>(())
//! ```
//!
//! A layer is a struct with a `forward` and a list of its parameters ([`Layer`]); a loss is a function of outputs and
//! targets ([`Loss`]). Layers that compute differently while they are trained have a [`Mode`]. Everything random draws from
//! a generator that is passed in or from a seed, and the same seed gives the same bits whatever the number of threads.
//!
//! The [`guide`] shows own losses and layers, training, saving and resuming, and has a table for users of PyTorch.
//!
//! # Features
//! The first four are on by default; without them a user of layers, losses, optimisers and the [`Trainer`] compiles none of what they
//! need.
//!
//! | feature | without it |
//! |---|---|
//! | `plot` | no `plot` module, no SVG pictures of models |
//! | `data` | no readers of files in [`data`], no tables written as CSV |
//! | `progress` | a [`Trainer`] shows no progress bar |
//! | `interrupt` | Ctrl-C ends the program, a training run in it too |
//! | `page` (off by default) | no `Mlp::page`, no `plot::RunPage`: pages for browsers |
//! | `proptest` (off by default) | no strategies for property tests |
//!
//! Without these features the crate builds for `wasm32-unknown-unknown`, too. Files cannot be read or written there, which is an
//! [`Err`](Error); a run takes no time, for there is no clock; products run on one thread.

mod atomic;
mod buffer;
pub mod check;
pub mod data;
mod derivative;
mod error;
mod expect;
mod explain;
mod graph;
pub mod guide;
mod init;
mod layer;
pub mod layers;
pub mod loss;
pub mod metrics;
mod mode;
pub mod optim;
mod param;
mod persist;
#[cfg(feature = "plot")]
pub mod plot;
mod random;
mod regularizer;
pub mod schedule;
mod state;
#[cfg(feature = "proptest")]
pub mod strategies;
mod summary;
mod trace;
mod track;
mod train;
mod unlisted;
mod uses;
mod visit;

pub use buffer::Buffer;
#[cfg(feature = "data")]
pub use data::Csv;
pub use data::{Batch, Batches, Dataset, Standardizer};
pub use derivative::{param_grad, param_hvp, param_value_and_grad};
pub use error::{Error, Result};
pub use explain::name_parameters;
pub use graph::{graph, tape_graph};
pub use init::Init;
pub use layer::{Layer, Visit};
pub use layers::{
    Activation, AvgPool2d, BasisFunctions, BatchNorm1d, BatchNorm2d, Conv2d, Dag, Dropout, Embedding, Flatten,
    LayerNorm, Linear, LogVariance, MaxPool2d, Mlp, Reshape, Residual, Sequential,
};
pub use loss::{Loss, Reduction};
pub use mode::Mode;
pub use optim::{Adagrad, Adam, AdamW, Lbfgs, Newton, Optimizer, RmsProp, Sgd};
pub use param::Param;
pub use persist::{Element, WeightsInfo, load, load_converted, save, weights_info};
pub use random::{Random, RandomState};
pub use regularizer::{Proximal, Regularizer};
pub use state::{eval_mode, mode, random_states, restore_random_states, train_mode};
pub use summary::{Summary, summary};
pub use trace::{Row, Trace};
pub use track::track;
pub use train::{
    Carry, Checkpoints, Comparison, Criterion, Curve, Engine, Epoch, GradientNorm, History, Objective, Parts, Step,
    Stop, Threads, Trainer, Trial, cross_validate, restarts,
};
pub use visit::{buffers, count, is_bias, names, parameters, watch, with_parameters};
