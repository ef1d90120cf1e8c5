//! Sparse matrices of derivatives: columns (or rows) that do not meet are coloured alike, and one sweep computes all of a
//! colour.

use ndarray::Array2;

use super::color;
use super::groups::Groups;
use super::pattern::{self, Pattern};
use crate::Real;
use crate::tape::code::Code;
use crate::tape::passes::{self, LANES, Output};
use crate::tape::reach::Reach;

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

    /// The matrix of a pattern, with values in its order.
    fn new(pattern: &Pattern, columns: usize, values: Vec<T>) -> Self {
        let mut rows = Vec::with_capacity(values.len());
        (0..pattern.rows()).for_each(|row| rows.resize(pattern.range(row).end, row));
        let cols = pattern.columns().iter().map(|&column| column as usize).collect();
        Self { shape: (pattern.rows(), columns), rows, cols, values }
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

/// Columns that are computed together.
#[derive(Clone, Debug)]
pub(crate) struct Compression {
    pattern: Pattern,
    colors: Vec<u32>,
    /// What to read off each sweep, sweep after sweep.
    reads: Vec<Read>,
}

/// A value that a sweep gives.
#[derive(Clone, Debug)]
struct Read {
    /// Its place among the values.
    at: usize,
    row: u32,
    color: u32,
}

impl Read {
    /// The first colour of the sweep.
    fn first(&self) -> usize {
        self.color as usize / LANES * LANES
    }
}

impl Compression {
    /// With colours for the columns of a pattern.
    pub(crate) fn new(pattern: Pattern, colors: Vec<u32>) -> Self {
        let mut reads = Vec::with_capacity(pattern.columns().len());
        for row in 0..pattern.rows() {
            let read = |(&column, at)| Read { at, row: row as u32, color: colors[column as usize] };
            reads.extend(pattern.row(row).iter().zip(pattern.range(row)).map(read));
        }
        reads.sort_by_key(Read::first);
        Self { pattern, colors, reads }
    }

    /// The sparse matrix, where `lanes(first)` computes colours `first ..` and gives a function that reads a row's value in
    /// a lane.
    fn fill<T: Real, F: Fn(usize, usize) -> T>(&self, lanes: impl Fn(usize) -> F) -> Sparse<T> {
        let mut values = vec![T::zero(); self.reads.len()];
        for reads in self.reads.chunk_by(|a, b| a.first() == b.first()) {
            let first = reads[0].first();
            let value = lanes(first);
            for read in reads {
                values[read.at] = value(read.row as usize, read.color as usize - first);
            }
        }
        Sparse::new(&self.pattern, self.colors.len(), values)
    }

    /// For each colour the sum of its columns' unit vectors.
    pub(crate) fn directions<T: Real>(&self) -> impl Iterator<Item = Vec<T>> {
        let one = |here| if here { T::one() } else { T::zero() };
        let count = self.reads.iter().map(|read| read.color + 1).max().unwrap_or(0);
        (0..count).map(move |color| self.colors.iter().map(|&own| one(own == color)).collect())
    }

    /// The sparse matrix, from what its products with the directions are.
    pub(crate) fn read<T: Real>(&self, products: &[Vec<T>]) -> Sparse<T> {
        self.fill(|first| move |row, lane| products[first + lane][row])
    }

    /// What a Hessian needs.
    pub(crate) fn hessian<T: Real>(code: Code<'_, T>, root: usize, inputs: usize) -> Self {
        let pattern = pattern::hessian(code, root, inputs);
        let (colors, _) = color::columns(&pattern, &pattern);
        Self::new(pattern, colors)
    }

    /// The Hessian at `base`.
    pub(crate) fn hessian_at<T: Real>(&self, code: Code<'_, T>, root: usize, base: &[T]) -> Sparse<T> {
        let inputs = self.pattern.rows();
        self.fill(|first| {
            let adjoints = passes::second_order::<T, LANES>(code, root, inputs, base, |i| self.seed(i, first));
            move |row: usize, lane: usize| adjoints.as_slice()[row].tangent()[lane]
        })
    }

    /// One in the lane of a column's colour.
    fn seed<T: Real>(&self, column: usize, first: usize) -> [T; LANES] {
        passes::unit(self.colors[column] as usize, first)
    }
}

/// How a Jacobian is computed.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    /// Four colours of columns at once, by forward sweeps.
    Columns(Compression),
    /// Four rows at once, by reverse sweeps.
    Rows(Groups, Pattern),
}

impl Plan {
    /// What is less to do.
    pub(crate) fn new<T: Real>(code: Code<'_, T>, outputs: &[Output<T>], inputs: usize) -> Self {
        let mut reach = Reach::new(code);
        let pattern = pattern::jacobian(outputs, inputs, &mut reach);
        // In entries of a group's sweep: measured, a forward sweep takes about twice as long for each entry, since what it
        // writes is not in the processor's cache when it is read.
        let forward = |colors: usize| 2 * colors.div_ceil(LANES) * code.ops.len();
        let groups = Groups::new(outputs, inputs, &mut reach, forward(inputs));
        // The columns of a row have different colours, so there are at least as many.
        match groups {
            Some(groups) if groups.cost <= forward(pattern.longest()) => Self::Rows(groups, pattern),
            groups => {
                let (colors, count) = color::columns(&pattern, &pattern.transposed(inputs));
                match groups {
                    Some(groups) if groups.cost <= forward(count) => Self::Rows(groups, pattern),
                    _ => Self::Columns(Compression::new(pattern, colors)),
                }
            }
        }
    }

    /// The Jacobian at `x`, where the entries have these values.
    pub(crate) fn jacobian<T: Real>(
        &self,
        code: Code<'_, T>,
        outputs: &[Output<T>],
        x: &[T],
        values: &[T],
    ) -> Sparse<T> {
        match self {
            Self::Rows(groups, pattern) => {
                Sparse::new(pattern, x.len(), groups.jacobian(code, outputs, pattern, values))
            }
            Self::Columns(columns) => columns.fill(|first| {
                let values = passes::tangents::<T, LANES>(code, x.len(), x, |i| columns.seed(i, first));
                move |row: usize, lane: usize| {
                    outputs[row].map_or_else(|_| T::zero(), |root| values.as_slice()[root].tangent()[lane])
                }
            }),
        }
    }
}
