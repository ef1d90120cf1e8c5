//! How far numbers are from their targets.

use autodiff::{Real, Tensor};
use ndarray::Axis;

use super::rows::rows;

/// The mean of `(y - t)²` over all elements.
///
/// # Panics
/// If the shapes differ.
#[doc(alias = "mean_squared_error")]
#[track_caller]
pub fn mse<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    let (y, t) = rows("mse", y, t);
    (&y - &t).mapv(|d| d * d).sum() / y.len() as f64
}

/// The mean of `|y - t|` over all elements.
///
/// # Panics
/// If the shapes differ.
#[doc(alias = "mean_absolute_error")]
#[track_caller]
pub fn mae<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    let (y, t) = rows("mae", y, t);
    (&y - &t).mapv(f64::abs).sum() / y.len() as f64
}

/// The fraction of the targets' variance that the outputs explain: `1 - Σ (y - t)² / Σ (t - mean t)²`, the mean of that over
/// the columns if there are several. 1 is perfect, 0 is as good as always predicting the mean; there is no lower bound.
///
/// ```
/// use autodiff::Tensor;
/// use ndarray::array;
/// let t = Tensor::constant(array![1.0, 2.0, 3.0]);
/// assert_eq!(nn::metrics::r2(&Tensor::constant(array![1.0, 2.0, 4.0]), &t), 0.5);
/// assert_eq!(nn::metrics::r2(&Tensor::constant(array![2.0, 2.0, 2.0]), &t), 0.0);
/// ```
///
/// Undefined if the targets of a column are all equal: there is nothing to explain.
///
/// # Panics
/// If the shapes differ.
#[doc(alias = "r2_score")]
#[track_caller]
pub fn r2<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    let (y, t) = rows("r2", y, t);
    let columns = y.axis_iter(Axis(1)).zip(t.axis_iter(Axis(1)));
    let column = |(y, t): (ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>)| {
        // A rounded mean would make a tiny variance out of none.
        if t.iter().all(|x| *x == t[0]) {
            return f64::NAN;
        }
        let mean = t.sum() / t.len() as f64;
        let left: f64 = y.iter().zip(&t).map(|(y, t)| (y - t) * (y - t)).sum();
        let total: f64 = t.iter().map(|t| (t - mean) * (t - mean)).sum();
        1.0 - left / total
    };
    columns.map(column).sum::<f64>() / y.ncols() as f64
}
