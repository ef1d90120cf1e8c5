//! Losses of the difference alone: half its square, and its size.

use autodiff::{Real, Tensor};

use super::reduction::Reduction;
use super::term::{Loss, same};

/// `½ (y - t)²` for each element: the negative log-likelihood of a normal distribution of variance 1, up to a constant
/// (L9). The derivative is `y - t`.
///
/// # Panics
/// `loss`, if the shapes differ.
#[doc(alias("MSELoss", "l2_loss"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct HalfSquaredError(Reduction);

impl HalfSquaredError {
    /// The loss, with the mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self(reduction)
    }
}

impl<T: Real> Loss<T> for HalfSquaredError {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("HalfSquaredError", y, t);
        self.0.apply(&((y - t).square() * T::of(0.5)))
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.0.weight(t)
    }
}

/// `|y - t|` for each element; the derivative at 0 is 0.
///
/// # Panics
/// `loss`, if the shapes differ.
#[doc(alias("L1Loss", "MAE", "l1_loss"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct AbsoluteError(Reduction);

impl AbsoluteError {
    /// The loss, with the mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self(reduction)
    }
}

impl<T: Real> Loss<T> for AbsoluteError {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("AbsoluteError", y, t);
        self.0.apply(&(y - t).abs())
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.0.weight(t)
    }
}
