//! The variable as a number: what code generic over [`Real`] asks of it, comparisons, and how it is printed.

use std::fmt;
use std::panic::Location;

use super::handle::Var;
use crate::Real;
use crate::numbers::methods::comparisons;
use crate::numbers::question::Question;
use crate::rules::{Binary, Unary};
use crate::tape::cell::{TapeCell, mismatch};
use crate::tape::gather::{Argument, Gather};
use crate::tape::guard::{Guard, Term};
use crate::tape::nary::Nary;

/// Entries of many operands.
impl<T: Real> Var<T> {
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

    #[track_caller]
    pub(super) fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
        Self::gather(Nary::Sum, terms)
    }

    #[track_caller]
    pub(super) fn product_of(factors: impl Iterator<Item = Self>) -> Self {
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
        } else if self.is_guarded() || self.value.is_zero() {
            // As in a first-order sweep, 0 wins over an infinite slope; a program may come to 0 at other inputs.
            self.entry2(Binary::Chain, slope, self.value.chain(slope.value))
        } else {
            self * slope
        }
    }

    #[inline(always)]
    fn accumulate(&mut self, term: Self) {
        *self = if self.is_exact_zero() { term } else { *self + term };
    }

    #[inline(always)]
    #[track_caller]
    fn primal(self) -> f64 {
        self.taken().primal()
    }
}

/// The value alone.
impl<T: Real> fmt::Display for Var<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.taken(), f)
    }
}

/// The value and its place on the tape.
impl<T: Real> fmt::Debug for Var<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tape {
            Some(_) => write!(f, "Var({:?} @ {})", self.taken(), self.index),
            None => write!(f, "Var({:?}, constant)", self.value),
        }
    }
}

/// Questions, and what a [`Program`](crate::Program) notes of them.
impl<T: Real> Var<T> {
    /// Whether this is recorded into a program, which takes note of what depends on values.
    #[inline(always)]
    pub(crate) fn is_guarded(self) -> bool {
        self.tape.is_some_and(|cell| cell.is_guarded() && cell.epoch() == self.epoch)
    }

    /// Answers a question by the values, and takes note of it while a program is recorded.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn ask(self, question: Question, other: Self) -> bool {
        let answer = question.answer(self.value, other.value);
        if self.is_guarded() || other.is_guarded() {
            self.note(question, other, answer);
        }
        answer
    }

    /// Takes note of a question, on each program's tape of its own: there, what stands elsewhere is a constant.
    #[cold]
    #[track_caller]
    fn note(self, question: Question, other: Self, answer: bool) {
        let place = Location::caller();
        let mut noted = None;
        for cell in [self, other].into_iter().filter(|x| x.is_guarded()).filter_map(|x| x.tape) {
            if noted.replace(std::ptr::from_ref(cell)) == Some(std::ptr::from_ref(cell)) {
                continue;
            }
            let term = |x: Self| match x.tape {
                Some(of) if std::ptr::eq(of, cell) && x.epoch == cell.epoch() => Term::Entry(x.index),
                _ => Term::Constant(x.value),
            };
            cell.guard(Guard { question, left: term(self), right: term(other), answer, place: place.into() });
        }
    }

    /// The value, for a trait that makes something else of it: a program that is recorded holds for this value alone.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn taken(self) -> T {
        if self.is_guarded() {
            self.ask(Question::Exactly, Self::constant(self.value));
        }
        self.value
    }
}

comparisons!({} {Var<T>});

/// Lets a variable stand as the scalar beside an `ndarray` array.
impl<T: Real> ndarray::ScalarOperand for Var<T> {}
