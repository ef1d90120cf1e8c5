//! A stretch of a tape as a program of its own.

use super::opcode::{self, CONSTANT, Kind, LEAF};
use super::store::{Code, OwnedCode};
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
    pub(crate) fn renumber<T: Copy>(&self, code: Code<'_, T>) -> OwnedCode<T> {
        let mut ops = vec![LEAF; self.outside.len()];
        ops.extend_from_slice(code.ops);
        let mut all = Vec::with_capacity(code.operands.len());
        code.walk(|_, op, operands, _| match opcode::decode(op) {
            // Slots and positions: no entries.
            Kind::Tensor | Kind::At => all.extend_from_slice(operands),
            kind => {
                let entries = operands.iter().map(|&i| if i == CONSTANT { i } else { self.inner(i) as u32 });
                let count = matches!(kind, Kind::Nary(_)).then_some(operands.len() as u32);
                all.extend(count);
                all.extend(entries);
                all.extend(count);
            }
        });
        OwnedCode { ops, operands: all, constants: code.constants.to_vec() }
    }
}
