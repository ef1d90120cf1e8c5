//! Targets that are classes: as numbers or as rows.

use autodiff::{Real, Tensor};

use crate::error::number;

/// What targets say about outputs whose last axis counts the classes.
pub(super) enum Targets {
    /// A class for each item; `None` where it is to be ignored.
    Classes(Vec<Option<usize>>),
    /// A probability for each class of each item.
    Rows,
}

/// Reads targets by their shape: that of the outputs for rows, the same without its last axis, or with 1 in the place of its
/// length, for class numbers.
#[track_caller]
pub(super) fn targets<T: Real>(op: &str, y: &Tensor<T>, t: &Tensor<T>, ignored: Option<i64>) -> Targets {
    let Some((&classes, items)) = y.shape().split_last() else {
        panic!("{op}: the output is a single number, expected an axis of classes")
    };
    if t.shape() == y.shape() {
        assert!(
            ignored.is_none(),
            "{op}: a class to ignore goes with class numbers, but the targets of shape {:?} are rows",
            t.shape()
        );
        return Targets::Rows;
    }
    let column = t.shape().split_last().is_some_and(|(&last, lead)| last == 1 && lead == items);
    assert!(
        t.shape() == items || column,
        "{op}: outputs have shape {:?} and targets {:?}; expected the same shape, or {items:?} for class numbers",
        y.shape(),
        t.shape()
    );
    let mut found = Vec::with_capacity(t.len());
    // Not in a closure: a panic is to point at the caller.
    for (item, label) in t.view().iter().map(|t| t.primal()).enumerate() {
        let whole = label.fract() == 0.0;
        #[allow(clippy::cast_sign_loss, reason = "checked")]
        found.push(match ignored {
            Some(ignored) if label == ignored as f64 => None,
            _ if whole && label >= 0.0 && label < classes as f64 => Some(label as usize),
            _ => {
                let most = classes.saturating_sub(1);
                panic!("{op}: target {item} is {}, expected a class from 0 to {most}", number(label))
            }
        });
    }
    Targets::Classes(found)
}

/// The class of each item from class numbers or one-hot rows.
#[track_caller]
pub(super) fn hard<T: Real>(op: &str, y: &Tensor<T>, t: &Tensor<T>) -> Vec<usize> {
    if let Targets::Classes(classes) = targets(op, y, t, None) {
        return classes.into_iter().flatten().collect();
    }
    let width = y.shape().last().copied().unwrap_or(1);
    let row_major = t.to_array();
    let values: Vec<f64> = row_major.iter().map(|t| t.primal()).collect();
    let mut found = Vec::with_capacity(values.len() / width.max(1));
    for (item, row) in values.chunks_exact(width.max(1)).enumerate() {
        let place = row.iter().position(|&t| t == 1.0);
        let Some(class) = place.filter(|_| row.iter().filter(|&&t| t != 0.0).count() == 1) else {
            panic!("{op}: target {item} is {row:?}, expected a row with a single 1 among zeros")
        };
        found.push(class);
    }
    found
}

/// A weight for each class, as `T`; the number of weights must be that of the classes.
#[track_caller]
pub(super) fn weights<T: Real>(op: &str, weights: Option<&[f64]>, classes: usize) -> Option<Vec<T>> {
    let weights = weights?;
    assert!(
        weights.len() == classes,
        "{op}: {} class weights for {classes} classes, expected one for each class",
        weights.len()
    );
    Some(weights.iter().map(|&w| T::of(w)).collect())
}
