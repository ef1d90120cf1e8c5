//! One program at many inputs.

use std::sync::Arc;

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};
use rayon::prelude::*;

use super::recorded::Program;
use super::rolled::{Asked, Batch, Rolled};
use crate::Real;
use crate::engine::outputs::count;
use crate::error::Result;

/// Work for a thread, in entries evaluated.
const SHARE: usize = 1 << 16;

/// Each row of inputs is evaluated as if it were alone. Where a program has no [loops](Program#loops) and is not long, rows are the
/// trips of one, and run side by side. Rows are shared among threads if there is enough to do; no result depends on
/// their number, or on the other rows.
///
/// # Errors
/// If a row would take another branch. The first such row is reported.
#[allow(clippy::missing_errors_doc, reason = "said above for all of them")]
impl<T: Real + Send + Sync> Program<T> {
    /// The values of the only output, one for each row of inputs.
    #[track_caller]
    pub fn batch_values(&self, rows: &ArrayView2<'_, T>) -> Result<Array1<T>> {
        self.root("Program::batch_values").ok();
        Ok(self.rows(rows, Asked::Values, |x| self.values(x))?.into())
    }

    /// The gradients of the only output, one row for each row of inputs.
    ///
    /// ```
    /// use autodiff::Program;
    /// use ndarray::array;
    /// let program = Program::record(|x| x[0] * x[1], &[1.0_f64, 1.0]);
    /// let gradients = program.batch_gradients(&array![[2.0, 3.0], [4.0, 5.0]].view())?;
    /// assert_eq!(gradients, array![[3.0, 2.0], [5.0, 4.0]]);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    pub fn batch_gradients(&self, rows: &ArrayView2<'_, T>) -> Result<Array2<T>> {
        self.root("Program::batch_gradients").ok();
        let all = self.rows(rows, Asked::Jacobian, |x| self.gradient(x))?;
        Ok(Array2::from_shape_vec((rows.nrows(), self.inputs), all).expect("a gradient for each row"))
    }

    /// The Jacobians, one matrix of [`jacobian`](Self::jacobian)'s for each row of inputs.
    ///
    /// ```
    /// use autodiff::Program;
    /// use ndarray::array;
    /// let program = Program::record(|x| vec![x[0] * x[1], x[0] + x[1]], &[1.0_f64, 1.0]);
    /// let jacobians = program.batch_jacobians(&array![[2.0, 3.0], [4.0, 5.0]].view())?;
    /// assert_eq!(jacobians, array![[[3.0, 2.0], [1.0, 1.0]], [[5.0, 4.0], [1.0, 1.0]]]);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    pub fn batch_jacobians(&self, rows: &ArrayView2<'_, T>) -> Result<Array3<T>> {
        let all = self.rows(rows, Asked::Jacobian, |x| Ok(self.jacobian(x)?.into_iter().collect()))?;
        let shape = (rows.nrows(), self.outputs.len(), self.inputs);
        Ok(Array3::from_shape_vec(shape, all).expect("a matrix for each row"))
    }

    /// The Hessians of the only output, one matrix for each row of inputs.
    ///
    /// ```
    /// use autodiff::Program;
    /// use ndarray::array;
    /// let program = Program::record(|x| x[0] * x[0] * x[1], &[1.0_f64, 1.0]);
    /// let hessians = program.batch_hessians(&array![[2.0, 3.0], [4.0, 5.0]].view())?;
    /// assert_eq!(hessians, array![[[6.0, 4.0], [4.0, 0.0]], [[10.0, 8.0], [8.0, 0.0]]]);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    pub fn batch_hessians(&self, rows: &ArrayView2<'_, T>) -> Result<Array3<T>> {
        self.root("Program::batch_hessians").ok();
        let all = self.rows(rows, Asked::Hessian, |x| Ok(self.hessian(x)?.into_iter().collect()))?;
        let shape = (rows.nrows(), self.inputs, self.inputs);
        Ok(Array3::from_shape_vec(shape, all).expect("a matrix for each row"))
    }

    /// What is asked for, of one row after the other; `evaluate` gives it for one where rows cannot run side by side.
    #[track_caller]
    fn rows(
        &self,
        rows: &ArrayView2<'_, T>,
        asked: Asked,
        evaluate: impl Fn(&[T]) -> Result<Vec<T>> + Sync,
    ) -> Result<Vec<T>> {
        count("Program", rows.ncols(), self.inputs, "one column for each input");
        let rows: Vec<_> = rows.axis_iter(Axis(0)).map(|row| row.to_vec()).collect();
        let batch = self.batch(asked);
        let part = |rows: &[Vec<T>]| match batch {
            Some(batch) => self.side_by_side(batch, rows),
            None => Ok(rows.iter().map(|row| evaluate(row)).collect::<Result<Vec<_>>>()?.concat()),
        };
        if rows.len() * self.len() < 2 * SHARE || rayon::current_num_threads() == 1 {
            return part(&rows);
        }
        let share = (SHARE / self.len().max(1)).max(1);
        let parts: Vec<Result<Vec<T>>> = rows.par_chunks(share).map(part).collect();
        Ok(parts.into_iter().collect::<Result<Vec<_>>>()?.concat())
    }

    fn batch(&self, asked: Asked) -> Option<&Batch<T>> {
        let make = || {
            let is_offered = Rolled::<T>::is_offered() && self.rolled().is_none();
            let make = || Batch::new(self.code(), self.inputs, &self.outputs, &self.guards, asked, self.exact);
            is_offered.then(make).flatten().map(Arc::new)
        };
        self.found.batches[asked as usize].get_or_init(make).as_deref()
    }

    fn side_by_side(&self, batch: &Batch<T>, rows: &[Vec<T>]) -> Result<Vec<T>> {
        let (mut all, mut found) = (Vec::new(), Vec::new());
        for rows in rows.chunks(batch.width) {
            found.clear();
            batch.run(rows, &mut found);
            for results in found.chunks_exact(found.len() / rows.len()) {
                let (results, sides) = results.split_at(results.len() - 2 * self.guards.len());
                for (guard, sides) in self.guards.iter().zip(sides.chunks_exact(2)) {
                    if guard.question.answer(sides[0], sides[1]) != guard.answer {
                        return Err(self.other_branch(guard, [sides[0], sides[1]]));
                    }
                }
                all.extend_from_slice(results);
            }
        }
        Ok(all)
    }
}
