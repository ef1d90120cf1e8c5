//! Data sets: read from files, generated, split, standardised and served.
//!
//! | from | with |
//! |---|---|
//! | arrays in memory | [`Dataset::new`] |
//! | CSV with a header or categories | [`Csv`] |
//! | CSV of numbers and a class number | [`Table`] |
//! | IDX, plain or gzip | [`read_idx`] |
//! | NPY, NPZ | [`read_npy`], [`Npz`] |
//! | formulas | [`generate`] |
//!
//! Readers trust no header: memory is taken for what a file holds, not for what it says, and every error names the file
//! and the line and field, or the byte.

pub(crate) mod batches;
mod binary;
mod columns;
mod csv;
pub(crate) mod dataset;
pub mod generate;
mod idx;
mod npy;
mod npz;
mod rows;
mod split;
mod standardize;
mod table;

pub use self::csv::Csv;
pub use batches::Batches;
pub use columns::{Column, ColumnId, ColumnSchema, Columns, Schema, Values};
pub use dataset::{Dataset, labels};
pub use idx::read_idx;
pub use npy::read_npy;
pub use npz::Npz;
pub use split::Folds;
pub use standardize::Standardizer;
pub use table::Table;

pub use crate::loss::one_hot;
