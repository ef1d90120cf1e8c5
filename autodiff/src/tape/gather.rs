//! Collects the arguments of an entry of many operands.

use smallvec::SmallVec;

use super::cell::{TapeCell, mismatch};
use super::nary::Nary;
use crate::Real;

/// A value and, unless it is a constant, the tape's cell, the place there, and the epoch.
pub(crate) type Argument<T> = (T, Option<(&'static TapeCell<T>, u32, u32)>);

/// Stands for an operand that is a constant, until its place is known.
const UNKNOWN: u32 = u32::MAX;
/// Arguments are collected in runs of so many.
const RUN: usize = 16;

/// Arguments collected so far.
pub(crate) struct Gather<T: Real> {
    f: Nary,
    values: Vec<T>,
    operands: Vec<u32>,
    tape: Option<(&'static TapeCell<T>, u32)>,
    /// For each list that was taken: where it ends, and how many of it are constants.
    lists: SmallVec<[(usize, usize); 2]>,
}

impl<T: Real> Gather<T> {
    #[inline(always)]
    pub(crate) fn new(f: Nary) -> Self {
        Self { f, values: Vec::new(), operands: Vec::new(), tape: None, lists: SmallVec::new() }
    }

    /// Takes further arguments.
    ///
    /// Inlined wherever it is called, and with a run of arguments on the stack: two vectors that grow side by side would
    /// write their lengths to memory at every element, which takes longer than the rest.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn take(mut self, arguments: impl Iterator<Item = Argument<T>>) -> Self {
        let (mut values, mut operands, mut filled) = ([T::zero(); RUN], [0; RUN], 0);
        let (mut tape, mut constants) = (self.tape, 0);
        for (value, place) in arguments {
            operands[filled] = if let Some((cell, index, epoch)) = place {
                let (known, current) = *tape.get_or_insert_with(|| {
                    // Room is kept on the tape.
                    let earlier = (std::mem::take(&mut self.values), std::mem::take(&mut self.operands));
                    (self.values, self.operands) = cell.take_scratch(earlier);
                    (cell, cell.epoch())
                });
                if !std::ptr::eq(known, cell) || current != epoch {
                    mismatch(self.f.name(), cell, epoch);
                }
                index
            } else {
                constants += 1;
                UNKNOWN
            };
            values[filled] = value;
            filled += 1;
            if filled == RUN {
                self.values.extend_from_slice(&values);
                self.operands.extend_from_slice(&operands);
                filled = 0;
            }
        }
        self.values.extend_from_slice(&values[..filled]);
        self.operands.extend_from_slice(&operands[..filled]);
        self.lists.push((self.values.len(), constants));
        Self { tape, ..self }
    }

    /// How many arguments there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Records the entry and gives its value and place; none if all arguments are constants.
    #[track_caller]
    pub(crate) fn record(mut self) -> (T, Option<(&'static TapeCell<T>, u32)>) {
        let Some((cell, _)) = self.tape else { return (self.f.value(&self.values), None) };
        let mut start = 0;
        for (end, constants) in self.lists {
            let (values, operands) = (&self.values[start..end], &mut self.operands[start..end]);
            if constants == end - start {
                cell.constants(values, operands);
            } else if constants > 0 {
                for (value, operand) in values.chunks(1).zip(operands.chunks_mut(1)).filter(|(_, at)| at[0] == UNKNOWN)
                {
                    cell.constants(value, operand);
                }
            }
            start = end;
        }
        let (value, partials) = self.f.value_and_partials(&self.values);
        let index = cell.push_nary(self.f, &self.operands, &partials, value);
        cell.put_scratch(self.values, self.operands);
        (value, Some((cell, index)))
    }
}
