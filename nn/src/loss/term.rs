//! What a loss is.

use autodiff::{Real, Tensor};

/// A loss: any function of outputs and targets, with a scalar value if a model is trained by it. Plain functions and
/// closures are losses, of outputs and targets that do not broadcast to something larger than either: `[n, 1]` beside `[n]`
/// would pair every output with every target.
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
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T>;

    /// Whether a batch with these targets has a loss. One that has none, all of whose items are ignored, is passed over in
    /// training. By default every batch has.
    fn counts(&self, _t: &Tensor<T>) -> bool {
        true
    }

    /// Returns the weight of a batch with these targets as a part of a larger one, for
    /// [`Trainer::parts`](crate::Trainer::parts): the larger one's loss is the mean of its parts' by these weights. `None` says
    /// that it is their sum. By default the number of items, for losses that are means over items.
    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        Some(items(t))
    }
}

impl<T: Real, F: Fn(&Tensor<T>, &Tensor<T>) -> Tensor<T>> Loss<T> for F {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        if y.shape() != t.shape() && pairs_all(y.shape(), t.shape()) {
            same("the loss", y, t);
        }
        self(y, t)
    }
}

/// The number of items that have these targets.
pub(super) fn items<T: Real>(t: &Tensor<T>) -> f64 {
    t.shape().first().map_or(1.0, |&n| n as f64)
}

/// Whether broadcasting stretches both shapes.
fn pairs_all(a: &[usize], b: &[usize]) -> bool {
    let axes = a.len().max(b.len());
    let length = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(axes).map_or(1, |k| shape[k]);
    let pairs = || (0..axes).map(|axis| (length(a, axis), length(b, axis)));
    pairs().all(|(a, b)| a == b || a == 1 || b == 1) && pairs().any(|(a, b)| a < b) && pairs().any(|(a, b)| b < a)
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

/// `t x`, which is 0 at `t = 0` even where `x` is infinite.
#[track_caller]
pub(super) fn weighted<T: Real>(t: &Tensor<T>, x: &Tensor<T>) -> Tensor<T> {
    Tensor::select(&x.mask(T::is_nan), x, t.chain(x))
}

/// `1 - x`.
pub(super) fn complement<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    -x + T::one()
}
