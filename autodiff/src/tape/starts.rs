//! Where an entry's operand words begin, without a walk over the whole program.

use super::opcode;
use super::store::Store;
use crate::Real;

/// The place is noted of every so many entries.
const EVERY: usize = 16;

/// So near to a place that is known, entries are found from there.
const NEAR: usize = 64;

impl<T: Real> Store<T> {
    /// Where the operand words of entry `index` begin; those of the entry after the last, at the end of all.
    pub(super) fn start(&self, index: usize) -> usize {
        self.start_before(index, (self.entries, self.words))
    }

    /// The same, where the words of entry `known.0`, which is not before it, are known to begin at `known.1`.
    ///
    /// Far from there, places noted on the way serve the next time: each entry is walked over once, and then no more than
    /// some few at a time.
    pub(super) fn start_before(&self, index: usize, known: (usize, usize)) -> usize {
        let code = self.all();
        if known.0 - index <= NEAR {
            return code.ops[index..known.0].iter().rev().fold(known.1, |end, &op| code.before(op, end));
        }
        let walk = |from: usize, to: usize, start: usize| {
            code.ops[from..to].iter().fold(start, |start, &op| start + opcode::taken(op, &code.operands[start..]))
        };
        let mut starts = self.starts.borrow_mut();
        while starts.len() <= index / EVERY {
            let next = starts.len() * EVERY;
            let start = starts.last().map_or(0, |&start| walk(next - EVERY, next, start));
            starts.push(start);
        }
        walk(index / EVERY * EVERY, index, starts[index / EVERY])
    }
}
