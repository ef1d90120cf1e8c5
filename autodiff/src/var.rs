//! The scalar handle.

use std::cmp::Ordering;
use std::fmt;
use std::panic::Location;

use smallvec::SmallVec;

use crate::Real;
use crate::error::{Error, Kind};
use crate::gradients::Gradients;
use crate::number::{binary_methods, number_traits, unary_methods};
use crate::rules::{Binary, Nary, Unary};
use crate::tape::cell::{TapeCell, stale};
use crate::tape::guard::{Guard, Place, Question, Term};
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

    /// Derivatives of this scalar with respect to everything on its tape, by one reverse sweep.
    ///
    /// # Panics
    /// If this is a constant or a stale handle.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::<f64>::new();
    /// let (x, z) = (tape.var(3.0), tape.var(0.5));
    /// let g = (x * x * z).backward();
    /// assert_eq!((g.wrt(x), g.wrt(z)), (3.0, 9.0));
    /// ```
    #[track_caller]
    pub fn backward(self) -> Gradients<T> {
        let (cell, index) = self.root("backward");
        crate::tape::sweep::gradients(cell, &[(index, T::one())], None)
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
                    mismatch(f.name(), other);
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

    #[track_caller]
    pub(crate) fn apply_n(f: Nary, x: &[Self]) -> Self {
        let values: SmallVec<[T; 8]> = x.iter().map(|x| x.value).collect();
        let value = f.value(&values);
        let Some(cell) = Self::common_tape(f.name(), x) else { return Self::constant(value) };
        let partials = if f.stores_partials() { f.derivatives(&values, value) } else { SmallVec::new() };
        Self::on_tape(value, cell, cell.push_nary(f, x, &partials, value))
    }

    /// Notes that the program depends on the integer part of this number.
    #[inline]
    #[track_caller]
    pub(crate) fn note_integer_part(self) {
        self.ask(Question::IntegerPart, Self::constant(self.value.trunc()));
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
                mismatch(op, *x);
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
        let terms: SmallVec<[Self; 8]> = terms.collect();
        Self::apply_n(Nary::Sum, &terms)
    }
}

/// Inner product `Σ a_i b_i` as one tape entry, summed in order.
///
/// ```
/// use autodiff::{Tape, dot};
/// let tape = Tape::<f64>::new();
/// let (a, b) = (tape.vars(&[1.0, 2.0]), tape.vars(&[3.0, 4.0]));
/// let y = dot(&a, &b);
/// assert_eq!((y.value(), y.backward().wrt(b[1])), (11.0, 2.0));
/// ```
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn dot<T: Real>(a: &[Var<T>], b: &[Var<T>]) -> Var<T> {
    if a.len() != b.len() {
        let (a, b) = (vec![a.len()], vec![b.len()]);
        Error::from(Kind::Shapes { op: "dot".into(), a, b, rule: "both vectors need the same length" }).raise();
    }
    let both: SmallVec<[Var<T>; 16]> = a.iter().chain(b).copied().collect();
    Var::apply_n(Nary::Dot, &both)
}

/// `ln Σ e^{x_i}` as one tape entry, shifted by the largest argument so that it never overflows.
///
/// Of nothing, or of `-inf` only, it is `-inf` with gradient 0.
///
/// ```
/// use autodiff::{Tape, logsumexp};
/// let tape = Tape::<f64>::new();
/// let x = tape.vars(&[1000.0, 1000.0]);
/// let y = logsumexp(&x);
/// assert_eq!(y.value(), 1000.0 + 2.0_f64.ln());
/// assert_eq!(y.backward().wrt(x[0]), 0.5);
/// ```
#[track_caller]
pub fn logsumexp<T: Real>(x: &[Var<T>]) -> Var<T> {
    Var::apply_n(Nary::LogSumExp, x)
}

