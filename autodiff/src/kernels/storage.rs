//! Shared buffers, recycled by size within a thread.
//!
//! A training step asks for the same sizes again and again; handing pages back to the system in between costs more than
//! the arithmetic. A buffer whose last user lets go returns to its thread's pool together with its reference count, so a
//! warm step allocates nothing.

#![allow(unsafe_code, reason = "pools are looked up by type at every operation")]

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::rc::Rc;

use crate::Real;
use crate::error::{Error, Kind};

/// A thread's pool keeps at most this many bytes for each number type.
const KEEP: usize = 1 << 29;

/// A shared, contiguous buffer. Copy on write through [`Storage::make_mut`].
pub(crate) struct Storage<T: Real>(Option<Rc<Buffer<T>>>);

struct Buffer<T> {
    elements: Vec<T>,
    /// Whether the pool made it. Vectors that come from elsewhere, batch after batch, would fill the pool.
    pooled: bool,
}

impl<T: Real> Storage<T> {
    /// A buffer of `len` elements, each zero or left over from an earlier use: for results that are written in full.
    #[track_caller]
    pub(crate) fn scratch(len: usize) -> Self {
        let class = class_above(len);
        let recycled = with_pool(|pool: &mut Pool<T>| {
            let rc = pool.free.get_mut(class)?.pop()?;
            pool.bytes -= rc.elements.capacity() * size_of::<T>();
            Some(rc)
        });
        let mut rc = match recycled.flatten() {
            Some(rc) => rc,
            None => Rc::new(Buffer { elements: reserved(capacity_of(class)), pooled: true }),
        };
        Rc::get_mut(&mut rc).expect("a pooled buffer has one owner").elements.resize(len, T::zero());
        Self(Some(rc))
    }

    /// A buffer with every element set.
    #[track_caller]
    pub(crate) fn filled(len: usize, value: T) -> Self {
        let mut storage = Self::scratch(len);
        storage.make_mut().fill(value);
        storage
    }

    /// No buffer at all: what is left where one was taken out.
    pub(crate) fn released() -> Self {
        Self(None)
    }

    /// Takes over a vector without copying it.
    pub(crate) fn from_vec(vec: Vec<T>) -> Self {
        Self(Some(Rc::new(Buffer { elements: vec, pooled: false })))
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.rc().elements
    }

    /// Whether this is the buffer's only user.
    pub(crate) fn is_unique(&self) -> bool {
        Rc::strong_count(self.rc()) == 1
    }

    /// The elements for writing; copied first if somebody else uses them.
    pub(crate) fn make_mut(&mut self) -> &mut [T] {
        if !self.is_unique() {
            let mut copy = Self::scratch(self.as_slice().len());
            copy.make_mut().copy_from_slice(self.as_slice());
            *self = copy;
        }
        &mut Rc::get_mut(self.0.as_mut().expect("present until dropped")).expect("just made unique").elements
    }

    /// The elements as a vector; without a copy if nobody else uses them.
    pub(crate) fn into_vec(mut self) -> Vec<T> {
        let rc = self.0.take().expect("present until dropped");
        Rc::try_unwrap(rc).map_or_else(|rc| rc.elements.clone(), |buffer| buffer.elements)
    }

    fn rc(&self) -> &Rc<Buffer<T>> {
        self.0.as_ref().expect("present until dropped")
    }
}

impl<T: Real> Clone for Storage<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Real> Drop for Storage<T> {
    fn drop(&mut self) {
        let Some(mut rc) = self.0.take() else { return };
        if !rc.pooled || Rc::get_mut(&mut rc).is_none() {
            return;
        }
        with_pool(|pool: &mut Pool<T>| {
            let capacity = rc.elements.capacity();
            let (bytes, class) = (capacity * size_of::<T>(), class_below(capacity));
            if pool.bytes + bytes <= KEEP {
                pool.bytes += bytes;
                if pool.free.len() <= class {
                    pool.free.resize_with(class + 1, Vec::new);
                }
                pool.free[class].push(rc);
            }
        });
    }
}

