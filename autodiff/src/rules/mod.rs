//! The table of elementary functions: one row a function.
//!
//! A row holds the function's name, its value on plain numbers, its derivative in terms of argument and result, how it
//! is written, and points at which it is checked. Everything else reads the rows: [`Var`](crate::Var) and
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
//! `d/da` is 0 for `b > 1` and `b = 0`, 1 for `b = 1`, `+inf` for `0 < b < 1`. `xlogy(0, y)` is 0 with gradient `ln y, 0`,
//! and `xlog1py` likewise. `log_add_exp` of `-inf` and `-inf` is `-inf` with gradient 0, and at `+inf` ties share evenly, as in
//! every form of `logsumexp`. The gamma family has poles at 0 and
//! at negative integers: infinite where both sides agree, NaN where they do not; at 0 the sign of the zero decides.
//!
//! Beyond the first order a function is flat at its kink, and to an infinite slope an adjoint of 0 passes nothing on. So products in
//! which the kink or the pole cancels lose a derivative there:
//!
//! | function | at | derivative | right | write |
//! |---|---|---|---|---|
//! | `abs(x)²` | 0 | second: 0 | 2 | `x²` |
//! | `hypot(a, b)²`, `norm(x)²` | 0 | second: 0 | 2 along each axis | `sum_sq` |
//! | `std(x)²` | equal elements | second: 0 | that of the variance | `var` |
//! | `cbrt(x)³`, `sqrt(x)²` | 0 | first: 0 | 1 | `x` |
//!
//! The gradient does not show it; [`check`](crate::check) does, and names the function ([`Fault::Edge`](crate::check::Fault::Edge)).
//!
//! # Edge values
//!
//! The value and the derivative by each argument at kinks, edges and poles, and where `PyTorch` 2.9 and JAX 0.10 have other
//! numbers (`same`: they have the same; empty: no such function). Made from the table by
//! `cargo run -p tests --example edges`; `tests/it/edges.rs` holds every number engine to it.
//!
#![doc = include_str!("edges.md")]
//!
//! # Accuracy
//!
//! Values of functions in the standard library are the standard library's, bit for bit; [tensors](crate::tensor) have vector
//! functions of their own. A first derivative is within 8 units
//! in the last place (ulp) at every check point, or within 4 eps absolute where its row says so. Special functions are
//! computed in `f64`, `f32` is rounded from that; their largest error against 50-digit values, over some thousand points:
//!
//! | function | from | ulp |
//! |---|---|---|
//! | `erf`, `erfc` | libm | 0.7, 2.1 |
//! | `inv_erf` | statrs | 2.8 |
//! | `ln_gamma` | libm | 2.0 for `x > 0` |
//! | `digamma` | `spec_math` | 2.3 for `x > 0`, its root included |
//! | `logit` | here, near 1/2 by `ln_1p` | 2.6 |
//! | `normal_pdf` | here, with the rounding of `x²` taken out | 2.5 |
//! | `normal_cdf` | libm's `erfc`, with the rounding of `x / √2` taken out | 2.4, the left tail included |
//! | `polygamma` | here: recurrence and asymptotic series | 6.1 to order 20, for `x > 0` |
//! | `spherical_jn` | here: series, recurrence up, recurrence down | 6 for `x² < 2n + 3`; else 4.5 eps / max(1, x) absolute, both to order 20 |
//!
//! For `x < 0` the gamma family goes by reflection: `polygamma` of order `n` is the difference of two terms, and exact to
//! `2n + 4` ulp of the larger. It crosses zero between poles, where fewer digits are left.
//!
//! # Bits across machines
//!
//! On one machine the same program has the same bits, whatever the number of threads. From machine to machine:
//!
//! - arithmetic, `sqrt`, `abs` and the like, roundings, comparisons, and with them the slopes of `asin`, `acos` and `atan`,
//!   are exact everywhere, and `erf`, `erfc`, `ln_gamma` are computed by plain Rust code;
//! - `exp`, `ln`, `sin`, `powf`, `powi` and all other elementary functions of the standard library are the system's (its
//!   `libm`), and so is what is made of them here (`sigmoid`, `logit`, `digamma`, …): they may differ in the last place;
//! - [tensors'](crate::tensor) vector functions are plain Rust code, the same on every processor; matrix products are summed in
//!   blocks that depend on the processor.
//!
//! `tests/data/bits.csv` holds the bits of every row at its check points; what goes through the system is compared to 8 ulp.

mod algebra;
mod binary;
mod curvature;
pub(crate) mod mathml;
pub(crate) mod notation;
mod special;
mod unary;

pub use algebra::Algebra;
pub(crate) use algebra::{algebra_negation, algebra_operators};
pub use binary::Binary;
pub(crate) use binary::{binary_functions, binary_rows, share_of, with_operators};
pub(crate) use curvature::Curvature;
pub use unary::Unary;
pub(crate) use unary::unary_functions;
