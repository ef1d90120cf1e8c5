//! Derivatives that are wrong on purpose, by own operations: the checks find them all. And right ones: no check blames them.
//!
//! Wrong rows of the table and wrong arms of the sweep are tried by `scripts/mutants`.

mod mistake;
mod right;
mod rows;
mod subjects;
mod tensors;
