//! The sweeps of `f32` and `f64`, compiled once, in this crate, and the way to them from code that is generic over numbers.

use std::any::Any;

use ndarray::ArrayView2;

use super::batch::{self, Batch, Check};
use super::checks::Checks;
#[cfg(feature = "jit")]
use super::form::Item;
#[cfg(feature = "jit")]
use super::jit::Native;
use super::side;
use super::strip::{STRIP, all};
use super::sweep::{backward, forward, side};
use super::whole::Rolled;
use crate::Real;
use crate::error::Result;
use crate::kernels::cpu::{Path, Work};
use crate::kernels::element::Element;
use crate::numbers::question::Question;
use crate::tape::code::Code;

/// The sweeps of one number type.
#[allow(clippy::type_complexity, reason = "the types of the functions below")]
struct Sweeps<T: Real> {
    forward: fn(&Rolled<T>, Code<'_, T>, &mut [T]),
    backward: fn(&Rolled<T>, Code<'_, T>, &mut [T], &mut [T]),
    batch: fn(&Batch<T>, &ArrayView2<'_, T>, &mut [T], Check<'_, T>) -> Result<()>,
    side: fn(&Rolled<T>, &ArrayView2<'_, T>, bool, &mut [T], Check<'_, T>) -> Result<()>,
    are_finite: fn(&[T]) -> bool,
    hold: fn(&Rolled<T>, &[T]) -> bool,
    #[cfg(feature = "jit")]
    native: fn(&[Item<T>]) -> Option<Native<T>>,
}

static F32: Sweeps<f32> = sweeps();
static F64: Sweeps<f64> = sweeps();

const fn sweeps<T: Element>() -> Sweeps<T> {
    Sweeps {
        forward,
        backward,
        batch: batch::run,
        side: side::run,
        are_finite: |x| Path::current().run(AreFinite(x)),
        hold: |rolled, values| Path::current().run(Hold { checks: &rolled.checks, values }),
        #[cfg(feature = "jit")]
        native: Native::new,
    }
}

impl<T: Real> Sweeps<T> {
    fn of() -> Option<&'static Self> {
        let tables: [&dyn Any; 2] = [&F32, &F64];
        tables.into_iter().find_map(|table| table.downcast_ref())
    }
}

impl<T: Real> Rolled<T> {
    /// Whether there are loops for this number type.
    pub(in crate::program) fn is_offered() -> bool {
        Sweeps::<T>::of().is_some()
    }

    /// Whether all guards hold at these values.
    pub(in crate::program) fn guards_hold(&self, values: &[T]) -> bool {
        self.guards.is_empty() || (Sweeps::of().expect("asked before").hold)(self, values)
    }

    /// Whether all are finite.
    pub(in crate::program) fn are_finite(x: &[T]) -> bool {
        (Sweeps::of().expect("asked before").are_finite)(x)
    }

    /// A copy, if all are finite: reverse bodies and those with tangents multiply by plain products, of which 0 · inf is one, and
    /// divide by way of reciprocals; the interpreter does neither.
    pub(in crate::program) fn all_finite(found: &[T]) -> Option<Vec<T>> {
        let mut all = Vec::with_capacity(found.len());
        // Copied while they are in the cache.
        for found in found.chunks(1 << 12) {
            if !Self::are_finite(found) {
                return None;
            }
            all.extend_from_slice(found);
        }
        Some(all)
    }

    /// With native code for the loops; none if there is no compiler for the processor.
    #[cfg(feature = "jit")]
    pub(in crate::program) fn compiled(mut self) -> Option<Self> {
        self.native = Some((Sweeps::of().expect("asked before").native)(&self.items)?);
        Some(self)
    }

    /// Writes for each row of inputs the outputs, or the gradient of the first.
    pub(in crate::program) fn side_by_side(
        &self,
        rows: &ArrayView2<'_, T>,
        gradient: bool,
        results: &mut [T],
        check: Check<'_, T>,
    ) -> Result<()> {
        (Sweeps::of().expect("asked before").side)(self, rows, gradient, results, check)
    }

    /// Computes all values that are kept; those of the inputs are in their places.
    pub(in crate::program) fn forward(&self, code: Code<'_, T>, values: &mut [T]) {
        (Sweeps::of().expect("asked before").forward)(self, code, values);
    }

    /// Adds to the adjoints of all places what flows back from those that have some.
    pub(in crate::program) fn backward(&self, code: Code<'_, T>, values: &mut [T], adjoints: &mut [T]) {
        (Sweeps::of().expect("asked before").backward)(self, code, values, adjoints);
    }
}

impl<T: Real> Batch<T> {
    /// Writes the results of rows of inputs.
    pub(in crate::program) fn run(
        &self,
        rows: &ArrayView2<'_, T>,
        results: &mut [T],
        check: Check<'_, T>,
    ) -> Result<()> {
        (Sweeps::of().expect("asked before").batch)(self, rows, results, check)
    }
}

struct AreFinite<'a, T>(&'a [T]);

impl<T: Element> Work for AreFinite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        // Without a branch for each number.
        self.0.chunks(256).all(|x| x.iter().fold(true, |all, x| all & x.is_finite()))
    }
}

/// Whether all guards hold.
struct Hold<'a, T> {
    checks: &'a Checks<T>,
    values: &'a [T],
}

impl<T: Element> Work for Hold<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut spare = [[T::zero(); STRIP]; 2];
        self.checks.groups.iter().all(|group| {
            (0..group.count).step_by(STRIP).all(|from| {
                let len = STRIP.min(group.count - from);
                let [first, second] = &mut spare;
                let a = side(group.sides[0], &self.checks.lists, from, self.values, &mut first[..len]);
                let b = side(group.sides[1], &self.checks.lists, from, self.values, &mut second[..len]);
                let (question, answer) = (group.question, group.answer);
                match question {
                    Question::Less => all(len, a, b, |a, b| (a < b) == answer),
                    Question::LessOrEqual => all(len, a, b, |a, b| (a <= b) == answer),
                    Question::Greater => all(len, a, b, |a, b| (a > b) == answer),
                    Question::GreaterOrEqual => all(len, a, b, |a, b| (a >= b) == answer),
                    _ => all(len, a, b, |a, b| question.answer(a, b) == answer),
                }
            })
        })
    }
}
