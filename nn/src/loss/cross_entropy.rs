//! Cross-entropy of several classes.

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn};

use super::classes::{Targets, targets, weights};
use super::reduction::Reduction;
use super::term::Loss;
use crate::expect;

/// Cross-entropy of probabilities `y` or logits `a`, with `y = softmax(a)` along the last axis: `-Σ_k w_k t_k ln y_k` for
/// each item (L11).
///
/// Targets are one-hot rows or probabilities, of the outputs' shape, or class numbers, without the axis of classes (or with
/// 1 as its length). With class weights, the mean of class numbers is over the weights of the targets' classes, that of rows
/// over the items, as in PyTorch; ignored items count in neither. If every item is ignored the mean is NaN.
///
/// ```
/// use autodiff::Tensor;
/// use nn::loss::{CrossEntropy, Loss};
/// use ndarray::array;
/// let a = Tensor::constant(array![[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]]);
/// let loss = CrossEntropy::from_logits().class_weights(&[1.0, 3.0]).ignore(255);
/// let classes = Tensor::constant(array![0.0, 1.0, 255.0]);
/// assert_eq!(loss.loss(&a, &classes).item(), 2.0_f64.ln());
/// ```
///
/// # Panics
/// `loss`, if the shapes do not go together, if a target is not a class, or if there are not as many weights as classes.
#[doc(alias("CrossEntropyLoss", "NLLLoss", "softmax_cross_entropy"))]
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    logits: bool,
    class_weights: Option<Vec<f64>>,
    smoothing: f64,
    ignored: Option<i64>,
    reduction: Reduction,
}

impl CrossEntropy {
    /// The loss of logits, with the mean over the items.
    pub fn from_logits() -> Self {
        Self { logits: true, class_weights: None, smoothing: 0.0, ignored: None, reduction: Reduction::default() }
    }

    /// The loss of probabilities, with the mean over the items. A probability of 0 costs nothing where the target is 0.
    pub fn from_probabilities() -> Self {
        Self { logits: false, ..Self::from_logits() }
    }

    /// Sets a weight for each class.
    ///
    /// # Panics
    /// If a weight is negative or not finite, or if there is none.
    #[doc(alias = "weight")]
    #[track_caller]
    pub fn class_weights(self, weights: &[f64]) -> Self {
        Self { class_weights: Some(expect::weights("CrossEntropy: weight", weights)), ..self }
    }

    /// Smooths the targets: `t_k` becomes `(1 - ε) t_k + ε / C`, with `C` classes.
    ///
    /// # Panics
    /// If `ε` is not in `[0, 1]`.
    #[track_caller]
    pub fn label_smoothing(self, epsilon: f64) -> Self {
        Self { smoothing: expect::fraction("CrossEntropy: label smoothing", epsilon), ..self }
    }

    /// Ignores items of this class number: no loss, no part in the mean. It need not be a class of the model. In training a
    /// batch without other items, or without one whose weight is above 0, is passed over.
    #[doc(alias = "ignore_index")]
    pub fn ignore(self, class: i64) -> Self {
        Self { ignored: Some(class), ..self }
    }

    /// Sets how the items' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// For each item and class the factor of `-ln y`, and what the mean is divided by.
    #[track_caller]
    fn factors<T: Real>(&self, y: &Tensor<T>, t: &Tensor<T>) -> (Tensor<T>, T) {
        let targets = targets("CrossEntropy", y, t, self.ignored);
        let count = y.shape()[y.ndim() - 1];
        let weights = weights::<T>("CrossEntropy", self.class_weights.as_deref(), count);
        let (certain, spread) = (T::of(1.0 - self.smoothing), T::of(self.smoothing / count as f64));
        match targets {
            Targets::Rows => {
                let mut factors = if self.smoothing == 0.0 { t.clone() } else { t * certain + spread };
                if let Some(weights) = weights {
                    factors = factors * Tensor::constant(ndarray::Array1::from_vec(weights));
                }
                (factors, T::of((y.len() / count.max(1)) as f64))
            }
            Targets::Classes(classes) => {
                let weight = |class: usize| weights.as_ref().map_or(T::one(), |weights| weights[class]);
                let mut factors = vec![T::zero(); y.len()];
                let mut total = T::zero();
                for (row, class) in factors.chunks_exact_mut(count.max(1)).zip(classes) {
                    let Some(class) = class else { continue };
                    if self.smoothing > 0.0 {
                        row.iter_mut().enumerate().for_each(|(k, factor)| *factor = spread * weight(k));
                    }
                    row[class] += certain * weight(class);
                    total += weight(class);
                }
                let factors = ArrayD::from_shape_vec(IxDyn(y.shape()), factors).expect("as many factors as outputs");
                (Tensor::constant(factors), total)
            }
        }
    }
}

impl<T: Real> Loss<T> for CrossEntropy {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        let (factors, total) = self.factors(y, t);
        let axis = y.ndim() - 1;
        let losses = if self.logits {
            y.softmax_cross_entropy(&factors, axis)
        } else if self.ignored.is_some() {
            // What is ignored may be NaN.
            let counts = factors.sum_axes(&[axis], true);
            -factors.xlogy(Tensor::select(&counts, y, 1.0)).sum_axis(axis)
        } else {
            -factors.xlogy(y).sum_axis(axis)
        };
        self.reduction.weighted(&losses, total)
    }

    fn counts(&self, t: &Tensor<T>) -> bool {
        let (Some(ignored), Reduction::Mean) = (self.ignored, self.reduction) else { return true };
        #[allow(clippy::cast_sign_loss, reason = "a class; what is none is refused by the loss")]
        let weight = |label: f64| self.class_weights.as_ref().and_then(|weights| weights.get(label as usize));
        let counts = |label: f64| label != ignored as f64 && weight(label) != Some(&0.0);
        t.view().iter().any(|label| counts(label.primal()))
    }

    /// The weights of the targets' classes, as in the mean.
    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        let items = self.reduction.weight(t)?;
        // Rows have a probability for each class.
        let is_row = |weights: &Vec<f64>| weights.len() > 1 && t.ndim() > 1 && t.shape().last() == Some(&weights.len());
        if self.ignored.is_none() && self.class_weights.as_ref().is_none_or(is_row) {
            return Some(items);
        }
        #[allow(clippy::cast_sign_loss, reason = "a class; what is none is refused by the loss")]
        let weight = |label: f64| match &self.class_weights {
            _ if self.ignored.is_some_and(|ignored| label == ignored as f64) => 0.0,
            Some(weights) => weights.get(label as usize).copied().unwrap_or(0.0),
            None => 1.0,
        };
        Some(t.view().iter().map(|label| weight(label.primal())).sum())
    }
}
