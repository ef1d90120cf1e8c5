//! Where entries are kept: one array each for opcodes, operands, constants and values.
//!
//! A binary f64 entry takes 17 bytes, a unary one 13, one with a constant 21. Room for the next entries is reserved in
//! all four arrays at once, so that recording one checks a single bound. Growth is by `realloc`, which moves pages, not
//! bytes, once the arrays are large; capacity is kept across resets.

use smallvec::SmallVec;

use super::opcode::{self, AT, CONSTANT, Kind, TENSOR};
use crate::error::{Error, Kind as ErrorKind};

/// Entry indices are `u32`; the topmost value marks a constant.
const INDEX_LIMIT: usize = u32::MAX as usize - 1;
const FIRST_CAPACITY: usize = 1024;

pub(crate) struct Store<T> {
    // The vectors own the memory; the counts below say how much of it is filled.
    ops: Vec<u8>,
    operands: Vec<u32>,
    constants: Vec<T>,
    values: Vec<T>,
    entries: usize,
    operand_count: usize,
    constant_count: usize,
    /// Entries for which there is room: invariant, for `left = capacity - entries`, each of `ops` and `values` has room
    /// for `left` more elements, `operands` for `2 left` and `constants` for `left`.
    capacity: usize,
    limit: usize,
    /// A frozen store is swept somewhere else at the moment; it has no room, and recording says so.
    frozen: bool,
}

impl<T: Copy> Store<T> {
    pub(crate) const fn new() -> Self {
        Self {
            ops: Vec::new(),
            operands: Vec::new(),
            constants: Vec::new(),
            values: Vec::new(),
            entries: 0,
            operand_count: 0,
            constant_count: 0,
            capacity: 0,
            limit: INDEX_LIMIT,
            frozen: false,
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
        self.entries + 4 * self.operand_count + size_of::<T>() * (self.entries + self.constant_count)
    }

    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.ops.capacity()
            + 4 * self.operands.capacity()
            + size_of::<T>() * (self.values.capacity() + self.constants.capacity())
    }

    pub(crate) fn clear(&mut self) {
        self.entries = 0;
        self.operand_count = 0;
        self.constant_count = 0;
        // All vectors are empty now, so the smallest of them says how many entries fit.
        let binary = self.operands.capacity() / 2;
        self.capacity =
            self.ops.capacity().min(self.values.capacity()).min(self.constants.capacity()).min(binary).min(self.limit);
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.min(INDEX_LIMIT);
        self.capacity = self.capacity.min(self.limit.max(self.entries));
    }

    /// Records an entry with `K <= 2` operands.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push<const K: usize>(&mut self, op: u8, operands: [u32; K], value: T) -> u32 {
        const { assert!(K <= 2) };
        if self.entries == self.capacity {
            self.grow();
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

    /// Records an entry with one operand and a constant.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push_with_constant(&mut self, op: u8, operand: u32, constant: T, value: T) -> u32 {
        let at = self.push(op, [operand], value);
        // SAFETY: `push` used up one entry's room, and this entry's share of `constants` was not used by it.
        unsafe { self.constants.as_mut_ptr().add(self.constant_count).write(constant) };
        self.constant_count += 1;
        at
    }

