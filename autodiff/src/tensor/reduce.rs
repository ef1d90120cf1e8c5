//! Sums and means over axes, and broadcasting, which is the sum's adjoint.

use super::Tensor;
use super::layout::{Dims, row_major_strides};
use super::rule::Rule;
use super::written::Term::{Array, G, Own, Share, Times, Total, X};
use super::written::{Operands, STRETCHED, Written, of_gradient};
use crate::Real;
use crate::error::{Error, Kind, mismatch};
use crate::kernels::{once, reduce};
use crate::rules::notation::sign::{A, Call, Series, Sign, Word};

/// What a reduction goes over.
pub(super) struct Reduced {
    pub(super) axes: Dims,
    /// The shape with these axes of length 1.
    pub(super) kept: Dims,
    /// Whether the result has this shape.
    pub(super) keep: bool,
}

/// How a sum is written.
fn summed(of: &Operands) -> Written {
    let value = if of.shape.is_empty() {
        Total(X(0).into())
    } else {
        Array(Series(&[Sign("Σ_axes ", r"\sum_{\text{axes}} "), A]), vec![X(0)])
    };
    Written::new(value, [if of.uniform { Times(vec![G]) } else { of_gradient(Word("spread")) }]).inside()
}

impl<T: Real> Tensor<T> {
    /// The sum of all elements, a tensor without axes.
    #[track_caller]
    pub fn sum(&self) -> Self {
        let rule = &Rule {
            name: "sum",
            with: (),
            forward: |x, ()| Ok(x[0].sum()),
            vjp: |cx, ()| cx.grad().clone().into(),
            notation: |of, ()| summed(of),
        };
        Self::record_static(rule, &[self], Self::scalar(self.total()))
    }

    /// The sum of all elements; the order of additions depends on the shape alone.
    fn total(&self) -> T {
        if let Some(elements) = self.as_slice() {
            return once::sum(elements);
        }
        let mut total = [T::zero()];
        once::sum_into(self.shape(), self.strided(), &mut total, &Dims::from_elem(0, self.ndim()));
        total[0]
    }

    /// The sum along one axis, which disappears.
    #[doc(alias = "reduce_sum")]
    #[track_caller]
    pub fn sum_axis(&self, axis: usize) -> Self {
        self.sum_axes(&[axis], false)
    }

    /// The sum over some axes. With `keep` they stay, with length 1. The order of additions depends on the shape alone.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::constant(ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum_axes(&[0], true).shape(), [1, 2]);
    /// assert_eq!(x.sum_axes(&[0, 1], false).item(), 10.0);
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[doc(alias = "reduce_sum")]
    #[track_caller]
    pub fn sum_axes(&self, axes: &[usize], keep: bool) -> Self {
        let kept = self.kept("sum", axes);
        let output = if axes.len() == self.ndim() {
            Self::full(&kept, self.total())
        } else {
            let strides = reduced_strides(&kept);
            Self::build(&kept, |out| once::sum_into(self.shape(), self.strided(), out, &strides))
        };
        let output = output.dropped(keep, axes);
        Rule {
            name: "sum",
            with: Reduced { axes: axes.into(), kept, keep },
            forward: |x, over| Ok(x[0].sum_axes(&over.axes, over.keep)),
            // The engine repeats it along the summed axes.
            vjp: |cx, over| cx.grad().reshape(&over.kept).into(),
            notation: |of, _| summed(of),
        }
        .record(&[self], output)
    }

    /// The mean of all elements; NaN if there are none.
    #[doc(alias = "average")]
    #[track_caller]
    pub fn mean(&self) -> Self {
        let mean = self.total() / T::of(self.len() as f64);
        let rule = &Rule {
            name: "mean",
            with: (),
            forward: |x, ()| Ok(x[0].mean()),
            vjp: |cx, ()| (cx.grad() * (T::one() / T::of(cx.input(0).len() as f64))).into(),
            notation: |of, ()| {
                let share = Share(of.shapes[0].iter().product());
                let gradient = if of.uniform { G } else { Array(Call(Word("spread")), vec![G]) };
                Written::new(Times(vec![share.clone(), Total(X(0).into())]), [Times(vec![share, gradient])])
            },
        };
        Self::record_static(rule, &[self], Self::scalar(mean))
    }

    /// The mean along one axis, which disappears.
    #[doc(alias = "average")]
    #[track_caller]
    pub fn mean_axis(&self, axis: usize) -> Self {
        self.mean_axes(&[axis], false)
    }

    /// The mean over some axes. With `keep` they stay, with length 1.
    #[doc(alias = "average")]
    #[track_caller]
    pub fn mean_axes(&self, axes: &[usize], keep: bool) -> Self {
        let kept = self.kept("mean", axes);
        self.sum_axes(axes, keep) / T::of(self.reduced_len(&kept) as f64)
    }

