//! Where a tensor stands on a tape, or where its values left one.

use std::rc::Rc;

use smallvec::SmallVec;

use crate::Real;
use crate::tape::cell::TapeCell;
use crate::tape::trace::Place;

/// A tensor's place on a tape.
#[derive(Clone, Copy)]
pub(crate) struct Node<T: Real> {
    pub(crate) cell: &'static TapeCell<T>,
    pub(crate) index: u32,
    pub(crate) slot: u32,
    pub(crate) epoch: u32,
}

/// A value left the tape here.
#[derive(Clone, Copy)]
pub(crate) struct Cut<T: Real> {
    /// What took it off.
    pub(crate) by: &'static str,
    pub(crate) place: Place,
    /// The recorded tensor whose value it was.
    pub(crate) from: Node<T>,
}

/// The notes of a constant; most have none.
pub(crate) type Cuts<T> = Option<Rc<SmallVec<[Cut<T>; 1]>>>;
