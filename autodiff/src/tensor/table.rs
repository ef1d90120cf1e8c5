//! The tape's side table: what it keeps of tensor operations.

use std::cell::{Cell, OnceCell, RefCell};

use super::Tensor;
use super::entry::TensorEntry;
use super::layout::Dims;
use super::part::Part;
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
    /// Adjoints of independent tensors that are 0 but for few rows.
    kept: Vec<Kept<T>>,
    /// How often each tensor was read by what the sweep has passed; or that its adjoint was [`PASSED`] on and forgotten.
    pub(crate) reads: Vec<u32>,
}

/// An adjoint that is 0 but for few rows, made whole when somebody asks for it.
struct Kept<T: Real> {
    own: usize,
    part: Part,
    piece: Tensor<T>,
    shape: Dims,
    whole: OnceCell<Tensor<T>>,
}

impl<T: Real> Kept<T> {
    fn whole(&self) -> &Tensor<T> {
        self.whole.get_or_init(|| self.part.among_zeros(&self.piece, &self.shape))
    }
}

impl<T: Real> Adjoints<T> {
    fn kept(&self, own: usize) -> Option<&Kept<T>> {
        self.kept.iter().find(|kept| kept.own == own)
    }

    /// A tensor's adjoint.
    pub(crate) fn get(&self, own: usize) -> Option<&Tensor<T>> {
        self.tensors[own].as_ref().or_else(|| self.kept(own).map(Kept::whole))
    }

    /// Whether a tensor has an adjoint.
    pub(crate) fn has(&self, own: usize) -> bool {
        self.tensors[own].is_some() || self.kept(own).is_some()
    }

    /// Takes out a tensor's adjoint.
    pub(crate) fn take(&mut self, own: usize) -> Option<Tensor<T>> {
        self.sum(own).take()
    }

    /// Rows of a tensor's adjoint; `rows` go upward.
    pub(crate) fn rows(&self, own: usize, rows: &[usize]) -> Option<Tensor<T>> {
        match (&self.tensors[own], self.kept(own)) {
            (None, Some(kept)) => Some(kept.part.rows_among_zeros(&kept.piece, rows)),
            (None, None) => None,
            (Some(whole), _) => Some(whole.untracked().index_select(0, rows)),
        }
    }

    /// The whole of a tensor's adjoint, to be added to.
    pub(crate) fn sum(&mut self, own: usize) -> &mut Option<Tensor<T>> {
        if let Some(at) = self.kept.iter().position(|kept| kept.own == own) {
            let kept = self.kept.swap_remove(at);
            self.tensors[own] = Some(kept.whole().clone());
        }
        &mut self.tensors[own]
    }

    /// Adds a part to a tensor's adjoint. The first rows of an independent tensor are kept as they are.
    pub(crate) fn add_part(&mut self, own: usize, independent: bool, part: Part, piece: Tensor<T>, shape: &[usize]) {
        if independent && part.is_few_rows(&piece, shape) && !self.has(own) {
            self.kept.push(Kept { own, part, piece, shape: shape.into(), whole: OnceCell::new() });
        } else {
            part.add_to(self.sum(own), &piece, shape);
        }
    }
}

/// Stands for an adjoint that nobody can ask for.
pub(crate) const PASSED: u32 = u32::MAX;

impl<T: Real> Default for Adjoints<T> {
    fn default() -> Self {
        Self { tensors: Vec::new(), kept: Vec::new(), reads: Vec::new() }
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
        adjoints.kept.clear();
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
