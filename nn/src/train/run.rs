//! A run in progress: all that it takes to continue it, besides the model and the optimiser.

use autodiff::{Real, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::criteria::best;
use super::history::{Curve, Epoch, GradientNorm, History};
use super::metric::ACCURACY;
use crate::layer::Layer;
use crate::visit;
use crate::visit::stored;

/// Values of all parameters and buffers. They share their elements with the model until that changes.
pub(super) type Weights<T> = Vec<Tensor<T>>;

pub(super) struct Run<T: Real> {
    /// As it was before the current epoch's shuffle.
    pub(super) rng: ChaCha8Rng,
    /// The number of batches of the current epoch that are done.
    pub(super) batch: usize,
    pub(super) sums: Sums,
    pub(super) history: History,
    /// The weights of the epoch with the lowest validation loss, if they are kept.
    pub(super) best: Option<Weights<T>>,
    /// Nothing is left to do.
    pub(super) is_over: bool,
}

/// What the current epoch has added up.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Of batches that count; others are passed over.
    pub(super) items: f64,
    pub(super) steps: f64,
    pub(super) loss: f64,
    pub(super) penalty: f64,
    /// The last step's.
    pub(super) rate: f64,
    pub(super) norms: Vec<f64>,
    pub(super) metrics: Vec<f64>,
}

impl Sums {
    fn new(norms: usize, metrics: usize) -> Self {
        Self { norms: vec![0.0; norms], metrics: vec![0.0; metrics], ..Self::default() }
    }

    /// One after the other.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let first = [self.items, self.steps, self.loss, self.penalty, self.rate].into_iter();
        first.chain(self.norms.iter().copied()).chain(self.metrics.iter().copied()).collect()
    }

    /// Takes as many numbers as [`numbers`](Self::numbers) gives.
    pub(super) fn set(&mut self, numbers: &[f64]) {
        [self.items, self.steps, self.loss, self.penalty, self.rate] = numbers[..5].try_into().expect("five numbers");
        let (norms, metrics) = numbers[5..].split_at(self.norms.len());
        self.norms.copy_from_slice(norms);
        self.metrics.copy_from_slice(metrics);
    }
}

impl<T: Real> Run<T> {
    pub(super) fn new(seed: u64, metrics: Vec<String>, layers: &[String]) -> Self {
        let sums = Sums::new(layers.len() + 1, metrics.len());
        let curve = |name| Curve { name, train: Vec::new(), valid: Vec::new() };
        let norms = layers.iter().map(|name| GradientNorm { name: name.clone(), norms: Vec::new() });
        let metrics = metrics.into_iter().map(curve).collect();
        let history = History { metrics, layers: norms.collect(), ..History::default() };
        Self { rng: ChaCha8Rng::seed_from_u64(seed), batch: 0, sums, history, best: None, is_over: false }
    }

    /// The number of epochs that are done.
    pub(super) fn epoch(&self) -> usize {
        self.history.epochs.len()
    }

    /// Turns the epoch's sums into its entry in the history. `valid` has the loss and the metrics of the validation set.
    pub(super) fn close_epoch(&mut self, batch_size: usize, valid_loss: f64, valid: &[f64]) {
        let fresh = Sums::new(self.sums.norms.len(), self.sums.metrics.len());
        let sums = std::mem::replace(&mut self.sums, fresh);
        let (items, steps) = (sums.items, sums.steps);
        for ((curve, train), valid) in self.history.metrics.iter_mut().zip(&sums.metrics).zip(valid) {
            curve.train.push(train / items);
            curve.valid.push(*valid);
        }
        for (layer, sum) in self.history.layers.iter_mut().zip(&sums.norms[1..]) {
            layer.norms.push(sum / steps);
        }
        let accuracy = |of: fn(&Curve) -> &Vec<f64>| {
            self.history.metric(ACCURACY).and_then(|curve| of(curve).last().copied()).unwrap_or(f64::NAN)
        };
        self.history.epochs.push(Epoch {
            train_loss: sums.loss / items,
            train_accuracy: accuracy(|curve| &curve.train),
            valid_loss,
            valid_accuracy: accuracy(|curve| &curve.valid),
            penalty: sums.penalty / steps,
            rate: sums.rate,
            gradient_norm: sums.norms[0] / steps,
            batch_size,
        });
        self.batch = 0;
    }

    /// Keeps the model's weights if the last epoch is the best so far.
    pub(super) fn keep_best(&mut self, model: &impl Layer<T>) {
        if best(&self.history) == Some(self.epoch()) {
            self.best = Some(weights(model));
        }
    }

    /// Gives the model the best weights, if they are kept.
    pub(super) fn restore_best(&mut self, model: &impl Layer<T>) {
        if let Some(weights) = &self.best {
            restore(model, weights);
            self.history.best_epoch = best(&self.history);
        }
    }
}

pub(super) fn weights<T: Real>(model: &impl Layer<T>) -> Weights<T> {
    let mut weights = Vec::new();
    stored(model, |_, value| weights.push(value.clone()));
    weights
}

pub(super) fn restore<T: Real>(model: &impl Layer<T>, weights: &[Tensor<T>]) {
    let mut weights = weights.iter().cloned();
    visit::restore(model, |_| weights.next());
}
