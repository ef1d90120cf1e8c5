//! Every operation on tensors, in every way, from one table of cases.
//!
//! A case names an operation and gives a function from operands to a result, sets of operand shapes, and where their
//! values come from. For every case and set the harness compares with numerical differentiation: contiguous, transposed and sliced
//! operands, `f64` and `f32`, first and second order, the gradient as a vector-Jacobian product against the
//! Jacobian-vector product, one tensor as all operands, constants among the operands; the result has two consumers.
//!
//! A new operation needs a case in `cases`, or `registry` fails.

mod against_ndarray;
mod case;
mod cases;
mod conventions;
mod harness;
mod messages;
mod registry;
mod silence;
mod view;

pub(crate) use case::{Case, case};
pub(crate) use cases::all;
pub(crate) use harness::run;
pub(crate) use view::View;
