//! The pool that recycles cells.

use std::any::Any;
use std::cell::RefCell;

use super::cell::TapeCell;
use crate::Real;

/// A cell in the pool keeps at most this much memory for its next tape.
const KEEP: usize = 1 << 29;

/// What the pool needs to know of a cell of any number type.
trait Pooled: Any {
    fn release(&self);
}

impl<T: Real> Pooled for TapeCell<T> {
    fn release(&self) {
        self.give_back();
    }
}

#[derive(Default)]
struct Pool(Vec<&'static dyn Pooled>);

impl Drop for Pool {
    fn drop(&mut self) {
        // The cells stay, for handles that outlive the thread's other values; their memory goes.
        for cell in &self.0 {
            cell.release();
        }
    }
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// A cell for a new tape, recycled if there is one.
pub(crate) fn fresh<T: Real>() -> &'static TapeCell<T> {
    let recycled = POOL.try_with(|pool| {
        let cells = &mut pool.borrow_mut().0;
        let at = cells.iter().rposition(|&cell| (cell as &dyn Any).is::<TapeCell<T>>())?;
        let cell: &'static dyn Any = cells.swap_remove(at);
        cell.downcast_ref::<TapeCell<T>>()
    });
    let cell = recycled.ok().flatten().unwrap_or_else(|| Box::leak(Box::new(TapeCell::new())));
    cell.begin();
    cell
}

/// Forgets all entries. Returns the cell to go on with, which is the same one but for once in 2^32 times.
#[track_caller]
pub(crate) fn renew<T: Real>(cell: &'static TapeCell<T>) -> &'static TapeCell<T> {
    cell.refuse_if_frozen("`reset` was called on");
    cell.clear();
    if cell.worn() { fresh() } else { cell }
}

/// Takes a cell back from a tape that ends.
pub(crate) fn recycle<T: Real>(cell: &'static TapeCell<T>) {
    cell.clear();
    if cell.is_frozen() {
        // A sweep still works on it: no other tape may have it.
        return;
    }
    cell.set_limit(usize::MAX);
    cell.unwatch();
    if cell.held() > KEEP {
        cell.release();
    }
    if !cell.worn() {
        // During the thread's end the pool may be gone: then only the memory is given back.
        if POOL.try_with(|pool| pool.borrow_mut().0.push(cell)).is_err() {
            cell.release();
        }
    }
}
