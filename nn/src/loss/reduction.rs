//! How single losses become one.

use autodiff::{Real, Tensor};

use super::term::items;

/// How the losses of single elements or items become one.
///
/// ```
/// use autodiff::Tensor;
/// use nn::Reduction;
/// let losses = Tensor::constant(ndarray::array![1.0, 2.0, 6.0]);
/// assert_eq!(Reduction::Sum.apply(&losses).item(), 9.0);
/// assert_eq!(Reduction::Mean.apply(&losses).item(), 3.0);
/// assert_eq!(Reduction::None.apply(&losses).shape(), [3]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Their sum: the lectures' error of a data set.
    Sum,
    /// Their mean, so that a learning rate serves batches of any size; NaN if there are none.
    #[default]
    Mean,
    /// As they are.
    None,
}

impl Reduction {
    /// Reduces losses.
    pub fn apply<T: Real>(self, losses: &Tensor<T>) -> Tensor<T> {
        self.weighted(losses, T::of(losses.len() as f64))
    }

    /// The [weight](super::Loss::weight) of a batch with these targets, each item of which weighs the same.
    pub(super) fn weight<T: Real>(self, t: &Tensor<T>) -> Option<f64> {
        (self == Self::Mean).then(|| items(t))
    }

    /// Reduces losses whose weights add up to `total`.
    pub(super) fn weighted<T: Real>(self, losses: &Tensor<T>, total: T) -> Tensor<T> {
        match self {
            Self::Sum => losses.sum(),
            Self::Mean => losses.sum() / total,
            Self::None => losses.clone(),
        }
    }
}
