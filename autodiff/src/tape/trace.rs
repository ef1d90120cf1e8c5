//! What a watched tape notes of scalar entries: the source line of each, and whether its value is finite.

use std::panic::Location;

use smallvec::SmallVec;

use super::opcode::{self, CONSTANT, Form, Kind};
use super::room;
use super::store::Store;
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
    /// Entries for which the store has room.
    pub(super) room: usize,
}

impl Trace {
    pub(super) fn new(entries: usize, room: usize, finite: bool) -> Self {
        Self { places: room::filled(None, entries), origin: None, finite, room }
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

impl<T: Real> Store<T> {
    /// Notes the source line of each entry from now on, and stops, if `finite`, at values that are not; or no longer.
    pub(crate) fn watch(&mut self, lines: bool, finite: bool) {
        if let Some(trace) = self.trace.take() {
            self.capacity = trace.room;
        }
        if lines || finite {
            self.trace = Some(Box::new(Trace::new(self.entries, self.capacity, finite)));
            self.capacity = self.entries;
        }
    }

    /// What is noted while the tape is watched.
    pub(crate) fn trace(&mut self) -> Option<&mut Trace> {
        self.trace.as_deref_mut()
    }

    /// The source line of an entry, if it was noted.
    pub(crate) fn place(&self, index: usize) -> Option<&'static Location<'static>> {
        self.trace.as_ref()?.place(index)
    }

    /// Makes room for an entry, and notes it if the tape is watched.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn grow<const K: usize>(&mut self, op: u8, operands: [u32; K], value: T) {
        let Some(room) = self.trace.as_ref().map(|trace| trace.room) else { return self.enlarge() };
        if room == self.entries {
            self.capacity = room;
            self.enlarge();
        }
        // Room for this one entry only: the next one comes here again.
        let room = self.capacity.max(room);
        self.capacity = self.entries;
        let Some(trace) = &mut self.trace else { return };
        trace.room = room;
        let place = trace.here();
        // An element is its tensor's, which has been looked at, and n-ary entries come with no operands here.
        if trace.finite && !value.primal().is_finite() && !matches!(op, opcode::TENSOR | opcode::AT) {
            let constants = self.constants.list();
            match (opcode::words(op), opcode::decode(op)) {
                (None, _) => {}
                (_, Kind::Binary(_, form)) if form != Form::Both => {
                    let (x, c) = (self.values()[operands[0] as usize], constants[operands[1] as usize]);
                    let operands = if form == Form::First { [(x, true), (c, false)] } else { [(c, false), (x, true)] };
                    inspect(op, &operands, value, place);
                }
                _ => inspect(op, &operands.map(|i| (self.values()[i as usize], true)), value, place),
            }
        }
        if let Some(trace) = &mut self.trace {
            trace.note(self.entries, place);
        }
        self.capacity = self.entries + 1;
    }

    /// Looks at an n-ary entry that is written but not counted yet.
    #[cold]
    #[track_caller]
    pub(super) fn inspect_nary(&mut self, op: u8, end: usize, value: T) {
        let Some(trace) = self.trace.as_ref().filter(|trace| trace.finite && !value.primal().is_finite()) else {
            return;
        };
        let words = self.operand_count + 1..end - 1;
        // SAFETY: the words up to `end` have been written just now.
        let words = unsafe { std::slice::from_raw_parts(self.operands.as_ptr().add(words.start), words.len()) };
        let argument = |&i: &u32| match i & CONSTANT {
            0 => (self.values()[i as usize], true),
            _ => (self.constants.list()[(i ^ CONSTANT) as usize], false),
        };
        let arguments: SmallVec<[(T, bool); 8]> = opcode::operands(op, words).iter().map(argument).collect();
        let place = trace.here();
        // If this ends here, there is no entry, and the next one is to pass through `grow` again.
        let room = std::mem::replace(&mut self.capacity, self.entries);
        inspect(op, &arguments, value, place);
        self.capacity = room;
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
