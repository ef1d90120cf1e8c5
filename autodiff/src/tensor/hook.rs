//! Looking at a gradient on its way, or changing it.

use super::Tensor;
use super::rule::Rule;
use super::written::Term::{G, Times, X};
use super::written::{Written, of_gradient};
use crate::Real;
use crate::rules::notation::sign::Sign;

impl<T: Real> Tensor<T> {
    /// The same values; a gradient that flows back through the result passes through `hook`, which may look at it or
    /// replace it.
    ///
    /// What `hook` returns goes on to this tensor. In a recorded sweep its operations are recorded, too.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 20.0]);
    /// let y = x.on_grad(|g| g.clamp(-10.0, 10.0)).square().sum();
    /// assert_eq!(y.backward().wrt(&x), array![2.0, 10.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// In a sweep, if `hook` returns a tensor of a shape that does not broadcast with this one's.
    #[doc(alias("register_hook", "retain_grad"))]
    #[track_caller]
    pub fn on_grad(&self, hook: impl Fn(&Self) -> Self + 'static) -> Self {
        Rule {
            name: "on_grad",
            with: hook,
            forward: |x, _| Ok(x[0].clone()),
            vjp: |cx, hook| hook(cx.grad()).into(),
            notation: |of, _| {
                let passed = of_gradient(Sign("hook", r"\text{hook}"));
                Written::new(X(0), [if of.uniform { Times(vec![G]) } else { passed }]).inside()
            },
        }
        .record(&[self], self.untracked())
    }
}
