//! The table of elementary functions: one row a function.
//!
//! A row holds the function's name, its value on plain numbers, its derivative in terms of argument and result, its
//! LaTeX, and points at which it is checked. Everything else reads the rows: [`Var`](crate::Var) and
//! [`Dual`](crate::Dual) get their methods from them, tensors their elementwise operations, the sweeps their local
//! derivatives, the tests their cases. Adding a function is adding one row.
//!
//! Derivatives are written once, generic over [`Algebra`]: plain numbers give a first derivative, `Dual` a directional
//! second one, `Var` and tensors a derivative that is itself recorded.
//!
//! # Conventions at kinks and edges
//!
//! Subgradients are the least-norm element: `abs`, `relu` have derivative 0 at 0, ties in `max` and `min` share evenly.
//! `sqrt'(0) = +inf`. Outside a function's domain value and derivative are NaN. `0^b` has `d/db = 0` for `b > 0`, and
//! `d/da` is 0 for `b > 1` and `b = 0`, 1 for `b = 1`, `+inf` for `0 < b < 1`. `xlogy(0, y)` is 0 with gradient `ln y, 0`.

mod algebra;
mod binary;
mod curvature;
mod nary;
mod special;
mod unary;

pub use algebra::Algebra;
pub use binary::Binary;
pub(crate) use binary::binary_functions;
pub(crate) use curvature::Curvature;
pub(crate) use nary::Nary;
pub use unary::Unary;
pub(crate) use unary::unary_functions;
