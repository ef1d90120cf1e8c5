//! The course of a training run.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::metric::ACCURACY;
use super::number;
use super::stop::Stop;
use crate::atomic;
use crate::error::Result;

/// The figures of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The mean of the batches' losses, weighted by their sizes; each was measured before its step. Without the penalty.
    #[serde(with = "number")]
    pub train_loss: f64,
    /// The fraction of training items classified rightly, measured along with the loss; NaN if other metrics were chosen.
    #[serde(with = "number")]
    pub train_accuracy: f64,
    /// The loss on the validation set after the epoch, without the penalty.
    #[serde(with = "number")]
    pub valid_loss: f64,
    /// The fraction of validation items classified rightly after the epoch; NaN if other metrics were chosen.
    #[serde(with = "number")]
    pub valid_accuracy: f64,
    /// The mean of the steps' penalties, 0 without a [`Regularizer`](crate::Regularizer).
    #[serde(with = "number")]
    pub penalty: f64,
    /// The learning rate of the epoch's last step.
    #[serde(with = "number")]
    pub rate: f64,
    /// The mean over the steps of the gradient's norm, all parameters together, before the optimiser changes it.
    #[serde(with = "number")]
    pub gradient_norm: f64,
    /// The number of items in a full step.
    pub batch_size: usize,
}

impl Epoch {
    pub(super) const COLUMNS: [&str; 8] = [
        "train_loss",
        "train_accuracy",
        "valid_loss",
        "valid_accuracy",
        "penalty",
        "rate",
        "gradient_norm",
        "batch_size",
    ];

    pub(super) fn row(&self) -> [f64; 8] {
        let Self { train_loss, train_accuracy, valid_loss, valid_accuracy, penalty, rate, gradient_norm, batch_size } =
            *self;
        [train_loss, train_accuracy, valid_loss, valid_accuracy, penalty, rate, gradient_norm, batch_size as f64]
    }

    pub(super) fn from_row(row: [f64; 8]) -> Self {
        let [train_loss, train_accuracy, valid_loss, valid_accuracy, penalty, rate, gradient_norm, batch_size] = row;
        // Counts are exact below 2^53; a cast saturates.
        #[allow(clippy::cast_sign_loss, reason = "a batch size")]
        let batch_size = batch_size as usize;
        Self { train_loss, train_accuracy, valid_loss, valid_accuracy, penalty, rate, gradient_norm, batch_size }
    }
}

/// A metric's course on both data sets, one entry an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The metric's name.
    pub name: String,
    /// On the training set: the mean of the batches', weighted by their sizes, each measured before its step.
    #[serde(with = "number::list")]
    pub train: Vec<f64>,
    /// On the validation set after each epoch.
    #[serde(with = "number::list")]
    pub valid: Vec<f64>,
}

/// The norm of a layer's gradient, one entry an epoch: in deep networks it shows gradients that vanish or explode (L20).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientNorm {
    /// The layer's name: that of its parameters without their own, as in `layers.0`.
    pub name: String,
    /// The mean over the epoch's steps.
    #[serde(with = "number::list")]
    pub norms: Vec<f64>,
}

/// The course of a training run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// One entry an epoch.
    pub epochs: Vec<Epoch>,
    /// The time spent, including the runs that this one continues; 0 where there is no clock.
    pub elapsed: Duration,
    /// Why training ended.
    pub stop: Stop,
    /// The number of steps.
    pub steps: usize,
    /// The epoch, from 1, whose weights the model has got back, if [early stopping] keeps the best.
    ///
    /// [early stopping]: super::Trainer::early_stopping
    pub best_epoch: Option<usize>,
    /// The chosen metrics; the accuracy if none was chosen.
    pub metrics: Vec<Curve>,
    /// The gradient's norm, layer by layer.
    pub layers: Vec<GradientNorm>,
}

impl History {
    /// The last epoch.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The course of a metric.
    ///
    /// ```
    /// use nn::{Activation, Linear, Dataset, Sgd, Trainer, loss, metrics};
    /// use ndarray::array;
    /// let line = Dataset::new(array![[0.0], [1.0], [2.0]], array![[1.0], [3.0], [5.0]])?;
    /// let model = Linear::from_weights(array![[0.0]], array![0.0]);
    /// let trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1)).epochs(200).metric("r2", metrics::r2);
    /// let history = trainer.full_batch().fit(&line, &line)?;
    /// assert!(history.metric("r2").unwrap().valid.last().unwrap() > &0.999);
    /// # Ok::<(), nn::Error>(())
    /// ```
    pub fn metric(&self, name: &str) -> Option<&Curve> {
        self.metrics.iter().find(|curve| curve.name == name)
    }

    /// Lists all figures of the epochs, column by column: the fields of [`Epoch`], `train_` and `valid_` with each further
    /// metric's name, and `gradient_norm_` with each layer's.
    pub fn columns(&self) -> Vec<(String, Vec<f64>)> {
        let mut columns: Vec<(String, Vec<f64>)> =
            Epoch::COLUMNS.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        for epoch in &self.epochs {
            columns.iter_mut().zip(epoch.row()).for_each(|((_, column), value)| column.push(value));
        }
        for curve in self.metrics.iter().filter(|curve| curve.name != ACCURACY) {
            columns.push((format!("train_{}", curve.name), curve.train.clone()));
            columns.push((format!("valid_{}", curve.name), curve.valid.clone()));
        }
        let norms = self.layers.iter().map(|layer| (format!("gradient_norm_{}", layer.name), layer.norms.clone()));
        columns.into_iter().chain(norms).collect()
    }

    /// Writes a JSON file: an object with `stop`, `steps`, `elapsed_seconds`, `best_epoch` and `epochs`, a list of objects
    /// with the names of the [columns](Self::columns). What is not finite is a text: `inf`,
    /// `-inf` or `NaN`. It appears whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_json(&self, path: impl AsRef<Path>) -> Result<()> {
        let columns = self.columns();
        let row = |epoch: usize| -> Value {
            columns
                .iter()
                .map(|(name, column)| (name.clone(), number::value(column[epoch])))
                .collect::<Map<_, _>>()
                .into()
        };
        let all = json!({
            "stop": self.stop.to_string(),
            "steps": self.steps,
            "elapsed_seconds": self.elapsed.as_secs_f64(),
            "best_epoch": self.best_epoch,
            "epochs": (0..self.epochs.len()).map(row).collect::<Vec<_>>(),
        });
        atomic::write(path.as_ref(), all.to_string().as_bytes())
    }
}
