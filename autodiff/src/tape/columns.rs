//! The arrays that entries stand in: opcodes, operand words, values. Room for the next entries is reserved in all of them
//! at once, so that recording one checks a single bound. Growth is by `realloc`, which moves pages, not bytes, once the
//! arrays are large.

use super::opcode::{INDEX_LIMIT, LEAF};
use crate::error::{Error, Kind};

const FIRST_CAPACITY: usize = 1024;

/// The vectors own the memory; the counts say how much of it is filled.
pub(super) struct Columns<T> {
    ops: Vec<u8>,
    operands: Vec<u32>,
    values: Vec<T>,
    pub(super) entries: usize,
    words: usize,
    /// Entries for which there is room: invariant, for `left = room - entries`, each of `ops` and `values` has room for
    /// `left` more elements and `operands` for `2 left`.
    room: usize,
    /// Up to here entries are written without further question; never beyond `room`.
    pub(super) capacity: usize,
    limit: usize,
}

impl<T: Copy> Columns<T> {
    pub(super) const fn new() -> Self {
        Self {
            ops: Vec::new(),
            operands: Vec::new(),
            values: Vec::new(),
            entries: 0,
            words: 0,
            room: 0,
            capacity: 0,
            limit: INDEX_LIMIT,
        }
    }

    /// Whether the next entry has to ask first.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.entries == self.capacity
    }

    /// The entries for which there is room.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// Writes an entry with `K <= 2` operand words and gives its index.
    #[inline(always)]
    pub(super) fn push<const K: usize>(&mut self, op: u8, operands: [u32; K], value: T) -> u32 {
        const { assert!(K <= 2) };
        debug_assert!(self.entries < self.capacity && self.capacity <= self.room);
        let at = self.entries;
        // SAFETY: every caller has seen that the columns are not full or has made room, so `entries < capacity <= room`,
        // and by the invariant at `room` there is room for one more opcode and value and two more words.
        unsafe {
            self.ops.as_mut_ptr().add(at).write(op);
            self.values.as_mut_ptr().add(at).write(value);
            self.operands.as_mut_ptr().add(self.words).cast::<[u32; K]>().write_unaligned(operands);
        }
        self.words += K;
        self.entries = at + 1;
        at as u32
    }

    /// Writes independent variables, for which there must be room.
    pub(super) fn push_leaves(&mut self, values: &[T]) {
        assert!(self.room - self.entries >= values.len(), "room was made");
        // SAFETY: there is room for as many opcodes and values, and `values` is borrowed from elsewhere.
        unsafe {
            self.ops.as_mut_ptr().add(self.entries).write_bytes(LEAF, values.len());
            self.values.as_mut_ptr().add(self.entries).copy_from_nonoverlapping(values.as_ptr(), values.len());
        }
        self.entries += values.len();
    }

    /// Writes an entry with any number of words, which their count embraces.
    #[inline(always)]
    #[track_caller]
    pub(super) fn push_counted(&mut self, op: u8, extras: &[u32], operands: &[u32], value: T) -> u32 {
        debug_assert!(self.entries < self.capacity && self.capacity <= self.room);
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

    /// Makes room for twice as many entries.
    #[track_caller]
    pub(super) fn enlarge(&mut self) {
        let entries = self.entries;
        let room = (2 * self.room).max(FIRST_CAPACITY).min(self.limit);
        if room <= entries {
            Error::from(Kind::TapeFull { entries, limit: self.limit }).raise();
        }
        let left = room - entries;
        reserve(&mut self.ops, entries, left, entries);
        reserve(&mut self.values, entries, left, entries);
        reserve(&mut self.operands, self.words, 2 * left, entries);
        (self.room, self.capacity) = (room, room);
    }

    /// Forgets all entries; the memory stays.
    pub(super) fn clear(&mut self) {
        (self.entries, self.words) = (0, 0);
        // All vectors are empty now, so the smallest of them says how many entries fit.
        let binary = self.operands.capacity() / 2;
        self.room = self.ops.capacity().min(self.values.capacity()).min(binary).min(self.limit);
        self.capacity = self.room;
    }

    /// Refuses more entries than this.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.min(INDEX_LIMIT);
        self.room = self.room.min(self.limit.max(self.entries));
        self.capacity = self.capacity.min(self.room);
    }

    /// Bytes that entries take.
    pub(super) fn bytes(&self) -> usize {
        self.entries + 4 * self.words + size_of::<T>() * self.entries
    }

    /// Bytes of memory held.
    pub(super) fn held(&self) -> usize {
        self.ops.capacity() + 4 * self.operands.capacity() + size_of::<T>() * self.values.capacity()
    }

    /// All opcodes.
    pub(super) fn ops(&self) -> &[u8] {
        // SAFETY: the first `entries` opcodes were written by the pushes that counted them.
        unsafe { std::slice::from_raw_parts(self.ops.as_ptr(), self.entries) }
    }

    /// All operand words.
    pub(super) fn operands(&self) -> &[u32] {
        // SAFETY: the first `words` words were written by the pushes that counted them.
        unsafe { std::slice::from_raw_parts(self.operands.as_ptr(), self.words) }
    }

    /// All values.
    pub(super) fn values(&self) -> &[T] {
        // SAFETY: the first `entries` values were written by the pushes that counted them.
        unsafe { std::slice::from_raw_parts(self.values.as_ptr(), self.entries) }
    }
}

/// Makes room for `additional` elements behind the `filled` ones, or says that memory has run out.
#[track_caller]
fn reserve<E: Copy>(vec: &mut Vec<E>, filled: usize, additional: usize, entries: usize) {
    if vec.capacity() - filled >= additional {
        return;
    }
    // SAFETY: the first `filled` elements were written by earlier pushes, and `E: Copy` needs no drop. The length is set
    // so that growing keeps them, and back to 0 because the columns keep their own counts.
    let reserved = unsafe {
        vec.set_len(filled);
        let reserved = vec.try_reserve_exact(additional);
        vec.set_len(0);
        reserved
    };
    if reserved.is_err() {
        Error::from(Kind::OutOfMemory { bytes: additional * size_of::<E>(), entries }).raise();
    }
}
