//! Training on any number of processes and machines: an [`Engine`] on MPI.
//!
//! Every process runs the same program, which hands the engine to its trainer:
//!
//! ```no_run
//! use nn::{Activation, Dataset, Mlp, Sgd, Trainer, loss};
//! use rand::SeedableRng;
//!
//! fn main() -> std::process::ExitCode {
//!     nn_mpi::run(|engine| {
//!         let data = Dataset::new(ndarray::Array2::<f64>::zeros((64, 2)), ndarray::Array2::zeros((64, 1)))?;
//!         let model = Mlp::new(&[2, 8, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
//!         let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).engine(engine);
//!         trainer.fit(&data, &data)?;
//!         Ok::<_, nn::Error>(())
//!     })
//! }
//! ```
//!
//! `mpirun -n 4 program` starts it. The weights, the history and the metrics are bit for bit those of one process with as many
//! [parts](nn::Trainer::parts), however many processes there are.
//!
//! A process that fails, by an error, a panic or a signal, ends all of them: see [`run`]. Processes on one machine share its
//! processors; `RAYON_NUM_THREADS` says how many threads each may use.

mod exchange;
mod program;

pub use exchange::Mpi;
pub use nn::Engine;
pub use program::run;
