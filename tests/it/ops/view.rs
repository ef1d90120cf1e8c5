//! How a tensor lies in memory.

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn, Slice, SliceInfoElem};

/// How an operand lies in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View {
    Plain,
    /// Permuted strides.
    Transposed,
    /// A part of a larger buffer: every second element along each axis.
    Sliced,
}

impl View {
    const INSIDE: Slice = Slice { start: 1, end: None, step: 2 };

    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Transposed, Self::Sliced];

    /// The shape of the whole buffer behind an operand of this shape.
    pub(crate) fn stored(self, shape: &[usize]) -> Vec<usize> {
        match self {
            Self::Plain => shape.to_vec(),
            Self::Transposed => shape.iter().rev().copied().collect(),
            Self::Sliced => shape.iter().map(|len| 2 * len + 1).collect(),
        }
    }

    /// The operand, seen in the whole buffer.
    pub(crate) fn seen<T: Real>(self, whole: &Tensor<T>) -> Tensor<T> {
        match self {
            Self::Plain => whole.clone(),
            Self::Transposed => whole.transpose(),
            Self::Sliced => whole.slice(vec![SliceInfoElem::from(Self::INSIDE); whole.ndim()]),
        }
    }

    /// A constant with these elements, given in row-major order. What lies around them is NaN.
    pub(crate) fn lay<T: Real>(self, shape: &[usize], elements: &[f64]) -> Tensor<T> {
        let elements = elements.iter().map(|&x| T::of(x)).collect();
        let array = ArrayD::from_shape_vec(IxDyn(shape), elements).expect("as many as the shape says");
        let mut whole = ArrayD::from_elem(IxDyn(&self.stored(shape)), T::nan());
        match self {
            Self::Plain => whole.assign(&array),
            Self::Transposed => whole.assign(&array.t()),
            Self::Sliced => whole.slice_each_axis_mut(|_| Self::INSIDE).assign(&array),
        }
        self.seen(&Tensor::constant(whole))
    }
}
