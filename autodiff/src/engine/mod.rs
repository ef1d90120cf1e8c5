//! The engine: the tape's guard, sweeps over scalars and tensors, and the derivatives of functions.

mod along;
pub mod checkpoint;
pub(crate) mod color;
pub(crate) mod functions;
pub(crate) mod gradients;
pub(crate) mod groups;
mod handle;
mod higher;
pub mod implicit;
mod map_rows;
mod missing_gradient;
mod nonfinite;
pub(crate) mod outputs;
pub(crate) mod pattern;
pub(crate) mod recorded;
pub mod recorded_functions;
mod rows;
pub(crate) mod sparse;
mod sweep;
mod tape;
pub(crate) mod tensor_checkpoint;
pub(crate) mod tensor_functions;
mod tensor_gradients;
pub(crate) mod vjp;

pub use self::functions::{grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp as vjp_of};
pub use self::gradients::{Gradients, Wrt};
pub use self::handle::{Handle, Root};
pub use self::outputs::Outputs;
pub use self::sparse::Sparse;
pub use self::tape::Tape;
