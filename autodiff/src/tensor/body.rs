//! What a tensor's handle points to.

use std::rc::Rc;

use super::layout::Layout;
use crate::Real;
use crate::kernels::storage::{Storage, with_pool};

/// Elements and where they lie among those of their buffer; shared by a tensor's clones, recycled within the thread.
///
/// A tensor is moved and cloned several times by every operation: that costs a few words instead of two shapes.
pub(crate) struct Body<T: Real>(Option<Rc<Parts<T>>>);

struct Parts<T: Real> {
    storage: Storage<T>,
    layout: Layout,
}

/// Bodies out of use, to be filled again.
struct Free<T: Real>(Vec<Rc<Parts<T>>>);

impl<T: Real> Default for Free<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A thread keeps at most this many for each number type.
const KEEP: usize = 1 << 17;

impl<T: Real> Body<T> {
    pub(crate) fn new(storage: Storage<T>, layout: Layout) -> Self {
        match with_pool(|free: &mut Free<T>| free.0.pop()).flatten() {
            Some(mut rc) => {
                let parts = Rc::get_mut(&mut rc).expect("a body out of use has one owner");
                (parts.storage, parts.layout) = (storage, layout);
                Self(Some(rc))
            }
            None => Self(Some(Rc::new(Parts { storage, layout }))),
        }
    }

    pub(crate) fn storage(&self) -> &Storage<T> {
        &self.rc().storage
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.rc().layout
    }

    /// Whether nobody else can see the elements.
    pub(crate) fn is_unique(&self) -> bool {
        Rc::strong_count(self.rc()) == 1 && self.rc().storage.is_unique()
    }

    /// How many tensors share this body.
    pub(crate) fn users(&self) -> usize {
        Rc::strong_count(self.rc())
    }

    /// The buffer for writing, unless the body is shared. A buffer that others use under other layouts is copied first.
    pub(crate) fn make_mut(&mut self) -> Option<&mut [T]> {
        Some(Rc::get_mut(self.0.as_mut()?)?.storage.make_mut())
    }

    /// The buffer; another user of it, if the body is shared.
    pub(crate) fn into_storage(mut self) -> Storage<T> {
        match self.0.as_mut().and_then(Rc::get_mut) {
            Some(parts) => std::mem::replace(&mut parts.storage, Storage::released()),
            None => self.storage().clone(),
        }
    }

    fn rc(&self) -> &Rc<Parts<T>> {
        self.0.as_ref().expect("present until dropped")
    }
}

impl<T: Real> Clone for Body<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Real> Drop for Body<T> {
    fn drop(&mut self) {
        let Some(mut rc) = self.0.take() else { return };
        let Some(parts) = Rc::get_mut(&mut rc) else { return };
        // Before the pool is borrowed, which the buffer goes back to as well.
        drop(std::mem::replace(&mut parts.storage, Storage::released()));
        with_pool(|free: &mut Free<T>| {
            if free.0.len() < KEEP {
                free.0.push(rc);
            }
        });
    }
}
