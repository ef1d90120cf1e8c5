//! Where entries are kept: an opcode, operands and a value each, and a pool of constants.
//!
//! A binary f64 entry takes 17 bytes, a unary one 13. A constant operand is a place in the pool, in which a constant that
//! was met recently is found again. Capacity is kept across resets.

use std::any::TypeId;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::Arc;

use super::alloc::reserve;
use super::block::{Block, Located};
use super::code::Code;
use super::constants::Constants;
use super::opcode::{CONSTANT, INDEX_LIMIT, LEAF};
use super::trace::{Place, Trace};
use crate::Real;

pub(crate) struct Store<T: Real> {
    // The vectors own the memory; the counts say how much of it is filled.
    pub(super) ops: Vec<u8>,
    pub(super) operands: Vec<u32>,
    pub(super) values: Vec<T>,
    pub(super) entries: usize,
    pub(super) words: usize,
    /// Entries for which there is room: invariant, for `left = room - entries`, each of `ops` and `values` has room for
    /// `left` more elements and `operands` for `2 left`.
    pub(super) room: usize,
    /// Up to here entries are written without further question; never beyond `room`.
    pub(super) capacity: usize,
    pub(super) limit: usize,
    pub(super) constants: Constants<T>,
    /// Where the operand words of every so many entries begin, as far as that was asked for.
    pub(super) starts: RefCell<Vec<usize>>,
    pub(super) blocks: Vec<Located<T>>,
    /// Blocks that capture nothing: all of one type at one place in the source are the same.
    pub(super) plain_blocks: Vec<(TypeId, Place, u32)>,
    /// A frozen store is swept somewhere else at the moment; it has no room, and recording says so.
    pub(super) frozen: bool,
    /// Present while the tape is watched; then there is capacity for no entry, so that each one passes through `grow`.
    pub(super) trace: Option<Box<Trace>>,
}

impl<T: Real> Store<T> {
    pub(crate) const fn new() -> Self {
        Self {
            ops: Vec::new(),
            operands: Vec::new(),
            values: Vec::new(),
            entries: 0,
            words: 0,
            room: 0,
            capacity: 0,
            limit: INDEX_LIMIT,
            constants: Constants::new(),
            starts: RefCell::new(Vec::new()),
            blocks: Vec::new(),
            plain_blocks: Vec::new(),
            frozen: false,
            trace: None,
        }
    }

