//! The handle: what a tensor is, how it is made, and how its elements are read.

use std::fmt;

use ndarray::{Array, Array1, ArrayD, ArrayRef, ArrayView, ArrayViewD, Dimension, IxDyn, ShapeBuilder};

use super::body::Body;
use super::layout::{self, Layout};
use super::node::{Cuts, Node};
use crate::error::{Error, Kind, mismatch};
use crate::kernels::loops::{self, Strided};
use crate::kernels::once;
use crate::kernels::storage::Storage;
use crate::{Beside, Operand, Real, Var};

/// An n-dimensional array of numbers which, unless it is a constant, has its place on a tape.
///
/// Cheap to clone: clones, transposes, slices and reshapes share the elements.
///
/// Numbers stand beside it on both sides of an operator and as arguments of functions, `1.0 - &x`, `x.max(0.0)`: an `f64`
/// whatever `T` is, so in code that is generic over `T: Real` too, or a `T`; see [`Operand`]. On the left of a tensor of `f32` a
/// literal may be `f32` or `f64`; where a method follows, say which: `(1.0_f32 - &x).square()`.
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
    pub(super) body: Body<T>,
    pub(super) node: Option<Node<T>>,
    pub(super) cuts: Cuts<T>,
}

impl<T: Real> Tensor<T> {
    /// A constant: gradients with respect to it are not recorded. Takes over a row-major array without copying.
    #[doc(alias("from_numpy", "asarray", "array"))]
    pub fn constant<D: Dimension>(array: Array<T, D>) -> Self {
        let shape = Layout::row_major(array.shape());
        let array = if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() };
        let (vec, offset) = array.into_raw_vec_and_offset();
        Self::plain_body(Storage::from_vec(vec), Layout { offset: offset.unwrap_or(0), ..shape })
    }

    /// A constant of no axes.
    #[doc(alias = "arr0")]
    pub fn scalar(value: T) -> Self {
        Self::full(&[], value)
    }

    /// A constant with every element the same.
    ///
    /// # Panics
    /// If the number of elements overflows.
    #[doc(alias("from_elem", "full_like"))]
    #[track_caller]
    pub fn full(shape: &[usize], value: T) -> Self {
        let Some(len) = layout::checked_len(shape) else {
            Error::from(Kind::Shape { op: "full".into(), shape: shape.to_vec(), rule: "too many elements".into() })
                .raise()
        };
        Self::from_storage(Storage::filled(len, value), shape)
    }

    /// A constant with every element 0.
    #[doc(alias = "zeros_like")]
    #[track_caller]
    pub fn zeros(shape: &[usize]) -> Self {
        Self::full(shape, T::zero())
    }

    /// A constant with every element 1.
    #[doc(alias = "ones_like")]
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
    #[doc(alias = "size")]
    pub fn shape(&self) -> &[usize] {
        &self.layout().shape
    }

    /// The number of axes.
    #[doc(alias = "dim")]
    pub fn ndim(&self) -> usize {
        self.layout().rank()
    }

    /// The number of elements.
    #[doc(alias("numel", "size"))]
    pub fn len(&self) -> usize {
        self.layout().len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the tensor is recorded on a tape (and not a constant).
    #[doc(alias = "requires_grad")]
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
    #[doc(alias = "numpy")]
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
    #[doc(alias("to_owned", "numpy"))]
    pub fn to_array(&self) -> ArrayD<T> {
        self.view().to_owned()
    }

    /// The elements as an owned array, without a copy if nobody else uses them.
    #[doc(alias = "into_dyn")]
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
    #[doc(alias = "into_scalar")]
    #[track_caller]
    pub fn item(&self) -> T {
        if self.len() != 1 {
            self.refuse("item", "`item` needs exactly one element");
        }
        self.buffer()[self.layout().offset]
    }

    /// The same values as a constant: no gradient flows through. If one is asked for that would have, the message names
    /// this place.
    #[doc(alias = "stop_gradient")]
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

    /// How many tensors there are with these elements, under this layout.
    pub(crate) fn users(&self) -> usize {
        self.body.users()
    }

    pub(crate) fn layout(&self) -> &Layout {
        self.body.layout()
    }

    /// The elements in row-major order, copied only if they lie otherwise; a constant.
    pub(crate) fn row_major(&self) -> Self {
        if self.layout().is_row_major() {
            return self.untracked();
        }
        Self::build(self.shape(), |out| loops::map1(self.shape(), self.strided(), out, |x| x))
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
            *self = Self::build(self.shape(), |out| loops::map1(self.shape(), self.strided(), out, |x| x));
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
    #[doc(alias = "zip_mut_with")]
    #[track_caller]
    pub fn update(&mut self, other: &Self, f: impl Fn(T, T) -> T) {
        if self.shape() != other.shape() {
            mismatch("update", self.shape(), other.shape(), "both need the same shape");
        }
        (self.node, self.cuts) = (None, None);
        if !self.body.is_unique() || !self.layout().is_row_major() {
            // Somebody else needs the old values, a tape perhaps: the new ones go elsewhere, in one pass.
            *self = Self::build(self.shape(), |out| loops::map2(self.shape(), self.strided(), other.strided(), out, f));
            return;
        }
        let (shape, strides) = (other.shape(), layout::row_major_strides(other.shape()));
        loops::update(shape, self.make_mut(), &strides, 0, other.strided(), f);
    }

    /// Adds a tensor of the same shape, in place. A constant.
    pub(crate) fn accumulate(&mut self, term: &Self) {
        if !self.body.is_unique() || !self.layout().is_row_major() {
            return self.update(term, |sum, x| sum + x);
        }
        (self.node, self.cuts) = (None, None);
        let (shape, strides) = (term.shape(), layout::row_major_strides(term.shape()));
        once::add_to(shape, self.make_mut(), &strides, 0, term.strided());
    }

    /// Updates some of the rows, which the first axis counts, as [`update`](Self::update) does all elements: row `rows[k]`
    /// with row `k` of `other`.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let mut w = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// w.update_rows(&[2, 0], &Tensor::constant(array![[10.0, 20.0], [0.0, 1.0]]), |w, g| w - g);
    /// assert_eq!(w.to_array(), array![[1.0, 1.0], [3.0, 4.0], [-5.0, -14.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such row, or `other` has not a row of this tensor's row shape for each.
    #[track_caller]
    pub fn update_rows(&mut self, rows: &[usize], other: &Self, f: impl Fn(T, T) -> T) {
        let count = self.shape().first().copied().unwrap_or(0);
        let fits =
            self.ndim() > 0 && other.shape().first() == Some(&rows.len()) && other.shape()[1..] == self.shape()[1..];
        if !fits {
            mismatch(
                "update_rows",
                self.shape(),
                other.shape(),
                "the other needs a row of this one's row shape for each index",
            );
        }
        if let Some(row) = rows.iter().find(|&&row| row >= count) {
            self.refuse("update_rows", format!("there is no row {row}"));
        }
        (self.node, self.cuts) = (None, None);
        let (other, width) = (other.row_major(), self.len() / count.max(1));
        let source = other.as_slice().expect("row-major");
        let target = self.make_mut();
        for (k, &row) in rows.iter().enumerate() {
            let old = &mut target[row * width..][..width];
            old.iter_mut().zip(&source[k * width..]).for_each(|(x, &y)| *x = f(*x, y));
        }
    }

    /// Whether all elements are finite.
    #[doc(alias = "isfinite")]
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

/// In one axis.
impl<T: Real> From<Vec<T>> for Tensor<T> {
    fn from(elements: Vec<T>) -> Self {
        Self::constant(Array1::from(elements))
    }
}

impl<T: Real> Beside<T> for Tensor<T> {
    type As = Self;

    fn beside(self) -> Self {
        self
    }
}

impl<T: Real, S: Beside<T>> Operand<Tensor<T>> for S
where
    Tensor<T>: From<S::As>,
{
    #[track_caller]
    fn operand(self) -> Tensor<T> {
        Tensor::from(self.beside())
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
