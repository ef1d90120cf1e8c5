//! Data sets and how they are served.

mod batches;
mod dataset;
mod table;

pub use batches::Batches;
pub use dataset::Dataset;
pub use table::Table;
