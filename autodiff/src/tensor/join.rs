//! Tensors side by side.

use super::entry::{Backward, OpRef};
use super::layout::{Dims, row_major_strides};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Error, Kind};
use crate::kernels::map;

struct Concat(usize);

impl<T: Real> Backward<T> for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let mut start = 0;
        (0..cx.arity())
            .map(|i| {
                let end = start + cx.input(i).shape()[self.0];
                let part = cx.needs(i).then(|| cx.grad().narrow(self.0, start..end));
                start = end;
                part
            })
            .collect()
    }
}

impl<T: Real> Tensor<T> {
    /// Tensors joined along an axis.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let (a, b) = (Tensor::constant(array![[1.0], [2.0]]), Tensor::constant(array![[3.0, 4.0], [5.0, 6.0]]));
    /// assert_eq!(Tensor::concat(&[&a, &b], 1).to_array(), array![[1.0, 3.0, 4.0], [2.0, 5.0, 6.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there are none, if there is no such axis, or if the other lengths differ.
    #[track_caller]
    pub fn concat(parts: &[&Self], axis: usize) -> Self {
        let op = "concat";
        let Some(first) = parts.first() else {
            Error::custom("concat: no tensors given; at least one is needed to know the shape").raise()
        };
        let mut shape = first.kept(op, &[axis]);
        shape[axis] = 0;
        for part in parts {
            let mut same: Dims = part.shape().iter().copied().collect();
            let len = same.get(axis).copied().unwrap_or(0);
            if let Some(length) = same.get_mut(axis) {
                *length = shape[axis];
            }
            if same != shape {
                let (a, b) = (first.shape().to_vec(), part.shape().to_vec());
                let rule = "all lengths but that of the joined axis must be equal";
                Error::from(Kind::Shapes { op: op.into(), a, b, rule }).raise();
            }
            shape[axis] += len;
        }
        let strides = row_major_strides(&shape);
        let output = Self::build(&shape, |out| {
            let mut start = 0;
            for part in parts {
                map::update(part.shape(), out, &strides, start * strides[axis], part.strided(), |_, x| x);
                start += part.shape()[axis];
            }
        });
        Self::record(OpRef::shared(Concat(axis)), parts, output)
    }

    /// Tensors of one shape joined along a new axis.
    ///
    /// # Panics
    /// If there are none, if the axis is beyond the last, or if the shapes differ.
    #[track_caller]
    pub fn stack(parts: &[&Self], axis: usize) -> Self {
        // Not in a closure: a panic is to point at the caller.
        let mut expanded = Vec::with_capacity(parts.len());
        for part in parts {
            expanded.push(part.expand(axis));
        }
        Self::concat(&expanded.iter().collect::<Vec<_>>(), axis)
    }
}
