//! The largest and the smallest along axes, and where they stand.

use ndarray::{ArrayD, Axis, IxDyn};

use super::Tensor;
use super::reduce::{Reduced, drop_axes};
use super::rule::Rule;
use super::written::Term::{X, Y};
use super::written::{Written, scaled};
use crate::Real;
use crate::kernels::reduce::{larger, smaller};
use crate::rules::notation::sign::{A, Atom, B, In, Same, Square};

/// Where the choice starts, and which of two is chosen.
type Pick<T> = (T, fn(T, T) -> T);

impl<T: Real> Tensor<T> {
    /// The largest of all elements; see [`max_axes`](Self::max_axes).
    ///
    /// # Panics
    /// If there are none.
    #[doc(alias("max", "amax"))]
    #[track_caller]
    pub fn max_all(&self) -> Self {
        self.max_axes(&self.all_axes(), false)
    }

    /// The smallest of all elements; see [`min_axes`](Self::min_axes).
    ///
    /// # Panics
    /// If there are none.
    #[doc(alias("min", "amin"))]
    #[track_caller]
    pub fn min_all(&self) -> Self {
        self.min_axes(&self.all_axes(), false)
    }

    /// The largest along one axis, which disappears; see [`max_axes`](Self::max_axes).
    #[doc(alias("max", "amax"))]
    #[track_caller]
    pub fn max_axis(&self, axis: usize) -> Self {
        self.max_axes(&[axis], false)
    }

    /// The smallest along one axis, which disappears; see [`min_axes`](Self::min_axes).
    #[doc(alias("min", "amin"))]
    #[track_caller]
    pub fn min_axis(&self, axis: usize) -> Self {
        self.min_axes(&[axis], false)
    }

    /// The largest over some axes; NaN if one is NaN. With `keep` the axes stay, with length 1.
    ///
    /// Ties share the gradient evenly: `∂y/∂x_i = 1/n` for each of `n` elements that are the largest, 0 for others. Where the
    /// result is NaN, so is the gradient.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 3.0, 3.0], [5.0, 4.0, 0.0]]);
    /// let y = x.max_axes(&[1], false);
    /// assert_eq!(y.to_array(), array![3.0, 5.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice, or if there is nothing to choose from.
    #[doc(alias("max", "amax"))]
    #[track_caller]
    pub fn max_axes(&self, axes: &[usize], keep: bool) -> Self {
        self.not_empty("max_axes", axes);
        self.reduced_by("max_axes", axes, keep, (T::neg_infinity(), larger))
    }

    /// The smallest over some axes; NaN if one is NaN. With `keep` the axes stay, with length 1. Ties share the gradient
    /// evenly, as for [`max_axes`](Self::max_axes).
    ///
    /// # Panics
    /// If an axis does not exist or is named twice, or if there is nothing to choose from.
    #[doc(alias("min", "amin"))]
    #[track_caller]
    pub fn min_axes(&self, axes: &[usize], keep: bool) -> Self {
        self.not_empty("min_axes", axes);
        self.reduced_by("min_axes", axes, keep, (T::infinity(), smaller))
    }

    /// Where the largest stands along an axis: the first of equals, the first NaN if there is one. Plain indices, in the
    /// shape without the axis.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0, 3.0, 3.0], [5.0, 4.0, 0.0]]);
    /// assert_eq!(x.argmax(1), array![1, 0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or if there is nothing to choose from.
    #[track_caller]
    pub fn argmax(&self, axis: usize) -> ArrayD<usize> {
        self.not_empty("argmax", &[axis]);
        self.position(axis, |x, best| x > best)
    }

    /// Where the smallest stands along an axis, as [`argmax`](Self::argmax).
    ///
    /// # Panics
    /// If there is no such axis, or if there is nothing to choose from.
    #[track_caller]
    pub fn argmin(&self, axis: usize) -> ArrayD<usize> {
        self.not_empty("argmin", &[axis]);
        self.position(axis, |x, best| x < best)
    }

    /// Panics if an element of the result would have nothing to come from.
    #[track_caller]
    fn not_empty(&self, op: &str, axes: &[usize]) {
        let kept = self.kept(op, axes);
        if self.reduced_len(&kept) == 0 && !kept.contains(&0) {
            self.refuse(op, format!("no elements along axes {axes:?}; at least one is needed to choose from"));
        }
    }

    /// The fold of an extreme, recorded.
    #[track_caller]
    pub(super) fn reduced_by(&self, name: &'static str, axes: &[usize], keep: bool, pick: Pick<T>) -> Self {
        let kept = self.kept(name, axes);
        let output = self.folded(&kept, pick.0, pick.1).dropped(keep, axes);
        Rule {
            name,
            with: (name, Reduced { axes: axes.into(), kept, keep }, pick),
            forward: |x, &(name, ref over, pick)| Ok(x[0].reduced_by(name, &over.axes, over.keep, pick)),
            // Of `n` elements that equal the result, each gets `1/n` of its gradient.
            vjp: |cx, (name, over, _)| {
                let y = cx.output().untracked().reshape(&over.kept);
                let ties = cx.input(0).compare(name, &y, |x, y| x == y);
                let shares = &ties / ties.sum_axes(&over.axes, true);
                cx.grad().reshape(&over.kept).chain(&shares).into()
            },
            notation: |_, _| Written::named([scaled(Atom(&[In(Square, &[A, Same(" = "), B]), Same("/n")]), [X(0), Y])]),
        }
        .record(&[self], output)
    }

    fn position(&self, axis: usize, better: impl Fn(T, T) -> bool) -> ArrayD<usize> {
        let first = |lane: ndarray::ArrayView1<'_, T>| {
            let mut at = 0;
            for (i, &x) in lane.iter().enumerate() {
                if better(x, lane[at]) || x.is_nan() && !lane[at].is_nan() {
                    at = i;
                }
            }
            at
        };
        let shape = drop_axes(self.shape(), &[axis]);
        if shape.contains(&0) {
            return ArrayD::zeros(IxDyn(&shape));
        }
        self.view().map_axis(Axis(axis), first)
    }
}
