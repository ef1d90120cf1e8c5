//! Parts of tensors: slices, rows, single elements; and the way back from scalars.

use std::ops::Range;
use std::rc::Rc;

use ndarray::{ArrayD, ArrayViewD, IxDyn, SliceInfo, SliceInfoElem};
use smallvec::SmallVec;

use super::entry::Source;
use super::layout::{Dims, Layout};
use super::node::Node;
use super::op::{Op, on_tensors};
use super::written::{Operands, Written, of_gradient};
use super::{Grads, Tensor, Vjp};
use crate::error::{Error, Kind, Result};
use crate::kernels::loops;
use crate::rules::notation::sign::{Sign, Word};
use crate::tape::no_grad;
use crate::tape::opcode;
use crate::{Real, Var};

/// What `ndarray`'s `s![]` says, for arrays of any rank.
type Cut = SliceInfo<Vec<SliceInfoElem>, IxDyn, IxDyn>;

struct Slice(Rc<Cut>);

impl<T: Real> Op<T> for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].cut(&self.0)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Word("unslice"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().unslice(&self.0, cx.input(0).shape()).into()
    }
}

/// The adjoint of a slice: the part put back among zeros.
struct Unslice(Rc<Cut>, Dims);

impl<T: Real> Op<T> for Unslice {
    fn name(&self) -> &'static str {
        "unslice"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].unslice(&self.0, &self.1)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Word("slice"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().cut(&self.0).into()
    }
}

struct Take {
    axis: usize,
    indices: Rc<[usize]>,
}

impl<T: Real> Op<T> for Take {
    fn name(&self) -> &'static str {
        "index_select"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].take(self.axis, &self.indices)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Sign("index_add", r"\operatorname{index\_add}"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().put(self.axis, &self.indices, cx.input(0).shape()).into()
    }
}

/// The adjoint of a selection: each part added back to where it came from.
struct Put {
    axis: usize,
    indices: Rc<[usize]>,
    shape: Dims,
}

impl<T: Real> Op<T> for Put {
    fn name(&self) -> &'static str {
        "index_add"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].put(self.axis, &self.indices, &self.shape)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Sign("index_select", r"\operatorname{index\_select}"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().take(self.axis, &self.indices).into()
    }
}

