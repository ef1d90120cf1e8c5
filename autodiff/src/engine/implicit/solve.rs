//! What a point may solve.

use std::rc::Rc;

use super::entry::Equation;
use super::krylov::{self, System};
use crate::engine::recorded_functions as recorded;
use crate::engine::tensor_functions::{grad, jacobian};
use crate::error::{Error, Kind, Result};
use crate::{Real, Tensor};

/// How exactly a point must solve its equation, and how linear systems with the equation's matrix `∂f/∂x` are solved; the functions
/// of this [module](super) with settings of one's own.
///
/// ```
/// use autodiff::{Tape, implicit::Implicit};
/// use ndarray::array;
/// let tape = Tape::new();
/// let p = tape.tensor(array![2.0]);
/// let far = Implicit::new().root(|x, p| x.square() - &p[0], array![1.4], &[&p]).unwrap_err().to_string();
/// assert!(far.starts_with("root: this is no root: the equation leaves 4.0e-2 at element 0, more than the tolerance 1.5e-8"));
/// let near = Implicit::new().tolerance(0.1).root(|x, p| x.square() - &p[0], array![1.4], &[&p])?;
/// assert_eq!(near.sum().backward().wrt(&p), array![1.0 / 2.8].into_dyn());
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Implicit {
    tolerance: Option<f64>,
    system: System,
}

impl Default for Implicit {
    fn default() -> Self {
        Self::new()
    }
}

impl Implicit {
    /// By elimination, from the whole matrix `∂f/∂x`, with a tolerance of the root of the number type's precision: 1.5e-8 in `f64`,
    /// 3.5e-4 in `f32`.
    pub fn new() -> Self {
        Self { tolerance: None, system: System::Dense }
    }

    /// Sets the tolerance: what the equation may leave, in its largest element. For [`linear_solve`](Self::linear_solve) it is the size
    /// of `A x - b` relative to that of `b`.
    ///
    /// # Panics
    /// If it is negative or not finite.
    #[track_caller]
    pub fn tolerance(self, tolerance: f64) -> Self {
        assert!(
            tolerance.is_finite() && tolerance >= 0.0,
            "Implicit: the tolerance is {tolerance}, expected a finite number, 0 or above"
        );
        Self { tolerance: Some(tolerance), ..self }
    }

    /// Solves linear systems by conjugate gradients: for matrices that are symmetric and positive definite, as the Hessian at a minimum.
    /// The matrix is never made: each step takes a product with it, a sweep.
    pub fn conjugate_gradients(self) -> Self {
        Self { system: System::ConjugateGradients, ..self }
    }

    /// Solves linear systems by GMRES (generalised minimal residuals, begun again after 60 steps), for any regular matrix. The matrix is
    /// never made: each step takes a product with it, a sweep.
    pub fn gmres(self) -> Self {
        Self { system: System::Gmres, ..self }
    }

    fn stated<T: Real>(self) -> f64 {
        self.tolerance.unwrap_or_else(|| T::epsilon().primal().sqrt())
    }

    /// The root `x` of `f(x, p) = 0` as a function of the parameters `p`: `dx/dp = -(∂f/∂x)⁻¹ ∂f/∂p`.
    ///
    /// `f` gives a tensor of the shape of `x`, a number for each unknown. The values of `x` are those given.
    ///
    /// # Errors
    /// If an element of `f(x, p)` is larger than the tolerance, or NaN. If `T` is no plain number type: `x` is found without derivatives.
    ///
    /// # Panics
    /// If `f` uses a recorded tensor that is not among the parameters, or gives another shape; if parameters are stale or stand on two
    /// tapes. In a sweep, if the matrix is singular: then the root is no function of the parameters.
    #[track_caller]
    pub fn root<T: Real>(
        &self,
        f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
        x: impl Into<Tensor<T>>,
        params: &[&Tensor<T>],
    ) -> Result<Tensor<T>> {
        Equation { op: "root", f: Rc::new(f), system: self.system }.solved_by(&x.into(), params, self.stated::<T>())
    }

    /// The fixed point `x` of `f(x, p) = x` as a function of the parameters `p`: `dx/dp = (1 - ∂f/∂x)⁻¹ ∂f/∂p`.
    ///
    /// # Errors
    /// As [`root`](Self::root), of `f(x, p) - x`.
    ///
    /// # Panics
    /// As [`root`](Self::root).
    #[track_caller]
    pub fn fixed_point<T: Real>(
        &self,
        f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
        x: impl Into<Tensor<T>>,
        params: &[&Tensor<T>],
    ) -> Result<Tensor<T>> {
        let f = Rc::new(move |x: &Tensor<T>, p: &[Tensor<T>]| f(x, p) - x);
        Equation { op: "fixed_point", f, system: self.system }.solved_by(&x.into(), params, self.stated::<T>())
    }

