//! The scalar handle.

mod handle;
mod number;

pub use self::handle::Var;
