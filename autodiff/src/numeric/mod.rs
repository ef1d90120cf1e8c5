//! Numerical differentiation: the independent baseline that gradients are checked against.
//!
//! Central differences at steps halved from the scale of `x` down to where rounding takes over, extrapolated to step 0.
//! The rounding of every difference is carried through the extrapolation, so each derivative comes with an error bound.
//! Nothing is recorded: functions are evaluated on constants, some 50 times for each first derivative. [`Differences`]
//! chooses another method (plain forward, backward, central differences; from one side) and counts evaluations.
//!
//! The bound is what evaluations at points can tell. A kink or a pole closer to `x` than a few of the smallest steps
//! (`2e-7 min(1, |x|)` in `f64`, `2e-4 min(1, |x|)` in `f32`) is beyond them.

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
pub use self::method::{Differences, Method};
pub(crate) use self::method::{one_sided, two_sided};
pub(crate) use self::quotient::{moved, replaced, second, sides};
pub(crate) use self::span::Span;