impl<T: Real> Tensor<T> {
    /// The part that `ndarray`'s `s![]` describes: ranges with steps, single indices (whose axes disappear), new axes;
    /// negative numbers count from the end. Shares the elements, unless a step goes backward.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::{array, s};
    /// let x = Tensor::constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.slice(s![1, ..;2]).to_array(), array![4.0, 6.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the slice names another number of axes than the tensor has, or reaches beyond an axis.
    #[track_caller]
    pub fn slice(&self, part: impl AsRef<[SliceInfoElem]>) -> Self {
        let part = part.as_ref().to_vec();
        let axes = part.iter().filter(|part| !part.is_new_axis()).count();
        if axes != self.ndim() {
            let rule = format!("the slice names {axes} axes");
            Error::from(Kind::Shape { op: "slice".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        let lengths = self.shape().iter();
        for (part, &len) in part.iter().filter(|part| !part.is_new_axis()).zip(lengths) {
            let inside = |i: isize| i.unsigned_abs() <= len;
            let fits = match *part {
                SliceInfoElem::Slice { start, end, step } => inside(start) && end.is_none_or(inside) && step != 0,
                SliceInfoElem::Index(i) => i < len as isize && i >= -(len as isize),
                SliceInfoElem::NewAxis => true,
            };
            if !fits {
                let rule = match part {
                    SliceInfoElem::Slice { step: 0, .. } => "a step of 0 goes nowhere".to_owned(),
                    _ => format!("{part:?} reaches beyond an axis of length {len}"),
                };
                Error::from(Kind::Shape { op: "slice".into(), shape: self.shape().to_vec(), rule }).raise();
            }
        }
        self.cut(&Rc::new(Cut::try_from(part).expect("any number of axes")))
    }

    /// The part of an axis within a range, without a copy.
    ///
    /// # Panics
    /// If there is no such axis or the range reaches beyond it.
    #[track_caller]
    pub fn narrow(&self, axis: usize, range: Range<usize>) -> Self {
        if self.shape().get(axis).is_none_or(|&len| range.start > range.end || range.end > len) {
            let rule = format!("axis {axis} has no range {range:?}");
            Error::from(Kind::Shape { op: "narrow".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        let mut layout = self.layout().clone();
        layout.shape[axis] = range.len();
        layout.offset += range.start * layout.strides[axis];
        let all = SliceInfoElem::Slice { start: 0, end: None, step: 1 };
        let mut part = vec![all; self.ndim()];
        part[axis] = SliceInfoElem::Slice { start: range.start as isize, end: Some(range.end as isize), step: 1 };
        let cut = Rc::new(Cut::try_from(part).expect("any number of axes"));
        Self::record(Slice(cut), &[self], self.with_layout(layout))
    }

    #[track_caller]
    fn cut(&self, part: &Rc<Cut>) -> Self {
        let output = match self.layout().cut(part) {
            Some(layout) => self.with_layout(layout),
            None => Self::copied(&self.view().slice(&**part)),
        };
        Self::record(Slice(Rc::clone(part)), &[self], output)
    }

    #[track_caller]
    fn unslice(&self, part: &Rc<Cut>, shape: &[usize]) -> Self {
        let mut whole = ndarray::ArrayD::zeros(IxDyn(shape));
        whole.slice_mut(&**part).assign(&self.view());
        Self::record(Unslice(Rc::clone(part), shape.into()), &[self], Self::constant(whole))
    }

    /// The parts of an axis at the given indices, in that order; an index may come more than once.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.index_select(0, &[1, 1, 0]);
    /// assert_eq!(y.to_array(), array![[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[1.0, 1.0], [2.0, 2.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or an index reaches beyond it.
    #[track_caller]
    pub fn index_select(&self, axis: usize, indices: &[usize]) -> Self {
        let len = self.shape().get(axis).copied();
        let index = indices.iter().find(|&&i| len.is_none_or(|len| i >= len));
        if len.is_none() || index.is_some() {
            let rule = index.map_or_else(|| format!("no axis {axis}"), |i| format!("axis {axis} has no index {i}"));
            Error::from(Kind::Shape { op: "index_select".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        self.take(axis, &indices.into())
    }

    #[track_caller]
    fn take(&self, axis: usize, indices: &Rc<[usize]>) -> Self {
        let output = self.view().select(ndarray::Axis(axis), indices);
        let op = Take { axis, indices: Rc::clone(indices) };
        Self::record(op, &[self], Self::constant(output))
    }

    #[track_caller]
    fn put(&self, axis: usize, indices: &Rc<[usize]>, shape: &[usize]) -> Self {
        let mut whole = Self::zeros(shape);
        let strides = super::layout::row_major_strides(shape);
        let mut part: Dims = SmallVec::from_slice(self.shape());
        part[axis] = 1;
        let target = whole.make_mut();
        for (k, &i) in indices.iter().enumerate() {
            let source =
                loops::Strided { offset: self.layout().offset + k * self.layout().strides[axis], ..self.strided() };
            loops::update(&part, target, &strides, i * strides[axis], source, |t, x| t + x);
        }
        Self::record(Put { axis, indices: Rc::clone(indices), shape: shape.into() }, &[self], whole)
    }

    /// One element as a scalar variable on the same tape.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let x = tape.tensor(ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.at([1, 0]) * x.at([0, 1]);
    /// assert_eq!(y.value(), 6.0);
    /// assert_eq!(y.backward().wrt(&x), ndarray::array![[0.0, 3.0], [2.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such element.
    #[track_caller]
    pub fn at(&self, index: impl AsRef<[usize]>) -> Var<T> {
        let index = index.as_ref();
        if index.len() != self.ndim() || index.iter().zip(self.shape()).any(|(i, len)| i >= len) {
            let rule = format!("there is no element {index:?}");
            Error::from(Kind::Shape { op: "at".into(), shape: self.shape().to_vec(), rule }).raise();
        }
        let flat = index.iter().zip(self.shape()).fold(0, |flat, (i, len)| flat * len + i);
        let place = index.iter().zip(&self.layout().strides).map(|(i, stride)| i * stride).sum::<usize>();
        self.element(flat, self.strided().data[self.layout().offset + place])
    }

    /// Element number `flat` in row-major order, whose value is `value`.
    #[track_caller]
    pub(crate) fn element(&self, flat: usize, value: T) -> Var<T> {
        let records = |node: &Node<T>| node.cell.recording() && no_grad::region(node.cell.born()).is_none();
        match self.live().filter(records) {
            None => Var::constant(value),
            Some(node) => {
                let Ok(position) = u32::try_from(flat) else {
                    let rule = "`at` reaches the first 2^32 elements".to_owned();
                    Error::from(Kind::Shape { op: "at".into(), shape: self.shape().to_vec(), rule }).raise()
                };
                Var::on_tape(value, node.cell, node.cell.push(opcode::AT, [node.slot, position], value))
            }
        }
    }

    /// All elements as scalar variables, in row-major order.
    #[track_caller]
    pub fn to_vars(&self) -> Vec<Var<T>> {
        // Not in a closure: elements are recorded as the caller's.
        let mut vars = Vec::with_capacity(self.len());
        for (flat, &value) in self.view().iter().enumerate() {
            vars.push(self.element(flat, value));
        }
        vars
    }

    /// Scalars as the elements of a tensor, in row-major order.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.vars(&[1.0, 2.0, 3.0, 4.0]);
    /// let y = Tensor::from_vars(&x, &[2, 2]).square().sum();
    /// assert_eq!(y.backward().wrt(x[2]), 6.0);
    /// ```
    ///
    /// # Panics
    /// If the shape has another number of elements, or if the scalars are recorded on different tapes.
    #[track_caller]
    pub fn from_vars(scalars: &[Var<T>], shape: &[usize]) -> Self {
        let want = super::layout::checked_len(shape);
        if want != Some(scalars.len()) {
            let rule = format!("{} scalars were given", scalars.len());
            Error::from(Kind::Shape { op: "from_vars".into(), shape: shape.to_vec(), rule }).raise();
        }
        let output = Self::build(shape, |out| {
            for (out, x) in out.iter_mut().zip(scalars) {
                *out = x.value();
            }
        });
        let mut tape = None;
        for x in scalars {
            let Some((cell, _, epoch)) = x.place() else { continue };
            cell.check(epoch);
            if *tape.get_or_insert(std::ptr::from_ref(cell)) != std::ptr::from_ref(cell) {
                Error::from(Kind::Foreign { op: "from_vars" }).raise();
            }
        }
        let Some((cell, ..)) = scalars.iter().find_map(|x| x.place()) else { return output };
        if !cell.recording() || no_grad::region(cell.born()).is_some() {
            return output;
        }
        let places = scalars.iter().map(|x| x.place().map(|(_, index, _)| index)).collect();
        output.enter(cell, Source::Scalars { places, shape: Layout::row_major(shape).shape })
    }
}
