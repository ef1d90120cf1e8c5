//! Loops over plain slices. Nothing in here knows of derivatives.

pub(crate) mod cpu;
pub(crate) mod factor;
pub(crate) mod gather;
pub(crate) mod gemm;
pub(crate) mod lane;
pub(crate) mod lanes;
pub(crate) mod loops;
pub(crate) mod map;
pub(crate) mod product;
pub(crate) mod reduce;
pub(crate) mod rows;
pub(crate) mod storage;
pub(crate) mod vmath;
pub(crate) mod window;

/// A shape or strides; up to four axes need no allocation.
pub(crate) type Dims = smallvec::SmallVec<[usize; 4]>;
