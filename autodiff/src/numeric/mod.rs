//! Numerical differentiation: the independent baseline that gradients are checked against.
//!
//! Central differences at steps halved from the scale of `x` down to where rounding takes over, extrapolated to step 0.
//! The rounding of every difference is carried through the extrapolation, so each derivative comes with an error bound.
//! Nothing is recorded: functions are evaluated on constants, some 50 times for each first derivative. [`Differences`]
//! chooses another method (plain forward, backward, central differences; from one side) and counts evaluations.
//!
//! The bound is what evaluations at points can tell. A kink or a pole closer to `x` than a few of the smallest steps
//! (`2e-7 min(1, |x|)` in `f64`, `2e-4 min(1, |x|)` in `f32`) is beyond them.

mod extrapolate;
mod method;
#[cfg(test)]
mod tests;

use std::fmt;

use ndarray::{Array2, ArrayD};

use crate::derivative::Outputs;
use crate::{Real, Tensor, Var};

pub(crate) use self::extrapolate::{Level, Span};
pub use self::method::{Differences, Method};
pub(crate) use self::method::{one_sided, two_sided};

/// A value and a bound of its error.
///
/// Displays as `value ± error`. Where nothing can be said, the value is NaN and the error infinite.
///
/// ```
/// use autodiff::numeric::Estimate;
/// assert_eq!(Estimate { value: 1.234567, error: 2.1e-13 }.to_string(), "1.234567 ± 2e-13");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate<T> {
    /// The value.
    pub value: T,
    /// The bound of its error, absolute.
    pub error: T,
}

impl<T: Real> Estimate<T> {
    /// Nothing is known.
    fn unknown() -> Self {
        Self { value: T::nan(), error: T::infinity() }
    }
}

impl<T: Real> fmt::Display for Estimate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)?;
        write!(f, " ± {:.0e}", self.error.primal())
    }
}

/// The derivative of a function of one variable.
///
/// NaN with infinite error where `f` is not finite at `x`, or nowhere on both sides of it. Where it is finite on one side
/// only, the derivative from there.
///
/// ```
/// use autodiff::numeric;
/// let d = numeric::derivative(|x| x.sin(), 0.5_f64);
/// assert!((d.value - 0.5_f64.cos()).abs() <= d.error && d.error < 1e-12);
/// // The root ends at 1.
/// let d = numeric::derivative(|x| (x - 1.0).sqrt().powi(4), 1.0_f64);
/// assert!(d.value.abs() <= 10.0 * d.error && d.error < 1e-10);
/// ```
pub fn derivative<T: Real>(f: impl Fn(Var<T>) -> Var<T>, x: T) -> Estimate<T> {
    Differences::default().derivative(f, x)
}

/// The gradient `∂f/∂x_i`.
///
/// ```
/// use autodiff::numeric;
/// let g = numeric::gradient(|x| x[0] * x[1] + x[0].sin(), &[2.0_f64, 3.0]);
/// assert!((g[0].value - (3.0 + 2.0_f64.cos())).abs() < 1e-12);
/// assert!((g[1].value - 2.0).abs() < 1e-12);
/// ```
pub fn gradient<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Vec<Estimate<T>> {
    Differences::default().gradient(f, x)
}

/// The gradient of a scalar function of tensors, an array for each input.
///
/// # Panics
/// If the result has more than one element.
#[track_caller]
pub fn tensor_gradient<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
) -> Vec<ArrayD<Estimate<T>>> {
    Differences::default().tensor_gradient(f, inputs)
}

/// The derivative `Σ_i v_i ∂f/∂x_i` along `v`; 0 along 0.
///
/// ```
/// use autodiff::numeric;
/// let d = numeric::directional(|x| x[0] * x[1], &[2.0_f64, 3.0], &[1.0, 10.0]);
/// assert!((d.value - 23.0).abs() < 1e-11);
/// ```
///
/// # Panics
/// If `v` has not the length of `x`.
#[track_caller]
pub fn directional<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T], v: &[T]) -> Estimate<T> {
    Differences::default().directional(f, x, v)
}

