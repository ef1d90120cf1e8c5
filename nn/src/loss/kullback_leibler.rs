//! The divergence of distributions.

use autodiff::{Real, Tensor};

use super::reduction::Reduction;
use super::term::{Loss, same, weighted};

/// The Kullback–Leibler divergence `Σ_k t_k (ln t_k - ln y_k)` of target distributions `t` from the model's `y`, along the
/// last axis, for each item. It is the cross-entropy less the targets' entropy: 0 where both are equal, never below.
///
/// # Panics
/// `loss`, if the shapes differ or there is no axis.
#[doc(alias("KLDivLoss", "kl_divergence", "kl_div"))]
#[derive(Clone, Copy, Debug)]
pub struct KullbackLeibler {
    given: Given,
    reduction: Reduction,
}

/// What the outputs are.
#[derive(Clone, Copy, Debug)]
enum Given {
    Logits,
    Probabilities,
    LogProbabilities,
}

impl KullbackLeibler {
    /// The divergence from `softmax(a)`, with the mean over the items.
    pub fn from_logits() -> Self {
        Self { given: Given::Logits, reduction: Reduction::default() }
    }

    /// The divergence from probabilities, with the mean over the items. A probability of 0 costs nothing where the target
    /// is 0.
    pub fn from_probabilities() -> Self {
        Self { given: Given::Probabilities, ..Self::from_logits() }
    }

    /// The divergence from logarithms of probabilities, with the mean over the items. One of `-inf` costs nothing where the
    /// target is 0.
    pub fn from_log_probabilities() -> Self {
        Self { given: Given::LogProbabilities, ..Self::from_logits() }
    }

    /// Sets how the items' divergences become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }
}

impl<T: Real> Loss<T> for KullbackLeibler {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("KullbackLeibler", y, t);
        let Some(axis) = y.ndim().checked_sub(1) else {
            panic!("KullbackLeibler: the output is a single number, expected an axis of probabilities")
        };
        let cross = match self.given {
            Given::Logits => y.softmax_cross_entropy(t, axis),
            Given::LogProbabilities => -weighted(t, y).sum_axis(axis),
            Given::Probabilities => -t.xlogy(y).sum_axis(axis),
        };
        self.reduction.apply(&(cross + t.xlogy(t).sum_axis(axis)))
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.reduction.weight(t)
    }
}
