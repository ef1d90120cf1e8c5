//! Sums of squares, and what a fit says of its parameters.

mod fit;
mod jacobian;
mod robust;
mod search;

pub use fit::{Ending, Fit};
pub use robust::Robust;
pub use search::LeastSquares;
