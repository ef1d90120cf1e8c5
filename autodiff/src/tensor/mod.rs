//! Tensors: arrays that are recorded as wholes.
//!
//! A [`Tensor`] goes in as an `ndarray` array and comes out as one, without a copy. Operations broadcast as in `ndarray`
//! and `NumPy`: shapes are matched from the last axis, and 1 stretches. Binary operators panic at the caller's line when
//! shapes do not fit.
//!
//! # Accuracy
//!
//! `exp`, `exp_m1`, `ln`, `ln_1p`, `tanh`, `sigmoid`, `softplus`, `log_sigmoid`, `sin` and `cos` of tensors of `f32` and `f64` are
//! within 2 units in the last place (ulp) of the exact value over the whole range, and `powf` with the exponents 1/2, 1, 3/2,
//! 2; all else is bit for bit what plain code gives. They are the crate's own, because calls to the standard library, which
//! [`Var`] makes, keep a loop from using vector instructions and cost five to ten times as much. They give the same bits on
//! every processor, at every place of a tensor, on any number of threads. Largest errors seen over six million arguments each:
//!
//! | | `exp` | `exp_m1` | `ln` | `ln_1p` | `tanh` | `sigmoid` | `softplus` | `log_sigmoid` | `sin` | `cos` |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | `f32`, ulp | 0.90 | 1.08 | 0.80 | 0.87 | 0.87 | 1.44 | 1.60 | 1.59 | 0.78 | 0.76 |
//! | `f64`, ulp | 0.88 | 1.24 | 0.80 | 0.85 | 0.97 | 1.48 | 1.55 | 1.56 | 0.77 | 0.77 |
//!
//! Angles beyond 10⁵ (`f32`) and 10⁹ (`f64`) go to the standard library one by one. A processor without fused multiply-add
//! computes it in software: the same bits, ten times slower than the standard library.
//!
//! [`elementwise!`](crate::elementwise) makes one pass of a formula.

mod body;
mod checkpoint;
mod compare;
mod conv;
mod cumulative;
mod custom;
pub(crate) mod cut;
mod decompose;
mod diag;
mod einsum;
mod elem;
mod elementwise;
pub(crate) mod entry;
mod extreme;
pub(crate) mod finite;
mod formula;
mod functions;
mod gather;
mod hook;
mod index;
mod join;
pub(crate) mod layout;
mod lift;
pub(crate) mod linalg;
mod losses;
mod map_rows;
mod matmul;
pub(crate) mod no_grad;
mod norm;
mod op;
mod operators;
mod pad;
mod pool;
mod prod;
mod record;
mod reduce;
mod shape;
mod softmax;
mod spread;
mod tangent;
#[cfg(test)]
mod threads;
mod unfold;
pub(crate) mod written;

use std::fmt;

use ndarray::{Array, ArrayD, ArrayRef, ArrayView, ArrayViewD, Dimension, IxDyn, ShapeBuilder};

pub use self::checkpoint::checkpoint;
pub use self::conv::Conv;
pub use self::elem::Elem;
pub use self::formula::Formula;
pub use self::functions::{grad, hessian, hvp, jacobian, jacobian_rows, jvp, value_and_grad, vjp};
pub use self::no_grad::no_grad;
pub use self::op::{Grads, Op, Vjp};
pub use self::pool::Pool;
pub use self::unfold::Pair;
pub use crate::kernels::factor::Triangle;

#[doc(hidden)]
pub use crate::kernels::cpu::{Path, limited_to};

use self::body::Body;
use self::cut::Cuts;
use self::layout::Layout;
use crate::error::{Error, Kind};
use crate::kernels::map::{self, Strided};
use crate::kernels::storage::Storage;
use crate::tape::cell::TapeCell;
use crate::{Real, Var};

/// An n-dimensional array of numbers which, unless it is a constant, has its place on a tape.
///
/// Cheap to clone: clones, transposes, slices and reshapes share the elements.
///
/// ```
/// use autodiff::{Tape, Tensor};
/// use ndarray::array;
/// let tape = Tape::new();
/// let w = tape.tensor(array![[1.0, 2.0], [3.0, 4.0]]);
/// let x = Tensor::constant(array![[1.0, -1.0]]);
/// let loss = x.matmul(&w).tanh().square().sum();
/// let g = loss.backward();
/// assert_eq!(g.wrt(&w).shape(), [2, 2]);
/// ```
#[derive(Clone)]
pub struct Tensor<T: Real> {
    body: Body<T>,
    node: Option<Node<T>>,
    cuts: Cuts<T>,
}

/// A tensor's place on a tape.
#[derive(Clone, Copy)]
pub(crate) struct Node<T: Real> {
    pub(crate) cell: &'static TapeCell<T>,
    pub(crate) index: u32,
    pub(crate) slot: u32,
    pub(crate) epoch: u32,
}

