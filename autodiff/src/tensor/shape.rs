//! The same elements in another shape.

use ndarray::{ArrayD, ArrayViewD};
use smallvec::SmallVec;

use super::layout::{Dims, Layout};
use super::op::{Op, on_tensors};
use super::written::Term::{G, Times, X};
use super::written::{Operands, Place, Written, of_gradient};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Error, Kind, Result};
use crate::rules::notation::sign::{Sign, Word};

struct Reshape(Dims);

impl<T: Real> Op<T> for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].reshape(&self.0)))
    }

    fn notation(&self, of: &Operands) -> Option<Written> {
        if of.same_but_ones() {
            return Some(Written { place: Place::Nowhere, ..Written::new(X(0), [G]) });
        }
        Some(Written::named([if of.uniform { Times(vec![G]) } else { of_gradient(Word("reshape")) }]).inside())
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().reshape(cx.input(0).shape()).into()
    }
}

struct Permute(Dims);

impl<T: Real> Op<T> for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].permute(&self.0)))
    }

    fn notation(&self, of: &Operands) -> Option<Written> {
        let inverse = Sign("permute⁻¹", r"\operatorname{permute}^{-1}");
        let gradient = match of.shape.len() {
            _ if of.uniform => Times(vec![G]),
            2 => G.transposed(),
            _ => of_gradient(inverse),
        };
        let value = (of.shape.len() == 2).then(|| X(0).transposed());
        Some(Written { value, ..Written::named([gradient]).inside() })
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().permute(&inverse(&self.0)).into()
    }
}

/// The order of axes that undoes another.
pub(super) fn inverse(axes: &[usize]) -> Dims {
    let mut inverse: Dims = SmallVec::from_elem(0, axes.len());
    for (to, &from) in axes.iter().enumerate() {
        inverse[from] = to;
    }
    inverse
}

impl<T: Real> Tensor<T> {
    /// The elements, read row by row, in another shape; copied only if they do not lie in that order.
    ///
    /// # Panics
    /// If the number of elements differs.
    #[track_caller]
    pub fn reshape(&self, shape: &[usize]) -> Self {
        if self.shape() == shape {
            return self.clone();
        }
        if super::layout::checked_len(shape) != Some(self.len()) {
            let rule = "a reshape keeps the number of elements";
            let (a, b) = (self.shape().to_vec(), shape.to_vec());
            Error::from(Kind::Shapes { op: "reshape".into(), a, b, rule }).raise();
        }
        let source = self.row_major();
        let layout = Layout { offset: source.layout().offset, ..Layout::row_major(shape) };
        Self::record(Reshape(shape.into()), &[self], source.with_layout(layout))
    }

    /// All elements in one axis.
    #[track_caller]
    pub fn flatten(&self) -> Self {
        self.reshape(&[self.len()])
    }

    /// Without an axis of length 1.
    ///
    /// # Panics
    /// If the axis does not exist or is longer.
    #[track_caller]
    pub fn squeeze(&self, axis: usize) -> Self {
        if self.shape().get(axis) != Some(&1) {
            let rule = format!("axis {axis} must exist and have length 1");
            Error::from(Kind::Shape { op: "squeeze".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        self.reshape(&super::reduce::drop_axes(self.shape(), &[axis]))
    }

    /// With a new axis of length 1 before axis `axis`.
    ///
    /// # Panics
    /// If `axis > ndim`.
    #[track_caller]
    pub fn expand(&self, axis: usize) -> Self {
        if axis > self.ndim() {
            let rule = format!("a new axis {axis} must come at {} at the latest", self.ndim());
            Error::from(Kind::Shape { op: "expand".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        let mut shape: Dims = self.shape().iter().copied().collect();
        shape.insert(axis, 1);
        self.reshape(&shape)
    }

    /// The axes in another order, without a copy: axis `k` of the result is axis `axes[k]` of this.
    ///
    /// # Panics
    /// If `axes` does not name each axis once.
    #[track_caller]
    pub fn permute(&self, axes: &[usize]) -> Self {
        let mut sorted: Dims = axes.iter().copied().collect();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..self.ndim()) {
            let rule = format!("{axes:?} must name each of its axes once");
            Error::from(Kind::Shape { op: "permute".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        let op = Permute(axes.iter().copied().collect());
        Self::record(op, &[self], self.with_layout(self.layout().permuted(axes)))
    }

    /// The axes in reverse order, without a copy.
    #[track_caller]
    pub fn transpose(&self) -> Self {
        let axes: Dims = (0..self.ndim()).rev().collect();
        self.permute(&axes)
    }
}
