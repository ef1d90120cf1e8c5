//! Integration tests, one binary.

mod backprop;
mod training;
