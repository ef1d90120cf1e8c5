//! Several runs side by side: from other starts (L24), or on other parts of the data.

use std::fmt;

use autodiff::Real;

use super::history::History;
use super::objective::Criterion;
use super::trainer::Trainer;
use crate::data::dataset::Dataset;
use crate::error::{Result, one_line, rounded};
use crate::layer::Layer;
use crate::optim::optimizer::Optimizer;

/// Runs side by side, with the model of the best.
pub struct Comparison<M> {
    /// What tells the runs apart: `seed` or `fold`.
    pub by: &'static str,
    /// One for each run, in order.
    pub rows: Vec<Trial>,
    /// The index in `rows` of the run with the lowest validation loss; `None` if all failed.
    pub best: Option<usize>,
    model: Option<M>,
}

/// A run of a [`Comparison`].
#[derive(Clone, Debug)]
pub struct Trial {
    /// The seed, or the number of the fold from 1.
    pub label: u64,
    /// The lowest validation loss if the model has the weights of that epoch, otherwise the last one. NaN if the run
    /// failed.
    pub valid_loss: f64,
    /// The training loss of that epoch.
    pub train_loss: f64,
    /// The metrics on the validation set in that epoch, by name.
    pub metrics: Vec<(String, f64)>,
    /// The run's history, or why it failed.
    pub result: std::result::Result<History, String>,
}

/// Trains from several seeds: from other starts descent reaches other minima (L24). `build` makes a trainer with a fresh
/// model from a seed. A run that diverges is a row that says so.
///
/// ```
/// use nn::{Activation, Dataset, Mlp, Sgd, Trainer, loss, restarts};
/// use ndarray::array;
/// use rand::SeedableRng;
/// let xor = Dataset::new(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![[0.], [1.], [1.], [0.]])?;
/// let runs = restarts(1..=3, &xor, &xor, |seed| {
///     let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed));
///     Trainer::new(model, loss::bce_with_logits, Sgd::new(0.5)).epochs(300).full_batch().seed(seed)
/// });
/// println!("{runs}");
/// let best = runs.into_model().expect("a run that did not fail");
/// # Ok::<(), nn::Error>(())
/// ```
pub fn restarts<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    seeds: impl IntoIterator<Item = u64>,
    train: &Dataset<T>,
    valid: &Dataset<T>,
    mut build: impl FnMut(u64) -> Trainer<M, L, O>,
) -> Comparison<M> {
    let mut runs = Comparison::new("seed");
    for seed in seeds {
        let mut trainer = build(seed).progress(false);
        let result = trainer.fit(train, valid);
        runs.add(seed, result, trainer.into_model());
    }
    runs
}

/// Trains and measures on each pair of training and validation sets, as [`Dataset::k_fold`] makes them: cross-validation.
/// `build` makes a trainer with a fresh model for a fold, counted from 1, and may look at the fold's data and change both
/// parts: standardise them by the first, for one.
///
/// ```
/// use nn::{Activation, Adam, Mlp, Trainer, cross_validate, loss};
/// use nn::data::generate;
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let moons = generate::moons::<f64>(60, 0.05, &mut rng);
/// let runs = cross_validate(moons.stratified_k_fold(5, &mut rng)?, |fold, train, valid| {
///     let model = Mlp::new(&[2, 8, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(fold));
///     Ok((Trainer::new(model, loss::bce_with_logits, Adam::new(0.05)).epochs(10).batch_size(8), train, valid))
/// })?;
/// let (mean, deviation) = runs.metric("accuracy").unwrap();
/// assert!(mean > 0.7 && deviation < 0.3);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If `build` fails. A run that diverges is a row that says so.
#[doc(alias = "cross_val_score")]
pub fn cross_validate<T: Real, M: Layer<T>, L: Criterion<T, M, K>, O: Optimizer<T>, K>(
    folds: impl IntoIterator<Item = (Dataset<T>, Dataset<T>)>,
    mut build: impl FnMut(u64, Dataset<T>, Dataset<T>) -> Result<(Trainer<M, L, O>, Dataset<T>, Dataset<T>)>,
) -> Result<Comparison<M>> {
    let mut runs = Comparison::new("fold");
    for (fold, (train, valid)) in (1..).zip(folds) {
        let (trainer, train, valid) = build(fold, train, valid)?;
        let mut trainer = trainer.progress(false);
        let result = trainer.fit(&train, &valid);
        runs.add(fold, result, trainer.into_model());
    }
    Ok(runs)
}

impl<M> Comparison<M> {
    fn new(by: &'static str) -> Self {
        Self { by, rows: Vec::new(), best: None, model: None }
    }