impl<T: Real> Tensor<T> {
    /// A constant: gradients with respect to it are not recorded. Takes over a row-major array without copying.
    pub fn constant<D: Dimension>(array: Array<T, D>) -> Self {
        let shape = Layout::row_major(array.shape());
        let array = if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() };
        let (vec, offset) = array.into_raw_vec_and_offset();
        Self::plain_body(Storage::from_vec(vec), Layout { offset: offset.unwrap_or(0), ..shape })
    }

    /// A constant of no axes.
    pub fn scalar(value: T) -> Self {
        Self::full(&[], value)
    }

    /// A constant with every element the same.
    ///
    /// # Panics
    /// If the number of elements overflows.
    #[track_caller]
    pub fn full(shape: &[usize], value: T) -> Self {
        let Some(len) = layout::checked_len(shape) else {
            Error::from(Kind::Shape { op: "full".into(), shape: shape.to_vec(), rule: "too many elements".into() })
                .raise()
        };
        Self::from_storage(Storage::filled(len, value), shape)
    }

    /// A constant with every element 0.
    #[track_caller]
    pub fn zeros(shape: &[usize]) -> Self {
        Self::full(shape, T::zero())
    }

    /// A constant with every element 1.
    #[track_caller]
    pub fn ones(shape: &[usize]) -> Self {
        Self::full(shape, T::one())
    }

    pub(crate) fn from_storage(storage: Storage<T>, shape: &[usize]) -> Self {
        debug_assert_eq!(storage.as_slice().len(), shape.iter().product::<usize>());
        Self::plain_body(storage, Layout::row_major(shape))
    }

    fn plain_body(storage: Storage<T>, layout: Layout) -> Self {
        Self { body: Body::new(storage, layout), node: None, cuts: None }
    }

    /// A result of `shape` whose elements `write` sets in full.
    #[track_caller]
    pub(crate) fn build(shape: &[usize], write: impl FnOnce(&mut [T])) -> Self {
        let mut storage = Storage::scratch(shape.iter().product());
        write(storage.make_mut());
        Self::from_storage(storage, shape)
    }

    /// A copy of a view, whatever its strides.
    pub(crate) fn copied(view: &ArrayViewD<'_, T>) -> Self {
        Self::build(view.shape(), |out| {
            for (out, &x) in out.iter_mut().zip(view) {
                *out = x;
            }
        })
    }

    /// The same elements under another layout, as a constant.
    pub(crate) fn with_layout(&self, layout: Layout) -> Self {
        Self::plain_body(self.body.storage().clone(), layout)
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.layout().shape
    }

    /// The number of axes.
    pub fn ndim(&self) -> usize {
        self.layout().rank()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.layout().len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the tensor is recorded on a tape (and not a constant).
    pub fn is_tracked(&self) -> bool {
        self.node.is_some()
    }

    /// Whether the tensor stands on a tape that has not been reset or dropped since: it can take part in a computation
    /// and a gradient can flow to it.
    pub fn is_current(&self) -> bool {
        self.node.is_some_and(|node| node.cell.epoch() == node.epoch)
    }

    /// The elements as an `ndarray` view.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::constant(ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.transpose().view(), ndarray::array![[1.0, 3.0], [2.0, 4.0]].into_dyn());
    /// ```
    pub fn view(&self) -> ArrayViewD<'_, T> {
        let shape = IxDyn(&self.layout().shape);
        if self.is_empty() {
            // Strides of nothing may reach beyond it.
            return ArrayView::from_shape(shape, &[]).expect("no elements");
        }
        let elements = &self.buffer()[self.layout().offset..];
        ArrayView::from_shape(shape.strides(IxDyn(&self.layout().strides)), elements)
            .expect("a layout lies inside its buffer")
    }

    /// The elements as an owned array.
    pub fn to_array(&self) -> ArrayD<T> {
        self.view().to_owned()
    }

    /// The elements as an owned array, without a copy if nobody else uses them.
    pub fn into_array(self) -> ArrayD<T> {
        if self.layout().offset != 0 || !self.layout().is_row_major() {
            return self.to_array();
        }
        let (len, shape) = (self.len(), IxDyn(self.shape()));
        let mut vec = self.body.into_storage().into_vec();
        vec.truncate(len);
        ArrayD::from_shape_vec(shape, vec).expect("as many elements as the shape says")
    }

    /// The element of a tensor that has just one.
    ///
    /// # Panics
    /// If there is not exactly one element.
    #[track_caller]
    pub fn item(&self) -> T {
        if self.len() != 1 {
            let rule = "`item` needs exactly one element".to_owned();
            Error::from(Kind::Shape { op: "item".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        self.buffer()[self.layout().offset]
    }

    /// The same values as a constant: no gradient flows through. If one is asked for that would have, the message names
    /// this place.
    #[track_caller]
    pub fn detach(&self) -> Self {
        self.untracked().noted("detach", &[self])
    }

    /// The same values as a constant that says nothing of where it came from.
    pub(crate) fn untracked(&self) -> Self {
        Self { body: self.body.clone(), node: None, cuts: None }
    }

    pub(crate) fn strided(&self) -> Strided<'_, T> {
        let layout = self.layout();
        Strided { data: self.buffer(), strides: &layout.strides, offset: layout.offset }
    }

    /// All elements of the buffer that this tensor is a view of.
    pub(crate) fn buffer(&self) -> &[T] {
        self.body.storage().as_slice()
    }

    pub(crate) fn layout(&self) -> &Layout {
        self.body.layout()
    }

    /// The elements in row-major order, copied only if they lie otherwise; a constant.
    pub(crate) fn row_major(&self) -> Self {
        if self.layout().is_row_major() {
            return self.untracked();
        }
        Self::build(self.shape(), |out| map::map1(self.shape(), self.strided(), out, |x| x))
    }

    /// The elements as a slice, if they lie in row-major order.
    pub(crate) fn as_slice(&self) -> Option<&[T]> {
        let (offset, len) = (self.layout().offset, self.len());
        self.layout().is_row_major().then(|| if len == 0 { &[] } else { &self.buffer()[offset..offset + len] })
    }

    /// The elements in row-major order, for writing; a shared buffer is copied first.
    pub(crate) fn make_mut(&mut self) -> &mut [T] {
        let (layout, len) = (self.layout(), self.len());
        if !self.body.is_unique() || !layout.is_row_major() || layout.offset != 0 || self.buffer().len() != len {
            let node = self.node;
            *self = Self::build(self.shape(), |out| map::map1(self.shape(), self.strided(), out, |x| x));
            self.node = node;
        }
        self.body.make_mut().expect("just made unique")
    }

    /// Updates the elements in place, `self[i] = f(self[i], other[i])`; a buffer that others use is copied first.
    ///
    /// For optimisers, which change parameters between steps. Nothing is recorded: a tracked tensor becomes a constant.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let mut w = Tensor::constant(ndarray::array![1.0, 2.0]);
    /// w.update(&Tensor::constant(ndarray::array![10.0, 20.0]), |w, g| w - 0.1 * g);
    /// assert_eq!(w.to_array(), ndarray::array![0.0, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn update(&mut self, other: &Self, f: impl Fn(T, T) -> T) {
        if self.shape() != other.shape() {
            let (a, b) = (self.shape().to_vec(), other.shape().to_vec());
            Error::from(Kind::Shapes { op: "update".into(), a, b, rule: "both need the same shape" }).raise();
        }
        (self.node, self.cuts) = (None, None);
        if !self.body.is_unique() || !self.layout().is_row_major() {
            // Somebody else needs the old values, a tape perhaps: the new ones go elsewhere, in one pass.
            *self = Self::build(self.shape(), |out| map::map2(self.shape(), self.strided(), other.strided(), out, f));
            return;
        }
        let (shape, strides) = (other.shape(), layout::row_major_strides(other.shape()));
        map::update(shape, self.make_mut(), &strides, 0, other.strided(), f);
    }

    /// Whether all elements are finite.
    pub fn is_finite(&self) -> bool {
        self.view().iter().all(|x| x.is_finite())
    }
}

/// The values; row by row, as `ndarray` prints them.
impl<T: Real> fmt::Display for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.view(), f)
    }
}

/// The values and the place on the tape.
impl<T: Real> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node {
            Some(node) => write!(f, "Tensor(@ {}, shape {:?}, {})", node.index, self.shape(), self.view()),
            None => write!(f, "Tensor(constant, shape {:?}, {})", self.shape(), self.view()),
        }
    }
}

impl<T: Real, D: Dimension> From<Array<T, D>> for Tensor<T> {
    fn from(array: Array<T, D>) -> Self {
        Self::constant(array)
    }
}

impl<T: Real, D: Dimension> From<&ArrayRef<T, D>> for Tensor<T> {
    fn from(array: &ArrayRef<T, D>) -> Self {
        Self::constant(array.to_owned())
    }
}

impl<T: Real> From<T> for Tensor<T> {
    fn from(value: T) -> Self {
        Self::scalar(value)
    }
}

impl<T: Real> From<Var<T>> for Tensor<T> {
    #[track_caller]
    fn from(x: Var<T>) -> Self {
        Self::from_vars(&[x], &[])
    }
}
