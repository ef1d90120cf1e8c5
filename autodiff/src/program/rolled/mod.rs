//! Programs as loops: what a function wrote as a loop is found again in its recording, and runs over columns.
//!
//! | file | what |
//! |---|---|
//! | `form` | a program as loops and stretches |
//! | `find` | which entries are the trips of a loop |
//! | `build` | where values stand, and what each operation of a loop's body reads |
//! | `body` | what a trip does, as straight-line code |
//! | `derive` | its reverse, by the table's rules |
//! | `strip` | operations over a strip of trips |
//! | `sweep` | forward and backward |
//! | `batch` | small programs at many inputs |
//! | `once` | the sweeps of `f32` and `f64` |

mod batch;
mod body;
mod build;
mod derive;
mod find;
mod form;
mod once;
mod strip;
mod sweep;

pub(super) use self::batch::{Asked, Batch};
pub(super) use self::form::Rolled;
