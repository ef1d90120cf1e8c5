//! The same elements in another shape.

use smallvec::SmallVec;

use super::Tensor;
use super::layout::{Dims, Layout};
use super::rule::Rule;
use super::written::Term::{G, Times, X};
use super::written::{Place, Written, of_gradient};
use crate::Real;
use crate::error::mismatch;
use crate::rules::notation::sign::{Sign, Word};

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
    #[doc(alias("view", "to_shape", "into_shape_with_order", "into_shape", "unflatten"))]
    #[track_caller]
    pub fn reshape(&self, shape: &[usize]) -> Self {
        if self.shape() == shape {
            return self.clone();
        }
        if super::layout::checked_len(shape) != Some(self.len()) {
            mismatch("reshape", self.shape(), shape, "a reshape keeps the number of elements");
        }
        let source = self.row_major();
        let layout = Layout { offset: source.layout().offset, ..Layout::row_major(shape) };
        Rule {
            name: "reshape",
            with: Dims::from(shape),
            forward: |x, shape| Ok(x[0].reshape(shape)),
            vjp: |cx, _| cx.grad().reshape(cx.input(0).shape()).into(),
            notation: |of, _| {
                if of.same_but_ones() {
                    return Written { place: Place::Nowhere, ..Written::new(X(0), [G]) };
                }
                Written::named([if of.uniform { Times(vec![G]) } else { of_gradient(Word("reshape")) }]).inside()
            },
        }
        .record(&[self], source.with_layout(layout))
    }

    /// The same elements in the same shape, with a place on the tape that nothing else has.
    #[track_caller]
    pub(crate) fn alias(&self) -> Self {
        let rule = &Rule {
            name: "alias",
            with: (),
            forward: |x, ()| Ok(x[0].clone()),
            vjp: |cx, ()| cx.grad().clone().into(),
            notation: |_, ()| Written { place: Place::Nowhere, ..Written::new(X(0), [G]) },
        };
        Self::record_static(rule, &[self], self.untracked())
    }

    /// All elements in one axis.
    #[doc(alias = "ravel")]
    #[track_caller]
    pub fn flatten(&self) -> Self {
        self.reshape(&[self.len()])
    }

    /// Without an axis of length 1.
    ///
    /// # Panics
    /// If the axis does not exist or is longer.
    #[doc(alias = "remove_axis")]
    #[track_caller]
    pub fn squeeze(&self, axis: usize) -> Self {
        if self.shape().get(axis) != Some(&1) {
            self.refuse("squeeze", format!("axis {axis} must exist and have length 1"));
        }
        self.reshape(&super::reduce::drop_axes(self.shape(), &[axis]))
    }

    /// With a new axis of length 1 before axis `axis`.
    ///
    /// # Panics
    /// If `axis > ndim`.
    #[doc(alias("expand_dims", "insert_axis"))]
    #[track_caller]
    pub fn expand(&self, axis: usize) -> Self {
        if axis > self.ndim() {
            self.refuse("expand", format!("a new axis {axis} must come at {} at the latest", self.ndim()));
        }
        let mut shape: Dims = self.shape().iter().copied().collect();
        shape.insert(axis, 1);
        self.reshape(&shape)
    }

    /// As [`expand`](Self::expand).
    #[doc(alias("expand_dims", "insert_axis"))]
    #[track_caller]
    pub fn unsqueeze(&self, axis: usize) -> Self {
        self.expand(axis)
    }

    /// The axes in another order, without a copy: axis `k` of the result is axis `axes[k]` of this.
    ///
    /// # Panics
    /// If `axes` does not name each axis once.
    #[doc(alias("permute_dims", "permuted_axes", "moveaxis", "movedim"))]
    #[track_caller]
    pub fn permute(&self, axes: &[usize]) -> Self {
        let mut sorted: Dims = axes.iter().copied().collect();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..self.ndim()) {
            self.refuse("permute", format!("{axes:?} must name each of its axes once"));
        }
        Rule {
            name: "permute",
            with: Dims::from(axes),
            forward: |x, axes| Ok(x[0].permute(axes)),
            vjp: |cx, axes| cx.grad().permute(&inverse(axes)).into(),
            notation: |of, _| {
                let gradient = match of.shape.len() {
                    _ if of.uniform => Times(vec![G]),
                    2 => G.transposed(),
                    _ => of_gradient(Sign("permute⁻¹", r"\operatorname{permute}^{-1}")),
                };
                let value = (of.shape.len() == 2).then(|| X(0).transposed());
                Written { value, ..Written::named([gradient]).inside() }
            },
        }
        .record(&[self], self.with_layout(self.layout().permuted(axes)))
    }

    /// The axes in reverse order, without a copy.
    #[doc(alias("t", "T", "reversed_axes"))]
    #[track_caller]
    pub fn transpose(&self) -> Self {
        let axes: Dims = (0..self.ndim()).rev().collect();
        self.permute(&axes)
    }

    /// With two axes exchanged, without a copy.
    ///
    /// # Panics
    /// If one of them does not exist.
    #[doc(alias("swapaxes", "swapdims"))]
    #[track_caller]
    pub fn swap_axes(&self, a: usize, b: usize) -> Self {
        self.length("swap_axes", a);
        self.length("swap_axes", b);
        let mut axes = self.all_axes();
        axes.swap(a, b);
        self.permute(&axes)
    }

    /// The last two axes exchanged, without a copy: each matrix of a batch transposed.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::<f64>::ones(&[5, 2, 3]);
    /// assert_eq!((x.mT().shape(), x.transpose().shape()), (&[5, 3, 2][..], &[3, 2, 5][..]));
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[doc(alias = "matrix_transpose")]
    #[track_caller]
    #[allow(non_snake_case, reason = "the array API's name")]
    pub fn mT(&self) -> Self {
        if self.ndim() < 2 {
            self.refuse("mT", "a matrix is needed, or several");
        }
        self.swap_axes(self.ndim() - 2, self.ndim() - 1)
    }
}
