//! The scalar handle.

use crate::Real;
use crate::error::{Error, Kind};
use crate::numbers::methods::number_traits;
use crate::numbers::operators::{binary_methods, unary_methods};
use crate::rules::{Binary, Unary};
use crate::tape::cell::{TapeCell, mismatch};
use crate::tape::opcode::{self, Form};

/// A scalar variable: a value and, unless it is a constant, its place on a tape.
///
/// Copied freely; all operators, all of `num_traits::Float` and every function of the table work on it, with plain
/// numbers on either side and as arguments, `x.max(0.0)`. Beside a tensor it is one without axes. The value is at every step what plain code would have computed, bit for bit. Comparisons look
/// at the value alone, so branches and loops are ordinary code.
///
/// ```
/// use autodiff::Tape;
/// let tape = Tape::<f64>::new();
/// let x = tape.var(2.0);
/// let y = 2.0 * x * x + x.sin();
/// assert_eq!(y.value(), 8.0 + 2.0_f64.sin());
/// assert_eq!(y.backward().wrt(x), 8.0 + 2.0_f64.cos());
/// ```
///
/// # Panics
/// An operation panics at the caller's line if a handle is stale (its tape was reset or dropped) or if its operands are
/// recorded on different tapes.
#[derive(Clone, Copy)]
pub struct Var<T: Real> {
    pub(super) value: T,
    pub(super) tape: Option<&'static TapeCell<T>>,
    pub(super) index: u32,
    pub(super) epoch: u32,
}

impl<T: Real> Var<T> {
    /// A constant: derivatives with respect to it are not recorded.
    #[inline(always)]
    pub fn constant(value: T) -> Self {
        Self { value, tape: None, index: 0, epoch: 0 }
    }

    #[inline(always)]
    pub(crate) fn on_tape(value: T, cell: &'static TapeCell<T>, index: u32) -> Self {
        Self { value, tape: Some(cell), index, epoch: cell.epoch() }
    }

    /// The value.
    #[doc(alias("item", "detach"))]
    #[inline(always)]
    pub fn value(self) -> T {
        self.value
    }

    /// Whether the variable is recorded on a tape (and not a constant).
    pub fn is_tracked(self) -> bool {
        self.tape.is_some()
    }

    /// The tape's cell, the place on it, and the epoch; `None` for a constant.
    #[inline]
    pub(crate) fn place(self) -> Option<(&'static TapeCell<T>, u32, u32)> {
        self.tape.map(|cell| (cell, self.index, self.epoch))
    }

    /// The cell of a tracked root, checked.
    #[track_caller]
    pub(crate) fn root(self, op: &'static str) -> (&'static TapeCell<T>, usize) {
        let Some(cell) = self.tape else { Error::from(Kind::ConstantRoot { op }).raise() };
        cell.check(self.epoch);
        (cell, self.index as usize)
    }

    #[inline(always)]
    #[track_caller]
    pub(crate) fn apply1(self, f: Unary) -> Self {
        let value = self.value.unary(f);
        let Some(cell) = self.tape else { return Self::constant(value) };
        cell.check(self.epoch);
        let index = cell.push(opcode::unary(f), [self.index], value);
        Self { value, index, ..self }
    }

    #[inline(always)]
    #[track_caller]
    pub(crate) fn apply2(self, f: Binary, other: Self) -> Self {
        self.entry2(f, other, self.value.binary(f, other.value))
    }

    /// Records what has this value.
    #[inline(always)]
    #[track_caller]
    pub(super) fn entry2(self, f: Binary, other: Self, value: T) -> Self {
        match (self.tape, other.tape) {
            (Some(cell), Some(second)) => {
                cell.check(self.epoch);
                if !std::ptr::eq(cell, second) || self.epoch != other.epoch {
                    mismatch(f.name(), second, other.epoch);
                }
                let index = cell.push(opcode::binary(f, Form::Both), [self.index, other.index], value);
                Self { value, index, ..self }
            }
            (Some(cell), None) => {
                cell.check(self.epoch);
                let op = opcode::binary(f, Form::First);
                let index = cell.push_with_constant(op, self.index, other.value, value);
                Self { value, index, ..self }
            }
            (None, Some(cell)) => {
                cell.check(other.epoch);
                let op = opcode::binary(f, Form::Second);
                let index = cell.push_with_constant(op, other.index, self.value, value);
                Self { value, index, ..other }
            }
            (None, None) => Self::constant(value),
        }
    }

    /// The place on the tape of a tracked variable.
    #[inline(always)]
    pub(crate) fn index(self) -> u32 {
        self.index
    }
}

number_traits!({} Var {});
