//! Sparse matrices of derivatives: columns (or rows) that do not meet are coloured alike, and one sweep computes all of a
//! colour.

use ndarray::Array2;

use super::color;
use super::pattern::{self, Pattern};
use crate::Real;
use crate::tape::code::Code;
use crate::tape::passes::{self, LANES};

/// A sparse matrix as triplets `(row, column, value)`, ordered by row and column.
///
/// The three lists are what sparse matrix crates take: `sprs::TriMat::from_triplets((m, n), rows, cols, values)`, or one
/// `faer::sparse::Triplet` for each item of [`iter`](Self::iter).
#[derive(Clone, Debug, PartialEq)]
pub struct Sparse<T> {
    /// Rows and columns of the matrix.
    pub shape: (usize, usize),
    /// The row of each value.
    pub rows: Vec<usize>,
    /// The column of each value.
    pub cols: Vec<usize>,
    /// The values. A value that happens to be 0 at this point is listed all the same.
    pub values: Vec<T>,
}

impl<T: Real> Sparse<T> {
    /// The triplets.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, T)> + '_ {
        self.rows.iter().zip(&self.cols).zip(&self.values).map(|((&row, &col), &value)| (row, col, value))
    }

    /// The matrix with its zeros.
    pub fn to_dense(&self) -> Array2<T> {
        let mut dense = Array2::zeros(self.shape);
        for (row, col, value) in self.iter() {
            dense[[row, col]] = value;
        }
        dense
    }
}

/// What is computed together.
#[derive(Clone, Debug)]
pub(crate) struct Compression {
    pub(crate) pattern: Pattern,
    /// Whether colours belong to columns (forward sweeps) or to rows (reverse sweeps).
    pub(crate) by_columns: bool,
    pub(crate) colors: Vec<u32>,
    pub(crate) count: usize,
}

impl Compression {
    /// The sparse matrix of this pattern, where `lanes(first)` computes colours `first ..` and gives a function of row and
    /// column that reads a value and the lane it is in.
    pub(crate) fn fill<T: Real, F: Fn(usize, usize, usize) -> T>(
        &self,
        columns: usize,
        lanes: impl Fn(usize) -> F,
    ) -> Sparse<T> {
        let mut sparse = Sparse { shape: (self.pattern.len(), columns), rows: vec![], cols: vec![], values: vec![] };
        for (row, entries) in self.pattern.iter().enumerate() {
            sparse.rows.extend(entries.iter().map(|_| row));
            sparse.cols.extend(entries.iter().map(|&col| col as usize));
        }
        sparse.values.resize(sparse.rows.len(), T::zero());
        for first in (0..self.count).step_by(LANES) {
            let read = lanes(first);
            for ((&row, &col), value) in sparse.rows.iter().zip(&sparse.cols).zip(&mut sparse.values) {
                let color = self.colors[if self.by_columns { col } else { row }] as usize;
                if (first..first + LANES).contains(&color) {
                    *value = read(row, col, color - first);
                }
            }
        }
        sparse
    }

    /// No column at all.
    pub(crate) fn nothing(inputs: usize) -> Self {
        Self { pattern: vec![Vec::new(); inputs], by_columns: true, colors: vec![0; inputs], count: 0 }
    }

    /// What a Hessian needs.
    pub(crate) fn hessian<T: Real>(code: Code<'_, T>, root: usize, inputs: usize) -> Self {
        let pattern = pattern::hessian(code, root, inputs);
        if pattern.iter().all(Vec::is_empty) {
            return Self::nothing(inputs);
        }
        let (colors, count) = color::columns(&pattern, &pattern);
        Self { pattern, by_columns: true, colors, count }
    }

    /// The Hessian at `base`.
    pub(crate) fn hessian_at<T: Real>(&self, code: Code<'_, T>, root: usize, base: &[T]) -> Sparse<T> {
        let inputs = self.pattern.len();
        self.fill(inputs, |first| {
            let adjoints = passes::second_order::<T, LANES>(code, root, inputs, base, |i| self.seed(i, first));
            move |row: usize, _, lane: usize| adjoints.as_slice()[row].tangent()[lane]
        })
    }

    /// One in the lane of a column's (or row's) colour.
    pub(crate) fn seed<T: Real>(&self, of: usize, first: usize) -> [T; LANES] {
        passes::unit(self.colors[of] as usize, first)
    }
}
