//! The layers that come with the crate.

mod activation;
mod linear;
mod mlp;
mod sequential;

pub use activation::Activation;
pub use linear::Linear;
pub use mlp::Mlp;
pub use sequential::Sequential;
