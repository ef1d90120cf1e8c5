//! Huber's loss.

use autodiff::tensor::Elem;
use autodiff::{Real, Tensor, elementwise};

use super::reduction::Reduction;
use super::term::{Loss, same};
use crate::expect;

/// Huber's loss of `e = y - t`: `½ e²` for `|e| <= δ`, `δ (|e| - ½ δ)` beyond. Outliers pull with a force of `δ` at most.
///
/// ```
/// use autodiff::Tensor;
/// use nn::loss::{Huber, Loss, Reduction};
/// let (y, t) = (Tensor::constant(ndarray::array![1.0, 10.0]), Tensor::constant(ndarray::array![0.0, 0.0]));
/// let losses = Huber::new(2.0).reduction(Reduction::None).loss(&y, &t);
/// assert_eq!(losses.to_array(), ndarray::array![0.5, 18.0].into_dyn());
/// ```
///
/// # Panics
/// `loss`, if the shapes differ.
#[doc(alias("HuberLoss", "SmoothL1Loss", "huber_loss", "smooth_l1_loss"))]
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    delta: f64,
    reduction: Reduction,
}

impl Huber {
    /// The loss with this `δ`, with the mean over all elements.
    ///
    /// # Panics
    /// If `δ` is not above 0.
    #[track_caller]
    pub fn new(delta: f64) -> Self {
        Self { delta: expect::positive("Huber: δ", delta), reduction: Reduction::default() }
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }
}

elementwise!(huber(e, delta) => {
    Elem::select(delta.less(e.abs()), (e.abs() - 0.5 * delta) * delta, 0.5 * e.square())
});

impl<T: Real> Loss<T> for Huber {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("Huber", y, t);
        self.reduction.apply(&huber(&(y - t), &Tensor::scalar(T::of(self.delta))))
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.reduction.weight(t)
    }
}
