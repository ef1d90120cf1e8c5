//! Integration tests, one binary.

mod accuracy;
mod approx;
mod backprop;
mod checkpoint;
mod checkpoint_mistakes;
mod data_files;
mod data_sets;
mod deep;
mod diagnostics;
mod edges;
mod handles;
mod interop;
mod many;
mod metrics;
mod nalgebra;
mod nesting;
mod open_engine;
mod orders;
mod own_ops;
mod program;
mod random;
mod rows;
mod send_var;
mod shapes;
mod tensors;
mod training;
