//! A program's sparse Jacobian and Hessian.

use super::recorded::Program;
use crate::Real;
use crate::engine::pattern::Pattern;
use crate::engine::sparse::{Compression, Plan, Sparse};
use crate::error::Result;

#[allow(clippy::missing_errors_doc, reason = "the type's page says it for all evaluations")]
impl<T: Real> Program<T> {
    /// The Jacobian as triplets: by a forward sweep for the columns of each colour, or by a reverse sweep for every four
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
        let (code, outputs) = (self.code(), &self.outputs);
        let plan = self.found.jacobian.get_or_init(|| Plan::new(code, outputs, self.inputs));
        if let Plan::Columns(columns) = plan
            && let Some(found) = by_loops(columns, |v| self.along(x, v))?
        {
            return Ok(found);
        }
        let values = self.run(x)?;
        Ok(plan.jacobian(code, outputs, x, values.as_slice()))
    }

    /// The Hessian of the only output as triplets, both halves of it: a forward and a reverse sweep for the
    /// columns of each colour. Pattern and colours are found once.
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
        let (code, inputs) = (self.code(), self.inputs);
        let plan = self.found.hessian.get_or_init(|| match root {
            Ok(root) => Compression::hessian(code, root, inputs),
            Err(_) => Compression::new(Pattern::empty(inputs), vec![0; inputs]),
        });
        if let Some(found) = by_loops(plan, |v| self.second(x, v))? {
            return Ok(found);
        }
        self.admit(x)?;
        Ok(plan.hessian_at(code, root.unwrap_or(0), x))
    }
}

/// A matrix by its products with the directions; none if there is none of them.
fn by_loops<T: Real>(
    plan: &Compression,
    product: impl Fn(&[T]) -> Result<Option<Vec<T>>>,
) -> Result<Option<Sparse<T>>> {
    let products: Option<Result<Vec<_>>> = plan.directions().map(|v: Vec<T>| product(&v).transpose()).collect();
    Ok(products.transpose()?.map(|products| plan.read(&products)))
}
