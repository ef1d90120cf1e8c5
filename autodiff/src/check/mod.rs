//! Derivatives from the tape against numerical ones, with a verdict.
//!
//! An entry passes when both agree within the numerical error and that error is small against the largest entry; it fails when
//! they differ although the numerical side is sure. What cannot be decided is said to be inconclusive, with the reason:
//! a kink, rounding in the function, a point at the edge of the domain.
//!
//! A report that fails says what is to blame: the operation whose derivative is wrong, with its source line and what went
//! in, or the place at which a value left the tape; see [`Cause`]. [`op`] looks at one operation from all sides.
//!
//! ```
//! use autodiff::{Var, check};
//! check::gradient(|x| x[0] * x[1].sin(), &[2.0, 0.5]).assert_pass();
//! // A value taken out of the recording is a constant to the tape, but not to the function.
//! let report = check::gradient(|x| Var::constant(x[0].value()) * x[1].sin(), &[2.0, 0.5]);
//! assert!(report.to_string().starts_with("gradient: FAIL, 1 of 2 entries wrong"));
//! ```

mod assertions;
mod blame;
#[cfg(test)]
mod blame_tests;
mod cause;
mod judge;
mod kink;
mod operation;
mod order;
mod problem;
mod report;
#[cfg(test)]
mod tests;

pub use self::cause::{Cause, Fault, Wrong};
pub use self::operation::{op, op_alone, op_with};
pub use self::report::{Case, Directions, Entry, Reason, Report, Verdict};

use self::order::Second;
use self::problem::{Problem, Scalars, Tensors};
use crate::{Real, Tape, Tensor, Var};

/// Compares the gradient of `f` at `x` with numerical differentiation.
///
/// Entries are indexed `[i]`. More than 1024 variables are compared along random directions; see [`Directions`].
///
/// ```
/// use autodiff::check;
/// let report = check::gradient(|x| x[0].exp() * x[1], &[0.5, 3.0]);
/// assert!(report.is_pass() && report.max_relative_difference() < 1e-12);
/// ```
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
pub fn hessian<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Report<T> {
    let f = &f;
    let tape = Second { hessian: &|| crate::hessian(f, x), hvp: &|v| crate::hvp(f, x, v) };
    order::second("hessian", &Scalars { f, x }, &tape)
}

/// Compares the gradient of a scalar function of tensors with numerical differentiation.
///
/// Entries are indexed by the input, then by the element: `[0, 2, 1]` is element `(2, 1)` of input 0. An input that
/// no gradient reaches has gradient 0. More than 1024 elements are compared along random directions; see [`Directions`].
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
#[track_caller]
pub fn tensor_gradient<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Report<T> {
    let problem = Tensors::new(f, inputs);
    order::first("tensor_gradient", &problem, &swept(&problem))
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
#[track_caller]
pub fn tensor_hessian<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Report<T> {
    let problem = Tensors::new(f, inputs);
    second_of("tensor_hessian", &problem)
}

/// The gradient of a function of tensors, its elements one after another; 0 for what the sweep does not reach.
fn swept<T: Real, F: Fn(&[Tensor<T>]) -> Tensor<T>>(problem: &Tensors<F, T>) -> Vec<T> {
    let tape = Tape::new();
    let (leaves, y) = problem.run(&tape, problem.x());
    if !y.is_tracked() {
        return vec![T::zero(); problem.x().len()];
    }
    let gradients = y.backward();
    leaves.iter().flat_map(|x| gradients.wrt_or_zeros(x)).collect()
}

/// Compares the Hessian of a function of tensors.
fn second_of<T: Real, F: Fn(&[Tensor<T>]) -> Tensor<T>>(what: &str, problem: &Tensors<F, T>) -> Report<T> {
    let inputs = problem.tensors(problem.x());
    let hessian = || crate::tensor::hessian(&problem.f, &inputs);
    let hvp = |v: &[T]| crate::tensor::hvp(&problem.f, &inputs, &problem.tensors(v)).into_iter().flatten().collect();
    order::second(what, problem, &Second { hessian: &hessian, hvp: &hvp })
}
