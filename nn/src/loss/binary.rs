//! Binary cross-entropy.

use autodiff::{Real, Tensor};

use super::reduction::Reduction;
use super::term::{Loss, complement, same, weighted};
use crate::expect;

/// Binary cross-entropy of probabilities `y` or logits `a`, with `y = sigmoid(a)`, for each element:
/// `-(p t ln y + (1 - t) ln(1 - y))`, where `p` is 1 or the weight of positive targets (L10).
///
/// From probabilities, one of exactly 0 or 1 costs nothing if it is right and infinity if it is wrong; from logits the loss
/// is finite, but for infinite logits, of which the same holds.
///
/// ```
/// use autodiff::Tensor;
/// use nn::loss::{BinaryCrossEntropy, Loss};
/// use ndarray::array;
/// let loss = BinaryCrossEntropy::from_logits().pos_weight(&[3.0]);
/// let (a, t) = (Tensor::constant(array![[0.0], [0.0]]), Tensor::constant(array![[1.0], [0.0]]));
/// assert_eq!(loss.loss(&a, &t).item(), 2.0 * 2.0_f64.ln());
/// ```
///
/// # Panics
/// `loss`, if the shapes differ, or if there are neither one nor as many weights as outputs.
#[doc(alias("BCELoss", "BCEWithLogitsLoss", "sigmoid_binary_cross_entropy"))]
#[derive(Clone, Debug)]
pub struct BinaryCrossEntropy {
    logits: bool,
    pos_weight: Option<Vec<f64>>,
    smoothing: f64,
    reduction: Reduction,
}

impl BinaryCrossEntropy {
    /// The loss of logits, with the mean over all elements.
    pub fn from_logits() -> Self {
        Self { logits: true, pos_weight: None, smoothing: 0.0, reduction: Reduction::default() }
    }

    /// The loss of probabilities, with the mean over all elements.
    pub fn from_probabilities() -> Self {
        Self { logits: false, ..Self::from_logits() }
    }

    /// Sets the weight of positive targets: one number, or one for each output. Above 1 it raises the recall.
    ///
    /// # Panics
    /// If a weight is negative or not finite, or if there is none.
    #[track_caller]
    pub fn pos_weight(self, weights: &[f64]) -> Self {
        Self { pos_weight: Some(expect::weights("BinaryCrossEntropy: weight", weights)), ..self }
    }

    /// Smooths the targets: `t` becomes `(1 - ε) t + ½ ε`.
    ///
    /// # Panics
    /// If `ε` is not in `[0, 1]`.
    #[track_caller]
    pub fn label_smoothing(self, epsilon: f64) -> Self {
        Self { smoothing: expect::fraction("BinaryCrossEntropy: label smoothing", epsilon), ..self }
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }
}

impl<T: Real> Loss<T> for BinaryCrossEntropy {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("BinaryCrossEntropy", y, t);
        let smooth = |t: &Tensor<T>| t * T::of(1.0 - self.smoothing) + T::of(0.5 * self.smoothing);
        let t = if self.smoothing == 0.0 { t.clone() } else { smooth(t) };
        let Some(weights) = self.pos_weight.as_deref() else {
            let from_probabilities = || -(t.xlogy(y) + complement(&t).xlog1py(&-y));
            let losses = if self.logits { y.bce_with_logits(&t) } else { from_probabilities() };
            return self.reduction.apply(&losses);
        };
        let outputs = y.shape().last().copied().unwrap_or(1);
        assert!(
            weights.len() == 1 || weights.len() == outputs,
            "BinaryCrossEntropy: {} weights for {outputs} outputs, expected one, or one for each output",
            weights.len()
        );
        let row = if weights.len() == 1 { vec![] } else { vec![outputs] };
        let weights = weights.iter().map(|&w| T::of(w)).collect();
        let weights = ndarray::ArrayD::from_shape_vec(row, weights).expect("as many as just counted");
        let (positive, negative) = (&t * Tensor::constant(weights), complement(&t));
        // Two terms, each of which stays exact where the other vanishes.
        let losses = if self.logits {
            weighted(&positive, &(-y).softplus()) + weighted(&negative, &y.softplus())
        } else {
            -(positive.xlogy(y) + negative.xlog1py(&-y))
        };
        self.reduction.apply(&losses)
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.reduction.weight(t)
    }
}
