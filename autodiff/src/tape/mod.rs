//! The tape: a program in the order in which it ran, and its interpreters.
//!
//! `store` keeps the entries, `cell` hands out and recycles the memory that handles point to, `reverse` and `replay`
//! interpret the entries, `sweep` puts scalars and tensors together, `window` cuts out a stretch, `room` makes vectors;
//! `trace`, `severed` and `stats` say what was recorded where, `local` what each entry's rule passes on; `names` and
//! `reader` serve those who write it out.

#![allow(unsafe_code, reason = "the storage writes entries without a bounds check for each array")]

mod adverse;
mod along;
pub(crate) mod cell;
mod constants;
pub(crate) mod fused;
pub(crate) mod guard;
pub(crate) mod local;
pub(crate) mod names;
pub(crate) mod opcode;
pub(crate) mod passes;
pub(crate) mod reader;
pub(crate) mod replay;
pub(crate) mod reverse;
mod room;
pub(crate) mod rows;
pub(crate) mod severed;
mod stats;
pub(crate) mod store;
pub(crate) mod sweep;
pub(crate) mod trace;
mod window;

use std::cell::Cell;
use std::fmt;

use self::cell::TapeCell;
use crate::error::{Error, Kind};
use crate::{Real, Tensor, Var};

/// Records operations, so that derivatives can be computed from them.
///
/// The guard owns the recording; [`Var`] and [`Tensor`] are handles into it, without a lifetime and, for scalars, `Copy`.
/// [`reset`](Self::reset) forgets everything but keeps the memory; handles from before are stale then, and using one
/// panics. A tape and its handles stay on one thread.
///
/// ```
/// use autodiff::Tape;
/// let tape = Tape::<f64>::new();
/// for step in 0..3 {
///     tape.reset();
///     let x = tape.var(f64::from(step));
///     assert_eq!((x * x).backward().wrt(x), 2.0 * f64::from(step));
/// }
/// ```
///
/// Handles cannot leave their thread:
///
/// ```compile_fail
/// let tape = autodiff::Tape::<f64>::new();
/// let x = tape.var(1.0);
/// std::thread::spawn(move || x + 1.0);
/// ```
pub struct Tape<T: Real = f64> {
    cell: Cell<&'static TapeCell<T>>,
}

impl<T: Real> Tape<T> {
    /// An empty tape. Memory is taken over from an earlier tape of this thread, if there was one.
    pub fn new() -> Self {
        Self { cell: Cell::new(cell::fresh()) }
    }

    /// An empty tape that refuses more than `entries` entries, with a message instead of filling the memory.
    pub fn with_limit(entries: usize) -> Self {
        let tape = Self::new();
        tape.cell.get().set_limit(entries);
        tape
    }

    /// An independent variable.
    ///
    /// # Panics
    /// If the tape is full or memory runs out; so does every operation.
    #[inline]
    #[track_caller]
    pub fn var(&self, value: T) -> Var<T> {
        let cell = self.cell.get();
        Var::on_tape(value, cell, cell.push(opcode::LEAF, [], value))
    }

    /// Independent variables, one for each value.
    #[track_caller]
    pub fn vars(&self, values: &[T]) -> Vec<Var<T>> {
        let cell = self.cell.get();
        let first = cell.push_leaves(values);
        values.iter().zip(first..).map(|(&value, index)| Var::on_tape(value, cell, index)).collect()
    }

    /// An independent tensor. A row-major array is taken over without a copy.
    #[track_caller]
    pub fn tensor(&self, value: impl Into<Tensor<T>>) -> Tensor<T> {
        value.into().untracked().leaf(self.cell.get())
    }

    /// An empty tape that checks values if the tape of these tensors does.
    pub(crate) fn beside(inputs: &[Tensor<T>]) -> Self {
        let tape = Self::new();
        if inputs.iter().filter_map(Tensor::place).any(|node| node.cell.checks_finite()) {
            tape.check_finite(true);
        }
        tape
    }

