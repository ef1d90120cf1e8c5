//! Softmax, its logarithm, and logsumexp, along one axis.

use super::entry::{Backward, OpRef};
use super::layout::Dims;
use super::reduce::drop_axes;
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::kernels::{map, reduce};

struct Softmax(usize);

impl<T: Real> Backward<T> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    /// With `y = softmax(x)`: `dL/dx = y (dL/dy - Σ dL/dy y)` (L11).
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (y, g) = (cx.output(), cx.grad());
        let total = (g * y).sum_axes(&[self.0], true);
        (y * (g - total)).into()
    }
}

struct LogSoftmax(usize);

impl<T: Real> Backward<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    /// With `y = ln softmax(x)`: `dL/dx = dL/dy - softmax(x) Σ dL/dy`.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (y, g) = (cx.output(), cx.grad());
        let total = g.sum_axes(&[self.0], true);
        (g - y.exp() * total).into()
    }
}

struct LogSumExp(usize);

impl<T: Real> Backward<T> for LogSumExp {
    fn name(&self) -> &'static str {
        "logsumexp"
    }

    /// `dL/dx = dL/dy softmax(x)`, 0 where all of `x` is `-inf`. Dividing `e^(x - y)` by its sum takes out the rounding
    /// of `y`.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (x, y) = (cx.input(0), cx.output());
        let nothing = y.mask(|y| y == T::neg_infinity());
        let y = Tensor::select(&nothing, &Tensor::scalar(T::zero()), y);
        let shares = (x - y.expand(self.0)).exp();
        let total =
            Tensor::select(&nothing.expand(self.0), &Tensor::scalar(T::one()), &shares.sum_axes(&[self.0], true));
        (shares / total * cx.grad().expand(self.0)).into()
    }
}

impl<T: Real> Tensor<T> {
    /// `e^{x_i} / Σ e^{x_j}` along an axis, shifted so that nothing overflows.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn softmax(&self, axis: usize) -> Self {
        let (_, shifted) = self.shifted("softmax", axis);
        let powers = shifted.exp();
        let output = &powers / powers.sum_axes(&[axis], true);
        Self::record(OpRef::shared(Softmax(axis)), &[self], output)
    }

    /// `x_i - ln Σ e^{x_j}` along an axis: the logarithm of the softmax, finite however large the differences.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::constant(ndarray::array![0.0, 1e4]);
    /// assert_eq!(x.log_softmax(0).to_array(), ndarray::array![-1e4, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn log_softmax(&self, axis: usize) -> Self {
        let (_, shifted) = self.shifted("log_softmax", axis);
        let output = &shifted - shifted.exp().sum_axes(&[axis], true).ln();
        Self::record(OpRef::shared(LogSoftmax(axis)), &[self], output)
    }

    /// `ln Σ e^{x_j}` along an axis, which disappears. Of nothing, or of `-inf` only, it is `-inf` with gradient 0.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn logsumexp(&self, axis: usize) -> Self {
        let (top, shifted) = self.shifted("logsumexp", axis);
        let finite = top.mask(T::is_finite);
        let sum = shifted.exp().sum_axes(&[axis], true).ln() + &top;
        let output = Self::select(&finite, &sum, &top).reshape(&drop_axes(self.shape(), &[axis]));
        Self::record(OpRef::shared(LogSumExp(axis)), &[self], output)
    }

    /// The maxima along an axis (kept, with length 1), and the elements less these; constants.
    #[track_caller]
    pub(super) fn shifted(&self, op: &str, axis: usize) -> (Self, Self) {
        self.live();
        let kept: Dims = self.kept(op, &[axis]);
        let strides = super::reduce::reduced_strides(&kept);
        let top = Self::build(&kept, |out| reduce::max_into(self.shape(), self.strided(), out, &strides));
        let below = top.layout().broadcast_to(self.shape()).expect("an axis of length 1 stretches");
        let below = top.with_layout(below);
        let shape = self.shape();
        let shifted = Self::build(shape, |out| map::map2(shape, self.strided(), below.strided(), out, |x, m| x - m));
        (top, shifted)
    }
}
