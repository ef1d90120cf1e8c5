//! What functions return, and whether as many numbers were given as are needed.

use super::handle::same;
use crate::error::{Error, Kind};
use crate::{Real, Tape, Var};

/// What a function of several variables may return: one variable or several.
pub trait Outputs<T: Real> {
    /// The outputs in order.
    fn outputs(&self) -> &[Var<T>];
}

impl<T: Real> Outputs<T> for Var<T> {
    fn outputs(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

impl<T: Real> Outputs<T> for Vec<Var<T>> {
    fn outputs(&self) -> &[Var<T>] {
        self
    }
}

impl<T: Real, const N: usize> Outputs<T> for [Var<T>; N] {
    fn outputs(&self) -> &[Var<T>] {
        self
    }
}

/// The numbers as variables on no tape.
pub(crate) fn constants<T: Real>(x: &[T]) -> Vec<Var<T>> {
    x.iter().map(|&x| Var::constant(x)).collect()
}

/// Panics unless as many values were given as are needed.
#[track_caller]
pub(crate) fn count(op: &'static str, got: usize, want: usize, why: &'static str) {
    if got != want {
        Error::from(Kind::Count { op, got, want, why }).raise();
    }
}

/// The place on this tape of a tracked variable.
///
/// # Panics
/// If it is stale or of another tape.
#[track_caller]
pub(crate) fn index_on_tape<T: Real>(x: Var<T>, tape: &Tape<T>, what: &'static str) -> usize {
    let (cell, index) = x.root("derivative");
    same(tape.cell(), cell, what);
    index
}
