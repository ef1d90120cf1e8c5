//! Data sets: read from files, generated, split, standardised and served.
//!
//! | from | with |
//! |---|---|
//! | arrays in memory | [`Dataset::new`] |
//! | CSV | [`Csv`] |
//! | IDX, plain or gzip | [`read_idx`] |
//! | NPY, NPZ | [`read_npy`], [`Npz`] |
//! | NPY or CSV beyond memory | [`Stored`] |
//! | formulas | [`generate`] |
//!
//! Readers of files come with the feature `data`. They trust no header: memory is taken for what a file holds, not for what
//! it says, and every error names the file and the line and field, or the byte.

pub(crate) mod batch;
pub(crate) mod batches;
#[cfg(feature = "data")]
mod binary;
#[cfg(feature = "data")]
mod columns;
#[cfg(feature = "data")]
mod csv;
pub(crate) mod dataset;
pub mod generate;
mod held;
#[cfg(feature = "data")]
mod idx;
#[cfg(feature = "data")]
mod npy;
#[cfg(feature = "data")]
mod npz;
#[cfg(feature = "data")]
mod records;
mod split;
mod standardize;
#[cfg(feature = "data")]
mod stored;

#[cfg(feature = "data")]
pub use self::csv::Csv;
pub use batch::{Batch, Key};
pub use batches::Batches;
#[cfg(feature = "data")]
pub use columns::{Column, ColumnId, ColumnSchema, Columns, Schema, Values};
pub use dataset::{Dataset, labels};
#[cfg(feature = "data")]
pub use idx::read_idx;
#[cfg(feature = "data")]
pub use npy::read_npy;
#[cfg(feature = "data")]
pub use npz::Npz;
pub use split::Folds;
pub use standardize::Standardizer;
#[cfg(feature = "data")]
pub use stored::Stored;

pub use crate::loss::one_hot;
