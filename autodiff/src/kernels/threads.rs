//! Two pieces of work at once, where they are large enough.

use std::cell::Cell;
use std::hint::spin_loop;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::LocalKey;

thread_local! {
    static SMALL: Cell<bool> = const { Cell::new(false) };
    /// Whether this thread, which is not of the pool, has handed something over.
    static SHARING: Cell<bool> = const { Cell::new(false) };
}

/// Does `work` while the flag stands.
fn during<R>(flag: &'static LocalKey<Cell<bool>>, work: impl FnOnce() -> R) -> R {
    struct Restore(&'static LocalKey<Cell<bool>>, bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    let _restore = Restore(flag, flag.replace(true));
    work()
}

/// The size from which work is worth a second thread: the usual one, or a small part of it within [`small_parts`].
pub(crate) fn worth(usual: usize) -> usize {
    if SMALL.get() { usual >> 12 } else { usual }
}

/// Runs `work` with small loops and products of this thread split as large ones are: for tests.
pub fn small_parts<R>(work: impl FnOnce() -> R) -> R {
    during(&SMALL, work)
}

/// How often a thread looks whether the other one is done before it sleeps: some hundred microseconds, several times what it
/// takes to wake up.
const LOOKS: usize = 1 << 13;

/// Does both, the second on another thread if one is free by the time that the first is done.
///
/// From outside the pool `rayon::join` hands the first over as well and sleeps: two threads to be woken instead of one, with
/// nothing done meanwhile. So does a scope when it waits, which is why this thread stays awake for a while.
pub(crate) fn both(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    let small = SMALL.get();
    let second = move || if small { small_parts(second) } else { second() };
    if rayon::current_thread_index().is_some() {
        rayon::join(first, second);
        return;
    }
    if SHARING.get() && rayon::current_num_threads() == 2 {
        // Whoever could help is at work on the other half, and what was handed over would have to be waited for.
        first();
        second();
        return;
    }
    let (second, done) = (Mutex::new(Some(second)), AtomicBool::new(false));
    // Whoever comes first does it. The guard is dropped before the work begins.
    let turn = || second.lock().ok().and_then(|mut second| second.take());
    rayon::in_place_scope(|scope| {
        scope.spawn(|_| {
            if let Some(second) = turn() {
                second();
            }
            done.store(true, Ordering::Release);
        });
        during(&SHARING, first);
        if let Some(second) = turn() {
            during(&SHARING, second);
        }
        (0..LOOKS).take_while(|_| !done.load(Ordering::Acquire)).for_each(|_| spin_loop());
    });
}
