//! How a store grows, and what is left of it when its tape is reset.

use super::alloc::reserve;
use super::block::Located;
use super::opcode::INDEX_LIMIT;
use super::store::Store;
use crate::Real;
use crate::error::{Error, Kind};

pub(super) const FIRST_CAPACITY: usize = 1024;

impl<T: Real> Store<T> {
    /// Bytes of recorded entries.
    pub(crate) fn bytes(&self) -> usize {
        self.entries + 4 * self.words + size_of::<T>() * (self.entries + self.constants.used())
    }

    /// Bytes of memory held.
    pub(crate) fn held(&self) -> usize {
        self.ops.capacity()
            + 4 * self.operands.capacity()
            + size_of::<usize>() * self.starts.borrow().capacity()
            + size_of::<T>() * (self.values.capacity() + self.constants.capacity())
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit.min(INDEX_LIMIT);
        self.room = self.room.min(self.limit.max(self.entries));
        self.capacity = self.capacity.min(self.room);
    }

    /// Forgets all entries. Gives back the blocks, whose drop may run foreign code.
    pub(crate) fn clear(&mut self) -> Vec<Located<T>> {
        (self.entries, self.words) = (0, 0);
        // All vectors are empty now, so the smallest of them says how many entries fit.
        let binary = self.operands.capacity() / 2;
        self.room = self.ops.capacity().min(self.values.capacity()).min(binary).min(self.limit);
        self.capacity = self.room;
        self.constants.clear();
        self.starts.get_mut().clear();
        self.plain_blocks.clear();
        if let Some(trace) = &mut self.trace {
            trace.clear();
            self.capacity = 0;
        }
        std::mem::take(&mut self.blocks)
    }

    /// Makes room for twice as many entries, by `realloc`, which moves pages, not bytes, once the arrays are large.
    #[track_caller]
    pub(super) fn enlarge(&mut self) {
        if self.frozen {
            Error::from(Kind::Frozen { what: "a scalar was recorded on" }).raise();
        }
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
}
