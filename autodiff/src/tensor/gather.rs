//! Elements picked by an array of indices along an axis, and added back.

use std::rc::Rc;

use ndarray::{ArrayRef, Dimension};

use super::Tensor;
use super::layout::Dims;
use super::rule::Rule;
use super::written::Term::G;
use super::written::{Written, of_gradient};
use crate::Real;
use crate::error::mismatch;
use crate::kernels::gather;
use crate::rules::notation::sign::{Sign, Word};

/// An index for each element, along an axis.
#[derive(Clone)]
struct Places {
    axis: usize,
    shape: Dims,
    /// In row-major order.
    index: Rc<[usize]>,
}

impl<T: Real> Tensor<T> {
    /// Elements picked along an axis, an index for each element of the result: for axis 0 of a matrix
    /// `y[i, j] = x[index[i, j], j]`.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let y = x.gather(1, &array![[2], [0]]);
    /// assert_eq!(y.to_array(), array![[3.0], [4.0]].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, if the array of indices has other lengths along other axes, or if an index reaches beyond the
    /// axis.
    #[doc(alias("take_along_axis", "take_along_dim"))]
    #[track_caller]
    pub fn gather<D: Dimension>(&self, axis: usize, index: &ArrayRef<usize, D>) -> Self {
        self.pick(&self.places("gather", axis, index))
    }

    /// This with elements of `source` added along an axis, an index for each: for axis 0 of a matrix
    /// `y = self; y[index[i, j], j] += source[i, j]`, in row-major order. The adjoint of [`gather`](Self::gather).
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let counts = Tensor::<f64>::zeros(&[3]).scatter_add(0, &array![2, 0, 2], &Tensor::ones(&[3]));
    /// assert_eq!(counts.to_array(), array![1.0, 0.0, 2.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// As for [`gather`](Self::gather), and if `source` has not the shape of the array of indices.
    #[doc(alias("segment_sum", "bincount", "index_add", "at.add"))]
    #[track_caller]
    pub fn scatter_add<D: Dimension>(&self, axis: usize, index: &ArrayRef<usize, D>, source: &Self) -> Self {
        let places = self.places("scatter_add", axis, index);
        if source.shape() != index.shape() {
            let rule = "there must be an index for each element of the source";
            mismatch("scatter_add", index.shape(), source.shape(), rule);
        }
        self.add_at(&places, source)
    }

    #[track_caller]
    fn places<D: Dimension>(&self, op: &str, axis: usize, index: &ArrayRef<usize, D>) -> Places {
        let len = self.length(op, axis);
        let elsewhere = |shape: &[usize]| super::reduce::drop_axes(shape, &[axis]);
        if index.ndim() != self.ndim() || elsewhere(index.shape()) != elsewhere(self.shape()) {
            mismatch(op, self.shape(), index.shape(), "the array of indices may differ along the named axis only");
        }
        if let Some(beyond) = index.iter().find(|&&i| i >= len) {
            self.refuse(op, format!("axis {axis} of length {len} has no index {beyond}"));
        }
        Places { axis, shape: index.shape().iter().copied().collect(), index: index.iter().copied().collect() }
    }

    /// The elements to a step along the axis.
    fn inner(&self, places: &Places) -> usize {
        self.shape()[places.axis + 1..].iter().product()
    }

    #[track_caller]
    fn pick(&self, places: &Places) -> Self {
        let (x, n, count) = (self.row_major(), self.shape()[places.axis], places.shape[places.axis]);
        let elements = x.as_slice().expect("row-major");
        let write = |out: &mut [T]| gather::gather(elements, n, &places.index, count, self.inner(places), out);
        let output = Self::build(&places.shape, write);
        Rule {
            name: "gather",
            with: places.clone(),
            forward: |x, places| Ok(x[0].pick(places)),
            // What was picked gets the sum of the gradients of all places that it was picked for.
            vjp: |cx, places| Self::zeros(cx.input(0).shape()).add_at(places, cx.grad()).into(),
            notation: |_, _| Written::linear(Sign("scatter_add", r"\operatorname{scatter\_add}")),
        }
        .record(&[self], output)
    }

    #[track_caller]
    fn add_at(&self, places: &Places, source: &Self) -> Self {
        let (x, n, count) = (source.row_major(), self.shape()[places.axis], places.shape[places.axis]);
        let mut output = self.untracked();
        let elements = x.as_slice().expect("row-major");
        gather::scatter_add(elements, count, &places.index, n, self.inner(places), output.make_mut());
        Rule {
            name: "scatter_add",
            with: places.clone(),
            forward: |x, places| Ok(x[0].add_at(places, &x[1])),
            vjp: |cx, places| cx.each(|i| if i == 0 { cx.grad().clone() } else { cx.grad().pick(places) }),
            notation: |_, _| Written::named([G, of_gradient(Word("gather"))]),
        }
        .record(&[self, source], output)
    }
}
