//! Levenberg and Marquardt's method.

use autodiff::{Outputs, Program, Real, Var};

use super::super::bounds::Bounds;
use super::super::line_search::dot;
use super::fit::{Ending, Fit};
use super::jacobian::Jacobian;
use super::robust::Robust;
use crate::error::{Kind, Result};
use crate::expect;

/// The share of a step at which its bend is measured, and the most that its correction may be of it.
const NEAR: f64 = 0.1;
const BENT: f64 = 0.375;

/// Least squares: the parameters `x` for which half the sum of the squared residuals, `½ Σ r(x)²`, is least, by Levenberg and
/// Marquardt's method.
///
/// A step makes `|J δ + r|² + λ |D δ|²` least, with the Jacobian `J` from automatic differentiation and the largest lengths of its
/// columns of late as `D`, so that units do not matter; `λ` falls where the cost falls as foreseen, and grows where it does not (H.
/// Nielsen, Damping parameter in Marquardt's method, 1999). Steps are solved by orthogonal triangularisation, never from `Jᵀ J`; they
/// follow the bend of the residuals, and are refused where they bend too much (M. Transtrum, J. Sethna: Improvements to the
/// Levenberg-Marquardt algorithm, 2012), which takes one more evaluation a step and less than half the steps on bent problems.
///
/// Ten nonlinear problems of NIST's reference data sets, from both of their starts, are fitted to 8 certified digits and more.
///
/// ```
/// use autodiff::Var;
/// use nn::optim::LeastSquares;
/// let (t, y) = ([0.0, 1.0, 2.0, 3.0], [3.05, 1.82, 1.13, 0.66]);
/// let decay = |x: &[Var<f64>]| (0..4).map(|i| x[0] * (-x[1] * t[i]).exp() - y[i]).collect::<Vec<_>>();
/// let fit = LeastSquares::new().fit(decay, &[1.0, 1.0])?;
/// assert!((fit.x[0] - 3.05).abs() < 0.02 && (fit.x[1] - 0.5).abs() < 0.02);
/// assert!(fit.standard_errors()?[1] < 0.01);
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeastSquares {
    steps: usize,
    tolerance: Option<f64>,
    robust: Robust,
    sparse: bool,
}

impl Default for LeastSquares {
    fn default() -> Self {
        Self::new()
    }
}

impl LeastSquares {
    /// Stops when the residuals are at right angles to the Jacobian, or the next step is small, to the precision of the number type to
    /// the power ¾ (1.8e-12 in `f64`, 6.4e-6 in `f32`), or after 1000 steps.
    pub fn new() -> Self {
        Self { steps: 1000, tolerance: None, robust: Robust::Square, sparse: false }
    }

