//! One program at many inputs.

use std::sync::Arc;

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::recorded::Program;
use super::rolled::{Asked, Batch, For, Rolled};
use crate::Real;
use crate::engine::outputs::count;
use crate::error::Result;

/// Work for a thread, in entries evaluated.
const SHARE: usize = 1 << 16;

/// Each row of inputs is evaluated as if it were alone. Where a program has no [loops](Program#loops) and is not long, rows are the
/// trips of one, and run side by side; so they do, trip by trip, where a program is a chain for the most part. Rows are shared among threads if there is enough to do; no result depends on
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

    /// What is asked for, so many numbers of each row; `evaluate` gives it for one where rows cannot run side by side.
    #[track_caller]
    fn rows(
        &self,
        rows: &ArrayView2<'_, T>,
        asked: Asked,
        evaluate: impl Fn(&[T]) -> Result<Vec<T>> + Sync,
    ) -> Result<Vec<T>> {
        count("Program", rows.ncols(), self.inputs, "one column for each input");
        let (batch, chains) = (self.batch(asked), self.chains(asked));
        let each = match asked {
            Asked::Values => self.outputs.len(),
            Asked::Jacobian => self.outputs.len() * self.inputs,
            Asked::Hessian => self.inputs * self.inputs,
        };
        let check = |sides: &[T]| self.check_sides(sides);
        let part = |rows: &ArrayView2<'_, T>, results: &mut [T]| match (chains, batch) {
            (Some((chains, width)), _) => {
                let gradient = matches!(asked, Asked::Jacobian);
                by_width(rows, width, |at, rows| {
                    let results = &mut results[at * each..][..rows.nrows() * each];
                    chains.side_by_side(rows, gradient, results, &check)?;
                    for (results, row) in results.chunks_exact_mut(each).zip(rows.rows()).filter(|_| gradient) {
                        if !Rolled::are_finite(results) {
                            results.copy_from_slice(&evaluate(&row.to_vec())?);
                        }
                    }
                    Ok(())
                })
            }
            (None, Some(batch)) => batch.run(rows, results, &check),
            (None, None) => by_width(rows, 1, |at, row| {
                results[at * each..][..each].copy_from_slice(&evaluate(&row.row(0).to_vec())?);
                Ok(())
            }),
        };
        let mut results = vec![T::zero(); rows.nrows() * each];
        if rows.nrows() * self.len() < 2 * SHARE || each == 0 || rayon::current_num_threads() == 1 {
            part(rows, &mut results)?;
            return Ok(results);
        }
        let width = chains.map_or(1, |(_, width)| width);
        let share = (SHARE / self.len().max(1)).max(width);
        let part = |(k, results): (usize, &mut [T])| {
            part(&rows.slice(s![k * share..rows.nrows().min((k + 1) * share), ..]), results)
        };
        // In order, so that the first row that fails is reported.
        let found: Vec<Result<()>> = results.par_chunks_mut(share * each).enumerate().map(part).collect();
        found.into_iter().collect::<Result<()>>()?;
        Ok(results)
    }

    fn batch(&self, asked: Asked) -> Option<&Batch<T>> {
        let make = || {
            let is_offered = self.is_rollable() && self.rolled().is_none() && self.chains(asked).is_none();
            let make = || Batch::new(self.code(), self.inputs, &self.outputs, &self.guards, asked, self.exact);
            is_offered.then(make).flatten().map(Arc::new)
        };
        self.found.batches[asked as usize].get_or_init(make).as_deref()
    }

    /// The loops of a program that consists of chains for the most part, and how many inputs run side by side.
    fn chains(&self, asked: Asked) -> Option<(&Rolled<T>, usize)> {
        let make = || {
            let find = || Rolled::find(self.code(), self.inputs, &self.outputs, &self.guards, self.exact, For::Inputs);
            let chains = self.is_rollable().then(find).flatten()?;
            chains.width().map(|_| Arc::new(chains))
        };
        let is_offered = match asked {
            Asked::Values => true,
            Asked::Jacobian => self.outputs.len() == 1,
            Asked::Hessian => false,
        };
        let found = is_offered.then(|| self.found.chains.get_or_init(make).as_deref()).flatten();
        found.and_then(|chains| Some((chains, chains.width()?)))
    }

    /// Checks the guards, of which these are both sides.
    fn check_sides(&self, sides: &[T]) -> Result<()> {
        for (guard, sides) in self.guards.iter().zip(sides.chunks_exact(2)) {
            if guard.question.answer(sides[0], sides[1]) != guard.answer {
                return Err(self.other_branch(guard, [sides[0], sides[1]]));
            }
        }
        Ok(())
    }
}

/// Calls `run` with so many rows at a time, and the number of the first of them.
fn by_width<T>(
    rows: &ArrayView2<'_, T>,
    width: usize,
    mut run: impl FnMut(usize, &ArrayView2<'_, T>) -> Result<()>,
) -> Result<()> {
    rows.axis_chunks_iter(Axis(0), width).enumerate().try_for_each(|(k, rows)| run(k * width, &rows))
}
