//! Elementary functions for loops: no branches, no tables, no calls, so that the compiler turns a loop over them into
//! vector instructions ([`cpu`](super::cpu)).
//!
//! Within 2 units in the last place of the exact value over the whole range; `tests/it/vmath.rs` and `tests/data/vmath.py` measure.
//! The standard library's functions are closer (most within 1), but calls to them cost five to fifteen times as much.
//! Every step is one IEEE operation (fused multiply-adds are written out), so the bits are the same on every processor and
//! at every place of a slice. Edges are the standard library's: NaN, infinities, signs of zeros, subnormal results.

mod coefficients;
mod exp;
mod functions;
mod ln;
mod native;
mod normal;
mod trig;

pub(crate) use functions::{binary, unary};
pub(crate) use native::Native;
