//! Where and how often a run is kept.

use std::path::PathBuf;

use crate::expect;

/// Where and how often a run is kept, for [`Trainer::checkpoints`](super::Trainer::checkpoints).
///
/// A checkpoint is one file, `checkpoint.safetensors`: the weights under their names, as [`load`](crate::load) reads them,
/// and under names that start with `train/` the optimiser's memory, the history, the best weights and the place in the
/// data. It appears whole or not at all, so a program that is killed leaves the last one.
///
/// A run that finds a checkpoint in its folder continues it, and ends with the bits of a run that was never interrupted.
/// For that it has to be the same run: built alike, with the same data. It is checked that parameters, optimiser, rate,
/// seed, metrics and training set are the same; more epochs than before may be asked for. What callbacks and closures
/// remember is not kept. To start over, use another folder.
///
/// ```
/// use nn::{Checkpoints, Dataset, Linear, Sgd, Trainer, loss};
/// use ndarray::array;
/// let line = Dataset::new(array![[0.0], [1.0]], array![[1.0], [3.0]])?;
/// let folder = std::env::temp_dir().join(format!("nn-checkpoints-doc-{}", std::process::id()));
/// let run = |epochs| {
///     let model = Linear::from_weights(array![[0.0]], array![0.0]);
///     let trainer = Trainer::new(model, loss::squared_error, Sgd::<f64>::new(0.1).momentum(0.9)).epochs(epochs);
///     trainer.checkpoints(Checkpoints::new(&folder).every_epochs(10)).fit(&line, &line)
/// };
/// run(10)?;
/// let continued = run(30)?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// let whole = run(30)?;
/// # std::fs::remove_dir_all(&folder).unwrap();
/// assert_eq!(continued.epochs, whole.epochs);
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoints {
    pub(super) folder: PathBuf,
    pub(super) epochs: usize,
    pub(super) steps: Option<usize>,
}

impl Checkpoints {
    /// Keeps the run in this folder, which is made if need be, after every epoch.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), epochs: 1, steps: None }
    }

    /// Sets that the run is kept after every `n` epochs, and at the end.
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn every_epochs(mut self, n: usize) -> Self {
        self.epochs = expect::at_least_one("Checkpoints: the number of epochs in between", n);
        self
    }

    /// Sets that the run is kept after every `n` steps, too.
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    pub fn every_steps(mut self, n: usize) -> Self {
        self.steps = Some(expect::at_least_one("Checkpoints: the number of steps in between", n));
        self
    }
}

/// As [`Checkpoints::new`].
impl<P: Into<PathBuf>> From<P> for Checkpoints {
    fn from(folder: P) -> Self {
        Self::new(folder)
    }
}