    fn add(&mut self, label: u64, result: Result<History>, model: M) {
        let row = Trial::new(label, result.map_err(|error| error.to_string()));
        let best = self.best.map_or(f64::INFINITY, |best| self.rows[best].valid_loss);
        // An infinite loss is better than none.
        if row.valid_loss < best || self.best.is_none() && !row.valid_loss.is_nan() {
            (self.best, self.model) = (Some(self.rows.len()), Some(model));
        }
        self.rows.push(row);
    }

    /// The model of the run with the lowest validation loss.
    pub fn model(&self) -> Option<&M> {
        self.model.as_ref()
    }

    /// Takes out the model of the run with the lowest validation loss.
    pub fn into_model(self) -> Option<M> {
        self.model
    }

    /// Mean and standard deviation, by `n - 1`, of a metric on the validation sets, over the runs that did not fail;
    /// `None` if it was not measured.
    pub fn metric(&self, name: &str) -> Option<(f64, f64)> {
        let values = self.rows.iter().filter_map(|row| row.metrics.iter().find(|(known, _)| known == name));
        statistics(&values.map(|(_, value)| *value).collect::<Vec<_>>())
    }

    /// Mean and standard deviation, by `n - 1`, of the validation loss over the runs that did not fail.
    pub fn valid_loss(&self) -> Option<(f64, f64)> {
        let losses = self.rows.iter().filter(|row| row.result.is_ok()).map(|row| row.valid_loss);
        statistics(&losses.collect::<Vec<_>>())
    }

    /// The table's cells, the first row being the header.
    pub(super) fn cells(&self) -> Vec<Vec<String>> {
        let metrics: Vec<&String> = self
            .rows
            .iter()
            .find(|row| row.result.is_ok())
            .iter()
            .flat_map(|row| row.metrics.iter().map(|(n, _)| n))
            .collect();
        let header = [self.by, "train_loss", "valid_loss"].map(str::to_owned).into_iter();
        let header = header.chain(metrics.iter().map(|name| format!("valid_{name}")));
        let header = header.chain(["epochs", "seconds", "end"].map(str::to_owned));
        let row = |row: &Trial| {
            let (epochs, seconds, end) = match &row.result {
                Ok(history) => {
                    let seconds = format!("{:.2}", history.elapsed.as_secs_f64());
                    (history.epochs.len().to_string(), seconds, history.stop.to_string())
                }
                Err(error) => (String::new(), String::new(), error.clone()),
            };
            let losses = [row.train_loss, row.valid_loss].map(|loss| rounded(loss, 6));
            let named = |name: &String| {
                let found = row.metrics.iter().find(|(known, _)| known == name);
                found.map_or(String::new(), |(_, value)| rounded(*value, 4))
            };
            let metrics = metrics.iter().map(|name| named(name));
            let first = std::iter::once(row.label.to_string()).chain(losses).chain(metrics);
            first.chain([epochs, seconds, end]).collect()
        };
        std::iter::once(header.collect()).chain(self.rows.iter().map(row)).collect()
    }
}

impl Trial {
    fn new(label: u64, result: std::result::Result<History, String>) -> Self {
        let mut row = Self { label, valid_loss: f64::NAN, train_loss: f64::NAN, metrics: Vec::new(), result };
        let Ok(history) = &row.result else { return row };
        let Some(epoch) = history.best_epoch.or(Some(history.epochs.len())).filter(|&epoch| epoch > 0) else {
            return row;
        };
        (row.valid_loss, row.train_loss) = (history.epochs[epoch - 1].valid_loss, history.epochs[epoch - 1].train_loss);
        row.metrics = history.metrics.iter().map(|curve| (curve.name.clone(), curve.valid[epoch - 1])).collect();
        row
    }
}

fn statistics(values: &[f64]) -> Option<(f64, f64)> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    Some((mean, if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 }))
}

/// A table with the best run marked, then the means.
impl<M> fmt::Display for Comparison<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cells = self.cells();
        cells.iter_mut().flatten().for_each(|cell| *cell = one_line(cell));
        // The last column is text of any length.
        let last = cells[0].len() - 1;
        let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..last).map(width).collect();
        for (k, row) in cells.iter().enumerate() {
            let mark = if k > 0 && self.best == Some(k - 1) { '*' } else { ' ' };
            write!(f, "{mark} ")?;
            for (cell, width) in row.iter().zip(&widths) {
                write!(f, "{cell:>width$}  ")?;
            }
            writeln!(f, "{}", row[last])?;
        }
        if let Some((mean, deviation)) = self.valid_loss() {
            write!(f, "validation loss {} ± {}", rounded(mean, 6), rounded(deviation, 6))?;
        }
        let names = self.best.map_or(&[][..], |best| &self.rows[best].metrics);
        for (name, _) in names {
            let (mean, deviation) = self.metric(name).expect("measured in the best run");
            write!(f, ", {} {} ± {}", one_line(name), rounded(mean, 4), rounded(deviation, 4))?;
        }
        Ok(())
    }
}
