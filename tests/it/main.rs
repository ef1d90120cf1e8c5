//! Integration tests, one binary.

mod backprop;
mod deep;
mod edges;
mod handles;
mod interop;
mod minimize;
mod nesting;
mod optim;
mod optim_state;
mod orders;
mod own_ops;
mod own_transform;
mod random;
mod regularizer;
mod rows;
mod shapes;
mod tensors;
mod torch;
mod training;
