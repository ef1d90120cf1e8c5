//! Two pieces of work at once.

/// Does both, the second on another thread if one is free.
///
/// From outside the pool `rayon::join` hands the first over as well and sleeps: two threads to be woken instead of one, with
/// nothing done meanwhile.
pub(crate) fn both(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    if rayon::current_thread_index().is_some() {
        rayon::join(first, second);
        return;
    }
    rayon::in_place_scope(|scope| {
        scope.spawn(|_| second());
        first();
    });
}
