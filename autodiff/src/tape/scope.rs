//! What holds until a guard is dropped, also on unwinding: recording paused, a place that counts, entries out for a sweep.

use super::cell::TapeCell;
use super::store::Store;
use super::trace::Place;
use crate::Real;

/// What a sweep says when it finds its tape being swept.
pub(crate) const ASKED: &str = "a gradient was asked of";

impl<T: Real> TapeCell<T> {
    /// Stops the recording of tensor operations until the guard is dropped.
    pub(crate) fn pause(&'static self) -> Pause<T> {
        Pause { cell: self, before: self.recording.replace(false) }
    }

    /// Until the guard is dropped, what is recorded counts as recorded at `place`: by the derivative of what stands there.
    pub(crate) fn on_behalf(&'static self, place: Option<Place>) -> OnBehalf<T> {
        let before = self.origin.get();
        self.set_origin(place.or(before));
        OnBehalf { cell: self, before }
    }

    /// Moves the entries out for a sweep. Until the guard is dropped, recording a scalar on this tape panics.
    #[track_caller]
    pub(crate) fn freeze(&'static self) -> Frozen<T> {
        self.refuse_if_frozen(ASKED);
        let store = std::mem::replace(self.store(), Store::frozen());
        Frozen { cell: self, epoch: self.epoch(), store }
    }
}

/// Puts `recording` back as it was, also on unwinding.
pub(crate) struct Pause<T: Real> {
    cell: &'static TapeCell<T>,
    before: bool,
}

impl<T: Real> Drop for Pause<T> {
    fn drop(&mut self) {
        self.cell.recording.set(self.before);
    }
}

/// Puts the place back that counted before, also on unwinding.
pub(crate) struct OnBehalf<T: Real> {
    cell: &'static TapeCell<T>,
    before: Option<Place>,
}

impl<T: Real> Drop for OnBehalf<T> {
    fn drop(&mut self) {
        self.cell.set_origin(self.before);
    }
}

/// A tape's entries, out of the tape for the duration of a sweep.
pub(crate) struct Frozen<T: Real> {
    cell: &'static TapeCell<T>,
    epoch: u32,
    store: Store<T>,
}

impl<T: Real> std::ops::Deref for Frozen<T> {
    type Target = Store<T>;

    fn deref(&self) -> &Store<T> {
        &self.store
    }
}

impl<T: Real> Drop for Frozen<T> {
    fn drop(&mut self) {
        let store = std::mem::replace(&mut self.store, Store::new());
        // If the tape was dropped meanwhile, by a vjp that owned it, nobody wants the entries back.
        let (back, dropped) =
            if self.cell.epoch() == self.epoch { (store, Store::new()) } else { (Store::new(), store) };
        *self.cell.store() = back;
        drop(dropped);
    }
}
