//! What a recorded gradient takes: scalars and tensors alike.
#![allow(private_interfaces, reason = "only this crate calls the hidden methods")]

use super::recorded::RecordedGradients;
use super::vjp::Seed;
use crate::error::{Error, Kind};
use crate::tape::cell::TapeCell;
use crate::{Real, Tensor, Var};

/// A scalar root: [`Var`] or a [`Tensor`] with one element.
pub trait Root<T: Real> {
    /// Where a sweep starts: the tape, the entry, and what it starts with. Checked.
    #[doc(hidden)]
    fn seed(&self, op: &'static str) -> (&'static TapeCell<T>, usize, Option<Seed<T>>);
}

/// A handle on a tape: [`Var`] or [`Tensor`], or a reference to one.
pub trait Handle<T: Real> {
    /// The gradient's type: the handle's own.
    type Owned;

    /// The entry, on this tape if one is given. Checked.
    #[doc(hidden)]
    fn index_on(&self, cell: Option<&'static TapeCell<T>>) -> usize;

    /// The tape that the handle is on; `None` for a constant.
    #[doc(hidden)]
    fn tape_of(&self) -> Option<&'static TapeCell<T>>;

    #[doc(hidden)]
    fn pick(&self, found: &RecordedGradients<T>) -> Self::Owned;
}

/// Panics unless both are one tape.
#[track_caller]
pub(super) fn same<T: Real>(cell: &'static TapeCell<T>, of: &'static TapeCell<T>, what: &'static str) {
    if !std::ptr::eq(cell, of) {
        Error::from(Kind::NotOnTape { what }).raise();
    }
}

impl<T: Real> Root<T> for Var<T> {
    #[track_caller]
    fn seed(&self, op: &'static str) -> (&'static TapeCell<T>, usize, Option<Seed<T>>) {
        let (cell, index) = self.root(op);
        (cell, index, None)
    }
}

impl<T: Real> Root<T> for Tensor<T> {
    #[track_caller]
    fn seed(&self, op: &'static str) -> (&'static TapeCell<T>, usize, Option<Seed<T>>) {
        let node = self.root(op);
        (node.cell, node.index as usize, Some((node, Tensor::ones(self.shape()))))
    }
}

impl<T: Real, Y: Root<T>> Root<T> for &Y {
    #[track_caller]
    fn seed(&self, op: &'static str) -> (&'static TapeCell<T>, usize, Option<Seed<T>>) {
        (**self).seed(op)
    }
}

impl<T: Real> Handle<T> for Var<T> {
    type Owned = Self;

    #[track_caller]
    fn index_on(&self, cell: Option<&'static TapeCell<T>>) -> usize {
        let what = "a variable";
        let Some((of, index, epoch)) = self.place() else { Error::from(Kind::NotOnTape { what }).raise() };
        same(cell.unwrap_or(of), of, what);
        of.check(epoch);
        index as usize
    }

    fn tape_of(&self) -> Option<&'static TapeCell<T>> {
        self.place().map(|(cell, ..)| cell)
    }

    fn pick(&self, found: &RecordedGradients<T>) -> Self {
        let gradient = self.place().and_then(|(_, index, _)| found.scalar(index));
        gradient.unwrap_or_else(|| Self::constant(T::zero()))
    }
}

impl<T: Real> Handle<T> for Tensor<T> {
    type Owned = Self;

    #[track_caller]
    fn index_on(&self, cell: Option<&'static TapeCell<T>>) -> usize {
        let what = "a tensor";
        let Some(node) = self.live() else { Error::from(Kind::NotOnTape { what }).raise() };
        same(cell.unwrap_or(node.cell), node.cell, what);
        node.index as usize
    }

    fn tape_of(&self) -> Option<&'static TapeCell<T>> {
        self.place().map(|node| node.cell)
    }

    fn pick(&self, found: &RecordedGradients<T>) -> Self {
        let gradient = self.place().and_then(|node| found.tensor(node.slot));
        gradient.unwrap_or_else(|| Self::zeros(self.shape()))
    }
}

impl<T: Real, X: Handle<T>> Handle<T> for &X {
    type Owned = X::Owned;

    #[track_caller]
    fn index_on(&self, cell: Option<&'static TapeCell<T>>) -> usize {
        (**self).index_on(cell)
    }

    fn tape_of(&self) -> Option<&'static TapeCell<T>> {
        (**self).tape_of()
    }

    fn pick(&self, found: &RecordedGradients<T>) -> X::Owned {
        (**self).pick(found)
    }
}
