//! Parts of tensors: slices, rows, single elements; and the way back from scalars.

use std::ops::Range;
use std::rc::Rc;

use ndarray::SliceInfoElem;

use super::Tensor;
use super::entry::Source;
use super::layout::{Dims, Layout};
use super::node::Node;
use super::part::{Cut, Part};
use super::rule::Rule;
use super::written::Term::G;
use super::written::{Written, of_gradient};
use crate::error::{Error, Kind};
use crate::tape::opcode;
use crate::{Real, Var};

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
            self.refuse("slice", format!("the slice names {axes} axes"));
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
                if matches!(part, SliceInfoElem::Slice { step: 0, .. }) {
                    self.refuse("slice", "a step of 0 goes nowhere");
                }
                self.refuse("slice", format!("{part:?} reaches beyond an axis of length {len}"));
            }
        }
        self.part(Part::Cut(Rc::new(Cut::try_from(part).expect("any number of axes"))))
    }

    /// The part of an axis within a range, without a copy.
    ///
    /// # Panics
    /// If there is no such axis or the range reaches beyond it.
    #[doc(alias("slice_axis", "slice_in_dim", "dynamic_slice"))]
    #[track_caller]
    pub fn narrow(&self, axis: usize, range: Range<usize>) -> Self {
        if self.shape().get(axis).is_none_or(|&len| range.start > range.end || range.end > len) {
            self.refuse("narrow", format!("axis {axis} has no range {range:?}"));
        }
        self.part(Part::Range(axis, range))
    }

    /// A part, recorded.
    #[track_caller]
    fn part(&self, part: Part) -> Self {
        let output = part.of(self);
        if self.is_plain() {
            return output;
        }
        Rule {
            name: part.names()[0],
            with: part,
            forward: |x, part| Ok(part.of(&x[0])),
            vjp: |cx, part| cx.part(part),
            notation: |_, part| Written::linear(part.word(1)),
        }
        .record(&[self], output)
    }

    /// The adjoint of a part: put back among zeros, and added up where it came from the same place.
    #[track_caller]
    pub(crate) fn put_back(&self, part: &Part, shape: &[usize]) -> Self {
        Rule {
            name: part.names()[1],
            with: (part.clone(), Dims::from(shape)),
            forward: |x, (part, shape)| Ok(part.among_zeros(&x[0], shape)),
            vjp: |cx, (part, _)| cx.grad().part(part.clone()).into(),
            notation: |_, (part, _)| Written::linear(part.word(0)),
        }
        .record(&[self], part.among_zeros(self, shape))
    }

    /// Parts put back among zeros, or added to `to` if there is one, in order.
    #[track_caller]
    pub(crate) fn put_together(to: Option<&Self>, parts: &[(Part, Self)], shape: &[usize]) -> Self {
        let (parts, pieces): (Vec<Part>, Vec<&Self>) = parts.iter().map(|(part, piece)| (part.clone(), piece)).unzip();
        let output = Part::sum(to, &parts, &pieces, shape);
        let inputs: Vec<&Self> = to.into_iter().chain(pieces).collect();
        Rule {
            name: "unslice",
            with: (parts, Dims::from(shape)),
            forward: |x, (parts, shape)| {
                let (to, pieces) = x.split_at(x.len() - parts.len());
                Ok(Part::sum(to.first(), parts, &pieces.iter().collect::<Vec<_>>(), shape))
            },
            vjp: |cx, (parts, _)| {
                let first = cx.arity() - parts.len();
                cx.each(|i| {
                    i.checked_sub(first).map_or_else(|| cx.grad().clone(), |k| cx.grad().part(parts[k].clone()))
                })
            },
            notation: |of, (parts, _)| {
                let whole = (parts.len()..of.shapes.len()).map(|_| G);
                Written::named(whole.chain(parts.iter().map(|part| of_gradient(part.word(0)))).collect::<Vec<_>>())
            },
        }
        .record(&inputs, output)
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
    #[doc(alias("take", "select"))]
    #[track_caller]
    pub fn index_select(&self, axis: usize, indices: &[usize]) -> Self {
        let len = self.shape().get(axis).copied();
        if let Some(i) = indices.iter().find(|&&i| len.is_none_or(|len| i >= len)) {
            self.refuse("index_select", format!("axis {axis} has no index {i}"));
        }
        if len.is_none() {
            self.refuse("index_select", format!("no axis {axis}"));
        }
        self.part(Part::At(axis, indices.into()))
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
    #[doc(alias = "get")]
    #[track_caller]
    pub fn at(&self, index: impl AsRef<[usize]>) -> Var<T> {
        let index = index.as_ref();
        if index.len() != self.ndim() || index.iter().zip(self.shape()).any(|(i, len)| i >= len) {
            self.refuse("at", format!("there is no element {index:?}"));
        }
        let flat = index.iter().zip(self.shape()).fold(0, |flat, (i, len)| flat * len + i);
        let place = index.iter().zip(&self.layout().strides).map(|(i, stride)| i * stride).sum::<usize>();
        self.element(flat, self.strided().data[self.layout().offset + place])
    }

    /// Element number `flat` in row-major order, whose value is `value`.
    #[track_caller]
    pub(crate) fn element(&self, flat: usize, value: T) -> Var<T> {
        let records = |node: &Node<T>| node.cell.records();
        match self.live().filter(records) {
            None => Var::constant(value),
            Some(node) => {
                let Ok(position) = u32::try_from(flat) else {
                    self.refuse("at", "`at` reaches the first 2^32 elements")
                };
                Var::on_tape(value, node.cell, node.cell.push(opcode::AT, [node.slot, position], value))
            }
        }
    }

    /// All elements as scalar variables, in row-major order.
    #[doc(alias = "tolist")]
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
    #[doc(alias = "from_shape_vec")]
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
            cell.refuse_in_program("tensors", "a program consists of scalar operations (see `Tape` for tensors)");
            if *tape.get_or_insert(std::ptr::from_ref(cell)) != std::ptr::from_ref(cell) {
                Error::from(Kind::Foreign { op: "from_vars" }).raise();
            }
        }
        let Some((cell, ..)) = scalars.iter().find_map(|x| x.place()) else { return output };
        if !cell.records() {
            return output;
        }
        let places = scalars.iter().map(|x| x.place().map(|(_, index, _)| index)).collect();
        output.enter(cell, Source::Scalars { places, shape: Layout::row_major(shape).shape })
    }
}