    /// The minimum `x` of a scalar function `f(x, p)` as a function of the parameters `p`: `dx/dp = -(∂²f/∂x²)⁻¹ ∂²f/∂x∂p`.
    ///
    /// The same holds at a maximum or a saddle; which of them it is, is not asked.
    ///
    /// # Errors
    /// As [`root`](Self::root), of the gradient `∂f/∂x`.
    ///
    /// # Panics
    /// As [`root`](Self::root); if `f` is not a scalar.
    #[track_caller]
    pub fn argmin<T: Real>(
        &self,
        f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
        x: impl Into<Tensor<T>>,
        params: &[&Tensor<T>],
    ) -> Result<Tensor<T>> {
        let slope =
            move |x: &Tensor<T>, p: &[Tensor<T>]| recorded::grad(|t| f(&t[0], p), std::slice::from_ref(x)).remove(0);
        let equation = Equation { op: "argmin", f: Rc::new(slope), system: self.system };
        equation.solved_by(&x.into(), params, self.stated::<T>())
    }

    /// The minimum `x` of a scalar function `f(x, p)` among the points with `c(x, p) = 0`, and the multipliers `λ` of these constraints:
    /// both as functions of the parameters, by the conditions of Karush, Kuhn and Tucker, `∂f/∂x + λᵀ ∂c/∂x = 0` and `c = 0`.
    ///
    /// `λ` has the shape of `c`; its values are the least squares' at `x`. At a minimum `-λ` is the derivative of the least value of `f`
    /// by the level of the constraint.
    ///
    /// ```
    /// use autodiff::{Tape, implicit::Implicit};
    /// use ndarray::array;
    /// // The point of the line a·x = 1 nearest to the origin: a / |a|².
    /// let tape = Tape::<f64>::new();
    /// let a = tape.tensor(array![3.0, 4.0]);
    /// let line = |x: &autodiff::Tensor<f64>, p: &[autodiff::Tensor<f64>]| (x * &p[0]).sum() - 1.0;
    /// let (x, multiplier) = Implicit::new().argmin_subject_to(|x, _| x.square().sum() / 2.0, line, array![0.12, 0.16], &[&a])?;
    /// assert!((multiplier.item() + 0.04).abs() < 1e-15);
    /// // d(a₀ / |a|²)/da₀ = (a₁² - a₀²) / |a|⁴
    /// let slope = x.at([0]).backward().wrt(&a);
    /// assert!((slope[0] - 7.0 / 625.0).abs() < 1e-15);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`root`](Self::root), of both conditions. If the gradients of the constraints depend on each other linearly.
    ///
    /// # Panics
    /// As [`root`](Self::root); if `f` is not a scalar.
    #[track_caller]
    pub fn argmin_subject_to<T: Real>(
        &self,
        f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
        c: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
        x: impl Into<Tensor<T>>,
        params: &[&Tensor<T>],
    ) -> Result<(Tensor<T>, Tensor<T>)> {
        let op = "argmin_subject_to";
        let x = x.into().untracked();
        let p: Vec<Tensor<T>> = params.iter().map(|p| p.untracked()).collect();
        let (value, level) = (f(&x, &p), c(&x, &p));
        if value.is_tracked() || level.is_tracked() {
            Error::from(Kind::ImplicitCaptured { op }).raise();
        }
        let at = std::slice::from_ref(&x);
        let matrix = Tensor::constant(jacobian(|t| c(&t[0], &p), at).remove(0));
        let slope = Tensor::constant(grad(|t| f(&t[0], &p), at).remove(0)).flatten();
        let squares = matrix.matmul(&matrix.transpose());
        let multipliers = squares.solve(&-matrix.matmul(&slope));
        let multipliers = multipliers.map_err(|e| Kind::DependentConstraints { op, why: e.to_string() })?;
        // The gradient of Lagrange's function by all its arguments holds both conditions.
        let (n, shape) = (x.len(), x.shape().to_vec());
        let lagrange = move |z: &Tensor<T>, p: &[Tensor<T>]| {
            let x = z.narrow(0, 0..n).reshape(&shape);
            (f(&x, p).reshape(&[]) + (c(&x, p).flatten() * z.narrow(0, n..z.len())).sum()).reshape(&[])
        };
        let conditions = move |z: &Tensor<T>, p: &[Tensor<T>]| {
            recorded::grad(|t| lagrange(&t[0], p), std::slice::from_ref(z)).remove(0)
        };
        let equation = Equation { op, f: Rc::new(conditions), system: self.system };
        let z = Tensor::concat(&[x.flatten(), multipliers], 0);
        let z = equation.solved_by(&z, params, self.stated::<T>())?;
        Ok((z.narrow(0, 0..n).reshape(x.shape()), z.narrow(0, n..z.len()).reshape(level.shape())))
    }