    /// Sets the tolerance, of the cosines between residuals and columns and of steps relative to the parameters.
    ///
    /// # Panics
    /// If the tolerance is negative or not finite.
    #[track_caller]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(expect::not_negative("LeastSquares: the tolerance", tolerance));
        self
    }

    /// Sets the largest number of steps.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Sets what residuals cost, for data with outliers.
    ///
    /// ```
    /// use autodiff::Var;
    /// use nn::optim::{LeastSquares, Robust};
    /// let y = [1.0, 1.1, 0.9, 1.0, 50.0];
    /// let residuals = |x: &[Var<f64>]| y.iter().map(|&y| x[0] - y).collect::<Vec<_>>();
    /// let mean = LeastSquares::new().fit(residuals, &[0.0])?.x[0];
    /// let location = LeastSquares::new().robust(Robust::Huber(0.2)).fit(residuals, &[0.0])?.x[0];
    /// assert!((mean - 10.8).abs() < 1e-9 && (location - 1.05).abs() < 1e-9);
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Panics
    /// If its scale is not a finite number above 0.
    #[track_caller]
    pub fn robust(mut self, robust: Robust) -> Self {
        if let Robust::Huber(scale) | Robust::Cauchy(scale) = robust {
            expect::positive("LeastSquares: the scale of the loss", scale);
        }
        self.robust = robust;
        self
    }

    /// Takes the Jacobian as sparse, by [`Program::sparse_jacobian`], and solves for steps by conjugate gradients: for many parameters of
    /// which each residual depends on a few. No matrix of parameters by parameters is made.
    pub fn sparse(mut self) -> Self {
        self.sparse = true;
        self
    }

    /// Fits a function that gives residuals, from `x` on.
    ///
    /// # Errors
    /// If a residual or a derivative at `x` is not finite.
    pub fn fit<T: Real, Y: Outputs<T>>(&self, residuals: impl Fn(&[Var<T>]) -> Y, x: &[T]) -> Result<Fit<T>> {
        self.fit_within(residuals, x, &Bounds::none(x.len()))
    }

    /// Fits a function that gives residuals, from the point of the box on that is nearest to `x`; no point outside is evaluated.
    ///
    /// ```
    /// use autodiff::Var;
    /// use nn::optim::{Bounds, LeastSquares};
    /// let residuals = |x: &[Var<f64>]| [x[0] - 2.0, x[1] - 3.0, x[0] + x[1] - 5.5];
    /// let fit = LeastSquares::new().fit_within(residuals, &[0.0, 0.0], &Bounds::new([0.0, 0.0], [1.0, 9.0]))?;
    /// assert!(fit.x[0] == 1.0 && (fit.x[1] - 3.75).abs() < 1e-9);
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    ///
    /// # Panics
    /// If there are not bounds for each parameter.
    #[track_caller]
    pub fn fit_within<T: Real, Y: Outputs<T>>(
        &self,
        residuals: impl Fn(&[Var<T>]) -> Y,
        x: &[T],
        bounds: &Bounds<T>,
    ) -> Result<Fit<T>> {
        bounds.fit("LeastSquares", x.len());
        let values = |x: &[T]| {
            let x: Vec<Var<T>> = x.iter().map(|&x| Var::constant(x)).collect();
            Ok(residuals(&x).outputs().iter().map(|r| r.value()).collect())
        };
        let jacobian = |x: &[T]| {
            Ok(if self.sparse {
                Jacobian::Sparse(Program::record(&residuals, x).sparse_jacobian(x)?)
            } else {
                Jacobian::Dense(autodiff::jacobian(&residuals, x))
            })
        };
        self.search(&Residuals { values: &values, jacobian: &jacobian }, x, bounds)
    }

    /// Fits a recorded function that gives residuals.
    ///
    /// ```
    /// use autodiff::{Program, Var};
    /// use nn::optim::{Bounds, LeastSquares};
    /// // Rosenbrock's function as residuals, each of two parameters.
    /// let valley = |x: &[Var<f64>]| x.windows(2).flat_map(|x| [10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]).collect::<Vec<_>>();
    /// let start = vec![-1.2; 50];
    /// let program = Program::record(valley, &start);
    /// let fit = LeastSquares::new().sparse().fit_program(&program, &start, &Bounds::none(50))?;
    /// assert!(fit.x.iter().all(|x| (x - 1.0).abs() < 1e-9), "{fit}");
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit); if the function takes another branch on the way than where it was recorded.
    ///
    /// # Panics
    /// If there are not bounds for each parameter, or not as many parameters as the program has inputs.
    #[track_caller]
    pub fn fit_program<T: Real>(&self, residuals: &Program<T>, x: &[T], bounds: &Bounds<T>) -> Result<Fit<T>> {
        bounds.fit("LeastSquares", x.len());
        let values = |x: &[T]| Ok(residuals.values(x)?);
        let jacobian = |x: &[T]| {
            Ok(if self.sparse {
                Jacobian::Sparse(residuals.sparse_jacobian(x)?)
            } else {
                Jacobian::Dense(residuals.jacobian(x)?)
            })
        };
        self.search(&Residuals { values: &values, jacobian: &jacobian }, x, bounds)
    }

    fn search<T: Real>(&self, residuals: &Residuals<'_, T>, x: &[T], bounds: &Bounds<T>) -> Result<Fit<T>> {
        let tolerance = self.tolerance.map_or_else(|| T::epsilon().powf(T::of(0.75)), T::of);
        let slight = T::epsilon().sqrt();
        let values = |x: &[T]| (residuals.values)(x).map(|r| self.weighted(r, x));
        let mut at = values(&bounds.project(x))?;
        if !at.cost.is_finite() {
            return Err(Kind::Start { value: at.cost.primal() }.into());
        }
        let mut slopes = residuals.slopes(&at, bounds)?;
        if !slopes.jacobian.is_finite() {
            return Err(Kind::StartGradient { value: f64::NAN }.into());
        }
        let mut scales = vec![T::zero(); x.len()];
        let (mut lambda, mut growth) = (T::of(0.1), T::of(2.0));
        let (mut steps, mut evaluations) = (0, 1);
        let ending = 'search: loop {
            // Scales that never fell would keep those of a far start; a column of zeros has none.
            scales.iter_mut().zip(&slopes.lengths).for_each(|(s, &l)| *s = l.max(T::of(0.5) * *s));
            let units: Vec<T> = scales.iter().map(|&s| if s > T::zero() { s } else { T::one() }).collect();
            if slopes.cosine <= tolerance {
                break Ending::Gradient;
            }
            if steps == self.steps {
                break Ending::StepLimit;
            }
            let mut trials = 0;
            loop {
                trials += 1;
                let step = slopes.jacobian.step(&at.weighted, &units, lambda, &slopes.free);
                let next = bounds.project(&at.x.iter().zip(&step).map(|(&x, &s)| x + s).collect::<Vec<_>>());
                let step: Vec<T> = next.iter().zip(&at.x).map(|(&a, &b)| a - b).collect();
                let size = |v: &[T]| v.iter().zip(&units).map(|(&v, &s)| (s * v).powi(2)).sum::<T>().sqrt();
                if size(&step) <= tolerance * size(&at.x) || size(&step) == T::zero() {
                    break 'search if trials == 1 && lambda < T::one() { Ending::Step } else { Ending::Stalled };
                }
                let image = slopes.jacobian.push(&step, at.weighted.len());
                let foreseen = -dot(&slopes.gradient, &step) - T::of(0.5) * dot(&image, &image);
                // Near the minimum the bend is rounding.
                let bend = if foreseen > slight * at.cost {
                    evaluations += 1;
                    let bend = at.bend(&values(&at.along(&step))?, &image);
                    slopes.jacobian.step(&bend, &units, lambda, &slopes.free)
                } else {
                    vec![T::zero(); step.len()]
                };
                let straight = size(&bend) <= T::of(BENT) * size(&step);
                if !straight {
                    (lambda, growth) = (lambda * growth, growth * T::of(2.0));
                    continue;
                }
                let next =
                    bounds.project(&next.iter().zip(&bend).map(|(&x, &b)| x + T::of(0.5) * b).collect::<Vec<_>>());
                let trial = values(&next)?;
                evaluations += 1;
                let fall = at.cost - trial.cost;
                let share = fall / foreseen;
                if trial.cost.is_finite() && foreseen > T::zero() && share > T::of(1e-4) {
                    let found = residuals.slopes(&trial, bounds)?;
                    if found.jacobian.is_finite() {
                        (at, slopes) = (trial, found);
                        let factor = T::one() - (T::of(2.0) * share - T::one()).powi(3);
                        lambda = (lambda * factor.max(T::of(1.0 / 3.0))).max(T::epsilon().powi(2));
                        growth = T::of(2.0);
                        break;
                    }
                } else if fall.abs() <= slight * at.cost && foreseen <= slight * at.cost {
                    // Costs are equal but for rounding, in residuals that are differences of larger numbers, so that gradients decide.
                    let found = residuals.slopes(&trial, bounds)?;
                    if found.cosine < T::of(0.9) * slopes.cosine {
                        (at, slopes) = (trial, found);
                        lambda *= T::of(1.0 / 3.0);
                        break;
                    }
                    if trials > 1 {
                        break 'search Ending::Stalled;
                    }
                }
                lambda *= growth;
                growth *= T::of(2.0);
                if !lambda.is_finite() {
                    break 'search Ending::Stalled;
                }
            }
            steps += 1;
        };
        let At { x, residuals, cost, .. } = at;
        let Slopes { jacobian, free, .. } = slopes;
        Ok(Fit { x, residuals, cost, ending, steps, evaluations, jacobian, free })
    }

    /// The residuals with what they cost.
    fn weighted<T: Real>(&self, residuals: Vec<T>, x: &[T]) -> At<T> {
        let (costs, weights): (Vec<T>, Vec<T>) = residuals.iter().map(|&r| self.robust.weigh(r)).unzip();
        let weighted = residuals.iter().zip(&weights).map(|(&r, &w)| r * w).collect();
        At { x: x.to_vec(), residuals, cost: costs.into_iter().sum(), weighted, weights }
    }
}