    /// What stands in a cell while its entries are being swept.
    pub(crate) const fn frozen() -> Self {
        let mut store = Self::new();
        store.frozen = true;
        store
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen
    }

    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// Records an entry with `K <= 2` operands.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push<const K: usize>(&mut self, op: u8, operands: [u32; K], value: T) -> u32 {
        const { assert!(K <= 2) };
        if self.entries == self.capacity {
            self.grow(op, operands, value);
        }
        let at = self.entries;
        // SAFETY: `entries < capacity <= room`, so by the invariant at `room` there is room for one more opcode and value
        // and two more words.
        unsafe {
            self.ops.as_mut_ptr().add(at).write(op);
            self.values.as_mut_ptr().add(at).write(value);
            self.operands.as_mut_ptr().add(self.words).cast::<[u32; K]>().write_unaligned(operands);
        }
        self.words += K;
        self.entries = at + 1;
        at as u32
    }

    /// Records independent variables and gives the first one's index.
    #[track_caller]
    pub(crate) fn push_leaves(&mut self, values: &[T]) -> u32 {
        let at = self.len() as u32;
        if self.trace.is_some() {
            for &value in values {
                self.push(LEAF, [], value);
            }
            return at;
        }
        while self.room - self.entries < values.len() {
            self.enlarge();
        }
        // SAFETY: there is room for as many opcodes and values, and `values` is borrowed from elsewhere.
        unsafe {
            self.ops.as_mut_ptr().add(self.entries).write_bytes(LEAF, values.len());
            self.values.as_mut_ptr().add(self.entries).copy_from_nonoverlapping(values.as_ptr(), values.len());
        }
        self.entries += values.len();
        at
    }

    /// Records an entry with any number of operand words: what its opcode wants first, then its operands.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push_nary(&mut self, op: u8, extras: &[u32], operands: &[u32], value: T) -> u32 {
        if self.entries == self.capacity {
            self.inspect_nary(op, operands, value);
            self.grow(op, [], value);
        }
        let (at, count) = (self.entries, extras.len() + operands.len());
        // What the other free entries may need stays reserved.
        let need = count + 2 + 2 * (self.room - at - 1);
        reserve(&mut self.operands, self.words, need, at);
        // SAFETY: `entries < room` as in `push`; the reservation gives room for the words and their count at both ends.
        unsafe {
            self.ops.as_mut_ptr().add(at).write(op);
            self.values.as_mut_ptr().add(at).write(value);
            let word = self.operands.as_mut_ptr().add(self.words);
            word.write(count as u32);
            word.add(1).copy_from_nonoverlapping(extras.as_ptr(), extras.len());
            word.add(1 + extras.len()).copy_from_nonoverlapping(operands.as_ptr(), operands.len());
            word.add(1 + count).write(count as u32);
        }
        self.words += count + 2;
        self.entries = at + 1;
        at as u32
    }

    /// The place of a constant in the pool.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn constant(&mut self, constant: T) -> u32 {
        self.constants.place(constant)
    }

    /// Operands of an n-ary entry that stand for constants.
    #[track_caller]
    pub(crate) fn constants(&mut self, constants: &[T], operands: &mut [u32]) {
        match (constants, operands) {
            (&[constant], [operand]) => *operand = self.constants.place(constant) | CONSTANT,
            (constants, operands) => {
                let first = self.constants.array(constants) | CONSTANT;
                operands.iter_mut().zip(first..).for_each(|(operand, place)| *operand = place);
            }
        }
    }

    /// Adds a run of numbers to the pool of constants and gives the place of the first.
    #[inline]
    #[track_caller]
    pub(crate) fn run(&mut self, numbers: &[T]) -> u32 {
        self.constants.run(numbers)
    }

    /// The place of a fused block.
    #[inline]
    #[track_caller]
    pub(crate) fn block<B: Block<T> + 'static>(&mut self, block: B) -> u32 {
        let (kind, place, next) = (TypeId::of::<B>(), Location::caller(), self.blocks.len() as u32);
        if size_of::<B>() == 0 {
            let same = |known: &&(TypeId, Place, u32)| known.0 == kind && std::ptr::eq(known.1, place);
            if let Some(&(.., block)) = self.plain_blocks.iter().find(same) {
                return block;
            }
            self.plain_blocks.push((kind, place, next));
        }
        self.blocks.push(Located { block: Arc::new(block), place });
        next
    }

    /// The fused blocks.
    pub(crate) fn blocks(&self) -> &[Located<T>] {
        &self.blocks
    }

    /// All values.
    pub(crate) fn values(&self) -> &[T] {
        // SAFETY: the first `entries` values were written by the pushes that counted them.
        unsafe { std::slice::from_raw_parts(self.values.as_ptr(), self.entries) }
    }

    /// The whole program.
    pub(super) fn all(&self) -> Code<'_, T> {
        // SAFETY: opcodes and words up to their counts were written by the pushes that counted them.
        let (ops, operands) = unsafe {
            (
                std::slice::from_raw_parts(self.ops.as_ptr(), self.entries),
                std::slice::from_raw_parts(self.operands.as_ptr(), self.words),
            )
        };
        Code { ops, operands, constants: self.constants.list(), blocks: &self.blocks }
    }

    /// The program from entry `first` on.
    pub(super) fn from(&self, first: usize) -> Code<'_, T> {
        let (code, start) = (self.all(), self.start(first));
        Code { ops: &code.ops[first..], operands: &code.operands[start..], ..code }
    }

    /// The program up to and including entry `last`.
    pub(crate) fn code(&self, last: usize) -> Code<'_, T> {
        let (code, end) = (self.all(), self.start(last + 1));
        Code { ops: &code.ops[..=last], operands: &code.operands[..end], ..code }
    }
}

#[cfg(test)]
mod tests;
