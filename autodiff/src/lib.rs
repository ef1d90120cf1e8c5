//! Reverse-mode automatic differentiation on a tape.
//!
//! A [`Tape`] records what a program computes with [`Var`]s (scalars) and [`Tensor`]s (arrays); one sweep backward gives all
//! derivatives, by the total-derivative chain rule. The code is ordinary Rust: branches, loops, generic functions of other
//! crates.
//!
//! ```
//! use autodiff::{Tape, Tensor, grad, hessian};
//! use ndarray::array;
//!
//! // Scalars.
//! let tape = Tape::<f64>::new();
//! let x = tape.var(2.0);
//! let y = 2.0 * x * x + x.sin();
//! assert_eq!(y.backward().wrt(x), 8.0 + 2.0_f64.cos());
//!
//! // A gradient that is recorded can be differentiated again, to any order.
//! let dy = tape.grad(y, &[x])[0];
//! assert_eq!(dy.backward().wrt(x), 4.0 - 2.0_f64.sin());
//!
//! // Functions of functions: one closure serves them all.
//! let f = |x: &[autodiff::Var<f64>]| x[0].powi(2) * x[1];
//! assert_eq!(grad(f, &[2.0, 3.0]), [12.0, 4.0]);
//! assert_eq!(hessian(f, &[2.0, 3.0]), array![[6.0, 4.0], [4.0, 0.0]]);
//!
//! // Tensors.
//! let w = tape.tensor(array![[1.0, 2.0], [3.0, 4.0]]);
//! let x = Tensor::constant(array![[1.0, -1.0]]);
//! let loss = x.matmul(&w).tanh().square().sum();
//! assert_eq!(loss.backward().wrt(&w).shape(), [2, 2]);
//!
//! // And the check that it is right.
//! autodiff::check::gradient(f, &[2.0, 3.0]).assert_pass();
//! ```
//!
//! The [`guide`] teaches all this in short chapters, and has a table for users of JAX and an index of error messages.
//!
//! # Conventions
//!
//! The value is bit for bit what plain code gives; elementary functions of tensors are within 2 ulp ([`tensor`]). At kinks the derivative is the least-norm subgradient; the table in
//! [`rules`] says it function by function. Outside a function's domain value and derivative are NaN. Slips in code
//! (shapes that do not fit, stale handles, handles of another tape) panic at the caller's line, naming the operation and
//! both sides; what comes from outside is a [`Result`].
//!
//! # Features
//!
//! All are off by default; the module `interop`, which comes with the first two, says more.
//!
//! - `nalgebra`: code that asks for `nalgebra::RealField` (decompositions, eigenvalues, linear systems) runs on [`Dual`] and
//!   on recorded variables.
//! - `approx`: `approx::assert_relative_eq!` and its kin compare [`Var`] and [`Dual`], by value.
//! - `graph-svg`: a [`graph`] as an SVG picture, without Graphviz.
//! - `page`: a sweep to be watched in a browser; brings `graph-svg` along.
//! - `proptest`: the module `strategies`, for property tests of derivatives.

pub mod check;
mod engine;
mod error;
pub mod explain;
mod fuse;
pub mod graph;
pub mod guide;
mod inspect;
#[cfg(feature = "approx")]
pub mod interop;
mod kernels;
mod many;
mod numbers;
pub mod numeric;
#[cfg(feature = "page")]
pub mod page;
mod program;
pub mod rules;
#[cfg(feature = "proptest")]
pub mod strategies;
mod tape;
pub mod tensor;
mod var;

pub use engine::{
    Gradients, Handle, Outputs, Root, Sparse, Tape, Wrt, checkpoint, grad, hessian, hvp, implicit, jacobian, jvp,
    value_and_grad, vjp_of as vjp,
};
pub use error::{Error, Result};
pub use fuse::{Fusable, fuse};
pub use inspect::{Stats, StatsRow};
pub use many::{dot, logsumexp, mean, norm, poly_eval, product, softmax, sum, sum_sq};
pub use numbers::{Beside, Dual, Operand, Real};
pub use program::Program;
pub use tensor::Tensor;
pub use var::Var;
