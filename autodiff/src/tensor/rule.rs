//! Built-in operations, each a value that is written where it is recorded.

use ndarray::{ArrayD, ArrayViewD};

use super::op::{Op, on_tensors};
use super::written::{Operands, Written};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;

/// An operation made of functions of its inputs and of its parameters.
///
/// What needs more than a value, a gradient and a notation is a type of its own with an [`Op`].
pub(crate) struct Rule<T: Real, P = ()> {
    pub(crate) name: &'static str,
    /// The parameters.
    pub(crate) with: P,
    pub(crate) forward: fn(&[Tensor<T>], &P) -> Result<Tensor<T>>,
    pub(crate) vjp: fn(&Vjp<'_, T>, &P) -> Grads<T>,
    pub(crate) notation: fn(&Operands, &P) -> Written,
}

impl<T: Real, P: 'static> Rule<T, P> {
    /// Records that the operation gave `output`.
    #[inline]
    #[track_caller]
    pub(crate) fn record(self, inputs: &[&Tensor<T>], output: Tensor<T>) -> Tensor<T> {
        Tensor::record(self, inputs, output)
    }
}

impl<T: Real, P> Op<T> for Rule<T, P> {
    fn name(&self) -> &str {
        self.name
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| (self.forward)(x, &self.with))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        (self.vjp)(cx, &self.with)
    }

    fn notation(&self, of: &Operands) -> Option<Written> {
        Some((self.notation)(of, &self.with))
    }
}
