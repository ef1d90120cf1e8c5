//! The scalar handle.

use std::fmt;
use std::panic::Location;

use crate::Real;
use crate::error::{Error, Kind};
use crate::numbers::methods::{binary_methods, comparisons, number_traits, unary_methods};
use crate::numbers::question::Question;
use crate::rules::{Binary, Unary};
use crate::tape::cell::{TapeCell, mismatch};
use crate::tape::gather::{Argument, Gather};
use crate::tape::guard::{Guard, Term};
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, Form};

/// A scalar variable: a value and, unless it is a constant, its place on a tape.
///
/// Copied freely; all operators, all of `num_traits::Float` and every function of the table work on it, with plain
/// numbers on either side. The value is at every step what plain code would have computed, bit for bit. Comparisons look
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
    value: T,
    tape: Option<&'static TapeCell<T>>,
    index: u32,
    epoch: u32,
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
        let value = self.value.binary(f, other.value);
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

    /// `self · a + b` with one rounding.
    #[inline]
    #[track_caller]
    pub fn mul_add(self, a: Self, b: Self) -> Self {
        Self::apply_n(Nary::MulAdd, &[self, a, b])
    }

    #[track_caller]
    pub(crate) fn apply_n(f: Nary, x: &[Self]) -> Self {
        Self::gather(f, x.iter().copied())
    }

    /// As an argument of an entry of many operands.
    #[inline(always)]
    pub(crate) fn argument(self) -> Argument<T> {
        (self.value, self.place())
    }

    /// What has been recorded as an entry.
    #[inline(always)]
    pub(crate) fn recorded((value, place): (T, Option<(&'static TapeCell<T>, u32)>)) -> Self {
        place.map_or_else(|| Self::constant(value), |(cell, index)| Self::on_tape(value, cell, index))
    }

    /// Applies a function of many arguments, in one pass over them.
    #[inline]
    #[track_caller]
    pub(crate) fn gather(f: Nary, x: impl Iterator<Item = Self>) -> Self {
        Self::recorded(Gather::new(f).take(x.map(Self::argument)).record())
    }

    /// The one tape that all variables among `x` are on; `None` if all are constants.
    #[inline]
    #[track_caller]
    pub(crate) fn common_tape(op: &'static str, x: &[Self]) -> Option<&'static TapeCell<T>> {
        let first = x.iter().find(|x| x.is_tracked())?;
        let cell = first.tape?;
        for x in x {
            if let Some(second) = x.tape
                && (!std::ptr::eq(cell, second) || cell.epoch() != x.epoch)
            {
                mismatch(op, second, x.epoch);
            }
        }
        Some(cell)
    }

    /// The place on the tape of a tracked variable.
    #[inline(always)]
    pub(crate) fn index(self) -> u32 {
        self.index
    }

    #[track_caller]
    fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
        Self::gather(Nary::Sum, terms)
    }

    #[track_caller]
    fn product_of(factors: impl Iterator<Item = Self>) -> Self {
        Self::gather(Nary::Product, factors)
    }
}

impl<T: Real> Real for Var<T> {
    #[inline(always)]
    #[track_caller]
    fn unary(self, f: Unary) -> Self {
        self.apply1(f)
    }

    #[inline(always)]
    #[track_caller]
    fn binary(self, f: Binary, other: Self) -> Self {
        self.apply2(f, other)
    }

    #[inline(always)]
    fn of(value: f64) -> Self {
        Self::constant(T::of(value))
    }

    #[inline(always)]
    fn is_exact_zero(self) -> bool {
        self.tape.is_none() && self.value.is_exact_zero()
    }

    #[inline(always)]
    fn is_exact_one(self) -> bool {
        self.tape.is_none() && self.value.is_exact_one()
    }

    // Factors of 1 and terms of 0 are left out, so that a recorded gradient is no longer than written by hand.
    #[inline(always)]
    fn chain(self, slope: Self) -> Self {
        if self.is_exact_zero() || slope.is_exact_one() {
            self
        } else if self.is_exact_one() {
            slope
        } else if self.value.is_zero() {
            // As in a first-order sweep, 0 wins over an infinite slope.
            self.apply2(Binary::Chain, slope)
        } else {
            self * slope
        }
    }

    #[inline(always)]
    fn accumulate(&mut self, term: Self) {
        *self = if self.is_exact_zero() { term } else { *self + term };
    }

    #[inline(always)]
    fn primal(self) -> f64 {
        self.value.primal()
    }
}

/// The value alone.
impl<T: Real> fmt::Display for Var<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

/// The value and its place on the tape.
impl<T: Real> fmt::Debug for Var<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tape {
            Some(_) => write!(f, "Var({:?} @ {})", self.value, self.index),
            None => write!(f, "Var({:?}, constant)", self.value),
        }
    }
}

impl<T: Real> Var<T> {
    /// Answers a question by the values, and takes note of it while a [`Program`](crate::Program) is recorded.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn ask(self, question: Question, other: Self) -> bool {
        let answer = question.answer(self.value, other.value);
        if let Some(cell) = self.tape.or(other.tape)
            && cell.is_guarded()
        {
            let term = |x: Self| if x.is_tracked() { Term::Entry(x.index) } else { Term::Constant(x.value) };
            let place = Location::caller().into();
            cell.guard(Guard { question, left: term(self), right: term(other), answer, place });
        }
        answer
    }
}

comparisons!({} {Var<T>});

/// Lets a variable stand as the scalar beside an `ndarray` array.
impl<T: Real> ndarray::ScalarOperand for Var<T> {}

number_traits!({} Var {});
