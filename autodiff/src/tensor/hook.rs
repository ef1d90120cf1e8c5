//! Looking at a gradient on its way, or changing it.

use super::op::{Op, on_tensors};
use super::written::Term::{G, Times, X};
use super::written::{Operands, Written, of_gradient};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;
use crate::rules::notation::sign::Sign;
use ndarray::{ArrayD, ArrayViewD};

struct Hook<F>(F);

impl<T: Real, F: Fn(&Tensor<T>) -> Tensor<T>> Op<T> for Hook<F> {
    fn name(&self) -> &'static str {
        "on_grad"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].clone()))
    }

    fn notation(&self, of: &Operands) -> Option<Written> {
        let hook = Sign("hook", r"\text{hook}");
        Some(Written::new(X(0), [if of.uniform { Times(vec![G]) } else { of_gradient(hook) }]).inside())
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        (self.0)(cx.grad()).into()
    }
}

impl<T: Real> Tensor<T> {
    /// The same values; a gradient that flows back through the result passes through `hook`, which may look at it or
    /// replace it.
    ///
    /// What `hook` returns goes on to this tensor. In a recorded sweep its operations are recorded, too.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::{ArrayD, ArrayViewD, array};
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 20.0]);
    /// let y = x.on_grad(|g| g.clamp(-10.0, 10.0)).square().sum();
    /// assert_eq!(y.backward().wrt(&x), array![2.0, 10.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// In a sweep, if `hook` returns a tensor of a shape that does not broadcast with this one's.
    #[track_caller]
    pub fn on_grad(&self, hook: impl Fn(&Self) -> Self + 'static) -> Self {
        Self::record(Hook(hook), &[self], self.untracked())
    }
}
