//! Integration tests, one binary.

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
