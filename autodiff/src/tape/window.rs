//! Some of a tape's entries as a program of their own.

use std::collections::BinaryHeap;

use super::alloc;
use super::code::{Code, OwnedCode};
use super::opcode::{self, AT, CONSTANT, LEAF, TENSOR};
use super::store::Store;
use crate::Real;
use crate::error::{Error, Kind as ErrorKind};

/// What stands in the side table, as far as it is asked for here.
pub(crate) trait Slots {
    /// How many slots belong to entries before this one.
    fn before(&self, index: usize) -> usize;

    /// Calls `visit` with the entries that an entry with opcode `op`, [`TENSOR`] or [`AT`], and this slot depends on.
    fn operands(&self, op: u8, slot: usize, visit: &mut dyn FnMut(u32));
}

/// When a search for what a root depends on pays.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    /// Among so few entries, it does not.
    pub(crate) short: usize,
    /// It ends, in vain, if it has found more than one entry in so many.
    pub(crate) share: usize,
}

/// Entries of a tape numbered anew, in their order. The first of them, earlier ones that the others read, stand as leaves.
pub(crate) struct Window {
    /// The last run, mostly the longest and often the only one.
    last: Run,
    /// Those before it.
    earlier: Vec<Run>,
    /// How many of the entries are leaves here, whatever they are on the tape.
    leaves: usize,
    /// Of the entries from this one on, all that count are in the window.
    floor: usize,
}

/// Entries that follow one another on the tape, and in the window.
#[derive(Clone, Copy, Default)]
struct Run {
    /// The first one's index on the tape.
    first: u32,
    /// The first one's number in the window.
    inner: u32,
    len: u32,
    /// The first slot of those that belong to the run, on the tape.
    slot: u32,
    /// The same among the window's slots.
    own: u32,
    slots: u32,
}

impl Window {
    /// The first `len` entries of the tape, with `slots` slots; all keep their numbers.
    pub(crate) fn whole(len: usize, slots: usize) -> Self {
        let mut window = Self::empty();
        window.push(0, len, 0, slots);
        window
    }

    /// No entries.
    pub(crate) fn empty() -> Self {
        Self { last: Run::default(), earlier: Vec::new(), leaves: 0, floor: 0 }
    }

    /// `len` entries from `first` on, which read none before it but those at `places`; their slots are those from `slot` on.
    pub(crate) fn stretch(first: usize, len: usize, places: &[u32], slot: usize, slots: usize) -> Self {
        let mut outside = places.to_vec();
        outside.sort_unstable();
        let mut window = Self { leaves: outside.len(), ..Self::empty() };
        for place in outside {
            window.push(place as usize, 1, 0, 0);
        }
        window.push(first, len, slot, slots);
        window
    }

    /// What lies between some roots and entry `floor`: the entries from there on that the roots depend on, and earlier
    /// numbers that these read. Where the search does not pay, what is between them is not told apart.
    pub(crate) fn between<T: Real>(
        store: &Store<T>,
        roots: impl Iterator<Item = usize> + Clone,
        floor: usize,
        search: Search,
        slots: &impl Slots,
    ) -> Self {
        let last = roots.clone().max().unwrap_or(floor);
        let len = last + 1 - floor;
        let most = (len > search.short).then(|| (len / search.share).max(4));
        if let Some(reached) = most.and_then(|most| Reached::new(store, roots, floor, most, slots)) {
            let Reached { mut outside, found } = reached;
            outside.sort_unstable();
            outside.dedup();
            let mut window = Self { leaves: outside.len(), floor, ..Self::empty() };
            outside.extend(found.iter().rev());
            for run in outside.chunk_by(|a, b| a + 1 == *b) {
                let (first, end) = (run[0] as usize, run[0] as usize + run.len());
                window.push(first, run.len(), slots.before(first), slots.before(end) - slots.before(first));
            }
            return window;
        }
        if floor <= len {
            return Self::whole(last + 1, slots.before(last + 1));
        }
        let code = store.from(floor);
        let mut outside = Vec::new();
        Code { ops: &code.ops[..len], ..code }.walk(|_, op, words| {
            let operands = opcode::entries(opcode::operands(op, words));
            outside.extend(operands.filter(|&operand| operand < floor).map(|operand| operand as u32));
        });
        outside.sort_unstable();
        outside.dedup();
        let slot = slots.before(floor);
        Self { floor, ..Self::stretch(floor, len, &outside, slot, slots.before(last + 1) - slot) }
    }

    /// Adds entries, all of them later than those that are there.
    fn push(&mut self, first: usize, len: usize, slot: usize, slots: usize) {
        let (inner, own) = (self.len(), self.slots());
        let [first, inner, len, slot, own, slots] = [first, inner, len, slot, own, slots].map(|x| x as u32);
        let before = std::mem::replace(&mut self.last, Run { first, inner, len, slot, own, slots });
        if before.len > 0 {
            self.earlier.push(before);
        }
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        (self.last.inner + self.last.len) as usize
    }

    /// The number of slots.
    pub(crate) fn slots(&self) -> usize {
        (self.last.own + self.last.slots) as usize
    }

    /// Whether every entry keeps its number.
    pub(crate) fn is_whole(&self) -> bool {
        self.earlier.is_empty() && self.last.first == 0 && self.leaves == 0
    }

