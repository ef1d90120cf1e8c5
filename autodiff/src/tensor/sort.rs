//! Elements in order.

use std::cmp::Ordering;

use ndarray::{ArrayD, Axis};

use super::Tensor;
use crate::Real;

impl<T: Real> Tensor<T> {
    /// Where the elements along an axis stand, the smallest first; equals in the order in which they stand, NaN last.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[3.0, 1.0, 2.0], [5.0, 5.0, 4.0]]);
    /// assert_eq!(x.argsort(1), array![[1, 2, 0], [2, 0, 1]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn argsort(&self, axis: usize) -> ArrayD<usize> {
        let len = self.length("argsort", axis);
        self.order(axis, len, ascending)
    }

    /// The elements along an axis, the smallest first, NaN last. An element's gradient goes to where it stood.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![3.0, 1.0, 2.0]);
    /// let y = x.sort(0);
    /// assert_eq!(y.to_array(), array![1.0, 2.0, 3.0].into_dyn());
    /// let weights = Tensor::from(vec![10.0, 20.0, 30.0]);
    /// assert_eq!((y * weights).sum().backward().wrt(&x), array![30.0, 10.0, 20.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[doc(alias = "msort")]
    #[track_caller]
    pub fn sort(&self, axis: usize) -> Self {
        let len = self.length("sort", axis);
        self.gather(axis, &self.order(axis, len, ascending))
    }

    /// The `k` largest along an axis, the largest first, and where they stand; of equals the first comes first, and NaN counts
    /// as largest, as for [`argmax`](Self::argmax). The values have gradients.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[3.0, 1.0, 2.0], [5.0, 5.0, 4.0]]);
    /// let (values, places) = x.top_k(2, 1);
    /// assert_eq!(values.to_array(), array![[3.0, 2.0], [5.0, 5.0]].into_dyn());
    /// assert_eq!(places, array![[0, 2], [0, 1]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or if it has fewer than `k` elements.
    #[doc(alias = "topk")]
    #[track_caller]
    pub fn top_k(&self, k: usize, axis: usize) -> (Self, ArrayD<usize>) {
        let len = self.length("top_k", axis);
        if k > len {
            self.refuse("top_k", format!("axis {axis} has {len} elements, from which {k} cannot be taken"));
        }
        let places = self.order(axis, k, |a, b| ascending(b, a));
        (self.gather(axis, &places), places)
    }

    /// Where the first `count` elements along an axis stand, in the order that `compare` gives; equals in theirs.
    fn order(&self, axis: usize, count: usize, compare: impl Fn(T, T) -> Ordering) -> ArrayD<usize> {
        let mut shape = self.shape().to_vec();
        shape[axis] = count;
        let mut order = ArrayD::zeros(shape);
        for (lane, first) in self.view().lanes(Axis(axis)).into_iter().zip(order.lanes_mut(Axis(axis))) {
            let mut places: Vec<usize> = (0..lane.len()).collect();
            places.sort_by(|&i, &j| compare(lane[i], lane[j]));
            for (out, place) in first.into_iter().zip(places) {
                *out = place;
            }
        }
        order
    }
}

/// The smaller first, NaN last.
fn ascending<T: Real>(a: T, b: T) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}
