//! Vectors as long as a tape. Where memory does not suffice, the library's panic says so: the standard ones abort.

use crate::error::{Error, Kind};

/// `len` times the same.
#[track_caller]
pub(crate) fn filled<E: Clone>(value: E, len: usize) -> Vec<E> {
    let mut all = empty(len);
    all.resize(len, value);
    all
}

/// A copy.
#[track_caller]
pub(crate) fn copied<E: Clone>(of: &[E]) -> Vec<E> {
    let mut all = empty(of.len());
    all.extend_from_slice(of);
    all
}

/// Room for `len` elements.
#[track_caller]
pub(crate) fn empty<E>(len: usize) -> Vec<E> {
    let mut all = Vec::new();
    if all.try_reserve_exact(len).is_err() {
        Error::from(Kind::NoRoom { bytes: len.saturating_mul(size_of::<E>()), elements: len }).raise();
    }
    all
}

/// Makes room for `additional` elements behind the `filled` ones, or says that memory has run out.
#[track_caller]
pub(super) fn reserve<E: Copy>(vec: &mut Vec<E>, filled: usize, additional: usize, entries: usize) {
    if vec.capacity() - filled >= additional {
        return;
    }
    // SAFETY: the first `filled` elements were written by earlier pushes, and `E: Copy` needs no drop. The length is set
    // so that growing keeps them, and back to 0 because the store keeps its own counts.
    let reserved = unsafe {
        vec.set_len(filled);
        let reserved = vec.try_reserve_exact(additional);
        vec.set_len(0);
        reserved
    };
    if reserved.is_err() {
        Error::from(Kind::OutOfMemory { bytes: additional * size_of::<E>(), entries }).raise();
    }
}
