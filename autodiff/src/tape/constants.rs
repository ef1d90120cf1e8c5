//! The pool of constants.

use super::opcode::INDEX_LIMIT;
use crate::Real;
use crate::error::{Error, Kind as ErrorKind};

/// The constants of a program. A loop meets the same few again and again: each is looked for where one with the same
/// hash was put last.
pub(super) struct Constants<T> {
    list: Vec<T>,
    /// Places by hash; empty until the first constant.
    recent: Vec<u32>,
    /// What is left of earlier programs.
    kept: usize,
    /// The place of the constant met last.
    last: u32,
    /// The place and length of the array met last.
    last_array: (u32, u32),
}

/// Constants that are kept at a reset, for the next program may well have the same.
const KEEP: usize = 1024;
const HASH_BITS: u32 = 10;

impl<T: Real> Constants<T> {
    pub(super) const fn new() -> Self {
        Self { list: Vec::new(), recent: Vec::new(), kept: 0, last: 0, last_array: (0, 0) }
    }

    /// Forgets what the last program used, or all if that was much.
    pub(super) fn clear(&mut self) {
        if self.list.len() > KEEP {
            self.list.clear();
            self.last_array = (0, 0);
        }
        self.kept = self.list.len();
    }

    /// All numbers, by place.
    pub(super) fn list(&self) -> &[T] {
        &self.list
    }

    /// Numbers of this program's own.
    pub(super) fn used(&self) -> usize {
        self.list.len() - self.kept
    }

    pub(super) fn capacity(&self) -> usize {
        self.list.capacity()
    }

    /// The place of a constant.
    #[inline(always)]
    #[track_caller]
    pub(super) fn place(&mut self, constant: T) -> u32 {
        let Some(bits) = constant.bits() else { return self.run(&[constant]) };
        // A loop over an array meets its constants in the order in which they were put here.
        let next = self.last.wrapping_add(1);
        if let Some(known) = self.list.get(next as usize)
            && known.bits() == Some(bits)
        {
            self.last = next;
            return next;
        }
        let slot = (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)) as usize;
        if let Some(&place) = self.recent.get(slot)
            && let Some(known) = self.list.get(place as usize)
            && known.bits() == Some(bits)
        {
            self.last = place;
            return place;
        }
        self.add(constant, slot)
    }

    /// The places of several constants, one after the other: the first one's. An array that is met again and again, as the
    /// inputs of a network are, is kept once.
    #[track_caller]
    pub(super) fn array(&mut self, numbers: &[T]) -> u32 {
        let (first, count) = self.last_array;
        let same = |(known, number): (&T, &T)| matches!((known.bits(), number.bits()), (Some(a), Some(b)) if a == b);
        if let Some(known) = self.list.get(first as usize..(first + count) as usize)
            && known.len() == numbers.len()
            && known.iter().zip(numbers).all(same)
        {
            return first;
        }
        let first = self.run(numbers);
        self.last_array = (first, numbers.len() as u32);
        first
    }

    #[inline(never)]
    #[track_caller]
    fn add(&mut self, constant: T, slot: usize) -> u32 {
        self.recent.resize(1 << HASH_BITS, 0);
        let place = self.run(&[constant]);
        (self.recent[slot], self.last) = (place, place);
        place
    }

    /// Adds numbers that belong together and gives the place of the first.
    #[inline]
    #[track_caller]
    pub(super) fn run(&mut self, numbers: &[T]) -> u32 {
        let place = self.list.len();
        if self.list.capacity() - place < numbers.len() {
            self.grow(numbers.len());
        }
        self.list.extend_from_slice(numbers);
        place as u32
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn grow(&mut self, additional: usize) {
        let entries = self.list.len();
        if entries + additional > INDEX_LIMIT {
            Error::from(ErrorKind::TapeFull { entries, limit: INDEX_LIMIT }).raise();
        }
        if self.list.try_reserve(additional).is_err() {
            Error::from(ErrorKind::OutOfMemory { bytes: additional * size_of::<T>(), entries }).raise();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_told_apart_by_bits() {
        let mut constants = Constants::<f64>::new();
        for array in [[1.0, 0.0], [1.0, 0.0], [1.0, -0.0], [1.0, f64::NAN], [1.0, 0.0], [2.0, 0.0]] {
            let place = constants.array(&array) as usize;
            assert_eq!(
                constants.list[place..place + 2].iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
                array.map(f64::to_bits)
            );
        }
        assert_eq!(constants.list.len(), 10, "only the repeated one is kept once");
        assert_eq!(constants.array(&[2.0]), 10, "a part of the last is another array");
    }

    #[test]
    fn constants_are_told_apart_by_bits() {
        let mut constants = Constants::<f64>::new();
        let edges = [0.0, -0.0, f64::NAN, 1.0, -1.0, f64::MIN_POSITIVE, 0.1, 0.1 + f64::EPSILON / 8.0];
        for _ in 0..2 {
            for c in edges {
                let place = constants.place(c) as usize;
                assert_eq!(constants.list[place].to_bits(), c.to_bits());
            }
        }
        // More of them than places by hash.
        for i in (0..2000).chain(0..2000) {
            let place = constants.place(f64::from(i)) as usize;
            assert_eq!(constants.list[place], f64::from(i));
        }
        constants.clear();
        assert_eq!(constants.place(7.0), 0, "nothing is left of an earlier list");
    }
}
