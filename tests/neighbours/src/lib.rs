//! Other crates beside this one, a module each, which a user can copy.
#![cfg(test)]

mod argmin;
mod differential_equations;
mod faer;
mod levenberg_marquardt;
mod nalgebra;
mod nuts_rs;
mod parquet;
mod plotters;
mod polars;
mod rand_distr;
mod serde;
mod statrs;
mod tensorboard;
