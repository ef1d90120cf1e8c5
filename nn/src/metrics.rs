//! How good predictions are.

use autodiff::{Real, Tensor};
use ndarray::{ArrayView1, Axis};

/// The class of each item: the index of the largest entry along the last axis, the first one at a tie.
///
/// ```
/// let y = autodiff::Tensor::constant(ndarray::array![[0.1, 0.7, 0.2], [0.9, 0.0, 0.1]]);
/// assert_eq!(nn::metrics::classes(&y), [1, 0]);
/// ```
///
/// # Panics
/// If `y` has no axes.
#[track_caller]
pub fn classes<T: Real>(y: &Tensor<T>) -> Vec<usize> {
    let view = y.view();
    view.lanes(Axis(view.ndim() - 1)).into_iter().map(|row| largest(&row)).collect()
}

fn largest<T: Real>(row: &ArrayView1<'_, T>) -> usize {
    row.iter().enumerate().fold(0, |best, (k, &x)| if x > row[best] { k } else { best })
}

/// The fraction of items whose largest output is at the target's largest entry; with one output, whose rounded
/// value (at 0.5) is the target's.
///
/// ```
/// use autodiff::Tensor;
/// use ndarray::array;
/// let y = Tensor::constant(array![[0.1, 0.9], [0.8, 0.2]]);
/// let t = Tensor::constant(array![[0.0, 1.0], [0.0, 1.0]]);
/// assert_eq!(nn::metrics::accuracy(&y, &t), 0.5);
/// ```
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub fn accuracy<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    assert_eq!(y.shape(), t.shape(), "accuracy: outputs and targets need the same shape");
    let half = T::of(0.5);
    let right = if y.shape().last() == Some(&1) {
        y.view().iter().zip(t.view().iter()).filter(|(y, t)| (**y >= half) == (**t >= half)).count()
    } else {
        classes(y).iter().zip(classes(t)).filter(|(y, t)| **y == *t).count()
    };
    right as f64 / y.shape().first().copied().unwrap_or(1).max(1) as f64
}
