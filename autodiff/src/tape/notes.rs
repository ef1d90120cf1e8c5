//! What a tape takes note of beside its entries: comparisons, source lines, values that are not finite.

use super::cell::TapeCell;
use super::guard::Guard;
use super::trace::Place;
use crate::Real;
use crate::error::{Error, Kind};

impl<T: Real> TapeCell<T> {
    /// Whether what is recorded becomes a program: comparisons are noted.
    #[inline(always)]
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded.get()
    }

    /// From now on, until the tape ends, comparisons are noted.
    pub(crate) fn note_comparisons(&self) {
        self.guarded.set(true);
    }

    /// Panics if what is recorded becomes a program, which cannot do with what the function uses.
    #[track_caller]
    pub(crate) fn refuse_in_program(&self, what: &'static str, rule: &'static str) {
        if self.is_guarded() {
            Error::from(Kind::NotInProgram { what, rule }).raise();
        }
    }

    /// Notes a comparison.
    #[cold]
    pub(crate) fn guard(&self, guard: Guard<T>) {
        self.guards.borrow_mut().push(guard);
    }

    /// The comparisons noted so far.
    pub(crate) fn take_guards(&self) -> Vec<Guard<T>> {
        self.guards.take()
    }

    /// Whether values and adjoints that are not finite stop the computation.
    #[inline(always)]
    pub(crate) fn checks_finite(&self) -> bool {
        self.finite.get()
    }

    /// What is noted of scalar entries from now on, and whether values are looked at.
    #[track_caller]
    pub(crate) fn watch(&self, lines: Option<bool>, finite: Option<bool>) {
        self.refuse_if_frozen("`check_finite` or `trace_lines` was called on");
        self.lines.set(lines.unwrap_or(self.lines.get()));
        self.finite.set(finite.unwrap_or(self.finite.get()));
        self.store().watch(self.lines.get(), self.finite.get());
    }

    /// Where a scalar entry was recorded, if that was noted.
    pub(crate) fn scalar_place(&self, index: usize) -> Option<Place> {
        self.store().place(index)
    }

    /// Whether the places of scalar entries are noted.
    pub(crate) fn is_traced(&self) -> bool {
        self.lines.get() || self.finite.get()
    }

    /// The place that counts as that of what is recorded, instead of its own.
    pub(crate) fn origin(&self) -> Option<Place> {
        self.origin.get()
    }

    pub(crate) fn set_origin(&self, place: Option<Place>) {
        self.origin.set(place);
        if let Some(trace) = self.store().trace() {
            trace.origin = place;
        }
    }

    /// The place that counts as that of what is recorded now.
    #[track_caller]
    pub(crate) fn here(&self) -> Place {
        // Not in a closure, which has a place of its own.
        match self.origin.get() {
            Some(place) => place,
            None => std::panic::Location::caller(),
        }
    }

    /// Notes nothing any more.
    pub(super) fn unwatch(&self) {
        self.guarded.set(false);
        self.guards.take();
        self.watch(Some(false), Some(false));
    }
}
