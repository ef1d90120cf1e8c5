//! Shapes, strides and broadcasting.

use smallvec::SmallVec;

/// A shape or strides; up to four axes need no allocation.
pub(crate) type Dims = SmallVec<[usize; 4]>;

/// Where the elements of a tensor lie in its buffer: element `i` at `offset + Σ i_k strides_k`. Stride 0 repeats an axis.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) shape: Dims,
    pub(crate) strides: Dims,
    pub(crate) offset: usize,
}

impl Clone for Layout {
    fn clone(&self) -> Self {
        // `from_slice` copies bytes; the derived clone goes element by element.
        Self {
            shape: SmallVec::from_slice(&self.shape),
            strides: SmallVec::from_slice(&self.strides),
            offset: self.offset,
        }
    }
}

impl Layout {
    /// Row-major from the buffer's start.
    pub(crate) fn row_major(shape: &[usize]) -> Self {
        Self { shape: SmallVec::from_slice(shape), strides: row_major_strides(shape), offset: 0 }
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
        Some(Self { shape: SmallVec::from_slice(shape), strides, offset: self.offset })
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
    let mut strides: Dims = SmallVec::from_elem(1, shape.len());
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// The number of elements, `None` if it overflows.
pub(crate) fn checked_len(shape: &[usize]) -> Option<usize> {
    // Sizes beside a 0 must not overflow either: strides are products of them.
    shape.iter().try_fold(1_usize, |len, &n| len.checked_mul(n.max(1)))?;
    Some(shape.iter().product())
}

/// The shape in which two operands meet: axes are matched from the last, and 1 stretches.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Option<Dims> {
    if a == b {
        return Some(SmallVec::from_slice(a));
    }
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut shape: Dims = SmallVec::from_slice(long);
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

    #[test]
    fn broadcasting() {
        assert_eq!(broadcast(&[2, 3], &[3]).as_deref(), Some(&[2, 3][..]));
        assert_eq!(broadcast(&[2, 1], &[1, 0]).as_deref(), Some(&[2, 0][..]));
        assert_eq!(broadcast(&[], &[4]).as_deref(), Some(&[4][..]));
        assert_eq!(broadcast(&[2, 3], &[2]), None);
        assert_eq!(broadcast(&[0], &[3]), None);
        let layout = Layout::row_major(&[3, 1]).broadcast_to(&[2, 3, 4]).unwrap();
        assert_eq!(layout.strides.as_slice(), [0, 1, 0]);
        assert!(layout.repeats(2) && !layout.repeats(1) && !layout.is_row_major());
    }

    #[test]
    fn row_major() {
        assert!(Layout::row_major(&[2, 3, 4]).is_row_major());
        assert!(!Layout::row_major(&[2, 3]).permuted(&[1, 0]).is_row_major());
        assert!(Layout::row_major(&[1, 3]).permuted(&[1, 0]).is_row_major());
        assert_eq!(checked_len(&[usize::MAX, 2, 0]), None);
        assert_eq!(checked_len(&[2, 0]), Some(0));
    }
}
