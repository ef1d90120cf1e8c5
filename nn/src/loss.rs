//! Losses: the error of outputs `y` against targets `t`, a scalar.
//!
//! Each comes twice. The functions here take the **mean**: over all elements for [`squared_error`], over the items of
//! the batch (the first axis) for the others. Those in [`sum`] add up over the data set, as the lectures do when they
//! derive losses from likelihoods (L9–L11).

use autodiff::{Real, Tensor};

use crate::{Error, Result};

/// A loss: any function of outputs and targets with a scalar value. Plain functions and closures are losses.
///
/// ```
/// use autodiff::Tensor;
/// use nn::Loss;
/// fn total<L: Loss<f64>>(loss: L) -> f64 {
///     loss.loss(&Tensor::constant(ndarray::array![1.0, 2.0]), &Tensor::constant(ndarray::array![0.0, 0.0])).item()
/// }
/// assert_eq!(total(nn::loss::squared_error), 2.5);
/// assert_eq!(total(|y: &Tensor<f64>, t: &Tensor<f64>| (y - t).abs().sum()), 3.0);
/// ```
pub trait Loss<T: Real> {
    /// The loss of a batch.
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T>;
}

impl<T: Real, F: Fn(&Tensor<T>, &Tensor<T>) -> Tensor<T>> Loss<T> for F {
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        self(y, t)
    }
}

/// Mean of `(y - t)²` over all elements.
///
/// # Panics
/// If the shapes differ.
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
#[track_caller]
pub fn bce<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    sum::bce(y, t) / items(y)
}

/// Binary cross-entropy from logits `a`, with `y = sigmoid(a)`: `softplus(a) - t a`, mean over the items; finite for
/// logits of any size.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn bce_with_logits<T: Real>(a: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    sum::bce_with_logits(a, t) / items(a)
}

/// Cross-entropy from probabilities: `-Σ_k t_k ln y_k`, mean over the items; targets are one-hot or probabilities.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn cross_entropy<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    sum::cross_entropy(y, t) / items(y)
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
#[track_caller]
pub fn softmax_cross_entropy<T: Real>(a: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    sum::softmax_cross_entropy(a, t) / items(a)
}

/// The lectures' convention: summed over the items.
pub mod sum {
    use super::{Real, Tensor, same};

    /// `½ Σ (y - t)²`: the negative log-likelihood of a normal distribution up to constants (L9). At an identity output
    /// the derivative is `y - t`.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn squared_error<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("squared_error", y, t);
        (y - t).square().sum() * T::of(0.5)
    }

    /// `-Σ (t ln y + (1 - t) ln(1 - y))` from probabilities (L10).
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn bce<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("bce", y, t);
        let other = |x: &Tensor<T>| -x + T::one();
        -(t.xlogy(y) + other(t).xlogy(&other(y))).sum()
    }

    /// `Σ (softplus(a) - t a)`: binary cross-entropy from logits. The derivative is `sigmoid(a) - t` (L10).
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn bce_with_logits<T: Real>(a: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("bce_with_logits", a, t);
        a.bce_with_logits(t).sum()
    }

    /// `-Σ_i Σ_k t_ik ln y_ik` from probabilities (L11).
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn cross_entropy<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("cross_entropy", y, t);
        -t.xlogy(y).sum()
    }

    /// `-Σ_i Σ_k t_ik ln softmax(a_i)_k`: cross-entropy from logits. The derivative is `softmax(a) - t` (L11).
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn softmax_cross_entropy<T: Real>(a: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("softmax_cross_entropy", a, t);
        a.softmax_cross_entropy(t, a.ndim().saturating_sub(1)).sum()
    }
}

/// The number of items in a batch: the length of the first axis; 1 for a single number.
fn items<T: Real>(y: &Tensor<T>) -> T {
    T::of(y.shape().first().copied().unwrap_or(1) as f64)
}

/// Outputs and targets of one shape: broadcasting here would hide a mistake.
#[track_caller]
fn same<T: Real>(op: &str, y: &Tensor<T>, t: &Tensor<T>) {
    assert!(
        y.shape() == t.shape(),
        "{op}: outputs have shape {:?} and targets {:?}; they need the same shape",
        y.shape(),
        t.shape()
    );
}

/// One-hot rows for class numbers.
///
/// ```
/// assert_eq!(nn::loss::one_hot::<f64>(&[1, 0], 3)?, ndarray::array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If a label is not below `classes`.
pub fn one_hot<T: Real>(labels: &[usize], classes: usize) -> Result<ndarray::Array2<T>> {
    let mut rows = ndarray::Array2::zeros((labels.len(), classes));
    for (i, &label) in labels.iter().enumerate() {
        let Some(entry) = rows.get_mut((i, label)) else {
            let what = format!("label {label} of item {i} is not below the number of classes, {classes}");
            return Err(Error::from(crate::error::Kind::Data { what }));
        };
        *entry = T::one();
    }
    Ok(rows)
}
