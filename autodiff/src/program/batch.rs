//! One program at many inputs.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::recorded::Program;
use crate::Real;
use crate::engine::outputs::count;
use crate::error::Result;

/// Work for a thread, in entries evaluated.
const SHARE: usize = 1 << 16;

impl<T: Real + Send + Sync> Program<T> {
    /// The values of the only output, one for each row of inputs.
    ///
    /// # Errors
    /// If a row would take another branch. The first such row is reported.
    #[track_caller]
    pub fn batch_values(&self, rows: &ArrayView2<'_, T>) -> Result<Array1<T>> {
        self.root("Program::batch_values").ok();
        let values = self.for_each_row(rows, |x| self.value(x))?;
        Ok(values.into())
    }

    /// The gradients of the only output, one row for each row of inputs.
    ///
    /// Rows are shared among threads if there is enough to do; the result does not depend on their number.
    ///
    /// ```
    /// use autodiff::Program;
    /// use ndarray::array;
    /// let program = Program::record(|x| x[0] * x[1], &[1.0_f64, 1.0]);
    /// let gradients = program.batch_gradients(&array![[2.0, 3.0], [4.0, 5.0]].view())?;
    /// assert_eq!(gradients, array![[3.0, 2.0], [5.0, 4.0]]);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a row would take another branch. The first such row is reported.
    #[track_caller]
    pub fn batch_gradients(&self, rows: &ArrayView2<'_, T>) -> Result<Array2<T>> {
        self.root("Program::batch_gradients").ok();
        let count = rows.nrows();
        let gradients = self.for_each_row(rows, |x| self.gradient(x))?.concat();
        Ok(Array2::from_shape_vec((count, self.inputs), gradients).expect("a gradient for each row"))
    }

    #[track_caller]
    fn for_each_row<R: Send>(
        &self,
        rows: &ArrayView2<'_, T>,
        evaluate: impl Fn(&[T]) -> Result<R> + Sync,
    ) -> Result<Vec<R>> {
        count("Program", rows.ncols(), self.inputs, "one column for each input");
        let rows: Vec<_> = rows.axis_iter(Axis(0)).map(|row| row.to_vec()).collect();
        if rows.len() * self.len() < 2 * SHARE || rayon::current_num_threads() == 1 {
            return rows.iter().map(|row| evaluate(row)).collect();
        }
        let share = (SHARE / self.len().max(1)).max(1);
        let shares: Vec<Result<Vec<R>>> =
            rows.par_chunks(share).map(|rows| rows.iter().map(|row| evaluate(row)).collect()).collect();
        Ok(shares.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}
