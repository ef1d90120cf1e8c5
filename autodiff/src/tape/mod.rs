//! The tape: a program in the order in which it ran, and its interpreters, for numbers alone.
//!
//! `store` keeps the entries, `cell` hands out and recycles the memory that handles point to, `reverse` and `replay`
//! interpret the entries, `passes` puts both together, `reach` finds what an entry depends on, `window` makes
//! programs of parts. What is not an operation on numbers stands in a side table that a floor above fills and reads.

#![allow(
    unsafe_code,
    reason = "entries are written without a bounds check for each array, and the sweeps read without one"
)]

pub(crate) mod alloc;
pub(crate) mod block;
pub(crate) mod cell;
pub(crate) mod code;
mod constants;
pub(crate) mod gather;
mod growth;
pub(crate) mod guard;
pub(crate) mod interpreter;
pub(crate) mod labels;
pub(crate) mod nary;
pub(crate) mod no_grad;
mod notes;
pub(crate) mod opcode;
pub(crate) mod passes;
pub(crate) mod pool;
pub(crate) mod reach;
pub(crate) mod replay;
pub(crate) mod reverse;
mod reverse_many;
pub(crate) mod scope;
mod starts;
pub(crate) mod store;
pub(crate) mod trace;
mod watch;
pub(crate) mod window;