    /// Records an n-ary entry; [`CONSTANT`] stands for an operand whose value is the next of `constants`.
    #[track_caller]
    pub(crate) fn push_nary(&mut self, op: u8, operands: &[u32], constants: &[T], value: T) -> u32 {
        if self.entries == self.capacity {
            self.grow();
        }
        // What the other free entries may need stays reserved.
        let left = self.capacity - self.entries - 1;
        let need = (operands.len() + 2 + 2 * left, constants.len() + left);
        reserve(&mut self.operands, self.operand_count, need.0, self.entries);
        reserve(&mut self.constants, self.constant_count, need.1, self.entries);
        let (at, count) = (self.entries, operands.len() as u32);
        // SAFETY: `entries < capacity` gives room for an opcode and a value; the two reservations give room for the
        // counts, the operands and the constants. The source slices are borrowed from elsewhere, so nothing overlaps.
        unsafe {
            self.ops.as_mut_ptr().add(at).write(op);
            self.values.as_mut_ptr().add(at).write(value);
            let operand = self.operands.as_mut_ptr().add(self.operand_count);
            operand.write(count);
            operand.add(1).copy_from_nonoverlapping(operands.as_ptr(), operands.len());
            operand.add(1 + operands.len()).write(count);
            let constant = self.constants.as_mut_ptr().add(self.constant_count);
            constant.copy_from_nonoverlapping(constants.as_ptr(), constants.len());
        }
        self.operand_count += operands.len() + 2;
        self.constant_count += constants.len();
        self.entries = at + 1;
        at as u32
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    fn grow(&mut self) {
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
        reserve(&mut self.constants, self.constant_count, left, entries);
        self.capacity = capacity;
    }

    /// All values.
    pub(crate) fn values(&self) -> &[T] {
        // SAFETY: the first `entries` values were written by the pushes that counted them.
        unsafe { std::slice::from_raw_parts(self.values.as_ptr(), self.entries) }
    }

    /// The program up to and including entry `last`.
    pub(crate) fn code(&self, last: usize) -> Code<'_, T> {
        // SAFETY: opcodes, operands and constants up to their counts were written by the pushes that counted them.
        let (ops, operands, constants) = unsafe {
            (
                std::slice::from_raw_parts(self.ops.as_ptr(), self.entries),
                std::slice::from_raw_parts(self.operands.as_ptr(), self.operand_count),
                std::slice::from_raw_parts(self.constants.as_ptr(), self.constant_count),
            )
        };
        let code = Code { ops, operands, constants };
        let end = ops[last + 1..].iter().rev().fold(code.end(), |end, &op| code.before(op, end));
        Code { ops: &ops[..=last], operands: &operands[..end.operands], constants: &constants[..end.constants] }
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

/// A place in a program's operands and constants.
#[derive(Clone, Copy)]
pub(crate) struct Cursor {
    pub(crate) operands: usize,
    pub(crate) constants: usize,
}

/// A recorded program: what was done, without the values.
#[derive(Clone, Copy)]
pub(crate) struct Code<'a, T> {
    pub(crate) ops: &'a [u8],
    pub(crate) operands: &'a [u32],
    pub(crate) constants: &'a [T],
}

impl<T: Copy> Code<'_, T> {
    /// Behind the last entry.
    pub(crate) fn end(&self) -> Cursor {
        Cursor { operands: self.operands.len(), constants: self.constants.len() }
    }

    /// Where the operands and constants begin of the entry with opcode `op` whose operands and constants end at `end`.
    #[inline]
    pub(crate) fn before(&self, op: u8, end: Cursor) -> Cursor {
        let (operands, constants) = match opcode::decode(op) {
            Kind::Leaf => (0, 0),
            Kind::Tensor | Kind::Unary(_) => (1, 0),
            Kind::At | Kind::Binary(_, opcode::Form::Both) => (2, 0),
            Kind::Binary(..) => (1, 1),
            Kind::Nary(_) => {
                let last = end.operands - 1;
                let operands = &self.operands[last - self.operands[last] as usize..last];
                (operands.len() + 2, operands.iter().filter(|&&i| i == CONSTANT).count())
            }
        };
        Cursor { operands: end.operands - operands, constants: end.constants - constants }
    }

    /// An owned copy, to be read while more is recorded.
    pub(crate) fn to_owned(self) -> OwnedCode<T> {
        OwnedCode { ops: self.ops.to_vec(), operands: self.operands.to_vec(), constants: self.constants.to_vec() }
    }

    /// Whether any entry is a tensor operation or an element of a tensor.
    pub(crate) fn has_tensors(&self) -> bool {
        self.ops.iter().any(|&op| op == TENSOR || op == AT)
    }

