//! The result of a fit.

use std::fmt;

use autodiff::Real;
use ndarray::Array2;

use super::jacobian::{Jacobian, back, triangle};
use crate::error::{Kind, Result, count};

/// The parameters that fit best, what they leave, and how well they are known.
///
/// Printed, it says why the search ended and gives each parameter, with its standard error if there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<T: Real> {
    /// The parameters.
    pub x: Vec<T>,
    /// What the function gives there.
    pub residuals: Vec<T>,
    /// Half the sum of the squared residuals, or of what they cost by a robust loss.
    pub cost: T,
    /// Why the search ended.
    pub ending: Ending,
    /// The number of steps.
    pub steps: usize,
    /// How often the residuals were computed.
    pub evaluations: usize,
    /// The derivatives, each row by its weight.
    pub(super) jacobian: Jacobian<T>,
    /// Whether each parameter may vary: not if it is held at a bound.
    pub(super) free: Vec<bool>,
}

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The residuals are at right angles to all columns of the Jacobian, to the tolerance, or all 0: a minimum.
    Gradient,
    /// The next step is smaller than the tolerance, relative to the parameters: a minimum for all that can be told.
    Step,
    /// No step leads to a lower cost that this number type can tell from the best: it is as good as it gets.
    Stalled,
    /// The number of steps is used up.
    StepLimit,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gradient => "the gradient vanishes",
            Self::Step => "the next step is below the tolerance",
            Self::Stalled => "no step lowers the cost by more than rounding",
            Self::StepLimit => "the number of steps is used up",
        })
    }
}

impl<T: Real> Fit<T> {
    /// The number of residuals less that of the parameters that may vary.
    pub fn degrees_of_freedom(&self) -> usize {
        self.residuals.len().saturating_sub(self.free.iter().filter(|&&free| free).count())
    }

    /// The estimated variance of the residuals: twice the cost by the degrees of freedom.
    ///
    /// # Errors
    /// If there are no more residuals than parameters.
    pub fn variance(&self) -> Result<T> {
        match self.degrees_of_freedom() {
            0 => Err(Kind::Operand {
                op: "Fit::variance",
                message: format!(
                    "{} for {}, expected more: nothing is left to tell how large errors are",
                    count(self.residuals.len(), "residual"),
                    count(self.x.len(), "parameter")
                ),
            }
            .into()),
            degrees => Ok(T::of(2.0) * self.cost / T::of(degrees as f64)),
        }
    }

    /// The covariance matrix of the parameters, `s² (Jᵀ J)⁻¹` with the [variance](Self::variance) `s²`: as for independent residuals of
    /// equal variance and a function that is straight over the parameters' errors.
    ///
    /// A parameter that is held at a bound does not vary: its row and column are 0. With a robust loss, rows of `J` and the cost are
    /// weighted by it, which makes this an approximation.
    ///
    /// # Errors
    /// As [`variance`](Self::variance); if the residuals determine a parameter, or a combination of parameters, not at all.
    pub fn covariance(&self) -> Result<Array2<T>> {
        let variance = self.variance()?;
        let columns: Vec<usize> = (0..self.x.len()).filter(|&k| self.free[k]).collect();
        let mut r = self.jacobian.to_dense().select(ndarray::Axis(1), &columns);
        let lengths: Vec<T> = self.jacobian.lengths();
        columns.iter().enumerate().for_each(|(c, &k)| r.column_mut(c).mapv_inplace(|x| x / lengths[k]));
        triangle(&mut r, &mut vec![T::zero(); self.residuals.len()]);
        let least = T::of(self.residuals.len() as f64) * T::epsilon();
        // In units of the columns' lengths a diagonal this small is rounding.
        let determined = |c: usize| r[[c, c]].abs() > least;
        if let Some(c) = (0..columns.len()).find(|&c| !determined(c)) {
            let message = format!(
                "the residuals do not determine parameter {}, alone or beside those before it; hold it fixed, or leave it out",
                columns[c]
            );
            return Err(Kind::Operand { op: "Fit::covariance", message }.into());
        }
        let n = columns.len();
        // Columns of R⁻¹.
        let inverse: Vec<Vec<T>> = (0..n)
            .map(|c| back(&r, &(0..n).map(|k| if k == c { T::one() } else { T::zero() }).collect::<Vec<_>>()))
            .collect();
        let mut covariance = Array2::zeros((self.x.len(), self.x.len()));
        for (a, &i) in columns.iter().enumerate() {
            for (b, &k) in columns.iter().enumerate() {
                let entry: T = inverse.iter().map(|column| column[a] * column[b]).sum();
                covariance[[i, k]] = variance * entry / (lengths[i] * lengths[k]);
            }
        }
        Ok(covariance)
    }

    /// The standard error of each parameter: the roots of the covariance matrix's diagonal.
    ///
    /// # Errors
    /// As [`covariance`](Self::covariance).
    pub fn standard_errors(&self) -> Result<Vec<T>> {
        Ok(self.covariance()?.diag().iter().map(|x| x.sqrt()).collect())
    }
}

impl<T: Real> fmt::Display for Fit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}: {}; cost {:.6e}",
            count(self.steps, "step"),
            count(self.evaluations, "evaluation"),
            self.ending,
            self.cost.primal()
        )?;
        let errors = self.standard_errors().ok();
        for (k, x) in self.x.iter().enumerate() {
            write!(f, "\n{k}: {x}")?;
            if let Some(errors) = &errors {
                write!(f, " ± {:.2e}", errors[k].primal())?;
            }
        }
        Ok(())
    }
}
