//! Sparse Jacobians and Hessians: the pattern is read off the program, columns (or rows) that do not meet are coloured
//! alike, and one sweep computes all of a colour.

use ndarray::Array2;

use super::Program;
use super::color;
use super::pattern::{self, Pattern};
use crate::Real;
use crate::error::Result;
use crate::tape::passes::{self, LANES};
use crate::tape::replay::Values;
use crate::tape::reverse::{Lanes, reverse};
use crate::tape::store::Code;

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
    pattern: Pattern,
    /// Whether colours belong to columns (forward sweeps) or to rows (reverse sweeps).
    by_columns: bool,
    colors: Vec<u32>,
    count: usize,
}

impl Compression {
    /// The sparse matrix of this pattern, where `lanes(first)` computes colours `first ..` and gives a function of row and
    /// column that reads a value and the lane it is in.
    fn fill<T: Real, F: Fn(usize, usize, usize) -> T>(&self, columns: usize, lanes: impl Fn(usize) -> F) -> Sparse<T> {
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
    fn nothing(inputs: usize) -> Self {
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
    pub(crate) fn hessian_at<T: Real>(&self, code: Code<'_, T>, root: usize, base: impl Fn(usize) -> T) -> Sparse<T> {
        let inputs = self.pattern.len();
        self.fill(inputs, |first| {
            let adjoints = passes::second_order::<T, LANES>(code, root, inputs, &base, |i| self.seed(i, first));
            move |row: usize, _, lane: usize| adjoints.as_slice()[row].tangent()[lane]
        })
    }

    /// One in the lane of a column's (or row's) colour.
    fn seed<T: Real>(&self, of: usize, first: usize) -> [T; LANES] {
        passes::unit(self.colors[of] as usize, first)
    }
}

#[allow(clippy::missing_errors_doc, reason = "the type's page says it for all evaluations")]
impl<T: Real> Program<T> {
    /// The Jacobian as triplets, computed in as many forward or reverse sweeps as there are colours of columns or of rows,
    /// whichever are fewer; four colours go in one sweep. Pattern and colours are found once.
    ///
    /// ```
    /// use autodiff::{Program, Var};
    /// // f_i = x_i x_{i+1}: two entries in each row.
    /// let f = |x: &[Var<f64>]| x.windows(2).map(|x| x[0] * x[1]).collect::<Vec<_>>();
    /// let jacobian = Program::record(f, &[1.0; 4]).sparse_jacobian(&[1.0, 2.0, 3.0, 4.0])?;
    /// assert_eq!(jacobian.rows, [0, 0, 1, 1, 2, 2]);
    /// assert_eq!(jacobian.cols, [0, 1, 1, 2, 2, 3]);
    /// assert_eq!(jacobian.values, [2.0, 1.0, 3.0, 2.0, 4.0, 3.0]);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    pub fn sparse_jacobian(&self, x: &[T]) -> Result<Sparse<T>> {
        let values = self.run(x)?;
        let (code, inputs) = (self.code(), self.inputs);
        let plan = self.jacobian.get_or_init(|| {
            let pattern = pattern::jacobian(code, &self.outputs, inputs);
            let transposed = color::transpose(&pattern, inputs);
            let (by_column, by_row) = (color::columns(&pattern, &transposed), color::columns(&transposed, &pattern));
            // A reverse sweep costs about twice a forward one.
            let by_columns = by_column.1 <= 2 * by_row.1;
            let (colors, count) = if by_columns { by_column } else { by_row };
            Compression { pattern, by_columns, colors, count }
        });
        if plan.by_columns {
            return Ok(plan.fill(inputs, |first| {
                let values = passes::tangents::<T, LANES>(code, inputs, |i| x[i], |i| plan.seed(i, first));
                move |row: usize, _, lane: usize| {
                    self.outputs[row].map_or_else(|_| T::zero(), |root| values.as_slice()[root].tangent()[lane])
                }
            }));
        }
        Ok(plan.fill(inputs, |first| {
            let mut adjoints = vec![Lanes([T::zero(); LANES]); code.ops.len()];
            for (row, output) in self.outputs.iter().enumerate() {
                if let Ok(root) = *output {
                    let sum = &mut adjoints[root].0;
                    sum.iter_mut().zip(plan.seed(row, first)).for_each(|(sum, seed)| *sum += seed);
                }
            }
            reverse(code, &mut Values::<T, Lanes<T, LANES>>::new(code, values.as_slice()), &mut adjoints);
            move |_, col: usize, lane: usize| adjoints[col].0[lane]
        }))
    }

    /// The Hessian of the only output as triplets, both halves of it: one forward and one reverse sweep in dual numbers
    /// for every four colours. Pattern and colours are found once.
    ///
    /// ```
    /// use autodiff::{Program, Var};
    /// let f = |x: &[Var<f64>]| x.windows(2).map(|x| x[0] * x[1]).sum::<Var<f64>>();
    /// let hessian = Program::record(f, &[1.0; 3]).sparse_hessian(&[1.0, 2.0, 3.0])?;
    /// assert_eq!(hessian.iter().collect::<Vec<_>>(), [(0, 1, 1.0), (1, 0, 1.0), (1, 2, 1.0), (2, 1, 1.0)]);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    pub fn sparse_hessian(&self, x: &[T]) -> Result<Sparse<T>> {
        let root = self.root("Program::hessian");
        self.admit(x)?;
        let (code, inputs) = (self.code(), self.inputs);
        let plan = self.hessian.get_or_init(|| match root {
            Ok(root) => Compression::hessian(code, root, inputs),
            Err(_) => Compression::nothing(inputs),
        });
        Ok(plan.hessian_at(code, root.unwrap_or(0), |i| x[i]))
    }
}
