//! Tensors side by side, and taken apart again.

use std::borrow::Borrow;

use super::Tensor;
use super::layout::{Dims, checked_len, row_major_strides};
use super::rule::Rule;
use super::written::Term::{Array, G, Index};
use super::written::Written;
use crate::Real;
use crate::error::{Error, mismatch};
use crate::kernels::loops;
use crate::rules::notation::sign::{A, Atom, Down, In, Item, Round, Sign, Word};

impl<T: Real> Tensor<T> {
    /// Tensors, or references to them, joined along an axis.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let (a, b) = (Tensor::constant(array![[1.0], [2.0]]), Tensor::constant(array![[3.0, 4.0], [5.0, 6.0]]));
    /// assert_eq!(Tensor::concat(&[&a, &b], 1).to_array(), array![[1.0, 3.0, 4.0], [2.0, 5.0, 6.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there are none, if there is no such axis, if the other lengths differ, or if the number of elements overflows.
    #[doc(alias("cat", "concatenate"))]
    #[track_caller]
    pub fn concat<P: Borrow<Self>>(parts: &[P], axis: usize) -> Self {
        let op = "concat";
        let parts: Vec<&Self> = parts.iter().map(P::borrow).collect();
        let Some(first) = parts.first() else {
            Error::custom("concat: no tensors given; at least one is needed to know the shape").raise()
        };
        let mut shape = first.kept(op, &[axis]);
        shape[axis] = 0;
        for part in &parts {
            let mut same: Dims = part.shape().iter().copied().collect();
            let len = same.get(axis).copied().unwrap_or(0);
            if let Some(length) = same.get_mut(axis) {
                *length = shape[axis];
            }
            if same != shape {
                let rule = "all lengths but that of the joined axis must be equal";
                mismatch(op, first.shape(), part.shape(), rule);
            }
            shape[axis] = shape[axis].saturating_add(len);
        }
        if checked_len(&shape).is_none() {
            first.refuse(op, format!("{} tensors joined have too many elements", parts.len()));
        }
        let strides = row_major_strides(&shape);
        let output = Self::build(&shape, |out| {
            let mut start = 0;
            for part in &parts {
                loops::update(part.shape(), out, &strides, start * strides[axis], part.strided(), |_, x| x);
                start += part.shape()[axis];
            }
        });
        Rule {
            name: "concat",
            with: axis,
            forward: |x, &axis| Ok(Self::concat(x, axis)),
            vjp: |cx, &axis| {
                let mut start = 0;
                (0..cx.arity())
                    .map(|i| {
                        let end = start + cx.input(i).shape()[axis];
                        let part = cx.needs(i).then(|| cx.grad().narrow(axis, start..end));
                        start = end;
                        part
                    })
                    .collect()
            },
            notation: |of, _| {
                // A number that is not alone is written small: part₂.
                let part = Atom(&[Word("part"), Down(&[Sign("", " "), A]), In(Round, &[Item(1)])]);
                let gradient = |k| Array(part, vec![Index(k), G]);
                Written::named((1..=of.shapes.len()).map(gradient).collect::<Vec<_>>())
            },
        }
        .record(&parts, output)
    }

    /// Tensors of one shape, or references to them, joined along a new axis.
    ///
    /// # Panics
    /// If there are none, if the axis is beyond the last, or if the shapes differ.
    #[doc(alias("vstack", "hstack"))]
    #[track_caller]
    pub fn stack<P: Borrow<Self>>(parts: &[P], axis: usize) -> Self {
        // Not in a closure: a panic is to point at the caller.
        let mut expanded = Vec::with_capacity(parts.len());
        for part in parts {
            expanded.push(part.borrow().expand(axis));
        }
        Self::concat(&expanded, axis)
    }

    /// The parts of an axis of the given lengths, one after another, without a copy.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![1.0, 2.0, 3.0]);
    /// let parts = x.split(0, &[1, 2]);
    /// assert_eq!(parts[1].to_array(), array![2.0, 3.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or if the lengths do not add up to its length.
    #[doc(alias("tensor_split", "array_split", "unbind", "vsplit", "hsplit"))]
    #[track_caller]
    pub fn split(&self, axis: usize, lengths: &[usize]) -> Vec<Self> {
        let len = self.length("split", axis);
        let sum = lengths.iter().try_fold(0_usize, |sum, &length| sum.checked_add(length));
        if sum != Some(len) {
            self.refuse("split", format!("the lengths {lengths:?} must add up to that of axis {axis}, {len}"));
        }
        let mut start = 0;
        // Not in a closure: a panic is to point at the caller.
        let mut parts = Vec::with_capacity(lengths.len());
        for &length in lengths {
            parts.push(self.narrow(axis, start..start + length));
            start += length;
        }
        parts
    }

    /// The parts of an axis of a given length, one after another, without a copy; the last one is what is left over.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::<f64>::zeros(&[7, 2]);
    /// let lengths: Vec<usize> = x.chunks(0, 3).iter().map(|part| part.shape()[0]).collect();
    /// assert_eq!(lengths, [3, 3, 1]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or if the length is 0.
    #[doc(alias("chunk", "axis_chunks_iter"))]
    #[track_caller]
    pub fn chunks(&self, axis: usize, length: usize) -> Vec<Self> {
        let len = self.length("chunks", axis);
        if length == 0 {
            self.refuse("chunks", "chunks of length 0 never come to an end");
        }
        let mut parts = Vec::with_capacity(len.div_ceil(length));
        for start in (0..len).step_by(length) {
            parts.push(self.narrow(axis, start..len.min(start.saturating_add(length))));
        }
        parts
    }

    /// The whole repeated along each axis, `times[k]` times along axis `k`. Where one list is shorter, it is filled up with
    /// ones in front.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 2.0]);
    /// let y = x.tile(&[2, 2]);
    /// assert_eq!(y.to_array(), array![[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![4.0, 4.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the number of elements overflows.
    #[doc(alias = "repeat")]
    #[track_caller]
    pub fn tile(&self, times: &[usize]) -> Self {
        let rank = self.ndim().max(times.len());
        let filled = |list: &[usize]| -> Dims {
            std::iter::repeat_n(1, rank - list.len()).chain(list.iter().copied()).collect()
        };
        let (shape, times) = (filled(self.shape()), filled(times));
        let pairs = || times.iter().copied().zip(shape.iter().copied());
        // Times and lengths side by side: each axis is repeated by stretching the one before it.
        let stretched: Dims = pairs().flat_map(|(times, len)| [times, len]).collect();
        if checked_len(&stretched).is_none() {
            self.refuse("tile", format!("too many elements, repeated {times:?} times"));
        }
        let apart: Dims = shape.iter().flat_map(|&len| [1, len]).collect();
        let whole: Dims = pairs().map(|(times, len)| times * len).collect();
        self.reshape(&apart).broadcast_to(&stretched).reshape(&whole)
    }
}
