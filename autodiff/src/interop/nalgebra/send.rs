//! A recorded variable as a type that is `Send` and `Sync`.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::num::NonZeroUsize;

use smallvec::SmallVec;

use crate::error::{Error, Kind};
use crate::numbers::methods::{comparisons, number_traits};
use crate::numbers::operators::{binary_methods, unary_methods};
use crate::numbers::question::Question;
use crate::rules::{Binary, Unary};
use crate::tape::cell::TapeCell;
use crate::tape::nary::Nary;
use crate::{Real, Var};

/// A recorded variable where a bound asks for `Send` and `Sync`, as nalgebra's `RealField` does.
///
/// The same size and the same behaviour as [`Var`]; [`Var::send`] and [`var`](Self::var) go back and forth. It names its tape's cell where `Var`
/// refers to it, and finds the cell in its own thread; so it can be moved to another thread, but not used there.
///
/// ```
/// use autodiff::Tape;
/// fn length<R: nalgebra::RealField + Copy>(a: R, b: R) -> R { a.hypot(b) }
/// let tape = Tape::<f64>::new();
/// let (x, z) = (tape.var(3.0), tape.var(4.0));
/// let y = length(x.send(), z.send()).var();
/// let g = y.backward();
/// assert_eq!((y.value(), g.wrt(x), g.wrt(z)), (5.0, 0.6, 0.8));
/// ```
///
/// # Panics
/// As `Var` does, and if a recorded variable is used, compared, or turned into a `Var`, on another thread than its tape's.
/// Its [`value`](Self::value) can be asked for, and printed, anywhere.
#[derive(Clone, Copy)]
pub struct SendVar<T: Real> {
    value: T,
    /// The cell's address; `None` for a constant. Cells are never given back, so no two have the same one.
    cell: Option<NonZeroUsize>,
    index: u32,
    epoch: u32,
}

/// A cell of any number type, by its address.
type Known = (NonZeroUsize, &'static dyn Any);

thread_local! {
    /// This thread's cells that variables of this type have named.
    static CELLS: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };

    /// The one asked for last, which is mostly the one asked for next.
    static LAST: Cell<Option<Known>> = const { Cell::new(None) };
}

fn address<T: Real>(cell: &'static TapeCell<T>) -> NonZeroUsize {
    NonZeroUsize::new(std::ptr::from_ref(cell).addr()).expect("a reference is not null")
}

fn register<T: Real>(cell: &'static TapeCell<T>) {
    let address = address(cell);
    // When the thread ends the list may be gone: then the variable is of no use any more, and says so.
    let _ = CELLS.try_with(|cells| {
        let mut cells = cells.borrow_mut();
        if !cells.iter().any(|&(known, _)| known == address) {
            cells.push((address, cell));
        }
    });
}

#[inline]
fn find<T: Real>(address: NonZeroUsize) -> Option<&'static TapeCell<T>> {
    let last = LAST.get().filter(|&(known, _)| known == address);
    last.or_else(|| search(address))?.1.downcast_ref()
}

#[cold]
fn search(address: NonZeroUsize) -> Option<Known> {
    let found = CELLS.try_with(|cells| cells.borrow().iter().copied().find(|&(known, _)| known == address));
    let found = found.ok().flatten();
    LAST.set(found);
    found
}

impl<T: Real> SendVar<T> {
    /// A constant: derivatives with respect to it are not recorded.
    #[inline(always)]
    pub fn constant(value: T) -> Self {
        Self { value, cell: None, index: 0, epoch: 0 }
    }

    /// The value.
    #[inline(always)]
    pub fn value(self) -> T {
        self.value
    }

    /// Whether the variable is recorded on a tape (and not a constant).
    pub fn is_tracked(self) -> bool {
        self.cell.is_some()
    }

    /// The variable itself.
    ///
    /// # Panics
    /// If its tape is of another thread, or was reset or dropped.
    #[inline]
    #[track_caller]
    pub fn var(self) -> Var<T> {
        let Some(address) = self.cell else { return Var::constant(self.value) };
        let Some(cell) = find(address) else { Error::from(Kind::Thread).raise() };
        cell.check(self.epoch);
        Var::on_tape(self.value, cell, self.index)
    }

    /// A variable whose cell is known already.
    #[inline]
    fn of_known(var: Var<T>) -> Self {
        match var.place() {
            Some((cell, index, epoch)) => Self { value: var.value(), cell: Some(address(cell)), index, epoch },
            None => Self::constant(var.value()),
        }
    }

