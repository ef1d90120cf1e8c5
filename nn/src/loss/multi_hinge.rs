//! The hinge loss of several classes.

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn};

use super::classes::{hard, weights};
use super::reduction::Reduction;
use super::term::Loss;
use crate::expect;

/// The hinge loss of several classes (Weston and Watkins 1999): `Σ_{k ≠ t} [m - y_t + y_k]_+ / C` for each item, with `C`
/// classes along the last axis and a margin `m`, which is 1. Every class that comes closer than the margin to the right one
/// adds to it (L12).
///
/// Targets are one-hot rows of the outputs' shape, or class numbers, without the axis of classes (or with 1 as its length).
///
/// # Panics
/// `loss`, if the shapes do not go together, if a target is not a class, or if there are not as many weights as classes.
#[doc(alias("MultiMarginLoss", "multi_margin_loss"))]
#[derive(Clone, Debug)]
pub struct MultiHinge {
    margin: f64,
    squared: bool,
    class_weights: Option<Vec<f64>>,
    reduction: Reduction,
}

impl Default for MultiHinge {
    fn default() -> Self {
        Self::new()
    }
}

impl MultiHinge {
    /// The loss with a margin of 1, with the mean over the items.
    pub fn new() -> Self {
        Self { margin: 1.0, squared: false, class_weights: None, reduction: Reduction::default() }
    }

    /// Sets the margin `m`.
    ///
    /// # Panics
    /// If it is not above 0.
    #[track_caller]
    pub fn margin(self, margin: f64) -> Self {
        Self { margin: expect::positive("MultiHinge: margin", margin), ..self }
    }

    /// Squares each class's part.
    pub fn squared(self) -> Self {
        Self { squared: true, ..self }
    }

    /// Sets a weight for each class, by which the losses of its items are multiplied. The mean is over the items all the same.
    ///
    /// # Panics
    /// If a weight is negative or not finite, or if there is none.
    #[track_caller]
    pub fn class_weights(self, weights: &[f64]) -> Self {
        Self { class_weights: Some(expect::weights("MultiHinge: weight", weights)), ..self }
    }

    /// Sets how the items' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }
}

impl<T: Real> Loss<T> for MultiHinge {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        let classes = hard("MultiHinge", y, t);
        let axis = y.ndim() - 1;
        let count = y.shape()[axis];
        let weights = weights::<T>("MultiHinge", self.class_weights.as_deref(), count);
        let share = T::of(1.0 / count as f64);
        // 1 at the right class, and the weight of each other one.
        let (mut right, mut others) = (vec![T::zero(); y.len()], vec![T::zero(); y.len()]);
        for (item, class) in classes.into_iter().enumerate() {
            let weight = weights.as_ref().map_or(share, |weights| weights[class] * share);
            let row = item * count..(item + 1) * count;
            others[row.clone()].fill(weight);
            others[row.start + class] = T::zero();
            right[row.start + class] = T::one();
        }
        let mask =
            |values| Tensor::constant(ArrayD::from_shape_vec(IxDyn(y.shape()), values).expect("one for each output"));
        let (right, others) = (mask(right), mask(others));
        // Chosen, not multiplied by 0: outputs may be infinite.
        let chosen = |mask, x| Tensor::select(mask, x, 0.0);
        let score = chosen(&right, y).sum_axes(&[axis], true);
        let missed = (y - score + T::of(self.margin)).relu();
        let parts = if self.squared { &missed * (&missed * &others) } else { missed * &others };
        self.reduction.apply(&chosen(&others, &parts).sum_axis(axis))
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.reduction.weight(t)
    }
}
