//! Numerical differentiation: the independent baseline that gradients are checked against.
//!
//! Central differences at steps from the scale of `x`, or of 1 if that is larger, each about half of the one before, down to
//! where rounding takes over on the smaller of both, extrapolated to step 0. The rounding of every difference is carried
//! through the extrapolation, so each derivative comes with an error bound. Nothing is recorded: functions are evaluated on
//! constants, some 50 times for each first derivative, and next to 0 twice more for each halving from 1 to `|x|`.
//! [`Differences`] chooses another method (plain forward, backward, central differences; from one side) and counts evaluations.
//!
//! The bound is what evaluations at points can tell. It is infinite where they do not converge: where the function varies on
//! a finer scale than steps can follow, jumps, or has an infinite derivative. A kink at `x` is within it. A pole, or from one
//! side a kink, closer to `x` than a few of the smallest steps is beyond them: these are `2e-7 min(1, |x|)` in `f64`,
//! `2e-4 min(1, |x|)` in `f32`, at 0 as at 1, and nowhere below 64 units in the last place of `x`.
//!
//! What varies by no more than a function's values are rounded is not seen. How much that is, differences at fine steps tell,
//! and next to 0 those at wide ones, too: in `ln(1 + x)` larger terms cancel, and below their rounding the function is a stair.
//! A function no larger than a few units of rounding at numbers up to about 1 is taken for the rounding of terms of size 1.

mod estimate;
mod extrapolate;
mod functions;
mod level;
mod method;
mod quotient;
mod span;

pub use self::estimate::Estimate;
pub use self::functions::{derivative, directional, gradient, hessian, jacobian, tensor_gradient};
pub(crate) use self::functions::{first, mixed};
pub(crate) use self::level::Level;
pub(crate) use self::method::one_sided;
pub use self::method::{Differences, Method};
pub(crate) use self::quotient::{moved, replaced, second, sides, two_sided};
pub(crate) use self::span::Span;