    /// The solution `x` of `A(p) x = b`, the matrix given by its product: `product(v, p)` is `A(p) v`, of the shape of `b`.
    ///
    /// With elimination, the default, the matrix is put together from products.
    ///
    /// # Errors
    /// If the matrix is singular; for conjugate gradients, if it is not positive definite; if a method from products ends before it is
    /// there.
    ///
    /// # Panics
    /// As [`root`](Self::root).
    #[track_caller]
    pub fn linear_solve<T: Real>(
        &self,
        product: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
        b: &Tensor<T>,
        params: &[&Tensor<T>],
    ) -> Result<Tensor<T>> {
        let op = "linear_solve";
        let left = move |x: &Tensor<T>, q: &[Tensor<T>]| product(x, &q[1..]) - &q[0];
        let equation = Equation { op, f: Rc::new(left), system: self.system };
        let all: Vec<&Tensor<T>> = std::iter::once(b).chain(params.iter().copied()).collect();
        let mut q: Vec<Tensor<T>> = all.iter().map(|x| x.untracked()).collect();
        q[0] = Tensor::zeros(b.shape());
        equation.at(&q[0], &q);
        let right = b.untracked().flatten();
        let x = if self.system == System::Dense {
            let matrix = jacobian(|t| (equation.f)(&t[0], &q), &q[..1]).remove(0);
            let x = Tensor::constant(matrix).solve(&right);
            x.map_err(|e| Kind::Singular { op, why: e.to_string() })?
        } else {
            let product = |v: &[T]| -> Vec<T> {
                let v = Tensor::from(v.to_vec()).reshape(b.shape());
                (equation.f)(&v, &q).view().iter().copied().collect()
            };
            let tolerance = self.tolerance.unwrap_or_else(krylov::enough::<T>);
            let right: Vec<T> = right.view().iter().copied().collect();
            Tensor::from(krylov::solve(op, self.system, tolerance, product, &right)?)
        };
        Ok(equation.recorded(x.reshape(b.shape()), &all))
    }

    /// A root of `f(x, p) = 0` by Newton's method from `start` on, with steps that are halved until less is left: plain numbers, for
    /// [`root`](Self::root) if nothing better found them.
    ///
    /// ```
    /// use autodiff::{Tensor, implicit::Implicit};
    /// use ndarray::array;
    /// let p = Tensor::constant(array![2.0]);
    /// let x = Implicit::new().newton(|x, p| x.square() - &p[0], array![1.0], &[&p])?;
    /// assert!((x.item() - 2.0_f64.sqrt()).abs() < 1e-15);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If no step leaves less, or 100 steps do not lead to a root to the tolerance; if the matrix is singular on the way.
    ///
    /// # Panics
    /// As [`root`](Self::root).
    #[track_caller]
    pub fn newton<T: Real>(
        &self,
        f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
        start: impl Into<Tensor<T>>,
        params: &[&Tensor<T>],
    ) -> Result<Tensor<T>> {
        let p: Vec<Tensor<T>> = params.iter().map(|p| p.untracked()).collect();
        let equation = Equation { op: "newton", f: Rc::new(f), system: self.system };
        equation.newton(&start.into(), &p, self.stated::<T>())
    }
}

