//! The limited-memory quasi-Newton method.

use std::collections::VecDeque;

use autodiff::{Real, Tensor, Var};

use super::bounds::Bounds;
use super::line_search::{Point, dot};
use super::minimize::{Direction, Minimum, Stop, fit, minimize};
use super::objective::Objective;
use super::projected;
use crate::error::Result;
use crate::expect;
use crate::layer::Layer;

/// L-BFGS (Liu and Nocedal 1989): the direction `-H g`, where `H`, an estimate of the inverse Hessian, is built from the
/// last few steps `s = Δw` and changes `y = Δg` of the gradient by the two-loop recursion; the length by a line search that
/// meets the strong Wolfe conditions.
///
/// For smooth objectives over all data at once: noise from minibatches spoils `y`.
///
/// ```
/// use nn::optim::{Lbfgs, Outcome};
/// use autodiff::Var;
/// let rosenbrock = |x: &[Var<f64>]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
/// let minimum = Lbfgs::new().minimize(rosenbrock, &[-1.2, 1.0])?;
/// assert_eq!(minimum.outcome, Outcome::Converged);
/// assert!(minimum.x.iter().all(|x| (x - 1.0).abs() < 1e-7));
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lbfgs {
    memory: usize,
    stop: Stop,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self::new()
    }
}

impl Lbfgs {
    /// Remembers 10 steps; stops when the largest entry of the gradient is below the root of the number type's precision
    /// (1.5e-8 in `f64`, 3.5e-4 in `f32`) or after 200 steps.
    pub fn new() -> Self {
        Self { memory: 10, stop: Stop { steps: 200, tolerance: None } }
    }

    /// Sets how many steps are remembered.
    ///
    /// # Panics
    /// If that is 0.
    #[track_caller]
    pub fn memory(mut self, steps: usize) -> Self {
        self.memory = expect::at_least_one("Lbfgs: the memory", steps);
        self
    }

    /// Sets the tolerance: the run ends where no entry of the gradient is larger.
    ///
    /// # Panics
    /// If the tolerance is negative or not finite.
    #[track_caller]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.stop.tolerance("Lbfgs", tolerance);
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
    /// If the value or the gradient at `x` is not finite, or if the objective returns an error.
    pub fn minimize_objective<T: Real>(&self, mut objective: impl Objective<T>, x: &[T]) -> Result<Minimum<T>> {
        minimize(self.stop, &mut Memory::new(self.memory), &mut objective, x.to_vec())
    }

    /// Minimises an [`Objective`] in a box, from its point nearest to `x` on; no point outside is evaluated.
    ///
    /// Unknowns at a bound that the gradient points away from are held, steps are projected onto the box (D. Bertsekas: Projected Newton
    /// methods, 1982), and the tolerance is that of the gradient without the elements held and cut at the bounds.
    ///
    /// ```
    /// use autodiff::Var;
    /// use nn::optim::{Bounds, Lbfgs, Outcome};
    /// let rosenbrock = |x: &[Var<f64>]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
    /// let minimum = Lbfgs::new().minimize_within(rosenbrock, &[-1.2, 1.0], &Bounds::new([-2.0, -2.0], [0.5, 2.0]))?;
    /// assert_eq!((minimum.outcome, minimum.x[0]), (Outcome::Converged, 0.5));
    /// assert!((minimum.x[1] - 0.25).abs() < 1e-9);
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`minimize_objective`](Self::minimize_objective).
    ///
    /// # Panics
    /// If there are not bounds for each unknown.
    #[track_caller]
    pub fn minimize_within<T: Real>(
        &self,
        mut objective: impl Objective<T>,
        x: &[T],
        bounds: &Bounds<T>,
    ) -> Result<Minimum<T>> {
        bounds.fit("Lbfgs", x.len());
        projected::minimize(self.stop, &mut Memory::new(self.memory), &mut objective, x, bounds)
    }

    /// Minimises an objective as a function of a model's parameters, which are at the minimum found afterwards.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// use nn::{Layer, Linear, optim::Lbfgs};
    /// let (x, t) = (Tensor::constant(array![[0.0], [1.0], [2.0]]), Tensor::constant(array![[1.0], [3.0], [5.0]]));
    /// let mut line = Linear::from_weights(array![[0.0]], array![0.0]);
    /// Lbfgs::new().fit(&mut line, |line| nn::loss::squared_error(&line.forward(&x), &t))?;
    /// assert!((line.weight().value().item() - 2.0_f64).abs() < 1e-7);
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the objective or its gradient is not finite at the start, or if no gradient reaches one of the parameters. The
    /// model is unchanged then.
    pub fn fit<T: Real, M: Layer<T>>(&self, model: &M, objective: impl Fn(&M) -> Tensor<T>) -> Result<Minimum<T>> {
        fit(self.stop, &mut Memory::new(self.memory), model, objective)
    }
}

/// The last steps.
struct Memory<T> {
    room: usize,
    pairs: VecDeque<Pair<T>>,
}

struct Pair<T> {
    s: Vec<T>,
    y: Vec<T>,
    sy: T,
}

impl<T: Real> Memory<T> {
    fn new(room: usize) -> Self {
        Self { room, pairs: VecDeque::new() }
    }

    /// `-H g` by the two-loop recursion, with `H₀ = (s·y / y·y)` of the last step.
    fn two_loops(&self, gradient: &[T]) -> Vec<T> {
        let mut q = gradient.to_vec();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = dot(&pair.s, &q) / pair.sy;
            add(&mut q, -share, &pair.y);
            shares.push(share);
        }
        let scale = self.pairs.back().map_or_else(T::one, |last| last.sy / dot(&last.y, &last.y));
        for q in &mut q {
            *q *= -scale;
        }
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let other = dot(&pair.y, &q) / pair.sy;
            add(&mut q, -(share + other), &pair.s);
        }
        q
    }
}

impl<T: Real> Direction<T> for Memory<T> {
    fn choose(&mut self, _objective: &mut dyn Objective<T>, at: &Point<T>) -> Result<Vec<T>> {
        let direction = self.two_loops(&at.gradient);
        if dot(&direction, &at.gradient) < T::zero() {
            return Ok(direction);
        }
        // Rounding has spoilt the estimate: start again.
        self.pairs.clear();
        Ok(self.two_loops(&at.gradient))
    }

    /// A whole step; while nothing is known of the scale, one that moves by at most 1 in all.
    fn first(&self, at: &Point<T>) -> T {
        if !self.pairs.is_empty() {
            return T::one();
        }
        let size: T = at.gradient.iter().map(|g| g.abs()).sum();
        size.recip().min(T::one())
    }

    fn learn(&mut self, from: &Point<T>, to: &Point<T>) {
        let difference = |a: &[T], b: &[T]| a.iter().zip(b).map(|(&a, &b)| a - b).collect::<Vec<T>>();
        let (s, y) = (difference(&to.x, &from.x), difference(&to.gradient, &from.gradient));
        let sy = dot(&s, &y);
        // The line search ensures a positive curvature, except for rounding.
        if sy > T::epsilon() * dot(&y, &y) {
            if self.pairs.len() == self.room {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Pair { s, y, sy });
        }
    }
}

/// `a += factor · b`.
fn add<T: Real>(a: &mut [T], factor: T, b: &[T]) {
    for (a, &b) in a.iter_mut().zip(b) {
        *a += factor * b;
    }
}
