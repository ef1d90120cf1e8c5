//! Weights in files.

pub(crate) mod element;
pub(crate) mod file;
pub(crate) mod weights;

pub use element::Element;
pub use weights::{WeightsInfo, load, load_converted, save, weights_info};
