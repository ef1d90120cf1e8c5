//! How outputs rank the classes, and how sure they are of them.

use autodiff::{Real, Tensor};
use ndarray::{ArrayView1, Axis};

use super::rows::{largest, rows};
use crate::loss;

/// The fraction of items whose class is among the `k` largest outputs. Of equal outputs the first ones are taken, so that
/// `k = 1` gives [`accuracy`](super::accuracy). An output of NaN is never right.
///
/// ```
/// use autodiff::Tensor;
/// use ndarray::array;
/// let y = Tensor::constant(array![[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]]);
/// let t = Tensor::constant(array![[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]);
/// assert_eq!(nn::metrics::top_k(&y, &t, 2), 0.5);
/// ```
///
/// # Panics
/// If the shapes differ, if there is one output alone, or if `k` is 0.
#[doc(alias = "top_k_accuracy_score")]
#[track_caller]
pub fn top_k<T: Real>(y: &Tensor<T>, t: &Tensor<T>, k: usize) -> f64 {
    let (y, t) = rows("top_k", y, t);
    assert!(y.ncols() > 1, "top_k: outputs have {} columns, expected one for each of several classes", y.ncols());
    assert!(k > 0, "top_k: k is 0, expected at least 1");
    let is_right = |(y, t): &(ArrayView1<'_, f64>, ArrayView1<'_, f64>)| {
        let class = largest(t);
        let before = |&(other, &score): &(usize, &f64)| score > y[class] || score == y[class] && other < class;
        !y[class].is_nan() && y.iter().enumerate().filter(before).count() < k
    };
    let right = y.rows().into_iter().zip(t.rows()).filter(is_right).count();
    right as f64 / y.nrows() as f64
}

/// The area under the receiver operating characteristic: how likely an item of a class gets a higher output than one
/// that is not of it, where a tie counts one half.
///
/// With one output that is class 1, and any increasing function of its probability serves, logits too. With several it is
/// the mean over the classes, each against all others. From ranks: `(R - p (p + 1) / 2) / (p n)`, where `R` is the sum
/// of the ranks of the class's `p` items among all, equal outputs sharing the mean of their ranks, and `n` counts the
/// others.
///
/// ```
/// use autodiff::Tensor;
/// use ndarray::array;
/// let (y, t) = (Tensor::constant(array![0.1, 0.4, 0.4, 0.8]), Tensor::constant(array![0.0, 0.0, 1.0, 1.0]));
/// assert_eq!(nn::metrics::roc_auc(&y, &t), 0.875);
/// ```
///
/// Undefined if one of the classes has no items or all of them, or if an output is NaN.
///
/// # Panics
/// If the shapes differ.
#[doc(alias = "roc_auc_score")]
#[track_caller]
pub fn roc_auc<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    let (y, t) = rows("roc_auc", y, t);
    let columns = y.axis_iter(Axis(1)).zip(t.axis_iter(Axis(1)));
    columns.map(|(y, t)| area(&y, &t)).sum::<f64>() / y.ncols() as f64
}

fn area(y: &ArrayView1<'_, f64>, t: &ArrayView1<'_, f64>) -> f64 {
    let mut items: Vec<(f64, bool)> = y.iter().zip(t).map(|(&y, &t)| (y, t >= 0.5)).collect();
    if items.iter().any(|(y, _)| y.is_nan()) {
        return f64::NAN;
    }
    items.sort_by(|(a, _), (b, _)| a.partial_cmp(b).expect("numbers"));
    let (mut ranks, mut before) = (0.0, 0);
    for ties in items.chunk_by(|(a, _), (b, _)| a == b) {
        let rank = before as f64 + (ties.len() + 1) as f64 / 2.0;
        ranks += rank * ties.iter().filter(|(_, is_in)| *is_in).count() as f64;
        before += ties.len();
    }
    let inside = items.iter().filter(|(_, is_in)| *is_in).count() as f64;
    let outside = items.len() as f64 - inside;
    (ranks - inside * (inside + 1.0) / 2.0) / (inside * outside)
}

/// The mean of `-ln p`, with `p` the probability that the outputs give to the target: [`loss::cross_entropy`], with one
/// output [`loss::bce`].
///
/// It is infinite if something was held to be impossible and happened; nothing is cut off before.
///
/// # Panics
/// If the shapes differ, if an output is not between 0 and 1, or if several do not add up to 1 (to 0.001): logits have
/// to go through a sigmoid or softmax first.
#[track_caller]
pub fn log_loss<T: Real>(y: &Tensor<T>, t: &Tensor<T>) -> f64 {
    let (p, _) = rows("log_loss", y, t);
    for (i, row) in p.rows().into_iter().enumerate() {
        let sum = if p.ncols() == 1 { 1.0 } else { row.sum() };
        let are_probabilities = row.iter().all(|p| (0.0..=1.0).contains(p)) && (sum - 1.0).abs() <= 1e-3;
        assert!(
            are_probabilities,
            "log_loss: the outputs of item {i} are {row}, expected probabilities; logits go through a sigmoid or softmax first"
        );
    }
    let mean = if p.ncols() == 1 { loss::bce(y, t) } else { loss::cross_entropy(y, t) };
    mean.item().primal()
}
