//! Derivatives from the tape against numerical ones, with a verdict.
//!
//! An entry passes when both agree within the numerical error and that error is small against the largest entry; it fails when
//! they differ although the numerical side is sure. What cannot be decided is said to be inconclusive, with the reason:
//! a kink, rounding in the function, a point at the edge of the domain. A derivative that is infinite or NaN never passes.
//!
//! A report that fails says what is to blame: the operation whose derivative is wrong, with its source line and what went
//! in, or the place at which a value left the tape; see [`Cause`]. [`op`] looks at one operation from all sides.
//!
//! ```
//! use autodiff::{Var, check};
//! check::gradient(|x| x[0] * x[1].sin(), &[2.0, 0.5]).assert_pass();
//! // A value taken out of the recording is a constant to the tape, but not to the function.
//! let report = check::gradient(|x| Var::constant(x[0].value()) * x[1].sin(), &[2.0, 0.5]);
//! assert!(report.to_string().starts_with("gradient: FAIL, 1 of 2 entries wrong"));
//! ```

mod assertions;
mod blame;
mod cause;
mod functions;
mod judge;
mod kink;
mod operation;
mod order;
mod problem;
mod report;

pub use self::cause::{Cause, Fault, Wrong};
pub use self::functions::{gradient, hessian, tensor_gradient, tensor_hessian};
#[cfg(feature = "page")]
pub(crate) use self::judge::entry_along;
pub use self::operation::{op, op_alone, op_with};
pub use self::report::{Case, Directions, Entry, Reason, Report, Verdict};
