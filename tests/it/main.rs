//! Integration tests, one binary.

mod accuracy;
mod backprop;
mod deep;
mod edges;
mod handles;
mod interop;
mod nesting;
mod orders;
mod own_ops;
mod random;
mod rows;
mod shapes;
mod tensors;
mod training;
