//! Short lists of lengths.

/// A shape or strides; up to four axes need no allocation.
pub(crate) type Dims = smallvec::SmallVec<[usize; 4]>;

/// A shape or strides. The short ones are written in place, where `from_slice` would call `memcpy`.
#[inline]
pub(crate) fn dims(x: &[usize]) -> Dims {
    match *x {
        [] => Dims::new(),
        [a] => Dims::from_buf_and_len([a, 0, 0, 0], 1),
        [a, b] => Dims::from_buf_and_len([a, b, 0, 0], 2),
        [a, b, c] => Dims::from_buf_and_len([a, b, c, 0], 3),
        [a, b, c, d] => Dims::from_buf([a, b, c, d]),
        _ => Dims::from_slice(x),
    }
}
