//! A stretch of a tape as a program of its own.

use super::alloc;
use super::code::{Code, OwnedCode};
use super::opcode::{self, CONSTANT, LEAF};
use crate::Real;
use crate::error::{Error, Kind as ErrorKind};

/// The entries from `first` on, numbered anew: before them stand, as leaves, the earlier entries that they read.
pub(crate) struct Window {
    first: usize,
    /// In increasing order.
    outside: Vec<u32>,
}

impl Window {
    /// The whole tape: every entry keeps its number.
    pub(crate) fn whole() -> Self {
        Self { first: 0, outside: Vec::new() }
    }

    /// The entries from `first` on, which read none before it but those at `places`.
    pub(crate) fn new(first: usize, places: &[u32]) -> Self {
        let mut outside = places.to_vec();
        outside.sort_unstable();
        Self { first, outside }
    }

    /// An entry's number in the window, from its index on the tape.
    ///
    /// # Panics
    /// If the entry is neither in the window nor one of those that it may read.
    #[inline]
    pub(crate) fn inner(&self, index: u32) -> usize {
        match (index as usize).checked_sub(self.first) {
            Some(at) => self.outside.len() + at,
            None => self.outside.binary_search(&index).unwrap_or_else(|_| {
                let index = index as usize;
                Error::from(ErrorKind::Captured { index }).raise()
            }),
        }
    }

    /// An entry's index on the tape, from its number in the window.
    #[inline]
    pub(crate) fn index(&self, inner: usize) -> usize {
        match inner.checked_sub(self.outside.len()) {
            Some(at) => self.first + at,
            None => self.outside[inner] as usize,
        }
    }

    /// The window's program, from its entries' code.
    pub(crate) fn renumber<T: Real>(&self, code: Code<'_, T>) -> OwnedCode<T> {
        let (ops, operands) = self.renumbered(code);
        OwnedCode { ops, operands, constants: alloc::copied(code.constants) }
    }

    /// The opcodes and operand words of the window's program.
    pub(crate) fn renumbered<T: Real>(&self, code: Code<'_, T>) -> (Vec<u8>, Vec<u32>) {
        let mut ops = alloc::empty(self.outside.len() + code.ops.len());
        ops.resize(self.outside.len(), LEAF);
        ops.extend_from_slice(code.ops);
        let mut all = alloc::empty(code.operands.len());
        code.walk(|_, op, words| {
            let count = opcode::words(op).is_none().then_some(words.len() as u32);
            let first = all.len() + usize::from(count.is_some());
            all.extend(count);
            all.extend_from_slice(words);
            all.extend(count);
            for operand in opcode::operands_mut(op, &mut all[first..first + words.len()]) {
                if *operand & CONSTANT == 0 {
                    *operand = self.inner(*operand) as u32;
                }
            }
        });
        (ops, all)
    }
}
