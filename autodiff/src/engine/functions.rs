//! Derivatives of functions written as closures on [`Var`].
//!
//! One closure serves them all. `f` is run once, on a tape of its own, and may be any code: loops, branches, other
//! crates' generic functions, and these functions again.

use ndarray::Array2;

use super::gradients::gradients;
use super::outputs::{Outputs, constants, count, index_on_tape};
use super::sparse::Compression;
use crate::tape::cell::TapeCell;
use crate::tape::passes;
use crate::{Real, Tape, Var};

/// The gradient of `f` at `x`: `∂f/∂x_i` for each `i`, by one reverse sweep.
///
/// ```
/// use autodiff::grad;
/// let g = grad(|x| x[0] * x[1] + x[0].sin(), &[2.0_f64, 3.0]);
/// assert_eq!(g, [3.0 + 2.0_f64.cos(), 2.0]);
/// ```
///
/// In a function that is itself differentiated the numbers are variables. A derivative at such numbers is recorded, and what
/// else there is of them goes in as [`Var::constant`]; so it is with all functions of this kind:
///
/// ```
/// use autodiff::{Var, grad};
/// // x ∂(x y²)/∂y at y = x is 2 x³.
/// let f = |x: &[Var<f64>]| x[0] * grad(|y| Var::constant(x[0]) * y[0].powi(2), &[x[0]])[0];
/// assert_eq!(grad(f, &[3.0]), [54.0]);
/// ```
#[doc(alias("gradient", "jax.grad"))]
#[track_caller]
pub fn grad<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Vec<T> {
    value_and_grad(f, x).1
}

/// The value of `f` at `x` and its gradient.
#[doc(alias = "grad_and_value")]
#[track_caller]
pub fn value_and_grad<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> (T, Vec<T>) {
    let (tape, vars, y) = record(f, x);
    (y.value(), pull(&tape, &vars, &[y], &[T::one()]))
}

/// The vector-Jacobian product `Σ_k u_k ∂f_k/∂x_i`: the gradient of `u · f`, by one reverse sweep.
///
/// ```
/// use autodiff::vjp;
/// let g = vjp(|x| [x[0] * x[1], x[0] + x[1]], &[2.0_f64, 3.0], &[1.0, 10.0]);
/// assert_eq!(g, [13.0, 12.0]);
/// ```
///
/// # Panics
/// If `u` has not one element for each output.
#[doc(alias = "pullback")]
#[track_caller]
pub fn vjp<T: Real, Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T], u: &[T]) -> Vec<T> {
    let (tape, vars, y) = record(f, x);
    count("vjp", u.len(), y.outputs().len(), "one weight for each output");
    pull(&tape, &vars, y.outputs(), u)
}

/// The Jacobian-vector product `Σ_i v_i ∂f_k/∂x_i`: the derivative of every output along `v`.
///
/// By one forward sweep; if `f` uses tensors, by two reverse sweeps.
///
/// ```
/// use autodiff::jvp;
/// let d = jvp(|x| [x[0] * x[1], x[0] + x[1]], &[2.0_f64, 3.0], &[1.0, 10.0]);
/// assert_eq!(d, [23.0, 11.0]);
/// ```
///
/// # Panics
/// If `v` has not the length of `x`.
#[doc(alias("pushforward", "linearize"))]
#[track_caller]
pub fn jvp<T: Real, Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T], v: &[T]) -> Vec<T> {
    count("jvp", v.len(), x.len(), "a direction has one element for each variable");
    let (tape, vars, y) = record(f, x);
    let outputs = y.outputs();
    let Some((cell, last)) = last_place(&tape, outputs) else { return vec![T::zero(); outputs.len()] };
    if cell.has_tensors() {
        // g(u) = Σ u_k ∂f_k/∂x · v is linear in u, and its gradient with respect to u is what is wanted.
        let u: Vec<Var<T>> = tape.vars(&vec![T::zero(); outputs.len()]);
        let weighted = crate::dot(&u, outputs);
        let gradient = tape.grad(weighted, &vars);
        return pull(&tape, &u, &[crate::dot(&gradient, &constants(v))], &[T::one()]);
    }
    let frozen = cell.freeze();
    let values = passes::tangents::<T, 1>(frozen.code(last), x.len(), frozen.values(), |i| [v[i]]);
    let along = |index: u32| values.as_slice()[index as usize].tangent()[0];
    outputs.iter().map(|y| y.place().map_or_else(T::zero, |(_, index, _)| along(index))).collect()
}

/// The Jacobian `∂f_k/∂x_i`, a row for each output: by reverse sweeps, one an output.
///
/// ```
/// use autodiff::jacobian;
/// let j = jacobian(|x| [x[0] * x[1], x[0] + x[1]], &[2.0_f64, 3.0]);
/// assert_eq!(j, ndarray::array![[3.0, 2.0], [1.0, 1.0]]);
/// ```
#[doc(alias("jacrev", "jacfwd"))]
#[track_caller]
pub fn jacobian<T: Real, Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T]) -> Array2<T> {
    let (tape, vars, y) = record(f, x);
    rows(&tape, &vars, y.outputs())
}

