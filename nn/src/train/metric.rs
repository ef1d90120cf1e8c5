//! Metrics that a run measures.

use autodiff::{Real, Tensor};

use crate::data::batch::Batch;
use crate::metrics;
use crate::metrics::accuracy::are_numbers;

/// The name of the metric that [`Epoch`](super::Epoch) has fields for.
pub(super) const ACCURACY: &str = "accuracy";

type Measure = Box<dyn Fn(&Tensor<f64>, &Tensor<f64>) -> f64>;

/// Named functions of outputs and targets.
pub(super) struct Metrics {
    named: Vec<(String, Measure)>,
    chosen: bool,
}

impl Default for Metrics {
    /// The accuracy, until another is chosen; NaN where outputs and targets do not fit it.
    fn default() -> Self {
        let accuracy: Measure = Box::new(|y, t| {
            let fits = y.shape() == t.shape() || are_numbers(y.shape(), t.shape());
            if fits { metrics::accuracy(y, t) } else { f64::NAN }
        });
        Self { named: vec![(ACCURACY.to_owned(), accuracy)], chosen: false }
    }
}

impl Metrics {
    pub(super) fn choose(&mut self, name: String, measure: Measure) {
        if !self.chosen {
            self.named.clear();
            self.chosen = true;
        }
        assert!(self.named.iter().all(|(known, _)| *known != name), "Trainer: two metrics are named `{name}`");
        self.named.push((name, measure));
    }

    /// Measures nothing by itself for an objective.
    ///
    /// # Panics
    /// If a function of outputs and targets was chosen.
    #[track_caller]
    pub(super) fn without_outputs(&mut self) {
        let rule = "an objective has none, `measure` takes functions of model and batch";
        assert!(!self.chosen, "Trainer: the metric `{}` is a function of outputs and targets; {rule}", self.named[0].0);
        self.named.clear();
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.named.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.named.len()
    }

    /// All of them. Results are `f64` whatever the model computes in.
    pub(super) fn measure<T: Real>(&self, outputs: Option<&Tensor<T>>, batch: &Batch<T>) -> Vec<f64> {
        let Some(y) = outputs.filter(|_| !self.named.is_empty()) else { return Vec::new() };
        let plain = |x: &Tensor<T>| Tensor::constant(x.view().mapv(Real::primal));
        let (y, t) = (plain(y), plain(batch.targets()));
        self.named.iter().map(|(_, measure)| measure(&y, &t)).collect()
    }
}
