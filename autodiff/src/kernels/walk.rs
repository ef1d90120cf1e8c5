//! Walks several strided arrays of one shape together, stretch by stretch.

use smallvec::SmallVec;

/// Loops over `K` operands of one shape, given by strides (0 repeats an axis) and a starting offset.
///
/// A stretch is the innermost axis. Axes of length 1 are dropped and neighbouring axes merged where every operand allows, so
/// that contiguous arrays are one long stretch.
pub(crate) struct Walk<const K: usize> {
    outer: SmallVec<[(usize, [usize; K]); 4]>,
    start: [usize; K],
    /// Elements in a stretch.
    pub(crate) len: usize,
    /// The step from element to element of a stretch, for each operand.
    pub(crate) step: [usize; K],
    empty: bool,
}

impl<const K: usize> Walk<K> {
    pub(crate) fn new(shape: &[usize], strides: [&[usize]; K], start: [usize; K]) -> Self {
        let mut axes: SmallVec<[(usize, [usize; K]); 4]> = SmallVec::new();
        for (axis, &len) in shape.iter().enumerate() {
            if len == 1 {
                continue;
            }
            let mut step = [0; K];
            for k in 0..K {
                step[k] = strides[k][axis];
            }
            match axes.last_mut() {
                Some((before, steps)) if (0..K).all(|k| steps[k] == step[k] * len) => {
                    *before *= len;
                    *steps = step;
                }
                _ => axes.push((len, step)),
            }
        }
        let (len, step) = axes.pop().unwrap_or((1, [1; K]));
        Self { outer: axes, start, len, step, empty: shape.contains(&0) }
    }

    /// Calls `stretch` with every stretch's offsets, in row-major order.
    #[inline]
    pub(crate) fn for_each(&self, mut stretch: impl FnMut([usize; K])) {
        if self.empty {
            return;
        }
        let mut offsets = self.start;
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, self.outer.len());
        loop {
            stretch(offsets);
            let mut axis = self.outer.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                let (len, steps) = &self.outer[axis];
                index[axis] += 1;
                if index[axis] < *len {
                    for k in 0..K {
                        offsets[k] += steps[k];
                    }
                    break;
                }
                index[axis] = 0;
                for k in 0..K {
                    offsets[k] -= steps[k] * (len - 1);
                }
            }
        }
    }
}

/// Calls `f` with the offsets of two operands at every index of a shape, in row-major order.
pub(crate) fn in_turn(shape: &[usize], a: &[usize], b: &[usize], mut f: impl FnMut(usize, usize)) {
    let walk = Walk::new(shape, [a, b], [0; 2]);
    let [step, other] = walk.step;
    walk.for_each(|[i, j]| (0..walk.len).for_each(|k| f(i + k * step, j + k * other)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_and_walks() {
        let walk = Walk::new(&[2, 1, 3, 4], [&[12, 12, 4, 1]], [0]);
        assert_eq!((walk.len, walk.step, walk.outer.len()), (24, [1], 0));

        // A transposed 2x3: rows of stride 1, columns of stride 2.
        let walk = Walk::new(&[3, 2], [&[1, 3], &[2, 1]], [0, 0]);
        let mut seen = Vec::new();
        walk.for_each(|offsets| seen.push(offsets));
        assert_eq!(seen, [[0, 0], [1, 2], [2, 4]]);
        assert_eq!((walk.len, walk.step), (2, [3, 1]));

        let mut calls = 0;
        Walk::new(&[3, 0, 2], [&[0, 2, 1]], [0]).for_each(|_| calls += 1);
        assert_eq!(calls, 0);
        Walk::new(&[], [&[]], [7]).for_each(|[o]| calls += o);
        assert_eq!(calls, 7);

        let mut pairs = Vec::new();
        in_turn(&[2, 3], &[0, 1], &[5, 0], |i, j| pairs.push((i, j)));
        assert_eq!(pairs, [(0, 0), (1, 0), (2, 0), (0, 5), (1, 5), (2, 5)]);
        in_turn(&[2, 0], &[0, 0], &[0, 0], |_, _| unreachable!("nothing to walk"));
    }
}