/// The function that is fitted.
struct Residuals<'a, T: Real> {
    values: &'a dyn Fn(&[T]) -> Result<Vec<T>>,
    jacobian: &'a dyn Fn(&[T]) -> Result<Jacobian<T>>,
}

/// A point with its residuals.
struct At<T> {
    x: Vec<T>,
    residuals: Vec<T>,
    cost: T,
    /// The residuals by their weights, and the weights, which are those of the Jacobian's rows.
    weighted: Vec<T>,
    weights: Vec<T>,
}

impl<T: Real> At<T> {
    /// A point along a step, near enough for the bend.
    fn along(&self, step: &[T]) -> Vec<T> {
        self.x.iter().zip(step).map(|(&x, &s)| x + T::of(NEAR) * s).collect()
    }

    /// The second derivative of the residuals along a step, by differences: `2/h ((r(x + h δ) - r(x))/h - J δ)`.
    fn bend(&self, near: &Self, image: &[T]) -> Vec<T> {
        let h = T::of(NEAR);
        let rows = near.residuals.iter().zip(&self.residuals).zip(&self.weights).zip(image);
        rows.map(|(((&near, &r), &w), &slope)| T::of(2.0) / h * (w * (near - r) / h - slope)).collect()
    }
}

/// The derivatives at a point.
struct Slopes<T> {
    jacobian: Jacobian<T>,
    lengths: Vec<T>,
    gradient: Vec<T>,
    free: Vec<bool>,
    /// The largest between the residuals and a free column.
    cosine: T,
}

impl<T: Real> Residuals<'_, T> {
    fn slopes(&self, at: &At<T>, bounds: &Bounds<T>) -> Result<Slopes<T>> {
        let mut jacobian = (self.jacobian)(&at.x)?;
        jacobian.scale_rows(&at.weights);
        let (gradient, lengths) = (jacobian.pull(&at.weighted), jacobian.lengths());
        let free = bounds.free(&at.x, &gradient);
        let size = (T::of(2.0) * at.cost).sqrt();
        let cosine = |k: usize| {
            let whole = lengths[k] * size;
            if free[k] && whole > T::zero() { gradient[k].abs() / whole } else { T::zero() }
        };
        let cosine = (0..free.len()).map(cosine).fold(T::zero(), T::max);
        Ok(Slopes { jacobian, lengths, gradient, free, cosine })
    }
}
