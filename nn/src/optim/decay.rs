//! Weight decay.

use autodiff::{Real, Tensor};

use super::transform::{At, Transform};
use crate::expect;

/// Adds `λ w` to the update, with the parameter group's `λ` if that has its own.
///
/// Before an optimiser's rule this is the gradient of `λ/2 |w|²` ("coupled"); after it the weights shrink by `η λ w` in
/// every step whatever the rule makes of the gradient ("decoupled", Loshchilov and Hutter 2019). In the lectures'
/// convention (L13) `λ` here is `λ/N` there: see [`Regularizer`](crate::Regularizer).
#[doc(alias = "add_decayed_weights")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightDecay(f64);

impl WeightDecay {
    /// A decay of `lambda`.
    ///
    /// # Panics
    /// If it is negative or not finite.
    #[track_caller]
    pub fn new(lambda: f64) -> Self {
        Self(expect::not_negative("the weight decay", lambda))
    }
}

impl<T: Real> Transform<T> for WeightDecay {
    fn apply(&self, update: &mut Tensor<T>, value: &Tensor<T>, at: &mut At<'_, T>) {
        let lambda = at.weight_decay().unwrap_or(self.0);
        if lambda != 0.0 {
            let lambda = T::of(lambda);
            update.update(value, |u, w| u + lambda * w);
        }
    }
}
