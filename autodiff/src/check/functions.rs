//! Functions of functions: their derivatives from the tape against numerical ones.

use super::order::{self, Second, second_of};
use super::problem::{Scalars, Tensors};
use super::report::Report;
use crate::{Real, Tensor, Var};

/// Compares the gradient of `f` at `x` with numerical differentiation.
///
/// Entries are indexed `[i]`. More than 1024 variables are compared along random directions; see [`Directions`](super::Directions).
///
/// ```
/// use autodiff::check;
/// let report = check::gradient(|x| x[0].exp() * x[1], &[0.5, 3.0]);
/// assert!(report.is_pass() && report.max_relative_difference() < 1e-12);
/// ```
#[doc(alias("gradcheck", "check_grads"))]
pub fn gradient<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Report<T> {
    let tape = crate::grad(&f, x);
    order::first("gradient", &Scalars { f, x }, &tape)
}

/// Compares the Hessian of `f` at `x` with numerical differentiation.
///
/// Entries are indexed `[i, j]`; all are compared, so that a Hessian that is not symmetric is found. More than 1024 are
/// compared along random pairs of directions. A jump of the first or of the second derivative along either coordinate
/// counts as a kink.
///
/// ```
/// use autodiff::check;
/// check::hessian(|x| x[0].powi(2) * x[1].exp(), &[0.5, 3.0]).assert_pass();
/// ```
#[doc(alias("gradgradcheck", "check_grads"))]
pub fn hessian<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Report<T> {
    let f = &f;
    let tape = Second { hessian: &|| crate::hessian(f, x), hvp: &|v| crate::hvp(f, x, v) };
    order::second("hessian", &Scalars { f, x }, &tape)
}

/// Compares the gradient of a scalar function of tensors with numerical differentiation.
///
/// Entries are indexed by the input, then by the element: `[0, 2, 1]` is element `(2, 1)` of input 0. An input that
/// no gradient reaches has gradient 0. More than 1024 elements are compared along random directions; see [`Directions`](super::Directions).
///
/// ```
/// use autodiff::{Tensor, check};
/// use ndarray::array;
/// let w = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
/// let x = Tensor::constant(array![[0.1], [0.2]]);
/// check::tensor_gradient(|t| t[0].matmul(&t[1]).tanh().sum(), &[w, x]).assert_pass();
/// ```
///
/// # Panics
/// If the result has more than one element.
#[doc(alias("gradcheck", "check_grads"))]
#[track_caller]
pub fn tensor_gradient<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Report<T> {
    let problem = Tensors::new(f, inputs, None);
    order::first("tensor_gradient", &problem, &problem.swept())
}

/// Compares the Hessian of a scalar function of tensors with numerical differentiation.
///
/// Entries are indexed by input and element of the one side, then of the other. More than 1024 are compared along random
/// pairs of directions.
///
/// ```
/// use autodiff::{Tensor, check};
/// use ndarray::array;
/// let w = Tensor::constant(array![[1.0, 2.0]]);
/// let x = Tensor::constant(array![[0.1], [0.2]]);
/// check::tensor_hessian(|t| t[0].matmul(&t[1]).tanh().sum(), &[w, x]).assert_pass();
/// ```
///
/// # Panics
/// If the result has more than one element; if an operation has no second derivative.
#[doc(alias("gradgradcheck", "check_grads"))]
#[track_caller]
pub fn tensor_hessian<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Report<T> {
    let problem = Tensors::new(f, inputs, None);
    second_of("tensor_hessian", &problem)
}
