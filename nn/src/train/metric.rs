//! Metrics that a run measures.

use autodiff::{Real, Tensor};

use crate::metrics;

/// The name of the metric that [`Epoch`](super::Epoch) has fields for.
pub(super) const ACCURACY: &str = "accuracy";

type Measure = Box<dyn Fn(&Tensor<f64>, &Tensor<f64>) -> f64>;

/// Named functions of outputs and targets.
pub(super) struct Metrics {
    named: Vec<(String, Measure)>,
    chosen: bool,
}

impl Default for Metrics {
    /// The accuracy, until another is chosen.
    fn default() -> Self {
        let accuracy: Measure = Box::new(metrics::accuracy);
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

    pub(super) fn names(&self) -> Vec<String> {
        self.named.iter().map(|(name, _)| name.clone()).collect()
    }

    /// All of them. Results are `f64` whatever the model computes in.
    pub(super) fn measure<T: Real>(&self, y: &Tensor<T>, t: &Tensor<T>) -> Vec<f64> {
        if self.named.is_empty() {
            return Vec::new();
        }
        let plain = |x: &Tensor<T>| Tensor::constant(x.view().mapv(Real::primal));
        let (y, t) = (plain(y), plain(t));
        self.named.iter().map(|(_, measure)| measure(&y, &t)).collect()
    }
}