    /// Calls `visit` with every entry in order: index, opcode, operands, constants.
    pub(crate) fn walk(self, mut visit: impl FnMut(usize, u8, &[u32], &[T])) {
        let (mut operands, mut constants) = (self.operands, self.constants);
        for (i, &op) in self.ops.iter().enumerate() {
            let (skip, count, fixed) = match opcode::decode(op) {
                Kind::Leaf => (0, 0, 0),
                Kind::Tensor | Kind::Unary(_) => (0, 1, 0),
                Kind::At | Kind::Binary(_, opcode::Form::Both) => (0, 2, 0),
                Kind::Binary(..) => (0, 1, 1),
                Kind::Nary(_) => {
                    let count = operands[0] as usize;
                    (1, count, operands[1..=count].iter().filter(|&&i| i == CONSTANT).count())
                }
            };
            visit(i, op, &operands[skip..skip + count], &constants[..fixed]);
            operands = &operands[2 * skip + count..];
            constants = &constants[fixed..];
        }
    }
}

pub(crate) struct OwnedCode<T> {
    pub(super) ops: Vec<u8>,
    pub(super) operands: Vec<u32>,
    pub(super) constants: Vec<T>,
}

impl<T> OwnedCode<T> {
    pub(crate) fn view(&self) -> Code<'_, T> {
        Code { ops: &self.ops, operands: &self.operands, constants: &self.constants }
    }
}

/// The arguments of an n-ary entry in number type `R`, from its operands and constants.
#[inline]
pub(crate) fn nary_arguments<T: Copy, R>(
    operands: &[u32],
    constants: &[T],
    value: impl Fn(usize) -> R,
    lift: impl Fn(T) -> R,
) -> SmallVec<[R; 8]> {
    let mut constants = constants.iter();
    let argument = |&i: &u32| match i {
        CONSTANT => lift(*constants.next().expect("one constant for each constant operand")),
        i => value(i as usize),
    };
    operands.iter().map(argument).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Binary, Nary, Unary};
    use opcode::Form;

    /// Entries of all kinds in an irregular order, across several growths of all four arrays.
    fn record(store: &mut Store<f64>, entries: usize) {
        store.push(opcode::LEAF, [], 0.5);
        for i in 1..entries as u32 {
            let value = f64::from(i);
            let at = match (i * 7919) % 5 {
                0 => store.push(opcode::LEAF, [], value),
                1 => store.push(opcode::unary(Unary::Sin), [i - 1], value),
                2 => store.push(opcode::binary(Binary::Mul, Form::Both), [i - 1, i / 2], value),
                3 => store.push_with_constant(opcode::binary(Binary::Add, Form::First), i - 1, -value, value),
                _ => {
                    let operands: Vec<u32> = (0..i % 40).map(|k| if k % 3 == 0 { CONSTANT } else { i - 1 }).collect();
                    let constants = vec![-value; operands.iter().filter(|&&k| k == CONSTANT).count()];
                    store.push_nary(opcode::nary(Nary::Sum), &operands, &constants, value)
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
            let mut sum = Cursor { operands: 0, constants: 0 };
            code.walk(|i, op, operands, constants| {
                let ends = if matches!(opcode::decode(op), Kind::Nary(_)) { 2 } else { 0 };
                places.push(sum);
                assert!(constants.iter().all(|&c| c == -(i as f64)));
                assert!(operands.iter().all(|&k| k == CONSTANT || (k as usize) < i));
                sum.operands += operands.len() + ends;
                sum.constants += constants.len();
            });
            let mut end = code.end();
            for (i, &op) in code.ops.iter().enumerate().rev() {
                end = code.before(op, end);
                assert_eq!((end.operands, end.constants), (places[i].operands, places[i].constants), "entry {i}");
            }
            // A program cut off anywhere ends where its next entry begins.
            for last in (0..entries - 1).step_by(37) {
                let cut = store.code(last).end();
                assert_eq!((cut.operands, cut.constants), (places[last + 1].operands, places[last + 1].constants));
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
        store.push_with_constant(opcode::binary(Binary::Mul, Form::First), a, 2.0, 1.0);
        assert_eq!(store.bytes() - before, 13 + 17 + 21);
    }
}
