//! Shapes, strides and broadcasting.

use ndarray::SliceInfoElem;
use smallvec::SmallVec;

pub(crate) use crate::kernels::{Dims, dims};

/// Where the elements of a tensor lie in its buffer: element `i` at `offset + Σ i_k strides_k`. Stride 0 repeats an axis.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) shape: Dims,
    pub(crate) strides: Dims,
    pub(crate) offset: usize,
}

impl Clone for Layout {
    fn clone(&self) -> Self {
        // The derived clone goes element by element.
        Self { shape: dims(&self.shape), strides: dims(&self.strides), offset: self.offset }
    }
}

impl Layout {
    /// Row-major from the buffer's start.
    pub(crate) fn row_major(shape: &[usize]) -> Self {
        Self { shape: dims(shape), strides: row_major_strides(shape), offset: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub(crate) fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Whether the elements lie row-major and without gaps (from `offset`).
    pub(crate) fn is_row_major(&self) -> bool {
        let mut expected = 1;
        for (&len, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if len != 1 && stride != expected {
                return len == 0 || self.shape.contains(&0);
            }
            expected *= len;
        }
        true
    }

    /// Whether some element stands for several within the last `axes` axes.
    pub(crate) fn repeats(&self, axes: usize) -> bool {
        self.shape.iter().zip(&self.strides).rev().take(axes).any(|(&len, &stride)| len > 1 && stride == 0)
    }

    /// This layout seen in a larger shape; `None` if it does not broadcast.
    pub(crate) fn broadcast_to(&self, shape: &[usize]) -> Option<Self> {
        let new = shape.len().checked_sub(self.rank())?;
        let mut strides: Dims = SmallVec::from_elem(0, shape.len());
        for (axis, (&len, &stride)) in self.shape.iter().zip(&self.strides).enumerate() {
            match len {
                len if len == shape[new + axis] => strides[new + axis] = stride,
                1 => {}
                _ => return None,
            }
        }
        Some(Self { shape: dims(shape), strides, offset: self.offset })
    }

    /// The part that a slice names, all of whose bounds lie inside; `None` if a step goes backward over several elements.
    pub(crate) fn cut(&self, parts: &[SliceInfoElem]) -> Option<Self> {
        let mut cut = Self { shape: Dims::new(), strides: Dims::new(), offset: self.offset };
        let mut axes = self.shape.iter().zip(&self.strides);
        for part in parts {
            if part.is_new_axis() {
                cut.shape.push(1);
                cut.strides.push(0);
                continue;
            }
            let (&len, &stride) = axes.next().expect("a part for each axis");
            let from_start = |i: isize| if i < 0 { len - i.unsigned_abs() } else { i.unsigned_abs() };
            match *part {
                SliceInfoElem::Slice { start, end, step } => {
                    let (start, end) = (from_start(start), end.map_or(len, from_start));
                    let count = end.saturating_sub(start).div_ceil(step.unsigned_abs());
                    if step < 0 && count > 1 {
                        return None;
                    }
                    // Where there are no elements, an offset might lie outside.
                    if count > 0 {
                        cut.offset += stride * if step < 0 { end - 1 } else { start };
                    }
                    cut.shape.push(count);
                    cut.strides.push(stride.saturating_mul(step.unsigned_abs()));
                }
                SliceInfoElem::Index(i) => cut.offset += stride * from_start(i),
                SliceInfoElem::NewAxis => unreachable!("handled above"),
            }
        }
        Some(cut)
    }

    /// Axes in another order.
    pub(crate) fn permuted(&self, axes: &[usize]) -> Self {
        Self {
            shape: axes.iter().map(|&axis| self.shape[axis]).collect(),
            strides: axes.iter().map(|&axis| self.strides[axis]).collect(),
            offset: self.offset,
        }
    }
}

pub(crate) fn row_major_strides(shape: &[usize]) -> Dims {
    // The commonest first: every operation asks.
    match *shape {
        [] => Dims::new(),
        [_] => dims(&[1]),
        [_, n] => dims(&[n, 1]),
        _ => {
            let mut strides: Dims = SmallVec::from_elem(1, shape.len());
            for axis in (1..shape.len()).rev() {
                strides[axis - 1] = strides[axis] * shape[axis];
            }
            strides
        }
    }
}

/// The index of the element at a position in row-major order.
pub(crate) fn index_of(shape: &[usize], flat: usize) -> Vec<usize> {
    let (mut index, mut rest) = (vec![0; shape.len()], flat);
    for (at, &len) in index.iter_mut().zip(shape).rev() {
        (*at, rest) = (rest % len, rest / len);
    }
    index
}

/// The number of elements, `None` if it is beyond `isize::MAX`, as `ndarray` has it.
pub(crate) fn checked_len(shape: &[usize]) -> Option<usize> {
    // Sizes beside a 0 must not overflow either: strides are products of them.
    let len = shape.iter().try_fold(1_usize, |len, &n| len.checked_mul(n.max(1)))?;
    isize::try_from(len).ok()?;
    Some(shape.iter().product())
}

/// The shape in which two operands meet: axes are matched from the last, and 1 stretches.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Option<Dims> {
    if a == b {
        return Some(dims(a));
    }
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut shape: Dims = dims(long);
    for (len, &other) in shape[long.len() - short.len()..].iter_mut().zip(short) {
        *len = match (*len, other) {
            (x, y) if x == y => x,
            (1, y) => y,
            (x, 1) => x,
            _ => return None,
        };
    }
    Some(shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{NewAxis, s};

    #[test]
    fn broadcasting() {
        assert_eq!(broadcast(&[2, 3], &[3]).as_deref(), Some(&[2, 3][..]));
        assert_eq!(broadcast(&[2, 1], &[1, 0]).as_deref(), Some(&[2, 0][..]));
        assert_eq!(broadcast(&[], &[4]).as_deref(), Some(&[4][..]));
        assert_eq!(broadcast(&[2, 3], &[2]), None);
        assert_eq!(broadcast(&[0], &[3]), None);
        let layout = Layout::row_major(&[3, 1]).broadcast_to(&[2, 3, 4]).unwrap();
        assert_eq!(layout.strides.as_slice(), [0, 1, 0]);
        assert!(layout.repeats(1) && layout.repeats(3) && !layout.repeats(0) && !layout.is_row_major());
    }

    #[test]
    fn cutting() {
        let layout = Layout::row_major(&[4, 6]);
        let cut = layout.cut(s![-3.., 1..6;2].as_ref()).expect("forward");
        assert_eq!((&cut.shape[..], &cut.strides[..], cut.offset), (&[3, 3][..], &[6, 2][..], 7));
        let cut = layout.cut(s![NewAxis, 2, 3..4;-5].as_ref()).expect("a single element has no direction");
        assert_eq!((&cut.shape[..], cut.offset), (&[1, 1][..], 15));
        assert!(layout.cut(s![.., ..;-1].as_ref()).is_none());
        let cut = layout.cut(s![4.., 5..5].as_ref()).expect("forward");
        assert_eq!((&cut.shape[..], cut.offset), (&[0, 0][..], 0));
    }

    #[test]
    fn row_major() {
        assert!(Layout::row_major(&[2, 3, 4]).is_row_major());
        assert!(!Layout::row_major(&[2, 3]).permuted(&[1, 0]).is_row_major());
        assert!(Layout::row_major(&[1, 3]).permuted(&[1, 0]).is_row_major());
        assert_eq!(checked_len(&[usize::MAX, 2, 0]), None);
        assert_eq!(checked_len(&[isize::MAX as usize, 2]), None);
        assert_eq!(checked_len(&[2, 0]), Some(0));
    }
}
