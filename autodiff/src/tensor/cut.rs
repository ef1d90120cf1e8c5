//! Notes of where values left the tape.
//!
//! A constant that was computed from recorded tensors remembers where it became one: by `detach`, as a mask, under
//! `no_grad`. The note costs nothing until a gradient is asked for that it kept from flowing: then it says where.

use std::rc::Rc;

use smallvec::SmallVec;

use super::Tensor;
use super::node::{Cut, Cuts};
use crate::Real;
use crate::tape::trace::Place;

/// How many notes a constant carries at most.
const MOST: usize = 8;

/// The notes of a constant that takes its values from these tensors.
pub(super) fn inherited<T: Real>(inputs: &[&Tensor<T>]) -> Cuts<T> {
    let mut noted = inputs.iter().filter_map(|x| x.cuts.as_ref());
    let first = noted.next()?;
    if noted.all(|other| Rc::ptr_eq(first, other)) {
        return Some(Rc::clone(first));
    }
    Some(Rc::new(joined(inputs, std::iter::empty())))
}

/// The notes of a constant that `by` makes of these tensors at `place`.
pub(super) fn made<T: Real>(by: &'static str, place: Place, inputs: &[&Tensor<T>]) -> Cuts<T> {
    let new = inputs.iter().filter_map(|x| x.node).map(|from| Cut { by, place, from });
    let cuts = joined(inputs, new);
    (!cuts.is_empty()).then(|| Rc::new(cuts))
}

/// Old notes are dropped with their tapes, so that a running mean does not gather them.
fn joined<T: Real>(inputs: &[&Tensor<T>], new: impl Iterator<Item = Cut<T>>) -> SmallVec<[Cut<T>; 1]> {
    let mut cuts: SmallVec<[Cut<T>; 1]> = SmallVec::new();
    let old = inputs.iter().filter_map(|x| x.cuts.as_ref()).flat_map(|cuts| cuts.iter().copied());
    for cut in new.chain(old).filter(|cut| cut.from.cell.epoch() == cut.from.epoch) {
        let known = cuts.iter().any(|other| std::ptr::eq(other.place, cut.place) && other.from.index == cut.from.index);
        if !known && cuts.len() < MOST {
            cuts.push(cut);
        }
    }
    cuts
}

impl<T: Real> Tensor<T> {
    /// This constant with a note that `by` made it of these tensors, at the caller's line.
    #[track_caller]
    pub(super) fn noted(self, by: &'static str, inputs: &[&Self]) -> Self {
        // What a sweep computes is not noted.
        let noteworthy = |x: &&Self| x.cuts.is_some() || x.node.is_some_and(|node| node.cell.recording());
        if !inputs.iter().any(noteworthy) {
            return self;
        }
        Self { cuts: made(by, std::panic::Location::caller(), inputs), ..self }
    }

    /// Where values that went into this constant left the tape.
    pub(crate) fn cuts(&self) -> &[Cut<T>] {
        self.cuts.as_ref().map_or(&[], |cuts| cuts.as_slice())
    }
}
