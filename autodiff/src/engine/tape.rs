//! The guard that owns a recording.

use std::cell::Cell;
use std::fmt;

use crate::tape::cell::TapeCell;
use crate::tape::{opcode, pool};
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
        Self { cell: Cell::new(pool::fresh()) }
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
    #[doc(alias = "requires_grad")]
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

    /// An empty tape for a derivative function of these tensors: what its closure brings along from other tapes is a constant.
    pub(crate) fn of_function(inputs: &[Tensor<T>]) -> Self {
        let tape = Self::beside(inputs);
        tape.cell().serve_function();
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
    #[doc(alias = "memory_allocated")]
    pub fn bytes(&self) -> usize {
        self.cell.get().bytes()
    }

    /// Forgets everything recorded and keeps the memory. Handles from before are stale.
    #[doc(alias = "zero_grad")]
    #[track_caller]
    pub fn reset(&self) {
        self.cell.set(pool::renew(self.cell.get()));
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
    #[doc(alias("detect_anomaly", "debug_nans", "debug_infs"))]
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
}

impl<T: Real> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real> Drop for Tape<T> {
    fn drop(&mut self) {
        pool::recycle(self.cell.get());
    }
}

impl<T: Real> fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tape({} entries, {} bytes)", self.len(), self.bytes())
    }
}
