//! Where entries are kept: one array each for opcodes, operands and values, and a pool of constants.
//!
//! A binary f64 entry takes 17 bytes, a unary one 13. A constant operand is a place in the pool, in which a constant that
//! was met recently is found again. Room for the next entries is reserved in all arrays at once, so that recording one
//! checks a single bound. Growth is by `realloc`, which moves pages, not bytes, once the arrays are large; capacity is
//! kept across resets.

use std::any::TypeId;
use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use super::constants::Constants;
use super::fused::{Block, Located};
use super::opcode::{self, CONSTANT, LEAF};
use super::room;
use super::trace::Trace;
use crate::Real;
use crate::error::{Error, Kind as ErrorKind};

/// The highest bit of an operand marks a constant.
pub(super) const INDEX_LIMIT: usize = CONSTANT as usize;
const FIRST_CAPACITY: usize = 1024;

pub(crate) struct Store<T: Real> {
    // The vectors own the memory; the counts below say how much of it is filled.
    ops: Vec<u8>,
    pub(super) operands: Vec<u32>,
    values: Vec<T>,
    pub(super) entries: usize,
    pub(super) operand_count: usize,
    /// Entries for which there is room: invariant, for `left = capacity - entries`, each of `ops` and `values` has room
    /// for `left` more elements and `operands` for `2 left`.
    pub(super) capacity: usize,
    limit: usize,
    /// A frozen store is swept somewhere else at the moment; it has no room, and recording says so.
    frozen: bool,
    pub(super) constants: Constants<T>,
    blocks: Vec<Located<T>>,
    /// Blocks that capture nothing: all of one type at one place in the source are the same.
    plain_blocks: Vec<(TypeId, &'static Location<'static>, u32)>,
    /// Present while the tape is watched; then there is room for no entry, so that each one passes through `grow`.
    pub(super) trace: Option<Box<Trace>>,
}

impl<T: Real> Store<T> {
    pub(crate) const fn new() -> Self {
        Self {
            ops: Vec::new(),
            operands: Vec::new(),
            values: Vec::new(),
            entries: 0,
            operand_count: 0,
            capacity: 0,
            limit: INDEX_LIMIT,
            frozen: false,
            constants: Constants::new(),
            blocks: Vec::new(),
            plain_blocks: Vec::new(),
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

    /// Bytes of recorded entries.
    pub(crate) fn bytes(&self) -> usize {
        self.entries + 4 * self.operand_count + size_of::<T>() * (self.entries + self.constants.used())
    }

    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.ops.capacity()
            + 4 * self.operands.capacity()
            + size_of::<T>() * (self.values.capacity() + self.constants.capacity())
    }

    /// Forgets all entries. Gives back the blocks, whose drop may run foreign code.
    pub(crate) fn clear(&mut self) -> Vec<Located<T>> {
        self.entries = 0;
        self.operand_count = 0;
        self.constants.clear();
        self.plain_blocks.clear();
        // All vectors are empty now, so the smallest of them says how many entries fit.
        let binary = self.operands.capacity() / 2;
        self.capacity = self.ops.capacity().min(self.values.capacity()).min(binary).min(self.limit);
        if let Some(trace) = &mut self.trace {
            trace.clear();
            trace.room = std::mem::take(&mut self.capacity);
        }
        std::mem::take(&mut self.blocks)
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.min(INDEX_LIMIT);
        let most = self.limit.max(self.entries);
        self.capacity = self.capacity.min(most);
        if let Some(trace) = &mut self.trace {
            trace.room = trace.room.min(most);
        }
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
        // SAFETY: `entries < capacity`, so by the invariant at `capacity` there is room for one more opcode and value
        // and two more operands.
        unsafe {
            self.ops.as_mut_ptr().add(at).write(op);
            self.values.as_mut_ptr().add(at).write(value);
            self.operands.as_mut_ptr().add(self.operand_count).cast::<[u32; K]>().write_unaligned(operands);
        }
        self.operand_count += K;
        self.entries = at + 1;
        at as u32
    }

    /// Records independent variables and gives the first one's index.
    #[track_caller]
    pub(crate) fn push_leaves(&mut self, values: &[T]) -> u32 {
        let at = self.entries;
        if self.trace.is_some() {
            for &value in values {
                self.push(LEAF, [], value);
            }
            return at as u32;
        }
        while self.capacity - self.entries < values.len() {
            self.enlarge();
        }
        // SAFETY: there is room for as many opcodes and values, and `values` is borrowed from elsewhere.
        unsafe {
            self.ops.as_mut_ptr().add(at).write_bytes(LEAF, values.len());
            self.values.as_mut_ptr().add(at).copy_from_nonoverlapping(values.as_ptr(), values.len());
        }
        self.entries = at + values.len();
        debug_assert!(self.entries <= self.capacity);
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
            let same = |known: &&(TypeId, &Location, u32)| known.0 == kind && std::ptr::eq(known.1, place);
            if let Some(&(.., block)) = self.plain_blocks.iter().find(same) {
                return block;
            }
            self.plain_blocks.push((kind, place, next));
        }
        self.blocks.push(Located { block: Arc::new(block), place });
        next
    }

