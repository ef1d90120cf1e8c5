//! Two pieces of work at once, where they are large enough.

use std::cell::Cell;

thread_local! {
    static SMALL: Cell<bool> = const { Cell::new(false) };
}

/// The size from which work is worth a second thread: the usual one, or a small part of it within [`small_parts`].
pub(crate) fn worth(usual: usize) -> usize {
    if SMALL.get() { usual >> 12 } else { usual }
}

/// Runs `work` with small loops and products of this thread split as large ones are: for tests.
pub fn small_parts<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            SMALL.set(self.0);
        }
    }
    let _restore = Restore(SMALL.replace(true));
    work()
}

/// Does both, the second on another thread if one is free.
///
/// From outside the pool `rayon::join` hands the first over as well and sleeps: two threads to be woken instead of one, with
/// nothing done meanwhile.
pub(crate) fn both(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let small = SMALL.get();
    let second = move || if small { small_parts(second) } else { second() };
    if rayon::current_thread_index().is_some() {
        rayon::join(first, second);
        return;
    }
    rayon::in_place_scope(|scope| {
        scope.spawn(|_| second());
        first();
    });
}
