//! The usual losses as plain functions: means.

use autodiff::{Real, Tensor};

use super::hinge::{Hinge, SquaredHinge};
use super::reduction::Reduction;
use super::term::{Loss, complement, same};

/// Mean of `(y - t)²` over all elements.
///
/// # Panics
/// If the shapes differ.
#[doc(alias("mse_loss", "l2_loss"))]
#[track_caller]
pub fn squared_error<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    same("squared_error", y, t);
    (y - t).square().mean()
}

/// Binary cross-entropy from probabilities: `-(t ln y + (1 - t) ln(1 - y))`, mean over the items.
///
/// A probability of exactly 0 or 1 costs nothing if it is right and infinity if it is wrong. From logits,
/// [`bce_with_logits`] is finite.
///
/// # Panics
/// If the shapes differ.
#[doc(alias = "binary_cross_entropy")]
#[track_caller]
pub fn bce<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    same("bce", y, t);
    -(t.xlogy(y) + complement(t).xlog1py(&-y)).sum() / items(y)
}

/// Binary cross-entropy from logits `a`, with `y = sigmoid(a)`: `softplus(a) - t a`, mean over the items; finite for
/// logits of any size.
///
/// # Panics
/// If the shapes differ.
#[doc(alias("binary_cross_entropy_with_logits", "sigmoid_binary_cross_entropy"))]
#[track_caller]
pub fn bce_with_logits<T: Real>(a: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    same("bce_with_logits", a, t);
    a.bce_with_logits(t).sum() / items(a)
}

/// Cross-entropy from probabilities: `-Σ_k t_k ln y_k`, mean over the items; targets are one-hot or probabilities.
///
/// # Panics
/// If the shapes differ.
#[doc(alias = "nll_loss")]
#[track_caller]
pub fn cross_entropy<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    same("cross_entropy", y, t);
    -t.xlogy(y).sum() / items(y)
}

/// Cross-entropy from logits `a`, with `y = softmax(a)` along the last axis: mean over the items, finite for logits of
/// any size.
///
/// ```
/// use autodiff::{Tape, Tensor};
/// use ndarray::array;
/// let tape = Tape::new();
/// let a = tape.tensor(array![[0.0, 0.0]]);
/// let loss = nn::loss::softmax_cross_entropy(&a, &Tensor::constant(array![[1.0, 0.0]]));
/// assert_eq!(loss.item(), 2.0_f64.ln());
/// assert_eq!(loss.backward().wrt(&a), array![[-0.5, 0.5]].into_dyn()); // y - t (L11)
/// ```
///
/// # Panics
/// If the shapes differ.
#[doc(alias = "CrossEntropyLoss")]
#[track_caller]
pub fn softmax_cross_entropy<T: Real>(a: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    same("softmax_cross_entropy", a, t);
    let losses = a.softmax_cross_entropy(t, a.ndim().saturating_sub(1));
    if a.ndim() == 2 { losses.mean() } else { losses.sum() / items(a) }
}

/// The hinge loss `[1 - t y]_+` of targets ±1 (L12), mean over the items.
///
/// # Panics
/// If the shapes differ, or if a target is neither -1 nor 1.
#[doc(alias = "hinge_loss")]
#[track_caller]
pub fn hinge<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    Hinge::new().reduction(Reduction::Sum).loss(y, t) / items(y)
}

/// The squared hinge loss `[1 - t y]_+²` of targets ±1, mean over the items.
///
/// # Panics
/// If the shapes differ, or if a target is neither -1 nor 1.
#[doc(alias = "squared_hinge_loss")]
#[track_caller]
pub fn squared_hinge<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    SquaredHinge::new().reduction(Reduction::Sum).loss(y, t) / items(y)
}

/// The number of items in a batch: the length of the first axis; 1 for a single number.
fn items<T: Real>(y: &Tensor<T>) -> T {
    T::of(y.shape().first().copied().unwrap_or(1) as f64)
}
