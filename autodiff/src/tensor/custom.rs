//! Own operations from two closures.

use ndarray::{ArrayD, ArrayViewD};

use super::Tensor;
use super::op::{Grads, Op, Vjp};
use crate::Real;
use crate::error::{Result, sure};

struct Custom<F, G> {
    name: &'static str,
    forward: F,
    vjp: G,
}

impl<T, F, G> Op<T> for Custom<F, G>
where
    T: Real,
    F: Fn(&[ArrayViewD<'_, T>]) -> ArrayD<T>,
    G: Fn(&Vjp<'_, T>) -> Grads<T>,
{
    fn name(&self) -> &str {
        self.name
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        Ok((self.forward)(x))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        (self.vjp)(cx)
    }
}

impl<T: Real> Tensor<T> {
    /// An operation of one's own from two closures: its value on arrays, and its vector-Jacobian product.
    ///
    /// The vjp is written in tensor operations, as that of an [`Op`], and then has derivatives of any order:
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let cube = |x: &Tensor<f64>| Tensor::custom(
    ///     "cube",
    ///     &[x],
    ///     |x| x[0].mapv(|x| x * x * x),
    ///     |cx| (3.0 * cx.input(0).square() * cx.grad()).into(),
    /// );
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 2.0]);
    /// let first = &tape.grad(cube(&x).sum(), &[&x])[0];
    /// assert_eq!(first.sum().backward().wrt(&x), array![6.0, 12.0].into_dyn());
    /// ```
    ///
    /// It may also give plain arrays ([`Grads::from`] one array, [`Grads::arrays`] for several inputs), from a solver or a
    /// foreign library; then a second derivative panics with the operation's name.
    ///
    /// ```
    /// # use autodiff::{Tape, Tensor, tensor::Grads};
    /// # use ndarray::array;
    /// let tape = Tape::<f64>::new();
    /// let x = tape.tensor(array![1.0, 2.0]);
    /// let y = Tensor::custom("cube", &[&x], |x| x[0].mapv(|x| x.powi(3)), |cx| {
    ///     Grads::from(&cx.grad().view() * &cx.input(0).view().mapv(|x| 3.0 * x * x))
    /// });
    /// assert_eq!(y.sum().backward().wrt(&x), array![3.0, 12.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an input is a stale handle, or inputs are recorded on different tapes. An operation that checks its inputs
    /// implements [`Op`], whose `forward` returns a `Result`.
    #[doc(alias("custom_vjp", "autograd.Function"))]
    #[track_caller]
    pub fn custom(
        name: &'static str,
        inputs: &[&Self],
        forward: impl Fn(&[ArrayViewD<'_, T>]) -> ArrayD<T> + 'static,
        vjp: impl Fn(&Vjp<'_, T>) -> Grads<T> + 'static,
    ) -> Self {
        sure(Self::apply(Custom { name, forward, vjp }, inputs))
    }
}
