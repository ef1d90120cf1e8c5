//! What a store does while its tape is watched: each entry passes through `grow`, which notes its source line and looks at
//! its value.

use smallvec::SmallVec;

use super::opcode::{self, CONSTANT, Form, Kind};
use super::store::Store;
use super::trace::{Place, Trace, inspect};
use crate::Real;

impl<T: Real> Store<T> {
    /// Notes the source line of each entry from now on, and stops, if `finite`, at values that are not; or no longer.
    pub(crate) fn watch(&mut self, lines: bool, finite: bool) {
        let watched = lines || finite;
        self.trace = watched.then(|| Box::new(Trace::new(self.len(), finite)));
        self.capacity = if watched { self.len() } else { self.room };
    }

    /// What is noted while the tape is watched.
    pub(crate) fn trace(&mut self) -> Option<&mut Trace> {
        self.trace.as_deref_mut()
    }

    /// The source line of an entry, if it was noted.
    pub(crate) fn place(&self, index: usize) -> Option<Place> {
        self.trace.as_ref()?.place(index)
    }

    /// Makes room for an entry, and notes it if the tape is watched.
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn grow<const K: usize>(&mut self, op: u8, operands: [u32; K], value: T) {
        let at = self.len();
        if self.room == at {
            self.enlarge();
        }
        let Some(trace) = &self.trace else { return };
        let (place, finite) = (trace.here(), trace.finite);
        // If this ends here, there is no entry, and the next one is to come here again.
        self.capacity = at;
        // An element is its tensor's, which has been looked at, and n-ary entries come with no operands here.
        if finite && !value.is_finite() && !matches!(op, opcode::TENSOR | opcode::AT) {
            let (values, constants) = (self.values(), self.constants.list());
            match (opcode::words(op), opcode::decode(op)) {
                (None, _) => {}
                (_, Kind::Binary(_, form)) if form != Form::Both => {
                    let (x, c) = (values[operands[0] as usize], constants[operands[1] as usize]);
                    let operands = if form == Form::First { [(x, true), (c, false)] } else { [(c, false), (x, true)] };
                    inspect(op, &operands, value, place);
                }
                _ => inspect(op, &operands.map(|i| (values[i as usize], true)), value, place),
            }
        }
        if let Some(trace) = &mut self.trace {
            trace.note(at, place);
        }
        // This one entry only.
        self.capacity = at + 1;
    }

    /// Looks at an n-ary entry that is about to be recorded.
    #[cold]
    #[track_caller]
    pub(super) fn inspect_nary(&self, op: u8, operands: &[u32], value: T) {
        let Some(trace) = self.trace.as_ref().filter(|trace| trace.finite && !value.is_finite()) else {
            return;
        };
        let argument = |&i: &u32| match i & CONSTANT {
            0 => (self.values()[i as usize], true),
            _ => (self.constants.list()[(i ^ CONSTANT) as usize], false),
        };
        let arguments: SmallVec<[(T, bool); 8]> = operands.iter().map(argument).collect();
        inspect(op, &arguments, value, trace.here());
    }
}
