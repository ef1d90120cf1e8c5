//! Reverse-mode automatic differentiation on a tape.

pub mod check;
mod derivative;
mod dual;
mod error;
mod gradients;
mod kernels;
mod number;
pub mod numeric;
mod real;
pub mod rules;
mod tape;
pub mod tensor;
mod var;

pub use derivative::{Outputs, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp};
pub use dual::Dual;
pub use error::{Error, Result};
pub use gradients::{Gradients, Wrt};
pub use real::Real;
pub use tape::{Handle, Root, Tape};
pub use tensor::Tensor;
pub use var::{Var, dot, logsumexp};
