//! Loops over plain slices. Nothing in here knows of derivatives.

mod accumulate;
pub(crate) mod batched;
pub(crate) mod convolve;
pub(crate) mod cpu;
mod dims;
pub(crate) mod element;
pub(crate) mod factor;
pub(crate) mod gather;
pub(crate) mod gemm;
mod lane;
pub(crate) mod loops;
pub(crate) mod once;
mod planes;
pub(crate) mod product;
pub(crate) mod rank;
pub(crate) mod reduce;
mod rows;
mod softmax;
pub(crate) mod storage;
pub(crate) mod summed;
pub(crate) mod threads;
pub(crate) mod transpose;
mod vmath;
pub(crate) mod walk;
pub(crate) mod window;

pub(crate) use dims::{Dims, dims};
