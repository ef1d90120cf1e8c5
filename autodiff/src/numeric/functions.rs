//! Functions of functions: the numerical counterparts of those that use the tape.

use ndarray::{Array2, ArrayD};

use super::estimate::Estimate;
use super::method::Differences;
use super::quotient::{corner_limits, if_all_have_bounds, two_sided};
use super::span::Span;
use crate::engine::Outputs;
use crate::{Real, Tensor, Var};

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
    let limits = corner_limits(span, f(T::zero(), T::zero()), |step| {
        let corners = [f(step, step), f(step, -step), f(-step, step), f(-step, -step)];
        (corners, [(step + step) / span.top; 2])
    });
    if_all_have_bounds(&limits).per(span.top).per(span.top)
}
