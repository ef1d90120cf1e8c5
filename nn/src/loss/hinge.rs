//! The hinge loss of support vector machines.

use autodiff::{Real, Tensor};

use super::reduction::Reduction;
use super::term::{Loss, complement, same};
use crate::error::number;

/// `[1 - t y]_+` for each element, with targets `t = ±1`: 0 beyond the margin, so that only points inside it or on the
/// wrong side pull (L12). The derivative at the kink is 0.
///
/// # Panics
/// `loss`, if the shapes differ, or if a target is neither -1 nor 1.
#[doc(alias("hinge_loss", "SVM"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Hinge(Reduction);

impl Hinge {
    /// The loss, with the mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self(reduction)
    }
}

impl<T: Real> Loss<T> for Hinge {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        self.0.apply(&violation("Hinge", y, t))
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.0.weight(t)
    }
}

/// `[1 - t y]_+²` for each element, with targets `t = ±1`: as [`Hinge`], without a kink.
///
/// # Panics
/// `loss`, if the shapes differ, or if a target is neither -1 nor 1.
#[doc(alias("squared_hinge_loss", "SVM"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct SquaredHinge(Reduction);

impl SquaredHinge {
    /// The loss, with the mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self(reduction)
    }
}

impl<T: Real> Loss<T> for SquaredHinge {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        self.0.apply(&violation("SquaredHinge", y, t).square())
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.0.weight(t)
    }
}

/// By how much each element misses the margin.
#[track_caller]
fn violation<T: Real>(op: &str, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    same(op, y, t);
    if let Some((at, wrong)) = t.view().iter().enumerate().find(|(_, t)| t.abs() != T::one()) {
        panic!("{op}: target {at} is {}, expected -1 or 1", number(wrong.primal()));
    }
    complement(&(t * y)).relu()
}
