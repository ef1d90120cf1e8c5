//! Running sums.

use super::Tensor;
use super::rule::Rule;
use super::written::Written;
use crate::Real;
use crate::kernels::{loops, reduce};
use crate::rules::notation::sign::Sign;

impl<T: Real> Tensor<T> {
    /// Running sums along an axis, `y_k = Σ_{i≤k} x_i`.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
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
        Rule {
            name: "cumsum",
            with: (axis, backward),
            forward: |x, &(axis, backward)| Ok(x[0].running_sum(axis, backward)),
            // An element is in all sums from its own on, so its gradient is the running sum from the other end.
            vjp: |cx, &(axis, backward)| cx.grad().running_sum(axis, !backward).into(),
            notation: |_, _| Written::linear(Sign("cumsum^←", r"\operatorname{cumsum}^{\leftarrow}")),
        }
        .record(&[self], output)
    }
}
