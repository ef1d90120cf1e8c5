//! Other crates' traits, each behind a feature of its own.
//!
//! - `nalgebra`: its decompositions on [`Dual`](crate::Dual) and on recorded variables; see the module of that name. Brings
//!   `approx` along.
//! - `approx`: approximate comparison of [`Var`](crate::Var) and [`Dual`](crate::Dual), by value. Tolerances are numbers of
//!   the compared type, as for plain numbers, so bounds like `R: RelativeEq<Epsilon = R>` hold. While a
//!   [`Program`](crate::Program) is recorded, these comparisons are guards as all others are.
//!
//! ```
//! use approx::{assert_abs_diff_eq, assert_relative_eq};
//! use autodiff::{Dual, Tape, Var};
//! let tape = Tape::<f64>::new();
//! let tenth = tape.var(0.1);
//! assert_relative_eq!(tenth + 0.2, Var::constant(0.3));
//! assert_abs_diff_eq!(tenth, Var::constant(0.11), epsilon = Var::constant(0.02));
//! assert_relative_eq!(Dual::variable(0.1) + 0.2, Dual::constant(0.3));
//! ```
//!
//! No feature is needed for `ndarray` arrays and `nalgebra` matrices of these numbers with their products and sums, nor for
//! what is generic over `num_traits::Float`.

#[cfg(feature = "approx")]
mod approx;
#[cfg(feature = "nalgebra")]
pub mod nalgebra;
