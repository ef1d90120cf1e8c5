//! The layers that come with the crate.

pub(crate) mod activation;
mod basis;
mod batch_norm;
mod conv;
mod dag;
mod dropout;
mod embedding;
mod layer_norm;
pub(crate) mod linear;
mod log_variance;
pub(crate) mod mlp;
mod pool;
mod reshape;
mod residual;
mod sequential;

pub use activation::Activation;
pub use basis::BasisFunctions;
pub use batch_norm::{BatchNorm1d, BatchNorm2d};
pub use conv::Conv2d;
pub use dag::{Dag, DagBuilder};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use log_variance::LogVariance;
pub use mlp::{Mlp, MlpBuilder};
pub use pool::{AvgPool2d, MaxPool2d};
pub use reshape::{Flatten, Reshape};
pub use residual::Residual;
pub use sequential::Sequential;
