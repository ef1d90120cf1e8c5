//! The training loop.

use std::path::Path;
use std::time::{Duration, Instant};

use autodiff::{Real, Tape};
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::error::Kind;
use crate::{Batches, Dataset, Layer, Loss, Optimizer, Result, atomic, metrics};

/// What one epoch achieved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epoch {
    /// The mean of the batches' losses, weighted by their sizes; each was measured before its step.
    pub train_loss: f64,
    /// The fraction of training items classified rightly, measured along with the loss.
    pub train_accuracy: f64,
    /// The loss on the validation set after the epoch.
    pub valid_loss: f64,
    /// The fraction of validation items classified rightly after the epoch.
    pub valid_accuracy: f64,
}

/// The course of a training run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// One entry an epoch.
    pub epochs: Vec<Epoch>,
    /// Time spent.
    pub elapsed: Duration,
}

impl History {
    /// Writes a CSV file: a header with the names of [`Epoch`]'s fields, then a row an epoch. It appears whole or not at
    /// all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for epoch in &self.epochs {
            writer.serialize(epoch).expect("plain numbers, in memory");
        }
        atomic::write(path.as_ref(), &writer.into_inner().expect("in memory"))
    }

    /// The last epoch.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }
}

/// Trains a model: minibatches in a seeded random order, a progress bar when the output is a terminal.
///
/// ```
/// use nn::{Activation, Dataset, Mlp, Sgd, Trainer, loss};
/// use ndarray::array;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
/// let line = Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]])?;
/// let model = Mlp::<f64>::new(&[1, 1], Activation::Identity, &mut rng);
/// let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).epochs(200).batch_size(3).seed(1);
/// let history = trainer.fit(&line, &line)?;
/// assert!(history.last().unwrap().valid_loss < 1e-3);
/// # Ok::<(), nn::Error>(())
/// ```
pub struct Trainer<M, L, O> {
    model: M,
    loss: L,
    optimizer: O,
    epochs: usize,
    batch_size: usize,
    seed: u64,
    progress: bool,
}

impl<M, L, O> Trainer<M, L, O> {
    /// A trainer with 20 epochs, batches of 32, seed 0 and a progress bar.
    pub fn new(model: M, loss: L, optimizer: O) -> Self {
        Self { model, loss, optimizer, epochs: 20, batch_size: 32, seed: 0, progress: true }
    }

    /// The number of passes through the training set.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// The number of items in a step: 1 is on-line descent, the size of the training set is batch descent (L22).
    pub fn batch_size(mut self, size: usize) -> Self {
        self.batch_size = size;
        self
    }

    /// The seed of the order in which items are served.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether to show a progress bar on a terminal.
    pub fn progress(mut self, show: bool) -> Self {
        self.progress = show;
        self
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The trained model.
    pub fn into_model(self) -> M {
        self.model
    }

    /// Trains on one data set and measures on another after every epoch.
    ///
    /// # Errors
    /// If a data set is empty, if no gradient reaches one of the parameters, or if the loss is no longer a finite number:
    /// the model then keeps the weights of the step before.
    ///
    /// # Panics
    /// If the model and the data do not fit together: the message names the operation and the shapes.
    pub fn fit<T: Real>(&mut self, train: &Dataset<T>, valid: &Dataset<T>) -> Result<History>
    where
        M: Layer<T>,
        L: Loss<T>,
        O: Optimizer<T>,
    {
        for (name, data) in [("training", train), ("validation", valid)] {
            if data.is_empty() {
                return Err(Kind::Data { what: format!("the {name} set is empty") }.into());
            }
        }
        let start = Instant::now();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let tape = Tape::new();
        let mut history = History::default();
        let bar = self.bar(train.len());
        for number in 1..=self.epochs {
            let (mut loss, mut right) = (0.0, 0.0);
            crate::train_mode(&mut self.model);
            for (batch, (x, t)) in Batches::new(train, self.batch_size, &mut rng).enumerate() {
                let items = x.shape()[0] as f64;
                tape.reset();
                crate::watch(&mut self.model, &tape);
                let y = self.model.forward(&x);
                let error = self.loss.loss(&y, &t);
                let value = error.item().primal();
                if !value.is_finite() {
                    return Err(Kind::Diverged { loss: value, epoch: number, batch: batch + 1 }.into());
                }
                self.optimizer.step(&mut self.model, &error.backward())?;
                loss += value * items;
                right += metrics::accuracy(&y, &t) * items;
                bar.inc(1);
            }
            tape.reset();
            crate::eval_mode(&mut self.model);
            let (x, t) = valid.all();
            let y = self.model.forward(&x);
            let epoch = Epoch {
                train_loss: loss / train.len() as f64,
                train_accuracy: right / train.len() as f64,
                valid_loss: self.loss.loss(&y, &t).item().primal(),
                valid_accuracy: metrics::accuracy(&y, &t),
            };
            bar.set_message(format!(
                "epoch {number}/{}  loss {:.4}  accuracy {:.1} %",
                self.epochs,
                epoch.train_loss,
                100.0 * epoch.valid_accuracy
            ));
            self.optimizer.observe(epoch.valid_loss);
            history.epochs.push(epoch);
        }
        bar.finish_and_clear();
        history.elapsed = start.elapsed();
        Ok(history)
    }

    fn bar(&self, items: usize) -> ProgressBar {
        if !self.progress {
            return ProgressBar::hidden();
        }
        // Drawn on standard error, and only if that is a terminal.
        let steps = self.epochs * items.div_ceil(self.batch_size.max(1));
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  ETA {eta}");
        ProgressBar::new(steps as u64).with_style(style.expect("a valid template"))
    }
}
