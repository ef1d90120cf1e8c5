//! What a watched tape notes of scalar entries: the source line of each, and whether its value is finite.

use std::panic::Location;

use super::alloc;
use super::opcode::{self, Kind};
use crate::Real;
use crate::error::{Error, Kind as ErrorKind};

/// A place in the source.
pub(crate) type Place = &'static Location<'static>;

pub(crate) struct Trace {
    /// Where each entry was recorded; those from before the tape was watched have no place.
    places: Vec<Option<Place>>,
    /// While a gradient is recorded: the place of the entry that is differentiated.
    pub(super) origin: Option<Place>,
    pub(super) finite: bool,
}

impl Trace {
    pub(super) fn new(entries: usize, finite: bool) -> Self {
        Self { places: alloc::filled(None, entries), origin: None, finite }
    }

    /// The place that counts as that of what is recorded now.
    #[track_caller]
    pub(super) fn here(&self) -> Place {
        // Not in a closure, which has a place of its own.
        match self.origin {
            Some(place) => place,
            None => Location::caller(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    pub(super) fn note(&mut self, index: usize, place: Place) {
        // An entry whose recording was stopped has left a note.
        self.places.resize(index, None);
        self.places.push(Some(place));
    }

    pub(super) fn place(&self, index: usize) -> Option<Place> {
        self.places.get(index).copied().flatten()
    }
}

/// What an entry is called in messages.
pub(crate) fn name(op: u8) -> &'static str {
    match opcode::decode(op) {
        Kind::Leaf => "var",
        Kind::Tensor => "tensor",
        Kind::At => "at",
        Kind::Block => "fuse",
        Kind::Nary(f) => f.name(),
        Kind::Unary(f) => f.name(),
        Kind::Binary(f, _) => f.name(),
    }
}

/// What a value that is not finite has to do with one that went into it.
///
/// A NaN is the operation's own unless a variable brought one; a constant that is NaN has come in here. An infinity is
/// its own if everything that went in is finite: one that somebody passed in as a constant was meant.
pub(crate) fn excuses<T: Real>(result: T, operand: T, tracked: bool) -> bool {
    if result.is_nan() { operand.is_nan() && tracked } else { !operand.is_finite() }
}

/// Raises an error if `value`, which is not finite, was born in this operation. Operands come with whether they are
/// variables.
#[track_caller]
pub(super) fn inspect<T: Real>(op: u8, operands: &[(T, bool)], value: T, place: Place) {
    if operands.iter().any(|&(x, tracked)| excuses(value, x, tracked)) {
        return;
    }
    let op = name(op);
    let from = match operands {
        [] => "; it was put on the tape as it is".to_owned(),
        _ => format!(" from {}", list(operands)),
    };
    Error::from(ErrorKind::NotFinite { op, place, value: value.to_string(), from }).raise();
}

/// Numbers for a message, the first ones if they are many.
fn list<T: Real>(operands: &[(T, bool)]) -> String {
    const MOST: usize = 8;
    let shown: Vec<String> = operands.iter().take(MOST).map(|(x, _)| x.to_string()).collect();
    let more = operands.len().saturating_sub(MOST);
    shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}