/// A root as a function of its parameters: [`Implicit::root`] with its default settings.
///
/// ```
/// use autodiff::{Tape, Tensor, implicit};
/// use ndarray::array;
/// // The steady state of x' = r x (1 - x / K) - h x is K (1 - h / r).
/// let tape = Tape::new();
/// let (r, k, h) = (tape.tensor(array![0.5]), tape.tensor(array![8.0]), tape.tensor(array![0.125]));
/// let rate = |x: &Tensor<f64>, p: &[Tensor<f64>]| &p[0] * x * (1.0 - x / &p[1]) - &p[2] * x;
/// let x = implicit::root(rate, array![6.0], &[&r, &k, &h])?.sum();
/// let g = x.backward();
/// assert_eq!([g.wrt(&r)[0], g.wrt(&k)[0], g.wrt(&h)[0]], [4.0, 0.75, -16.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`Implicit::root`].
///
/// # Panics
/// As [`Implicit::root`].
#[track_caller]
pub fn root<T: Real>(
    f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
    x: impl Into<Tensor<T>>,
    params: &[&Tensor<T>],
) -> Result<Tensor<T>> {
    Implicit::new().root(f, x, params)
}

/// A fixed point as a function of its parameters: [`Implicit::fixed_point`] with its default settings.
///
/// ```
/// use autodiff::{Tape, implicit};
/// use ndarray::array;
/// let tape = Tape::<f64>::new();
/// let a = tape.tensor(array![0.9]);
/// let cosine = (0..200).fold(1.0, |x: f64, _| 0.9 * x.cos());                               // x = a cos x
/// let x = implicit::fixed_point(|x, p| x.cos() * &p[0], array![cosine], &[&a])?;
/// let slope = x.sum().backward().wrt(&a)[0];
/// assert!((slope - cosine.cos() / (1.0 + 0.9 * cosine.sin())).abs() < 1e-14);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`Implicit::fixed_point`].
///
/// # Panics
/// As [`Implicit::root`].
#[track_caller]
pub fn fixed_point<T: Real>(
    f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
    x: impl Into<Tensor<T>>,
    params: &[&Tensor<T>],
) -> Result<Tensor<T>> {
    Implicit::new().fixed_point(f, x, params)
}

/// A minimum as a function of its parameters: [`Implicit::argmin`] with its default settings.
///
/// ```
/// use autodiff::{Tape, implicit};
/// use ndarray::array;
/// // The minimum of (x - a)² + b x² is a / (1 + b).
/// let tape = Tape::new();
/// let (a, b) = (tape.tensor(array![3.0]), tape.tensor(array![1.0]));
/// let x = implicit::argmin(|x, p| (x - &p[0]).square() + &p[1] * x.square(), array![1.5], &[&a, &b])?;
/// let g = x.sum().backward();
/// assert_eq!((g.wrt(&a)[0], g.wrt(&b)[0]), (0.5, -0.75));
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`Implicit::argmin`].
///
/// # Panics
/// As [`Implicit::argmin`].
#[track_caller]
pub fn argmin<T: Real>(
    f: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
    x: impl Into<Tensor<T>>,
    params: &[&Tensor<T>],
) -> Result<Tensor<T>> {
    Implicit::new().argmin(f, x, params)
}

/// The solution of `A(p) x = b` from products with the matrix: [`Implicit::linear_solve`] by GMRES.
///
/// ```
/// use autodiff::{Tape, Tensor, implicit};
/// use ndarray::array;
/// // (1 + c Δ) x = b with the second difference Δ, its matrix never made.
/// let tape = Tape::new();
/// let (b, c) = (tape.tensor(array![1.0, 2.0, 3.0]), tape.tensor(array![0.5]));
/// let smooth = |v: &Tensor<f64>, p: &[Tensor<f64>]| {
///     let wide = v.pad(&[(1, 1)], 0.0);
///     v + (2.0 * v - wide.narrow(0, 0..3) - wide.narrow(0, 2..5)) * &p[0]
/// };
/// let x = implicit::linear_solve(smooth, &b, &[&c])?;
/// let left = smooth(&x.detach(), &[c.detach()]) - b.detach();
/// assert!(left.view().iter().all(|x| x.abs() < 1e-14));
/// // dx/db = A⁻¹, which is symmetric here: its row sums solve A s = 1.
/// let s = implicit::linear_solve(smooth, &Tensor::ones(&[3]), &[&c.detach()])?;
/// let g = x.sum().backward().wrt(&b);
/// assert!((&g - &s.view()).iter().all(|x| x.abs() < 1e-14));
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// As [`Implicit::linear_solve`].
///
/// # Panics
/// As [`Implicit::root`].
#[track_caller]
pub fn linear_solve<T: Real>(
    product: impl Fn(&Tensor<T>, &[Tensor<T>]) -> Tensor<T> + 'static,
    b: &Tensor<T>,
    params: &[&Tensor<T>],
) -> Result<Tensor<T>> {
    Implicit::new().gmres().linear_solve(product, b, params)
}
