//! Tensors and their tapes: how they get on one.

use std::rc::Rc;

use ndarray::ArrayViewD;
use smallvec::SmallVec;

use super::cut;
use super::entry::{OpRef, Source, TensorEntry};
use super::node::Node;
use super::op::Op;
use super::table::Table;
use super::{Tensor, finite};
use crate::Real;
use crate::error::{Error, Kind, Result};
use crate::tape::cell::{TapeCell, stale};
use crate::tape::{no_grad, opcode};

impl<T: Real> Tensor<T> {
    /// Says that there is nothing to differentiate, and why if that is known.
    #[cold]
    #[track_caller]
    pub(crate) fn constant_root(&self, op: &'static str) -> ! {
        let kind = match self.cuts() {
            [] => Kind::ConstantRoot { op },
            [cut, ..] => Kind::CutRoot { op, by: cut.by, place: cut.place },
        };
        Error::from(kind).raise()
    }

    /// The place of a tracked scalar root, checked.
    #[track_caller]
    pub(crate) fn root(&self, op: &'static str) -> Node<T> {
        let Some(node) = self.live() else { self.constant_root(op) };
        self.refuse_unless_scalar(op);
        node
    }

    /// Panics if this is no root that has a gradient.
    #[track_caller]
    pub(crate) fn refuse_unless_scalar(&self, op: &'static str) {
        if self.len() != 1 {
            Error::from(Kind::NonScalarRoot { op, shape: self.shape().to_vec() }).raise();
        }
    }

    /// Whether nothing is known of the tensor but its values.
    pub(crate) fn is_plain(&self) -> bool {
        self.node.is_none() && self.cuts.is_none()
    }

    /// The place on the tape, whether or not the handle is still good.
    pub(crate) fn place(&self) -> Option<Node<T>> {
        self.node
    }

    /// The place on the tape; `None` for a constant.
    #[track_caller]
    pub(crate) fn live(&self) -> Option<Node<T>> {
        if let Some(node) = &self.node
            && node.cell.epoch() != node.epoch
        {
            stale("tensor");
        }
        self.node
    }

    /// Puts an independent variable on a tape.
    #[track_caller]
    pub(crate) fn leaf(self, cell: &'static TapeCell<T>) -> Self {
        if cell.checks_finite() {
            finite::check_leaf(&self, cell.here());
        }
        let shape = self.layout().shape.clone();
        self.enter(cell, Source::Leaf(shape))
    }

    /// Puts the values of this tensor, as an independent variable, on the tape that `other` is on.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let w = tape.tensor(array![2.0, 3.0]);
    /// let x = Tensor::constant(array![5.0, 7.0]).beside(&w);
    /// assert_eq!((&w * &x).sum().backward().wrt(&x), array![2.0, 3.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If `other` is a constant or a stale handle.
    #[track_caller]
    pub fn beside(&self, other: &Self) -> Self {
        let Some(node) = other.live() else { other.constant_root("beside") };
        self.untracked().leaf(node.cell)
    }

    /// Applies an operation: evaluates it and, if an input is tracked, records it.
    ///
    /// # Errors
    /// What the operation's `forward` returns.
    ///
    /// # Panics
    /// If an input is a stale handle, or inputs are recorded on different tapes.
    #[doc(alias = "autograd.Function")]
    #[track_caller]
    pub fn apply<O: Op<T> + 'static>(op: O, inputs: &[&Self]) -> Result<Self> {
        let views: SmallVec<[ArrayViewD<'_, T>; 2]> = inputs.iter().map(|x| x.view()).collect();
        let value = op.forward(&views)?;
        drop(views);
        Ok(Self::record_own(op, inputs, Self::constant(value)))
    }

    /// Records the operation that gave `output`, if any of its inputs is tracked. Only then it goes to the heap.
    #[inline]
    #[track_caller]
    pub(crate) fn record(op: impl Op<T> + 'static, inputs: &[&Self], output: Self) -> Self {
        if are_plain(inputs) { output } else { Self::record_tracked(OpRef::Shared(Rc::new(op)), inputs, output) }
    }

    /// As [`record`](Self::record), for a user's own operation.
    #[track_caller]
    pub(crate) fn record_own(op: impl Op<T> + 'static, inputs: &[&Self], output: Self) -> Self {
        if are_plain(inputs) { output } else { Self::record_tracked(OpRef::Own(Rc::new(op)), inputs, output) }
    }

    /// As [`record`](Self::record), for an operation without parameters.
    #[inline]
    #[track_caller]
    pub(crate) fn record_static(op: &'static dyn Op<T>, inputs: &[&Self], output: Self) -> Self {
        if are_plain(inputs) { output } else { Self::record_tracked(OpRef::Static(op), inputs, output) }
    }

    #[track_caller]
    pub(crate) fn record_tracked(op: OpRef<T>, inputs: &[&Self], output: Self) -> Self {
        let mut tape: Option<Node<T>> = None;
        let mut several = false;
        for input in inputs {
            let Some(node) = input.live() else { continue };
            if let Some(first) = tape
                && !std::ptr::eq(first.cell, node.cell)
            {
                several = true;
                if first.cell.born() > node.cell.born() {
                    continue;
                }
            }
            tape = Some(node);
        }
        let Some(Node { cell, .. }) = tape else {
            return Self { cuts: cut::inherited(inputs), ..output };
        };
        if several {
            let mut own: SmallVec<[Self; 3]> = SmallVec::new();
            // Not in a closure: a panic is to point at the caller.
            for input in inputs {
                own.push(input.seen_from(cell, op.name()));
            }
            return Self::record_tracked(op, &own.iter().collect::<SmallVec<[&Self; 3]>>(), output);
        }
        if !cell.recording() {
            return output;
        }
        if let Some(region) = no_grad::region(cell.born()) {
            return Self { cuts: cut::made("no_grad", region, inputs), ..output };
        }
        if cell.checks_finite() {
            finite::check(&op, inputs, &output, cell.here());
        }
        let inputs: SmallVec<[Self; 3]> = inputs.iter().map(|&x| x.clone()).collect();
        let source = Source::Op { op, inputs, output: output.clone() };
        output.enter(cell, source)
    }

    /// The same on this tape, a constant if it stands on another one.
    ///
    /// # Panics
    /// If the tape does not take in that other one.
    #[track_caller]
    pub(crate) fn seen_from(&self, cell: &'static TapeCell<T>, op: &str) -> Self {
        match self.live() {
            Some(node) if !std::ptr::eq(node.cell, cell) => {
                if !cell.takes_in(node.cell) {
                    Error::custom(format!(
                        "{op}: operands are recorded on two different tapes; record both on one tape, or pass one as a \
                         constant (`.detach()`)"
                    ))
                    .raise();
                }
                self.untracked()
            }
            _ => self.clone(),
        }
    }

    #[track_caller]
    pub(crate) fn enter(mut self, cell: &'static TapeCell<T>, mut source: Source<T>) -> Self {
        let mut entries = Table::of(cell).entries.borrow_mut();
        let slot = entries.len() as u32;
        let index = cell.push(opcode::TENSOR, [slot], T::zero());
        self.node = Some(Node { cell, index, slot, epoch: cell.epoch() });
        self.cuts = None;
        // A rule written in terms of the result is differentiated through the result.
        if let Source::Op { output, .. } = &mut source {
            output.node = self.node;
        }
        entries.push(TensorEntry { index, place: cell.here(), source });
        self
    }
}

/// Whether nothing is known of the inputs but their values.
fn are_plain<T: Real>(inputs: &[&Tensor<T>]) -> bool {
    inputs.iter().all(|input| input.is_plain())
}