    pub(crate) fn cell(&self) -> &'static TapeCell<T> {
        self.cell.get()
    }

    /// The number of recorded entries.
    pub fn len(&self) -> usize {
        self.cell.get().len()
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the recorded entries in bytes: 17 for a binary `f64` operation, 13 for a unary
    /// one, and 8 for each different constant.
    pub fn bytes(&self) -> usize {
        self.cell.get().bytes()
    }

    /// Forgets everything recorded and keeps the memory. Handles from before are stale.
    #[track_caller]
    pub fn reset(&self) {
        self.cell.set(cell::renew(self.cell.get()));
    }

    /// Whether a NaN or an infinity stops the computation where it is born. Off unless switched on; `reset` changes nothing.
    ///
    /// Forward: an operation whose result is not finite although all that went into it is. Backward: an adjoint that
    /// becomes infinite or NaN although those it comes from are finite. The panic names the operation, shapes or operands,
    /// the line that recorded it, and the first element concerned. An infinity that is passed in as a constant (a mask of
    /// `-inf`) was meant and is let through, a NaN is not.
    ///
    /// While this is off, it costs scalars nothing; while it is on, each is looked at, and its source line is noted.
    ///
    /// ```should_panic
    /// let tape = autodiff::Tape::<f64>::new();
    /// tape.check_finite(true);
    /// let x = tape.tensor(ndarray::array![1.0, -1.0]);
    /// x.ln();   // check_finite: `ln` at src/main.rs:4:3 gave NaN at [1], from -1; shapes [2] -> [2]
    /// ```
    ///
    /// # Panics
    /// If the tape is being swept.
    #[track_caller]
    pub fn check_finite(&self, on: bool) {
        self.cell.get().watch(None, Some(on));
    }

    /// Whether the source lines of scalar entries are noted, for [`stats`](Self::stats). Those of tensors always are.
    ///
    /// # Panics
    /// If the tape is being swept.
    #[track_caller]
    pub fn trace_lines(&self, on: bool) {
        self.cell.get().watch(Some(on), None);
    }

    /// The gradient of a scalar root with respect to some handles, recorded on this tape: it can be used in further
    /// computation and differentiated again, to any order. A handle that the root does not depend on has gradient 0.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(2.0);
    /// let y = x.powi(3);
    /// let dy = tape.grad(y, &[x])[0];
    /// let ddy = tape.grad(dy, &[x])[0];
    /// let dddy = tape.grad(ddy, &[x])[0];
    /// assert_eq!([dy, ddy, dddy].map(|d| d.value()), [12.0, 12.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If the root is a constant, stale, of another tape, or not a scalar; if a handle is not on this tape.
    #[track_caller]
    pub fn grad<Y: Root<T>, X: Handle<T>>(&self, root: Y, wrt: &[X]) -> Vec<X::Owned> {
        let cell = self.cell.get();
        let (root, seed) = root.seed(cell);
        // Not in a closure: a panic is to point at the caller.
        let mut places = Vec::with_capacity(wrt.len());
        for x in wrt {
            places.push(x.index_on(cell));
        }
        let found = sweep::recorded(cell, root, seed, &places);
        wrt.iter().map(|x| x.pick(&found)).collect()
    }
}

impl<T: Real> Tape<T> {
    /// The derivative of a scalar root along directions, `Σ dL/dx · v` over the pairs `(x, v)`, recorded on this tape: its
    /// gradient is a Hessian-vector product.
    ///
    /// Gradients that are larger than what they are computed from, those of weights, are not computed. A tensor that the
    /// root does not depend on adds nothing.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 2.0]);
    /// let along = tape.directional(&x.powi(3).sum(), &[(&x, &Tensor::constant(array![1.0, 10.0]))]);
    /// assert_eq!(along.item(), 123.0);                                                          // Σ 3 x² v
    /// assert_eq!(along.backward().wrt(&x), array![6.0, 120.0].into_dyn());                      // 6 x v
    /// ```
    ///
    /// # Panics
    /// If the root is a constant, stale, of another tape, or not a scalar; if a tensor is not on this tape, or its direction
    /// has another shape.
    #[track_caller]
    pub fn directional<Y: Root<T>>(&self, root: Y, along: &[(&Tensor<T>, &Tensor<T>)]) -> Tensor<T> {
        let cell = self.cell.get();
        let (root, seed) = root.seed(cell);
        let mut directions = Vec::with_capacity(along.len());
        // Not in a closure: a panic is to point at the caller.
        for &(x, v) in along {
            if x.shape() != v.shape() {
                let (a, b) = (x.shape().to_vec(), v.shape().to_vec());
                let rule = "a direction needs its tensor's shape";
                Error::from(Kind::Shapes { op: "directional".into(), a, b, rule }).raise();
            }
            directions.push((x.index_on(cell) as u32, v.clone()));
        }
        sweep::directional(cell, root, seed, directions).unwrap_or_else(|| Tensor::scalar(T::zero()))
    }
}

impl<T: Real> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real> Drop for Tape<T> {
    fn drop(&mut self) {
        cell::recycle(self.cell.get());
    }
}

impl<T: Real> fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tape({} entries, {} bytes)", self.len(), self.bytes())
    }
}

mod handle;
pub use handle::{Handle, Root};
pub use stats::{Stats, StatsRow};