/// The Jacobian `∂f_k/∂x_i`, a row for each output. All outputs are differentiated from the same evaluations.
///
/// ```
/// use autodiff::numeric;
/// let j = numeric::jacobian(|x| [x[0] * x[1], x[0] + x[1]], &[2.0_f64, 3.0]);
/// assert_eq!(j.dim(), (2, 2));
/// assert!((j[[0, 1]].value - 2.0).abs() < 1e-12);
/// ```
pub fn jacobian<T: Real, Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T]) -> Array2<Estimate<T>> {
    Differences::default().jacobian(f, x)
}

/// The Hessian `∂²f/∂x_i∂x_j`, by extrapolated second differences; exactly symmetric.
///
/// ```
/// use autodiff::numeric;
/// let h = numeric::hessian(|x| x[0].powi(2) * x[1], &[2.0_f64, 3.0]);
/// assert!((h[[0, 0]].value - 6.0).abs() < 1e-10);
/// assert!((h[[0, 1]].value - 4.0).abs() < 1e-10);
/// assert!(h[[1, 1]].value.abs() <= h[[1, 1]].error);
/// ```
pub fn hessian<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Array2<Estimate<T>> {
    Differences::default().hessian(f, x)
}

/// The derivative of a function of one number, from both sides.
pub(crate) fn first<T: Real>(f: impl Fn(T) -> T, x: T) -> Estimate<T> {
    two_sided(&f, x, f(x), Span::along(x, T::one(), 1))
}

/// The mixed second derivative of a function of a place in a plane, at 0.
pub(crate) fn mixed<T: Real>(f: impl Fn(T, T) -> T, span: Span<T>) -> Estimate<T> {
    let centre = f(T::zero(), T::zero());
    span.limit(|step| {
        let corners = [f(step, step), -f(step, -step), -f(-step, step), f(-step, -step)];
        corner_level(corners, centre, step, T::of(4.0) * step * step)
    })
}

/// A mixed second difference quotient.
fn corner_level<T: Real>(corners: [T; 4], centre: T, step: T, area: T) -> Level<T> {
    let size = corners.iter().fold(centre.abs(), |sum, corner| sum + corner.abs());
    Level { step, quotient: corners.into_iter().sum::<T>() / area, rounding: T::epsilon() * size / area }
}

/// An entry of the Hessian.
pub(crate) fn second<T: Real>(f: impl Fn(&[T]) -> T, x: &[T], i: usize, j: usize) -> Estimate<T> {
    let scale = |i: usize| x[i].abs().max(T::one());
    let span = Span::along(x[i], scale(i), 2).and(Span::along(x[j], scale(j), 2));
    let centre = f(x);
    let two = T::of(2.0);
    span.limit(|step| {
        let (right, left) = sides(x[i], step * scale(i));
        if i == j {
            let (plus, minus) = (f(&replaced(x, i, right)), f(&replaced(x, i, left)));
            let area = (right - x[i]) * (x[i] - left);
            let size = plus.abs() + two * centre.abs() + minus.abs();
            return Level {
                step,
                quotient: (plus - two * centre + minus) / area,
                rounding: T::epsilon() * size / area,
            };
        }
        let (up, down) = sides(x[j], step * scale(j));
        let at = |a: T, b: T| f(&replaced(&replaced(x, i, a), j, b));
        let corners = [at(right, up), -at(right, down), -at(left, up), at(left, down)];
        corner_level(corners, centre, step, (right - left) * (up - down))
    })
}

/// Points at equal distance on both sides, as far as numbers allow: the step is one that was really taken.
pub(crate) fn sides<T: Real>(x: T, step: T) -> (T, T) {
    let right = x + step;
    (right, x - (right - x))
}

/// A central difference quotient. The value in the middle counts for what an uneven step does through the curvature.
fn central<T: Real>(plus: T, centre: T, minus: T, step: T, width: T) -> Level<T> {
    let size = plus.abs() + T::of(2.0) * centre.abs() + minus.abs();
    Level { step, quotient: (plus - minus) / width, rounding: T::epsilon() * size / width }
}

/// The function on plain numbers.
pub(crate) fn evaluator<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>) -> impl Fn(&[T]) -> T {
    move |x| f(&constants(x)).value()
}

pub(crate) fn constants<T: Real>(x: &[T]) -> Vec<Var<T>> {
    x.iter().map(|&x| Var::constant(x)).collect()
}

/// The point with one coordinate moved.
pub(crate) fn replaced<T: Real>(x: &[T], i: usize, moved: T) -> Vec<T> {
    let mut x = x.to_vec();
    x[i] = moved;
    x
}
