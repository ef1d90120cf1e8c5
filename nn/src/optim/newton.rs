//! Newton's method.

use autodiff::{Real, Tensor, Var};
use ndarray::Array2;

use super::line_search::{Point, dot};
use super::minimize::{Direction, Minimum, Stop, fit, minimize};
use super::objective::Objective;
use crate::error::Result;
use crate::layer::Layer;

/// Newton's method: the direction `-H⁻¹ g` with the Hessian `H` from automatic differentiation, the length by a line
/// search that meets the strong Wolfe conditions.
///
/// The inverse Hessian is what the best learning rate `1/h` becomes in several dimensions (L23): a quadratic is minimised
/// in one step, and near a minimum the error is squared in every step. Where the Hessian is not positive definite, the
/// least multiple of the identity found to make it so is added. For up to a few hundred parameters: memory grows with the
/// square of their number, time per step with the cube.
///
/// ```
/// use autodiff::Var;
/// use nn::optim::Newton;
/// let quadratic = |x: &[Var<f64>]| x[0] * x[0] + x[0] * x[1] + 2.0 * x[1] * x[1] - x[0];
/// let minimum = Newton::new().minimize(quadratic, &[5.0, -7.0])?;
/// assert_eq!(minimum.steps(), 1);
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Newton {
    stop: Stop,
}

impl Default for Newton {
    fn default() -> Self {
        Self::new()
    }
}

impl Newton {
    /// Stops when the largest entry of the gradient is below the root of the number type's precision (1.5e-8 in `f64`,
    /// 3.5e-4 in `f32`) or after 100 steps.
    pub fn new() -> Self {
        Self { stop: Stop { steps: 100, tolerance: None } }
    }

    /// Sets the tolerance: the run ends where no entry of the gradient is larger.
    ///
    /// # Panics
    /// If the tolerance is negative or not finite.
    #[track_caller]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.stop.tolerance("Newton", tolerance);
        self
    }

    /// Sets the largest number of steps.
    pub fn steps(mut self, steps: usize) -> Self {
        self.stop.steps = steps;
        self
    }

    /// Minimises a function of several numbers from `x` on.
    ///
    /// # Errors
    /// If the value or the gradient at `x` is not finite.
    pub fn minimize<T: Real>(&self, f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Result<Minimum<T>> {
        self.minimize_objective(f, x)
    }

    /// Minimises an [`Objective`] from `x` on: a recorded program, or derivatives of your own.
    ///
    /// # Errors
    /// If the value or the gradient at `x` is not finite, or if the objective returns an error, as one without a Hessian does.
    pub fn minimize_objective<T: Real>(&self, mut objective: impl Objective<T>, x: &[T]) -> Result<Minimum<T>> {
        minimize(self.stop, &mut Hessian, &mut objective, x.to_vec())
    }

    /// Minimises an objective as a function of a model's parameters, which are at the minimum found afterwards.
    ///
    /// # Errors
    /// If the objective or its gradient is not finite at the start, or if no gradient reaches one of the parameters. The
    /// model is unchanged then.
    pub fn fit<T: Real, M: Layer<T>>(&self, model: &M, objective: impl Fn(&M) -> Tensor<T>) -> Result<Minimum<T>> {
        fit(self.stop, &mut Hessian, model, objective)
    }
}

struct Hessian;

impl<T: Real> Direction<T> for Hessian {
    fn choose(&mut self, objective: &mut dyn Objective<T>, at: &Point<T>) -> Result<Vec<T>> {
        let hessian = objective.hessian(&at.x)?;
        let downhill: Vec<T> = at.gradient.iter().map(|&g| -g).collect();
        let step = positive_factor(&hessian).map(|factor| solve(&factor, &downhill));
        // Along the gradient if the Hessian is of no use.
        Ok(step.filter(|step| dot(step, &at.gradient) < T::zero()).unwrap_or(downhill))
    }

    fn first(&self, _at: &Point<T>) -> T {
        T::one()
    }

    fn learn(&mut self, _from: &Point<T>, _to: &Point<T>) {}
}

/// The Cholesky factor of `h + τ I` for the first positive definite of growing `τ`, 0 if that will do (Nocedal and Wright
/// 2006, algorithm 3.3). `None` if that leaves the number range.
fn positive_factor<T: Real>(h: &Array2<T>) -> Option<Array2<T>> {
    let size = h.iter().fold(T::zero(), |size, h| size.max(h.abs()));
    let least = T::of(1e-3) * if size > T::zero() { size } else { T::one() };
    let lowest = h.diag().iter().fold(T::infinity(), |lowest, &h| lowest.min(h));
    let mut shift = if lowest > T::zero() { T::zero() } else { least - lowest };
    while shift.is_finite() {
        if let Some(factor) = cholesky(h, shift) {
            return Some(factor);
        }
        // Once it exceeds the row sums the matrix is positive definite.
        shift = (shift + shift).max(least);
    }
    None
}

/// The lower factor `L` of `h + shift I = L Lᵀ`; `None` if that matrix is not positive definite to working precision.
fn cholesky<T: Real>(h: &Array2<T>, shift: T) -> Option<Array2<T>> {
    let n = h.nrows();
    let mut factor = Array2::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let known: T = (0..j).map(|k| factor[[i, k]] * factor[[j, k]]).sum();
            if i == j {
                let diagonal = h[[i, i]] + shift;
                let rest = diagonal - known;
                // A rest within rounding is none.
                if rest <= T::of(n as f64) * T::epsilon() * diagonal.abs() {
                    return None;
                }
                factor[[i, i]] = rest.sqrt();
            } else {
                factor[[i, j]] = (h[[i, j]] - known) / factor[[j, j]];
            }
        }
    }
    Some(factor)
}

/// Solves `L Lᵀ x = b`.
fn solve<T: Real>(factor: &Array2<T>, b: &[T]) -> Vec<T> {
    let n = b.len();
    let mut x = b.to_vec();
    for i in 0..n {
        let known: T = (0..i).map(|k| factor[[i, k]] * x[k]).sum();
        x[i] = (x[i] - known) / factor[[i, i]];
    }
    for i in (0..n).rev() {
        let known: T = (i + 1..n).map(|k| factor[[k, i]] * x[k]).sum();
        x[i] = (x[i] - known) / factor[[i, i]];
    }
    x
}
