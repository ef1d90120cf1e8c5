//! How often the class is right.

use autodiff::{Real, Tensor};
use ndarray::Axis;

use super::ranking::top_k;
use super::rows::{largest, rows};

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
/// Targets may also be class numbers, without the last axis or with 1 as its length; those that are not a class of the
/// output do not count.
///
/// # Panics
/// If the shapes differ otherwise.
#[doc(alias = "accuracy_score")]
#[track_caller]
pub fn accuracy<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    if t.shape() != y.shape() && are_numbers(y.shape(), t.shape()) {
        return share_of_classes(y, t);
    }
    let (rows, targets) = rows("accuracy", y, t);
    if rows.ncols() > 1 {
        return top_k(y, t, 1);
    }
    let right = rows.iter().zip(&targets).filter(|(y, t)| !y.is_nan() && (**y >= 0.5) == (**t >= 0.5)).count();
    right as f64 / rows.len() as f64
}

/// Whether targets of shape `t` can be class numbers for outputs of shape `y`.
pub(crate) fn are_numbers(y: &[usize], t: &[usize]) -> bool {
    let Some((&width, items)) = y.split_last() else { return false };
    let column = t.split_last().is_some_and(|(&last, lead)| last == 1 && lead == items);
    width > 1 && (t == items || column)
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
