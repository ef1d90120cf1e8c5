//! The tape's side table: what it keeps of tensor operations.

use std::cell::{Cell, RefCell};

use super::Tensor;
use super::entry::TensorEntry;
use crate::Real;
use crate::tape::cell::{SideTable, TapeCell};

/// Tensor entries by slot, and room for a sweep's adjoints.
pub(crate) struct Table<T: Real> {
    pub(crate) entries: RefCell<Vec<TensorEntry<T>>>,
    adjoints: Cell<Vec<Option<Tensor<T>>>>,
}

impl<T: Real> Table<T> {
    /// The table of a tape.
    #[inline]
    pub(crate) fn of(cell: &TapeCell<T>) -> &Self {
        cell.side()
    }

    /// Room for the adjoints of tensors; empty.
    pub(crate) fn take_adjoints(&self) -> Vec<Option<Tensor<T>>> {
        self.adjoints.take()
    }

    /// Gives the room back.
    pub(crate) fn put_adjoints(&self, mut adjoints: Vec<Option<Tensor<T>>>) {
        adjoints.clear();
        self.adjoints.set(adjoints);
    }
}

impl<T: Real> Default for Table<T> {
    fn default() -> Self {
        Self { entries: RefCell::default(), adjoints: Cell::default() }
    }
}

impl<T: Real> SideTable for Table<T> {
    fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    fn clear(&self) {
        // What operations hold may run on drop and must not find the list borrowed.
        let mut entries = self.entries.take();
        entries.clear();
        if self.entries.borrow().is_empty() {
            self.entries.replace(entries);
        }
    }

    fn release(&self) {
        drop(self.entries.take());
        self.adjoints.take();
    }
}
