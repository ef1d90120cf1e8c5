//! How good predictions are.
//!
//! Outputs `y` and targets `t` are tensors of one shape: a row an item, or a single axis of items with one output each.
//! With one output a class is 0 or 1, from 0.5 on; with several, targets are one-hot and the class is the
//! largest entry's place. All results are `f64`. Where a metric is undefined it is NaN, and its description says when;
//! without items every one is.

mod confusion;
mod ranking;
mod regression;

use autodiff::{Real, Tensor};
use ndarray::{Array2, ArrayView1, Axis};

pub use confusion::{Average, Confusion};
pub use ranking::{log_loss, roc_auc, top_k};
pub use regression::{mae, mse, r2};

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

fn largest<T: Real>(row: &ArrayView1<'_, T>) -> usize {
    let is_better = |x: T, best: T| x > best || best.is_nan() && !x.is_nan();
    row.iter().enumerate().fold(0, |best, (k, &x)| if is_better(x, row[best]) { k } else { best })
}

/// The fraction of items whose largest output is at the target's largest entry; with one output, whose rounded
/// value (at 0.5) is the target's. An output of NaN is never right.
///
/// ```
/// use autodiff::Tensor;
/// use ndarray::array;
/// let y = Tensor::constant(array![[0.1, 0.9], [0.8, 0.2]]);
/// let t = Tensor::constant(array![[0.0, 1.0], [0.0, 1.0]]);
/// assert_eq!(nn::metrics::accuracy(&y, &t), 0.5);
/// ```
///
/// Targets may also be class numbers, without the last axis or with 1 as its length; those that are no class of the output
/// do not count.
///
/// # Panics
/// If the shapes differ otherwise.
#[track_caller]
pub fn accuracy<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    let numbered = |(&width, items): (&usize, &[usize])| {
        let column = t.shape().split_last().is_some_and(|(&last, lead)| last == 1 && lead == items);
        width > 1 && (t.shape() == items || column)
    };
    if t.shape() != y.shape() && y.shape().split_last().is_some_and(numbered) {
        return share_of_classes(y, t);
    }
    let (rows, targets) = rows("accuracy", y, t);
    if rows.ncols() > 1 {
        return top_k(y, t, 1);
    }
    let right = rows.iter().zip(&targets).filter(|(y, t)| !y.is_nan() && (**y >= 0.5) == (**t >= 0.5)).count();
    right as f64 / rows.len() as f64
}

/// The fraction of items whose largest output is at the target's place, among those whose target is a place.
fn share_of_classes<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    let (view, labels) = (y.view(), t.view());
    let rows = view.lanes(Axis(view.ndim() - 1));
    let (mut right, mut all) = (0_usize, 0_usize);
    for (row, label) in rows.into_iter().zip(labels.iter().map(|t| t.primal())) {
        if label.fract() == 0.0 && (0.0..row.len() as f64).contains(&label) {
            let best = largest(&row);
            all += 1;
            right += usize::from(best as f64 == label && !row[best].is_nan());
        }
    }
    right as f64 / all as f64
}

/// Outputs and targets as plain numbers, a row an item.
#[track_caller]
fn rows<T: Real>(name: &str, y: &Tensor<T>, t: &Tensor<T>) -> (Array2<f64>, Array2<f64>) {
    assert!(
        y.shape() == t.shape(),
        "{name}: outputs have shape {:?} and targets {:?}; they need the same shape",
        y.shape(),
        t.shape()
    );
    let width = if y.ndim() < 2 { 1 } else { y.shape()[y.ndim() - 1] };
    let items = y.shape().iter().take(y.ndim().saturating_sub(1).max(1)).product();
    let rows = |x: &Tensor<T>| {
        let numbers: Vec<f64> = x.view().iter().map(|x| x.primal()).collect();
        Array2::from_shape_vec((items, width), numbers).expect("the last axis is a row")
    };
    (rows(y), rows(t))
}