    /// Records an entry with any number of operand words: what its opcode wants first, then its operands.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push_nary(
        &mut self,
        op: u8,
        extras: &[u32],
        operands: impl ExactSizeIterator<Item = u32>,
        value: T,
    ) -> u32 {
        if self.entries == self.capacity {
            self.grow(op, [], value);
        }
        let (at, count) = (self.entries, extras.len() + operands.len());
        // What the other free entries may need stays reserved.
        let need = count + 2 + 2 * (self.capacity - at - 1);
        reserve(&mut self.operands, self.operand_count, need, at);
        // SAFETY: `entries < capacity` gives room for an opcode and a value; the reservation gives room for the words
        // and their count at both ends. `take` holds an iterator that lies about its length to what was reserved.
        let end = unsafe {
            self.ops.as_mut_ptr().add(at).write(op);
            self.values.as_mut_ptr().add(at).write(value);
            let mut word = self.operands.as_mut_ptr().add(self.operand_count);
            word.write(count as u32);
            for &extra in extras {
                word = word.add(1);
                word.write(extra);
            }
            for operand in operands.take(count - extras.len()) {
                word = word.add(1);
                word.write(operand);
            }
            word.add(1).write(count as u32);
            word.add(2).offset_from_unsigned(self.operands.as_ptr())
        };
        assert_eq!(end, self.operand_count + count + 2, "an iterator gave fewer operands than it announced");
        if self.trace.is_some() {
            self.inspect_nary(op, end, value);
        }
        self.operand_count = end;
        self.entries = at + 1;
        debug_assert!(
            self.operands.capacity() - end >= 2 * (self.capacity - self.entries),
            "two words for each free entry"
        );
        at as u32
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn enlarge(&mut self) {
        if self.frozen {
            Error::from(ErrorKind::Frozen { what: "a scalar was recorded on" }).raise();
        }
        let entries = self.entries;
        let capacity = (2 * self.capacity).max(FIRST_CAPACITY).min(self.limit);
        if capacity <= entries {
            Error::from(ErrorKind::TapeFull { entries, limit: self.limit }).raise();
        }
        let left = capacity - entries;
        reserve(&mut self.ops, entries, left, entries);
        reserve(&mut self.values, entries, left, entries);
        reserve(&mut self.operands, self.operand_count, 2 * left, entries);
        self.capacity = capacity;
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

    /// The program up to and including entry `last`.
    pub(crate) fn code(&self, last: usize) -> Code<'_, T> {
        // SAFETY: opcodes and operands up to their counts were written by the pushes that counted them.
        let (ops, operands) = unsafe {
            (
                std::slice::from_raw_parts(self.ops.as_ptr(), self.entries),
                std::slice::from_raw_parts(self.operands.as_ptr(), self.operand_count),
            )
        };
        let code = Code { ops, operands, constants: self.constants.list(), blocks: &self.blocks };
        let end = ops[last + 1..].iter().rev().fold(operands.len(), |end, &op| code.before(op, end));
        Code { ops: &ops[..=last], operands: &operands[..end], ..code }
    }
}

/// Makes room for `additional` elements behind the `filled` ones, or says that memory has run out.
#[track_caller]
fn reserve<E: Copy>(vec: &mut Vec<E>, filled: usize, additional: usize, entries: usize) {
    if vec.capacity() - filled >= additional {
        return;
    }
    // SAFETY: the first `filled` elements were written by earlier pushes, and `E: Copy` needs no drop. The length is set
    // so that growing keeps them, and back to 0 because the store keeps its own counts.
    let reserved = unsafe {
        vec.set_len(filled);
        let reserved = vec.try_reserve_exact(additional);
        vec.set_len(0);
        reserved
    };
    if reserved.is_err() {
        Error::from(ErrorKind::OutOfMemory { bytes: additional * size_of::<E>(), entries }).raise();
    }
}

/// A recorded program: what was done, without the values.
#[derive(Clone, Copy)]
pub(crate) struct Code<'a, T: Real> {
    pub(crate) ops: &'a [u8],
    pub(crate) operands: &'a [u32],
    pub(crate) constants: &'a [T],
    pub(crate) blocks: &'a [Located<T>],
}

impl<T: Real> Code<'_, T> {
    /// Where the operand words begin of the entry with opcode `op` whose words end at `end`.
    #[inline]
    pub(crate) fn before(&self, op: u8, end: usize) -> usize {
        end - match opcode::words(op) {
            Some(count) => count,
            None => self.operands[end - 1] as usize + 2,
        }
    }

    /// An owned copy, without the blocks.
    pub(crate) fn to_owned(self) -> OwnedCode<T> {
        OwnedCode {
            ops: room::copied(self.ops),
            operands: room::copied(self.operands),
            constants: room::copied(self.constants),
        }
    }

    /// Calls `visit` with every entry in order: index, opcode, operand words.
    pub(crate) fn walk(self, mut visit: impl FnMut(usize, u8, &[u32])) {
        let mut operands = self.operands;
        for (i, &op) in self.ops.iter().enumerate() {
            let (words, rest) = opcode::split(op, operands);
            visit(i, op, words);
            operands = rest;
        }
    }

    /// The stored partial derivatives of an entry that has some, and its operands.
    #[inline(always)]
    pub(crate) fn stored<'w>(&self, op: u8, words: &'w [u32]) -> (&[T], &'w [u32]) {
        let operands = opcode::operands(op, words);
        let start = words[0] as usize;
        (&self.constants[start..start + operands.len()], operands)
    }
}

