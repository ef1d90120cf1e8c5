//! Takes note of parameters that are computed with while they are on no tape.

use std::cell::RefCell;

/// Such a parameter: where it lies, and its shape.
pub(crate) type Use = (usize, Vec<usize>);

thread_local! {
    /// Those used so far; `None` while nobody looks.
    static USES: RefCell<Option<Vec<Use>>> = const { RefCell::new(None) };
}

/// Takes note of a use.
pub(crate) fn note(address: usize, shape: &[usize]) {
    USES.with_borrow_mut(|uses| uses.iter_mut().for_each(|uses| uses.push((address, shape.to_vec()))));
}

/// Collects uses until it is dropped; then whoever looked before goes on.
pub(crate) struct Search(Option<Vec<Use>>);

impl Search {
    pub(crate) fn begin() -> Self {
        Self(USES.replace(Some(Vec::new())))
    }

    pub(crate) fn found(self) -> Vec<Use> {
        let found = USES.take().unwrap_or_default();
        drop(self);
        found
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        USES.set(self.0.take());
    }
}