    /// An entry's number in the window, from its index on the tape; `None` if it is not in the window.
    #[inline]
    pub(crate) fn find(&self, index: usize) -> Option<usize> {
        let run = self.last_for(|run| run.first as usize <= index)?;
        let within = index - run.first as usize;
        (within < run.len as usize).then(|| run.inner as usize + within)
    }

    /// The same, where it must be in the window unless nothing that happens here is of interest to it.
    ///
    /// # Panics
    /// If the window's program should not have read the entry.
    #[inline]
    pub(crate) fn known(&self, index: u32) -> Option<usize> {
        (index as usize >= self.floor).then(|| self.inner(index))
    }

    /// An entry's number in the window, from its index on the tape.
    ///
    /// # Panics
    /// If the entry is neither in the window nor one of those that it may read.
    #[inline]
    pub(crate) fn inner(&self, index: u32) -> usize {
        let index = index as usize;
        self.find(index).unwrap_or_else(|| Error::from(ErrorKind::Captured { index }).raise())
    }

    /// An entry's index on the tape, from its number in the window.
    #[inline]
    pub(crate) fn index(&self, inner: usize) -> usize {
        let run = self.last_for(|run| run.inner as usize <= inner).expect("in the window");
        run.first as usize + (inner - run.inner as usize)
    }

    /// A slot's number among the window's, from that on the tape; `None` if it is not in the window.
    #[inline]
    pub(crate) fn own(&self, slot: u32) -> Option<usize> {
        let run = self.last_for(|run| run.slot <= slot)?;
        let within = slot - run.slot;
        (within < run.slots).then(|| (run.own + within) as usize)
    }

    /// What the tape has of each entry, for the window's entries.
    pub(crate) fn gather<E: Copy>(&self, of: &[E]) -> Vec<E> {
        let mut all = alloc::empty(self.len());
        for run in self.runs() {
            all.extend_from_slice(&of[run.first as usize..][..run.len as usize]);
        }
        all
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.earlier.iter().chain([&self.last])
    }

    /// The last of the runs for which `is` holds, which it does for none after one for which it does not.
    #[inline]
    fn last_for(&self, is: impl Fn(&Run) -> bool) -> Option<&Run> {
        if is(&self.last) { Some(&self.last) } else { self.earlier[..self.earlier.partition_point(is)].last() }
    }

    /// The window's program, without constants: their places are those on the tape.
    pub(crate) fn code<T: Real>(&self, store: &Store<T>) -> OwnedCode<T> {
        if self.is_whole() {
            let code = store.code(self.len() - 1);
            return Code { constants: &[], ..code }.to_owned();
        }
        let mut owned = OwnedCode { ops: alloc::empty(self.len()), ..OwnedCode::default() };
        owned.ops.resize(self.leaves, LEAF);
        for run in self.runs() {
            let skipped = self.leaves.saturating_sub(run.inner as usize);
            if skipped < run.len as usize {
                let code = store.from(run.first as usize + skipped);
                self.append(Code { ops: &code.ops[..run.len as usize - skipped], ..code }, &mut owned);
            }
        }
        owned
    }

    /// The program of a window that is one stretch, from its code.
    pub(crate) fn renumbered<T: Real>(&self, code: Code<'_, T>) -> OwnedCode<T> {
        let mut owned = OwnedCode::default();
        owned.ops.resize(self.leaves, LEAF);
        self.append(code, &mut owned);
        owned
    }

    /// Adds entries to the window's program.
    fn append<T: Real>(&self, code: Code<'_, T>, owned: &mut OwnedCode<T>) {
        owned.ops.extend_from_slice(code.ops);
        let all = &mut owned.operands;
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
    }
}

/// What some roots depend on.
struct Reached {
    /// Entries before the floor, in no order, and the floor itself if it is a number.
    outside: Vec<u32>,
    /// The others, from the last to the first.
    found: Vec<u32>,
}

impl Reached {
    /// None if there are more than `most` entries, or one has more operands.
    fn new<T: Real>(
        store: &Store<T>,
        roots: impl Iterator<Item = usize>,
        floor: usize,
        most: usize,
        slots: &impl Slots,
    ) -> Option<Self> {
        let (mut heap, mut outside, mut found) = (BinaryHeap::new(), Vec::new(), Vec::new());
        heap.extend(roots.map(|root| root as u32));
        // Where the words begin of the entry looked at last.
        let mut known = (store.len(), store.start(store.len()));
        while let Some(index) = heap.pop() {
            if found.last() == Some(&index) {
                continue;
            }
            if found.len() == most {
                return None;
            }
            let (code, at) = (store.all(), index as usize);
            let op = code.ops[at];
            if at == floor && op != TENSOR {
                outside.push(index);
                break;
            }
            found.push(index);
            if op == LEAF || at == floor {
                continue;
            }
            known = (at, store.start_before(at, known));
            let (words, _) = opcode::split(op, &code.operands[known.1..]);
            if op == TENSOR || op == AT {
                slots.operands(op, words[0] as usize, &mut |operand| {
                    if operand as usize >= floor {
                        heap.push(operand);
                    }
                });
                continue;
            }
            let operands = opcode::operands(op, words);
            if operands.len() > most {
                return None;
            }
            for operand in opcode::entries(operands) {
                if operand >= floor {
                    heap.push(operand as u32);
                } else {
                    outside.push(operand as u32);
                }
            }
        }
        Some(Self { outside, found })
    }
}