/// A copy of a program.
#[derive(Clone, Debug)]
pub(crate) struct OwnedCode<T> {
    pub(super) ops: Vec<u8>,
    pub(super) operands: Vec<u32>,
    pub(super) constants: Vec<T>,
}

impl<T> Default for OwnedCode<T> {
    fn default() -> Self {
        Self { ops: Vec::new(), operands: Vec::new(), constants: Vec::new() }
    }
}

impl<T: Real> OwnedCode<T> {
    pub(crate) fn ops(&self) -> &[u8] {
        &self.ops
    }

    pub(crate) fn operands(&self) -> &[u32] {
        &self.operands
    }

    pub(crate) fn constants(&self) -> &[T] {
        &self.constants
    }

    /// The program, with the blocks it refers to.
    pub(crate) fn view<'a>(&'a self, blocks: &'a [Located<T>]) -> Code<'a, T> {
        Code { ops: &self.ops, operands: &self.operands, constants: &self.constants, blocks }
    }
}

/// The arguments of an n-ary entry in number type `R`, from its operands.
#[inline]
pub(crate) fn arguments<R>(
    operands: &[u32],
    value: impl Fn(usize) -> R,
    constant: impl Fn(usize) -> R,
) -> SmallVec<[R; 8]> {
    let argument = |&i: &u32| if i & CONSTANT == 0 { value(i as usize) } else { constant((i ^ CONSTANT) as usize) };
    operands.iter().map(argument).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Binary, Nary, Unary};
    use opcode::Form;

    /// Entries of all kinds in an irregular order, across several growths of all arrays.
    fn record(store: &mut Store<f64>, entries: usize) {
        store.push(opcode::LEAF, [], 0.5);
        for i in 1..entries as u32 {
            let value = f64::from(i);
            let at = match (i * 7919) % 5 {
                0 => store.push(opcode::LEAF, [], value),
                1 => store.push(opcode::unary(Unary::Sin), [i - 1], value),
                2 => store.push(opcode::binary(Binary::Mul, Form::Both), [i - 1, i / 2], value),
                3 => {
                    let constant = store.constant(-value);
                    store.push(opcode::binary(Binary::Add, Form::First), [i - 1, constant], value)
                }
                _ => {
                    let constant = store.constant(-value);
                    let operands = (0..i as usize % 40).map(|k| if k % 3 == 0 { CONSTANT | constant } else { i - 1 });
                    store.push_nary(opcode::nary(Nary::Sum), &[], operands, value)
                }
            };
            assert_eq!(at, i);
        }
    }

    #[test]
    fn forward_and_backward_walks_meet() {
        let mut store = Store::new();
        for entries in [1, FIRST_CAPACITY, FIRST_CAPACITY + 1, 10 * FIRST_CAPACITY] {
            store.clear();
            record(&mut store, entries);
            assert!(store.values()[1..].iter().enumerate().all(|(i, &value)| value == (i + 1) as f64));
            let code = store.code(entries - 1);
            let mut places = Vec::new();
            let mut sum = 0;
            code.walk(|i, op, words| {
                let nary = opcode::words(op).is_none();
                places.push(sum);
                for &k in opcode::operands(op, words) {
                    if k & CONSTANT == 0 {
                        assert!((k as usize) < i);
                    } else {
                        assert_eq!(code.constants[(k ^ CONSTANT) as usize], -(i as f64));
                    }
                }
                sum += words.len() + if nary { 2 } else { 0 };
            });
            let mut end = code.operands.len();
            for (i, &op) in code.ops.iter().enumerate().rev() {
                end = code.before(op, end);
                assert_eq!(end, places[i], "entry {i}");
            }
            // A program cut off anywhere ends where its next entry begins.
            for last in (0..entries - 1).step_by(37) {
                assert_eq!(store.code(last).operands.len(), places[last + 1]);
            }
        }
    }

    #[test]
    fn bytes_for_each_entry() {
        let mut store = Store::new();
        let a = store.push(opcode::LEAF, [], 1.0_f64);
        let before = store.bytes();
        store.push(opcode::unary(Unary::Sin), [a], 1.0);
        assert_eq!(store.bytes() - before, 13);
        store.push(opcode::binary(Binary::Mul, Form::Both), [a, a], 1.0);
        assert_eq!(store.bytes() - before, 13 + 17);
        // The constant is kept once.
        for _ in 0..100 {
            let two = store.constant(2.0);
            store.push(opcode::binary(Binary::Mul, Form::First), [a, two], 1.0);
        }
        assert_eq!(store.bytes() - before, 13 + 17 + 100 * 17 + 8);
    }
}
