//! The usual losses in the lectures' convention: summed over the items.

use autodiff::{Real, Tensor};

use super::reduction::Reduction;
use super::term::{Loss, complement, same};

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
    -(t.xlogy(y) + complement(t).xlogy(&complement(y))).sum()
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

/// `Σ [1 - t y]_+` of targets ±1 (L12).
///
/// # Panics
/// If the shapes differ, or if a target is neither -1 nor 1.
#[track_caller]
pub fn hinge<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    super::Hinge::new().reduction(Reduction::Sum).loss(y, t)
}

/// `Σ [1 - t y]_+²` of targets ±1.
///
/// # Panics
/// If the shapes differ, or if a target is neither -1 nor 1.
#[track_caller]
pub fn squared_hinge<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    super::SquaredHinge::new().reduction(Reduction::Sum).loss(y, t)
}
