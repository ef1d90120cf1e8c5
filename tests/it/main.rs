//! Integration tests, one binary.

mod approx;
mod backprop;
mod deep;
mod edges;
mod handles;
mod interop;
mod nalgebra;
mod nesting;
mod orders;
mod own_ops;
mod random;
mod rows;
mod send_var;
mod shapes;
mod tensors;
mod training;