/// Two handles do not go together: either the second is stale, or it is of another tape.
#[cold]
#[inline(never)]
#[track_caller]
fn mismatch<T: Real>(op: &'static str, other: Var<T>) -> ! {
    match other.tape {
        Some(cell) if cell.epoch() == other.epoch => Error::from(Kind::Foreign { op }).raise(),
        _ => stale("variable"),
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

/// Comparisons look at the value. While a [`Program`](crate::Program) is recorded they are noted.
impl<T: Real> Var<T> {
    #[inline(always)]
    #[track_caller]
    fn ask(self, question: Question, other: Self) -> bool {
        let answer = question.answer(self.value, other.value);
        self.note(question, other, answer, || Location::caller().into());
        answer
    }

    /// A question to this variable alone.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn ask_alone(self, question: Question) -> bool {
        self.ask(question, Self::constant(self.value))
    }

    /// Notes a question with its answer if a program is being recorded.
    #[inline(always)]
    pub(crate) fn note(self, question: Question, other: Self, answer: bool, place: impl FnOnce() -> Place) {
        if let Some(cell) = self.tape.or(other.tape)
            && cell.writes_out()
        {
            let term = |x: Self| if x.is_tracked() { Term::Entry(x.index) } else { Term::Constant(x.value) };
            cell.guard(Guard { question, left: term(self), right: term(other), answer, place: place() });
        }
    }
}

impl<T: Real> PartialEq for Var<T> {
    #[inline(always)]
    #[track_caller]
    fn eq(&self, other: &Self) -> bool {
        self.ask(Question::Equal, *other)
    }
}

impl<T: Real> PartialEq<T> for Var<T> {
    #[inline(always)]
    #[track_caller]
    fn eq(&self, other: &T) -> bool {
        self.ask(Question::Equal, Self::constant(*other))
    }
}

impl<T: Real> PartialOrd for Var<T> {
    #[inline(always)]
    #[track_caller]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        // One after the other: together the answers tell all four outcomes apart.
        let outcomes = [
            (Question::Less, Ordering::Less),
            (Question::Equal, Ordering::Equal),
            (Question::Greater, Ordering::Greater),
        ];
        for (question, outcome) in outcomes {
            if self.ask(question, *other) {
                return Some(outcome);
            }
        }
        None
    }

    #[inline(always)]
    #[track_caller]
    fn lt(&self, other: &Self) -> bool {
        self.ask(Question::Less, *other)
    }

    #[inline(always)]
    #[track_caller]
    fn le(&self, other: &Self) -> bool {
        self.ask(Question::LessOrEqual, *other)
    }

    #[inline(always)]
    #[track_caller]
    fn gt(&self, other: &Self) -> bool {
        self.ask(Question::Greater, *other)
    }

    #[inline(always)]
    #[track_caller]
    fn ge(&self, other: &Self) -> bool {
        self.ask(Question::GreaterOrEqual, *other)
    }
}

impl<T: Real> PartialOrd<T> for Var<T> {
    #[inline(always)]
    #[track_caller]
    fn partial_cmp(&self, other: &T) -> Option<Ordering> {
        self.partial_cmp(&Self::constant(*other))
    }

    #[inline(always)]
    #[track_caller]
    fn lt(&self, other: &T) -> bool {
        self.ask(Question::Less, Self::constant(*other))
    }

    #[inline(always)]
    #[track_caller]
    fn le(&self, other: &T) -> bool {
        self.ask(Question::LessOrEqual, Self::constant(*other))
    }

    #[inline(always)]
    #[track_caller]
    fn gt(&self, other: &T) -> bool {
        self.ask(Question::Greater, Self::constant(*other))
    }

    #[inline(always)]
    #[track_caller]
    fn ge(&self, other: &T) -> bool {
        self.ask(Question::GreaterOrEqual, Self::constant(*other))
    }
}

/// Lets a variable stand as the scalar beside an `ndarray` array.
impl<T: Real> ndarray::ScalarOperand for Var<T> {}

number_traits!({} Var {});
