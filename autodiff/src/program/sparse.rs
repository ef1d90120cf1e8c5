//! A program's sparse Jacobian and Hessian.

use super::recorded::Program;
use crate::Real;
use crate::engine::sparse::{Compression, Sparse};
use crate::engine::{color, pattern};
use crate::error::Result;
use crate::tape::interpreter::Values;
use crate::tape::passes::{self, LANES, Lanes};
use crate::tape::reverse::reverse;

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
                let values = passes::tangents::<T, LANES>(code, inputs, x, |i| plan.seed(i, first));
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
        Ok(plan.hessian_at(code, root.unwrap_or(0), x))
    }
}
