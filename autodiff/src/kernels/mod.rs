//! Loops over plain slices. Nothing in here knows of derivatives.

pub(crate) mod factor;
pub(crate) mod gather;
pub(crate) mod gemm;
pub(crate) mod lanes;
pub(crate) mod map;
pub(crate) mod product;
pub(crate) mod reduce;
pub(crate) mod storage;
pub(crate) mod window;