    // These two stay in one place: inlined with the search for the cell into each operator, they make nalgebra's code
    // slow to compile and no faster.
    #[inline(never)]
    #[track_caller]
    fn apply1(self, f: Unary) -> Self {
        Self::of_known(self.var().apply1(f))
    }

    #[inline(never)]
    #[track_caller]
    fn apply2(self, f: Binary, other: Self) -> Self {
        let first = self.var();
        let second = match first.place() {
            // Found already.
            Some((cell, _, epoch)) if self.cell == other.cell && epoch == other.epoch => {
                Var::on_tape(other.value, cell, other.index)
            }
            _ => other.var(),
        };
        Self::of_known(first.apply2(f, second))
    }

    /// `self · a + b` with one rounding.
    #[inline]
    #[track_caller]
    pub fn mul_add(self, a: Self, b: Self) -> Self {
        Self::apply_n(Nary::MulAdd, &[self, a, b])
    }

    #[track_caller]
    fn apply_n(f: Nary, x: &[Self]) -> Self {
        let mut vars = SmallVec::<[Var<T>; 8]>::with_capacity(x.len());
        // Not in a closure: a panic is to point at the caller.
        for x in x {
            vars.push(x.var());
        }
        Self::of_known(Var::apply_n(f, &vars))
    }

    /// As for the variable.
    ///
    /// # Panics
    /// On another thread than the tape's, where nobody knows.
    #[inline]
    #[track_caller]
    pub(crate) fn is_guarded(self) -> bool {
        let Some(address) = self.cell else { return false };
        let Some(cell) = find::<T>(address) else { Error::from(Kind::Thread).raise() };
        cell.is_guarded() && cell.epoch() == self.epoch
    }

    /// Answers a question by the values; the variable takes note of it while a program is recorded.
    #[inline]
    #[track_caller]
    fn ask(self, question: Question, other: Self) -> bool {
        if self.is_guarded() || other.is_guarded() {
            return self.var().ask(question, other.var());
        }
        question.answer(self.value, other.value)
    }

    /// The value, of which the variable takes note while a program is recorded.
    #[inline]
    #[track_caller]
    pub(crate) fn taken(self) -> T {
        if self.is_guarded() { self.var().taken() } else { self.value }
    }

    /// The value to be printed: on any thread, for a panic's message may print it.
    fn printed(self) -> T {
        if self.cell.and_then(find::<T>).is_some() { self.taken() } else { self.value }
    }

    #[track_caller]
    fn product_of(factors: impl Iterator<Item = Self>) -> Self {
        Self::apply_n(Nary::Product, &factors.collect::<SmallVec<[Self; 8]>>())
    }

    #[track_caller]
    fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
        Self::apply_n(Nary::Sum, &terms.collect::<SmallVec<[Self; 8]>>())
    }
}

impl<T: Real> Var<T> {
    /// The same variable as nalgebra takes it; [`SendVar::var`] is the way back.
    pub fn send(self) -> SendVar<T> {
        if let Some((cell, ..)) = self.place() {
            register(cell);
        }
        SendVar::of_known(self)
    }
}

impl<T: Real> From<Var<T>> for SendVar<T> {
    fn from(var: Var<T>) -> Self {
        var.send()
    }
}

impl<T: Real> From<SendVar<T>> for Var<T> {
    #[track_caller]
    fn from(var: SendVar<T>) -> Self {
        var.var()
    }
}

impl<T: Real> Real for SendVar<T> {
    #[inline]
    #[track_caller]
    fn unary(self, f: Unary) -> Self {
        self.apply1(f)
    }

    #[inline]
    #[track_caller]
    fn binary(self, f: Binary, other: Self) -> Self {
        self.apply2(f, other)
    }

    fn of(value: f64) -> Self {
        Self::constant(T::of(value))
    }

    fn is_exact_zero(self) -> bool {
        self.cell.is_none() && self.value.is_exact_zero()
    }

    fn is_exact_one(self) -> bool {
        self.cell.is_none() && self.value.is_exact_one()
    }

    #[track_caller]
    fn chain(self, slope: Self) -> Self {
        Self::of_known(self.var().chain(slope.var()))
    }

    #[track_caller]
    fn primal(self) -> f64 {
        self.taken().primal()
    }
}

/// The value alone.
impl<T: Real> fmt::Display for SendVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.printed(), f)
    }
}

/// The value and its place on the tape.
impl<T: Real> fmt::Debug for SendVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cell {
            Some(_) => write!(f, "SendVar({:?} @ {})", self.printed(), self.index),
            None => write!(f, "SendVar({:?}, constant)", self.value),
        }
    }
}

comparisons!({} {SendVar<T>});

number_traits!({} SendVar {});
