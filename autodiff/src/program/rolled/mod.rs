//! Programs as loops: what a function wrote as a loop is found again in its recording, and runs over columns.
//!
//! | file | what |
//! |---|---|
//! | `form` | the parts of a program: loops, stretches, sums |
//! | `whole` | all of them, with outputs and guards |
//! | `find` | which entries are the trips of a loop |
//! | `rows` | inner products as rows of a matrix times a vector |
//! | `build` | where values stand, and what each operation of a loop's body reads |
//! | `checks` | guards as columns |
//! | `body` | what a trip does, as straight-line code |
//! | `derive` | its reverse, by the table's rules |
//! | `strip` | operations over a strip of trips |
//! | `sweep` | forward and backward |
//! | `tangents` | a program with its derivative along a direction |
//! | `batch` | small programs at many inputs |
//! | `side` | inputs side by side in loops |
//! | `shape` | what native code is made from |
//! | `emit` | native code of a body |
//! | `instructions` | its operations |
//! | `jit` | loops as native code |
//! | `once` | the sweeps of `f32` and `f64` |

mod batch;
mod body;
mod build;
mod checks;
mod derive;
#[cfg(feature = "jit")]
mod emit;
mod find;
mod form;
#[cfg(feature = "jit")]
mod instructions;
#[cfg(feature = "jit")]
mod jit;
mod once;
mod rows;
#[cfg(feature = "jit")]
mod shape;
#[cfg(test)]
mod shown;
mod side;
mod strip;
mod sweep;
mod tangents;
#[cfg(test)]
mod tests;
mod whole;

pub(super) use self::batch::{Asked, Batch};
pub(super) use self::form::For;
pub(super) use self::whole::Rolled;
