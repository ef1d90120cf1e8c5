//! What a loss is.

use autodiff::{Real, Tensor};

/// A loss: any function of outputs and targets, with a scalar value if a model is trained by it. Plain functions and
/// closures are losses.
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
    /// Computes the loss of a batch.
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T>;
}

impl<T: Real, F: Fn(&Tensor<T>, &Tensor<T>) -> Tensor<T>> Loss<T> for F {
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        self(y, t)
    }
}

/// Outputs and targets of one shape: broadcasting here would hide a mistake.
#[track_caller]
pub(crate) fn same<T: Real>(op: &str, y: &Tensor<T>, t: &Tensor<T>) {
    assert!(
        y.shape() == t.shape(),
        "{op}: outputs have shape {:?} and targets {:?}; they need the same shape",
        y.shape(),
        t.shape()
    );
}

/// `1 - x`.
pub(super) fn complement<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    -x + T::one()
}
