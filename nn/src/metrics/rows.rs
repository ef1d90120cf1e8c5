//! Outputs and targets as rows of numbers.

use autodiff::{Real, Tensor};
use ndarray::{Array2, ArrayView1, Axis};

use crate::loss::term::same;

/// The class of each item: the index of the largest entry along the last axis, the first one at a tie. NaN is smaller than
/// any number.
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

pub(super) fn largest<T: Real>(row: &ArrayView1<'_, T>) -> usize {
    let is_better = |x: T, best: T| x > best || best.is_nan() && !x.is_nan();
    row.iter().enumerate().fold(0, |best, (k, &x)| if is_better(x, row[best]) { k } else { best })
}

/// Outputs and targets as plain numbers, a row an item.
#[track_caller]
pub(super) fn rows<T: Real>(name: &str, y: &Tensor<T>, t: &Tensor<T>) -> (Array2<f64>, Array2<f64>) {
    same(name, y, t);
    let width = if y.ndim() < 2 { 1 } else { y.shape()[y.ndim() - 1] };
    let items = y.shape().iter().take(y.ndim().saturating_sub(1).max(1)).product();
    let rows = |x: &Tensor<T>| {
        let numbers: Vec<f64> = x.view().iter().map(|x| x.primal()).collect();
        Array2::from_shape_vec((items, width), numbers).expect("the last axis is a row")
    };
    (rows(y), rows(t))
}