    /// Repeated to a larger shape, without a copy.
    ///
    /// # Panics
    /// If this shape does not broadcast to that one.
    #[doc(alias("expand", "broadcast", "expand_as"))]
    #[track_caller]
    pub fn broadcast_to(&self, shape: &[usize]) -> Self {
        if self.shape() == shape {
            return self.clone();
        }
        if super::layout::checked_len(shape).is_none() {
            self.refuse("broadcast_to", format!("too many elements in shape {shape:?}"));
        }
        let Some(layout) = self.layout().broadcast_to(shape) else {
            let rule = "matched from the last axis, the first shape's lengths must be 1 or equal the second's";
            mismatch("broadcast_to", self.shape(), shape, rule)
        };
        Rule {
            name: "broadcast_to",
            with: Dims::from(shape),
            forward: |x, shape| Ok(x[0].broadcast_to(shape)),
            // The engine sums over the axes along which the input was repeated.
            vjp: |cx, _| cx.grad().clone().into(),
            notation: |of, _| {
                let gradient = if of.uniform { of.summed(0, G) } else { Own(Series(&[STRETCHED, A]), vec![G]) };
                Written::new(X(0), [gradient]).inside()
            },
        }
        .record(&[self], self.with_layout(layout))
    }

    /// A gradient brought to the shape of the input it belongs to: summed over the axes along which the input was
    /// repeated, repeated where the gradient is shorter. The gradient itself if the shapes do not go together.
    pub(crate) fn unbroadcast(self, shape: &[usize]) -> Result<Self, Self> {
        if self.shape() == shape {
            return Ok(self);
        }
        if self.layout().broadcast_to(shape).is_some() {
            return Ok(self.broadcast_to(shape));
        }
        let Some(extra) = self.ndim().checked_sub(shape.len()) else { return Err(self) };
        let mut axes: Dims = (0..extra).collect();
        for (axis, (&have, &want)) in self.shape()[extra..].iter().zip(shape).enumerate() {
            match (have, want) {
                _ if have == want => {}
                (_, 1) => axes.push(extra + axis),
                (1, _) => {}
                _ => return Err(self),
            }
        }
        let summed = self.sum_axes(&axes, true);
        Ok(summed.reshape(&summed.shape()[extra..]).broadcast_to(shape))
    }

    /// A result of the shape `kept`: all elements that meet in one of its places, folded in row-major order. A constant.
    pub(crate) fn folded(&self, kept: &[usize], start: T, f: impl Fn(T, T) -> T) -> Self {
        let strides = reduced_strides(kept);
        Self::build(kept, |out| reduce::fold_into(self.shape(), self.strided(), out, &strides, start, f))
    }

    /// A reduction's result without the reduced axes, unless they are to be kept.
    pub(crate) fn dropped(self, keep: bool, axes: &[usize]) -> Self {
        if keep { self } else { self.reshape(&drop_axes(self.shape(), axes)) }
    }

    /// How many elements meet in one of the result, where `kept` is its shape with the axes kept.
    pub(crate) fn reduced_len(&self, kept: &[usize]) -> usize {
        let lengths = self.shape().iter().zip(kept);
        lengths.filter(|(len, kept)| len != kept).map(|(&len, _)| len).product()
    }

    /// Ends the program with what is wrong with this tensor's shape for an operation.
    #[cold]
    #[track_caller]
    pub(crate) fn refuse(&self, op: &str, rule: impl Into<String>) -> ! {
        Error::from(Kind::Shape { op: op.to_owned(), shape: self.shape().to_vec(), rule: rule.into() }).raise()
    }

    /// The numbers of all axes.
    pub(super) fn all_axes(&self) -> Dims {
        (0..self.ndim()).collect()
    }

    /// The length of an axis, which must exist.
    #[track_caller]
    pub(crate) fn length(&self, op: &str, axis: usize) -> usize {
        let Some(&length) = self.shape().get(axis) else {
            let axis = axis as isize;
            self.refuse(op, format!("there is no axis {axis}; axes are counted from 0, and there are {}", self.ndim()))
        };
        length
    }

    /// The shape with `axes` reduced to length 1.
    #[track_caller]
    pub(crate) fn kept(&self, op: &str, axes: &[usize]) -> Dims {
        let mut shape: Dims = self.shape().iter().copied().collect();
        for (i, &axis) in axes.iter().enumerate() {
            if axis >= shape.len() || axes[..i].contains(&axis) {
                self.refuse(op, format!("axes {axes:?} must be different and below {}", shape.len()));
            }
            shape[axis] = 1;
        }
        shape
    }
}

/// Row-major strides of `kept`, 0 along the axes that are reduced.
pub(crate) fn reduced_strides(kept: &[usize]) -> Dims {
    let mut strides = row_major_strides(kept);
    for (axis, stride) in strides.iter_mut().enumerate() {
        if kept[axis] == 1 {
            *stride = 0;
        }
    }
    strides
}

/// A shape without some axes.
pub(crate) fn drop_axes(shape: &[usize], axes: &[usize]) -> Dims {
    shape.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, &len)| len).collect()
}
