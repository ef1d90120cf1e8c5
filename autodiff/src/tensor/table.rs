//! The tape's side table: what it keeps of tensor operations.

use std::cell::{Cell, RefCell};

use super::Tensor;
use super::entry::TensorEntry;
use crate::Real;
use crate::tape::cell::{SideTable, TapeCell};

/// Tensor entries by slot, and room for a sweep's adjoints.
pub(crate) struct Table<T: Real> {
    pub(crate) entries: RefCell<Vec<TensorEntry<T>>>,
    adjoints: Cell<Adjoints<T>>,
}

/// The adjoints of tensors.
pub(crate) struct Adjoints<T: Real> {
    pub(crate) tensors: Vec<Option<Tensor<T>>>,
    /// How often each tensor was read by what the sweep has passed; or that its adjoint was [`PASSED`] on and forgotten.
    pub(crate) reads: Vec<u32>,
}

/// Stands for an adjoint that nobody can ask for.
pub(crate) const PASSED: u32 = u32::MAX;

impl<T: Real> Default for Adjoints<T> {
    fn default() -> Self {
        Self { tensors: Vec::new(), reads: Vec::new() }
    }
}

impl<T: Real> Table<T> {
    /// The table of a tape.
    #[inline]
    pub(crate) fn of(cell: &TapeCell<T>) -> &Self {
        cell.side()
    }

    /// Room for the adjoints of so many tensors.
    pub(crate) fn take_adjoints(&self, slots: usize) -> Adjoints<T> {
        let mut adjoints = self.adjoints.take();
        adjoints.tensors.resize_with(slots, || None);
        adjoints.reads.resize(slots, 0);
        adjoints
    }

    /// Gives the room back.
    pub(crate) fn put_adjoints(&self, mut adjoints: Adjoints<T>) {
        adjoints.tensors.clear();
        adjoints.reads.clear();
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