/// The Hessian `∂²f/∂x_i∂x_j`: the recorded program replayed in dual numbers, forward over reverse, several columns at
/// once, and columns that share no row in one. If `f` uses tensors, reverse over reverse, a row at a time.
///
/// ```
/// use autodiff::hessian;
/// let h = hessian(|x| x[0].powi(2) * x[1], &[2.0_f64, 3.0]);
/// assert_eq!(h, ndarray::array![[6.0, 4.0], [4.0, 0.0]]);
/// ```
#[doc(alias = "jax.hessian")]
#[track_caller]
pub fn hessian<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Array2<T> {
    let (tape, vars, y) = record(f, x);
    let Some((cell, last)) = last_place(&tape, &[y]) else { return Array2::zeros((x.len(), x.len())) };
    if cell.has_tensors() {
        return rows(&tape, &vars, &tape.grad(y, &vars));
    }
    let frozen = cell.freeze();
    let code = frozen.code(last);
    if last < x.len() {
        // One of the variables itself.
        return Array2::zeros((x.len(), x.len()));
    }
    Compression::hessian(code, last, x.len()).hessian_at(code, last, frozen.values()).to_dense()
}

/// The Hessian-vector product `Σ_j ∂²f/∂x_i∂x_j v_j`, for the cost of a few gradients: forward over reverse. If `f` uses
/// tensors, reverse over reverse.
///
/// ```
/// use autodiff::hvp;
/// let hv = hvp(|x| x[0].powi(2) * x[1], &[2.0_f64, 3.0], &[1.0, 10.0]);
/// assert_eq!(hv, [46.0, 4.0]);
/// ```
///
/// # Panics
/// If `v` has not the length of `x`.
#[doc(alias = "vhp")]
#[track_caller]
pub fn hvp<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T], v: &[T]) -> Vec<T> {
    count("hvp", v.len(), x.len(), "a direction has one element for each variable");
    let (tape, vars, y) = record(f, x);
    let Some((cell, last)) = last_place(&tape, &[y]) else { return vec![T::zero(); x.len()] };
    if cell.has_tensors() {
        return pull(&tape, &vars, &[crate::dot(&tape.grad(y, &vars), &constants(v))], &[T::one()]);
    }
    let frozen = cell.freeze();
    let along = |i: usize| [v[i]];
    let adjoints = passes::second_order::<T, 1>(frozen.code(last), last, x.len(), frozen.values(), along);
    let adjoints = adjoints.as_slice();
    (0..x.len()).map(|i| if i <= last { adjoints[i].tangent()[0] } else { T::zero() }).collect()
}

/// Runs the function on a tape of its own.
#[track_caller]
fn record<T: Real, Y>(f: impl Fn(&[Var<T>]) -> Y, x: &[T]) -> (Tape<T>, Vec<Var<T>>, Y) {
    let tape = Tape::of_function(&[]);
    let vars = tape.vars(x);
    let y = f(&vars);
    (tape, vars, y)
}

/// The cell and the last entry that any of the outputs needs; `None` if all are constants.
///
/// # Panics
/// If an output is a variable of another tape.
#[track_caller]
fn last_place<T: Real>(tape: &Tape<T>, outputs: &[Var<T>]) -> Option<(&'static TapeCell<T>, usize)> {
    let mut last = None;
    for y in outputs.iter().filter(|y| y.is_tracked()) {
        last = last.max(Some(index_on_tape(*y, tape, "an output")));
    }
    last.map(|last| (tape.cell(), last))
}

/// A row of derivatives for each output.
#[track_caller]
fn rows<T: Real>(tape: &Tape<T>, vars: &[Var<T>], outputs: &[Var<T>]) -> Array2<T> {
    let mut rows = Vec::with_capacity(outputs.len() * vars.len());
    // Not in a closure: a panic is to point at the caller.
    for &y in outputs {
        rows.extend(pull(tape, vars, &[y], &[T::one()]));
    }
    Array2::from_shape_vec((outputs.len(), vars.len()), rows).expect("a row for each output")
}

/// The gradient of `Σ weight · output` with respect to the variables.
#[track_caller]
fn pull<T: Real>(tape: &Tape<T>, vars: &[Var<T>], outputs: &[Var<T>], weights: &[T]) -> Vec<T> {
    let tracked = outputs.iter().zip(weights).filter(|(y, _)| y.is_tracked());
    let seeds: Vec<(usize, T)> = tracked.map(|(y, &weight)| (y.root("derivative").1, weight)).collect();
    let Some((cell, _)) = last_place(tape, outputs) else { return vec![T::zero(); vars.len()] };
    let found = gradients(cell, &seeds, None);
    vars.iter().map(|&x| found.wrt(x)).collect()
}
