//! The sweeps of `f32` and `f64`, compiled once, in this crate, and the way to them from code that is generic over numbers.

use std::any::Any;

use super::batch::{self, Batch};
use super::form::Rolled;
use super::sweep::{backward, forward};
use crate::Real;
use crate::tape::code::Code;

/// The sweeps of one number type.
#[allow(clippy::type_complexity, reason = "the types of the functions below")]
struct Sweeps<T: Real> {
    forward: fn(&Rolled<T>, Code<'_, T>, &mut [T]),
    backward: fn(&Rolled<T>, Code<'_, T>, &mut [T], &mut [T]),
    batch: fn(&Batch<T>, &[Vec<T>], &mut Vec<T>),
}

static F32: Sweeps<f32> = Sweeps { forward, backward, batch: batch::run };
static F64: Sweeps<f64> = Sweeps { forward, backward, batch: batch::run };

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
    /// Adds the results of rows of inputs, at most as many as its width.
    pub(in crate::program) fn run(&self, rows: &[Vec<T>], results: &mut Vec<T>) {
        (Sweeps::of().expect("asked before").batch)(self, rows, results);
    }
}
