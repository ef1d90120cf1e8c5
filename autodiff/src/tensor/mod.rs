//! Tensors: arrays that are recorded as wholes.
//!
//! A [`Tensor`] goes in as an `ndarray` array and comes out as one, without a copy. Operations broadcast as in `ndarray`
//! and `NumPy`: shapes are matched from the last axis, and 1 stretches. Binary operators panic at the caller's line when
//! shapes do not fit.
//!
//! # Accuracy
//!
//! `exp`, `exp_m1`, `ln`, `ln_1p`, `tanh`, `sigmoid`, `softplus`, `log_sigmoid`, `sin` and `cos` of tensors of `f32` and `f64` are
//! within 2 units in the last place (ulp) of the exact value over the whole range, and `powf` with the exponents 1/2, 1, 3/2,
//! 2; all else is bit for bit what plain code gives. They are the crate's own, because calls to the standard library, which
//! [`Var`](crate::Var) makes, keep a loop from using vector instructions and cost five to ten times as much. They give the same bits on
//! every processor, at every place of a tensor, on any number of threads. Largest errors seen over six million arguments each:
//!
//! | | `exp` | `exp_m1` | `ln` | `ln_1p` | `tanh` | `sigmoid` | `softplus` | `log_sigmoid` | `sin` | `cos` |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | `f32`, ulp | 0.90 | 1.08 | 0.80 | 0.87 | 0.87 | 1.44 | 1.60 | 1.59 | 0.78 | 0.76 |
//! | `f64`, ulp | 0.88 | 1.24 | 0.80 | 0.85 | 0.97 | 1.48 | 1.55 | 1.56 | 0.77 | 0.77 |
//!
//! Angles beyond 10⁵ (`f32`) and 10⁹ (`f64`) go to the standard library one by one. A processor without fused multiply-add
//! computes it in software: the same bits, ten times slower than the standard library.
//!
//! [`elementwise!`](crate::elementwise) makes one pass of a formula.

mod body;
mod compare;
mod constants;
mod conv;
mod convolve;
mod cumulative;
mod custom;
pub(crate) mod cut;
mod decompose;
mod det;
mod diag;
mod einsum;
mod elem;
mod elementwise;
pub(crate) mod entry;
mod expr;
pub(crate) mod finite;
mod formula;
mod formula_sum;
mod gather;
mod handle;
mod hook;
mod index;
mod join;
pub(crate) mod layout;
pub(crate) mod linalg;
mod losses;
mod matmul;
mod min_max;
pub(crate) mod node;
mod norm;
pub(crate) mod op;
mod operators;
mod pad;
pub(crate) mod part;
mod pool;
mod prod;
mod record;
mod reduce;
pub(crate) mod rule;
mod shape;
mod softmax;
mod sort;
pub(crate) mod table;
mod tangent;
mod unfold;
mod variance;
pub(crate) mod written;

pub use self::conv::Conv;
pub use self::elem::Elem;
pub use self::formula::Formula;
pub use self::handle::Tensor;
pub use self::op::{Grads, Op, Vjp};
pub use self::pool::Pool;
pub use self::unfold::Pair;
pub use crate::engine::recorded_functions as recorded;
pub use crate::engine::tensor_checkpoint::checkpoint;
pub use crate::engine::tensor_functions::{grad, hessian, hvp, jacobian, jacobian_rows, jvp, value_and_grad, vjp};
pub use crate::kernels::factor::Triangle;
pub use crate::tape::no_grad::no_grad;

#[doc(hidden)]
pub use crate::kernels::cpu::{Path, limited_to};
#[doc(hidden)]
pub use crate::kernels::threads::small_parts;
