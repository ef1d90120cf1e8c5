//! Where entries are kept: an opcode, operands and a value each, and a pool of constants.
//!
//! A binary f64 entry takes 17 bytes, a unary one 13. A constant operand is a place in the pool, in which a constant that
//! was met recently is found again. Capacity is kept across resets.

use std::any::TypeId;
use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use super::block::{Block, Located};
use super::code::Code;
use super::columns::Columns;
use super::constants::Constants;
use super::opcode::{self, CONSTANT, Form, Kind, LEAF};
use super::trace::{Place, Trace, inspect};
use crate::Real;
use crate::error::{Error, Kind as ErrorKind};

pub(crate) struct Store<T: Real> {
    columns: Columns<T>,
    constants: Constants<T>,
    blocks: Vec<Located<T>>,
    /// Blocks that capture nothing: all of one type at one place in the source are the same.
    plain_blocks: Vec<(TypeId, Place, u32)>,
    /// A frozen store is swept somewhere else at the moment; it has no room, and recording says so.
    frozen: bool,
    /// Present while the tape is watched; then there is capacity for no entry, so that each one passes through `grow`.
    trace: Option<Box<Trace>>,
}

impl<T: Real> Store<T> {
    pub(crate) const fn new() -> Self {
        Self {
            columns: Columns::new(),
            constants: Constants::new(),
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
        self.columns.entries
    }

    /// Bytes of recorded entries.
    pub(crate) fn bytes(&self) -> usize {
        self.columns.bytes() + size_of::<T>() * self.constants.used()
    }

    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.columns.held() + size_of::<T>() * self.constants.capacity()
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.columns.set_limit(limit);
    }

    /// Forgets all entries. Gives back the blocks, whose drop may run foreign code.
    pub(crate) fn clear(&mut self) -> Vec<Located<T>> {
        self.columns.clear();
        self.constants.clear();
        self.plain_blocks.clear();
        if let Some(trace) = &mut self.trace {
            trace.clear();
            self.columns.capacity = 0;
        }
        std::mem::take(&mut self.blocks)
    }

    /// Records an entry with `K <= 2` operands.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push<const K: usize>(&mut self, op: u8, operands: [u32; K], value: T) -> u32 {
        if self.columns.is_full() {
            self.grow(op, operands, value);
        }
        self.columns.push(op, operands, value)
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
        while self.columns.room() - self.len() < values.len() {
            self.enlarge();
        }
        self.columns.push_leaves(values);
        at
    }

    /// Records an entry with any number of operand words: what its opcode wants first, then its operands.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push_nary(&mut self, op: u8, extras: &[u32], operands: &[u32], value: T) -> u32 {
        if self.columns.is_full() {
            self.inspect_nary(op, operands, value);
            self.grow(op, [], value);
        }
        self.columns.push_counted(op, extras, operands, value)
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
        self.columns.values()
    }

    /// The program up to and including entry `last`.
    pub(crate) fn code(&self, last: usize) -> Code<'_, T> {
        let (ops, operands) = (self.columns.ops(), self.columns.operands());
        let code = Code { ops, operands, constants: self.constants.list(), blocks: &self.blocks };
        let end = ops[last + 1..].iter().rev().fold(operands.len(), |end, &op| code.before(op, end));
        Code { ops: &ops[..=last], operands: &operands[..end], ..code }
    }

    /// Notes the source line of each entry from now on, and stops, if `finite`, at values that are not; or no longer.
    pub(crate) fn watch(&mut self, lines: bool, finite: bool) {
        let watched = lines || finite;
        self.trace = watched.then(|| Box::new(Trace::new(self.len(), finite)));
        self.columns.capacity = if watched { self.len() } else { self.columns.room() };
    }

    /// What is noted while the tape is watched.
    pub(crate) fn trace(&mut self) -> Option<&mut Trace> {
        self.trace.as_deref_mut()
    }

    /// The source line of an entry, if it was noted.
    pub(crate) fn place(&self, index: usize) -> Option<Place> {
        self.trace.as_ref()?.place(index)
    }

    #[track_caller]
    fn enlarge(&mut self) {
        if self.frozen {
            Error::from(ErrorKind::Frozen { what: "a scalar was recorded on" }).raise();
        }
        self.columns.enlarge();
    }

    /// Makes room for an entry, and notes it if the tape is watched.
    #[cold]
    #[inline(never)]
    #[track_caller]
    fn grow<const K: usize>(&mut self, op: u8, operands: [u32; K], value: T) {
        let at = self.len();
        if self.columns.room() == at {
            self.enlarge();
        }
        let Some(trace) = &mut self.trace else { return };
        // If this ends here, there is no entry, and the next one is to come here again.
        self.columns.capacity = at;
        let place = trace.here();
        // An element is its tensor's, which has been looked at, and n-ary entries come with no operands here.
        if trace.finite && !value.primal().is_finite() && !matches!(op, opcode::TENSOR | opcode::AT) {
            let (values, constants) = (self.columns.values(), self.constants.list());
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
        trace.note(at, place);
        // This one entry only.
        self.columns.capacity = at + 1;
    }

    /// Looks at an n-ary entry that is about to be recorded.
    #[cold]
    #[track_caller]
    fn inspect_nary(&self, op: u8, operands: &[u32], value: T) {
        let Some(trace) = self.trace.as_ref().filter(|trace| trace.finite && !value.primal().is_finite()) else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Binary, Unary};
    use crate::tape::nary::Nary;

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
                    let operand = |k| if k % 3 == 0 { CONSTANT | constant } else { i - 1 };
                    let operands: Vec<u32> = (0..i as usize % 40).map(operand).collect();
                    store.push_nary(opcode::nary(Nary::Sum), &[], &operands, value)
                }
            };
            assert_eq!(at, i);
        }
    }

    const FIRST_CAPACITY: usize = 1024;

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
