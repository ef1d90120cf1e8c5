//! Elements picked by indices along an axis. Arrays are seen as blocks of `n × inner` elements, `n` along the axis.

/// `out[o][k][i] = x[o][index[o][k][i]][i]`, where `x` has `n` and `out` has `count` rows to a block.
pub(crate) fn gather<T: Copy>(x: &[T], n: usize, index: &[usize], count: usize, inner: usize, out: &mut [T]) {
    let block = (count * inner).max(1);
    for (o, (out, index)) in out.chunks_exact_mut(block).zip(index.chunks_exact(block)).enumerate() {
        let x = &x[o * n * inner..(o + 1) * n * inner];
        for (at, (out, &row)) in out.iter_mut().zip(index).enumerate() {
            *out = x[row * inner + at % inner];
        }
    }
}

/// `out[o][index[o][k][i]][i] += x[o][k][i]`, in the order of `x`, where `out` has `n` and `x` has `count` rows to a block.
pub(crate) fn scatter_add<T: Copy + std::ops::Add<Output = T>>(
    x: &[T],
    count: usize,
    index: &[usize],
    n: usize,
    inner: usize,
    out: &mut [T],
) {
    let block = (count * inner).max(1);
    for (o, (x, index)) in x.chunks_exact(block).zip(index.chunks_exact(block)).enumerate() {
        let out = &mut out[o * n * inner..(o + 1) * n * inner];
        for (at, (&x, &row)) in x.iter().zip(index).enumerate() {
            let out = &mut out[row * inner + at % inner];
            *out = *out + x;
        }
    }
}

/// `out[o][k] = x[o][index[k]]`, rows of `inner` elements, where `x` has `n` of them to a block.
pub(crate) fn rows<T: Copy>(x: &[T], n: usize, index: &[usize], inner: usize, out: &mut [T]) {
    for (o, out) in out.chunks_exact_mut((index.len() * inner).max(1)).enumerate() {
        let x = &x[o * n * inner..];
        for (out, &row) in out.chunks_exact_mut(inner).zip(index) {
            out.copy_from_slice(&x[row * inner..][..inner]);
        }
    }
}

/// `out[o][index[k]] += x[o][k]`, rows of `inner` elements, in the order of `x`, where `out` has `n` of them to a block.
pub(crate) fn add_rows<T: Copy + std::ops::AddAssign>(x: &[T], n: usize, index: &[usize], inner: usize, out: &mut [T]) {
    for (o, x) in x.chunks_exact((index.len() * inner).max(1)).enumerate() {
        let out = &mut out[o * n * inner..];
        for (x, &row) in x.chunks_exact(inner).zip(index) {
            out[row * inner..][..inner].iter_mut().zip(x).for_each(|(sum, &x)| *sum += x);
        }
    }
}

/// Where numbers stand in a list that goes upward.
pub(crate) struct Ranks<'a> {
    list: &'a [usize],
    /// For each 64 numbers which of them are in the list, and how many smaller ones there are; nothing where the list is very thin.
    words: Vec<(u64, usize)>,
}

impl<'a> Ranks<'a> {
    pub(crate) fn new(list: &'a [usize]) -> Self {
        let count = list.last().map_or(0, |last| last / 64 + 1);
        let mut words = vec![(0, 0); if count > 8 * list.len() { 0 } else { count }];
        if !words.is_empty() {
            for (rank, &x) in list.iter().enumerate().rev() {
                let word = &mut words[x / 64];
                *word = (word.0 | 1 << (x % 64), rank);
            }
        }
        Self { list, words }
    }

    /// The place of a number; `None` if it is not there.
    pub(crate) fn of(&self, x: usize) -> Option<usize> {
        if self.words.is_empty() {
            return self.list.binary_search(&x).ok();
        }
        let &(word, before) = self.words.get(x / 64)?;
        let bit = 1_u64 << (x % 64);
        (word & bit != 0).then(|| before + (word & (bit - 1)).count_ones() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_rows() {
        // Two blocks of three rows of two.
        let x: Vec<i32> = (0..12).collect();
        let index = [2, 0, 0, 0, 2, 2, 1, 0];
        let mut out = [0; 8];
        gather(&x, 3, &index, 2, 2, &mut out);
        assert_eq!(out, [4, 1, 0, 1, 10, 11, 8, 7]);
        let mut sums = [0; 12];
        scatter_add(&out, 2, &index, 3, 2, &mut sums);
        assert_eq!(sums, [0, 2, 0, 0, 4, 0, 0, 7, 8, 0, 10, 11]);
        let mut out = [0; 12];
        rows(&x, 3, &[2, 0, 2], 2, &mut out);
        assert_eq!(out, [4, 5, 0, 1, 4, 5, 10, 11, 6, 7, 10, 11]);
        let mut sums = [0; 12];
        add_rows(&out, 3, &[2, 0, 2], 2, &mut sums);
        assert_eq!(sums, [0, 1, 0, 0, 8, 10, 6, 7, 0, 0, 20, 22]);
        rows::<i32>(&[], 0, &[], 2, &mut []);
        add_rows::<i32>(&[], 3, &[], 2, &mut sums);
    }

    #[test]
    fn ranks() {
        for list in [&[3, 5, 63, 64, 200][..], &[3, 1_000_000], &[]] {
            let ranks = Ranks::new(list);
            for x in (0..300).chain([1_000_000, 1_000_001]) {
                assert_eq!(ranks.of(x), list.binary_search(&x).ok(), "{x} in {list:?}");
            }
        }
    }
}
