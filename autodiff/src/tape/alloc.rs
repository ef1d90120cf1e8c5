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