/// Room for `capacity` elements, or a panic that says how much was asked for: failed allocations do not abort.
#[track_caller]
fn reserved<T: Real>(capacity: usize) -> Vec<T> {
    let mut elements = Vec::new();
    if elements.try_reserve_exact(capacity).is_ok() {
        return elements;
    }
    // What is kept for later may be what is missing.
    with_pool(|pool: &mut Pool<T>| {
        pool.free.clear();
        pool.bytes = 0;
    });
    if elements.try_reserve_exact(capacity).is_err() {
        Error::from(Kind::NoRoom { bytes: capacity.saturating_mul(size_of::<T>()), elements: capacity }).raise();
    }
    elements
}

/// Free buffers by size class.
struct Pool<T> {
    free: Vec<Vec<Rc<Buffer<T>>>>,
    bytes: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { free: Vec::new(), bytes: 0 }
    }
}

/// Pools by their type, one for each kind of thing that is recycled and each number type. There are rarely more than four.
type Pools = Vec<(TypeId, Box<dyn Any>)>;

thread_local! {
    static POOLS: RefCell<Pools> = const { RefCell::new(Vec::new()) };
}

/// Works with this thread's pool of a type; `None` while the thread ends and its pools are gone. `work` must not give
/// anything back to a pool.
pub(crate) fn with_pool<P: Default + 'static, R>(work: impl FnOnce(&mut P) -> R) -> Option<R> {
    let run = |pools: &RefCell<Pools>| {
        let mut pools = pools.borrow_mut();
        let at = pools.iter().position(|(of, _)| *of == TypeId::of::<P>()).unwrap_or_else(|| {
            pools.push((TypeId::of::<P>(), Box::new(P::default())));
            pools.len() - 1
        });
        // SAFETY: the box holds what its type's name says. `downcast_mut` would ask it again, by a call.
        Some(work(unsafe { &mut *std::ptr::from_mut(&mut *pools[at].1).cast::<P>() }))
    };
    POOLS.try_with(run).ok().flatten()
}

// Size classes: four to an octave, so at most a quarter of a buffer is unused.

/// Elements that a buffer of this class has room for.
fn capacity_of(class: usize) -> usize {
    let (octave, quarter) = (class / 4, class % 4);
    (4 + quarter) << octave
}

/// The smallest class with room for `len` elements.
fn class_above(len: usize) -> usize {
    let len = len.max(4);
    let class = class_below(len);
    if capacity_of(class) < len { class + 1 } else { class }
}

/// The largest class whose room a buffer of `capacity >= 4` elements offers.
fn class_below(capacity: usize) -> usize {
    let capacity = capacity.max(4);
    let octave = capacity.ilog2() as usize - 2;
    4 * octave + ((capacity >> octave) - 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_fit() {
        for len in 1..5000 {
            let class = class_above(len);
            assert!(capacity_of(class) >= len, "{len}");
            assert!(class == 0 || capacity_of(class - 1) < len, "{len}: a smaller class would do");
            assert!(len < 4 || capacity_of(class_below(len)) <= len, "{len}");
        }
    }

    #[test]
    fn foreign_buffers_do_not_pile_up() {
        for _ in 0..100 {
            drop(Storage::from_vec(vec![1.0_f64; 4096]));
        }
        with_pool(|pool: &mut Pool<f64>| assert_eq!(pool.bytes, 0));
    }

    #[test]
    fn buffers_come_back() {
        let a = Storage::<f64>::filled(1000, 1.0);
        let place = a.as_slice().as_ptr();
        drop(a);
        let b = Storage::<f64>::scratch(990);
        assert_eq!(b.as_slice().as_ptr(), place);
        let c = b.clone();
        assert!(!c.is_unique());
        assert_eq!(c.as_slice().as_ptr(), place);
    }
}
