//! The number types that everything is generic over, without loops and without a tape.

mod dual;
pub(crate) mod methods;
pub(crate) mod operators;
pub(crate) mod question;
mod real;

pub use dual::Dual;
pub use real::{Beside, Operand, Real};
