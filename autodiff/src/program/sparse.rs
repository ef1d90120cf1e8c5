//! A program's sparse Jacobian and Hessian.

use super::recorded::Program;
use crate::Real;
use crate::engine::color;
use crate::engine::groups::Groups;
use crate::engine::pattern::{self, Pattern};
use crate::engine::sparse::{Compression, Sparse};
use crate::error::Result;
use crate::tape::passes::{self, LANES};
use crate::tape::reach::Reach;

/// How a Jacobian is computed.
#[derive(Clone)]
pub(super) enum Plan {
    /// Four colours of columns at once, by forward sweeps.
    Columns(Compression),
    /// Four rows at once, by reverse sweeps.
    Rows(Groups, Pattern),
}

#[allow(clippy::missing_errors_doc, reason = "the type's page says it for all evaluations")]
impl<T: Real> Program<T> {
    /// The Jacobian as triplets: by forward sweeps for four colours of columns each, or by a reverse sweep for every four
    /// rows over what these depend on, whichever is less to do. Pattern and colours are found once.
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
        Ok(match self.jacobian.get_or_init(|| self.plan()) {
            Plan::Rows(groups, pattern) => {
                let values = groups.jacobian(code, &self.outputs, pattern, values.as_slice());
                Sparse::new(pattern, inputs, values)
            }
            Plan::Columns(columns) => columns.fill(|first| {
                let values = passes::tangents::<T, LANES>(code, inputs, x, |i| columns.seed(i, first));
                move |row: usize, lane: usize| {
                    self.outputs[row].map_or_else(|_| T::zero(), |root| values.as_slice()[root].tangent()[lane])
                }
            }),
        })
    }

    /// How the Jacobian is computed.
    fn plan(&self) -> Plan {
        let (code, inputs) = (self.code(), self.inputs);
        let mut reach = Reach::new(code);
        let pattern = pattern::jacobian(&self.outputs, inputs, &mut reach);
        // In entries of a group's sweep: measured, a forward sweep takes about twice as long for each entry, since what it
        // writes is not in the processor's cache when it is read.
        let forward = |colors: usize| 2 * colors.div_ceil(LANES) * code.ops.len();
        let groups = Groups::new(&self.outputs, inputs, &mut reach, forward(inputs));
        let is_better = |groups: &Groups, colors: usize| groups.cost <= forward(colors);
        // The columns of a row have different colours, so there are at least as many.
        match groups {
            Some(groups) if is_better(&groups, pattern.longest()) => Plan::Rows(groups, pattern),
            groups => {
                let (colors, count) = color::columns(&pattern, &pattern.transposed(inputs));
                match groups {
                    Some(groups) if is_better(&groups, count) => Plan::Rows(groups, pattern),
                    _ => Plan::Columns(Compression::new(pattern, colors)),
                }
            }
        }
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
            Err(_) => Compression::new(Pattern::empty(inputs), vec![0; inputs]),
        });
        Ok(plan.hessian_at(code, root.unwrap_or(0), x))
    }
}
