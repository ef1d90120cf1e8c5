//! Running sums.

use super::op::{Op, on_tensors};
use super::written::{Operands, Written, of_gradient};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;
use crate::kernels::{loops, reduce};
use crate::rules::notation::sign::Sign;
use ndarray::{ArrayD, ArrayViewD};

struct CumSum {
    axis: usize,
    backward: bool,
}

impl<T: Real> Op<T> for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].running_sum(self.axis, self.backward)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Sign("cumsum^←", r"\operatorname{cumsum}^{\leftarrow}"))]))
    }

    /// An element is in all sums from its own on, so its gradient is the running sum from the other end.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().running_sum(self.axis, !self.backward).into()
    }
}

impl<T: Real> Tensor<T> {
    /// Running sums along an axis, `y_k = Σ_{i≤k} x_i`.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::{ArrayD, ArrayViewD, array};
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 2.0, 3.0]);
    /// let y = x.cumsum(0);
    /// assert_eq!(y.to_array(), array![1.0, 3.0, 6.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![3.0, 2.0, 1.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn cumsum(&self, axis: usize) -> Self {
        self.length("cumsum", axis);
        self.running_sum(axis, false)
    }

    #[track_caller]
    fn running_sum(&self, axis: usize, backward: bool) -> Self {
        let shape = self.shape();
        let output = Self::build(shape, |out| {
            loops::map1(shape, self.strided(), out, |x| x);
            reduce::running_sums(out, shape[axis], shape[axis + 1..].iter().product(), backward);
        });
        Self::record(CumSum { axis, backward }, &[self], output)
    }
}
