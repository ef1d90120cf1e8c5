//! Derivatives of functions written as closures on [`Var`].
//!
//! One closure serves them all. `f` is run once, on a tape of its own, and may be any code: loops, branches, other
//! crates' generic functions.

use ndarray::Array2;

use crate::tape::replay::{Duals, replay};
use crate::tape::reverse::reverse;
use crate::tape::sweep;
use crate::{Dual, Real, Tape, Var};

/// Hessian columns computed in one sweep.
const LANES: usize = 4;

/// What a function of several variables may return: one variable or several.
pub trait Outputs<T: Real> {
    /// The outputs in order.
    fn outputs(&self) -> &[Var<T>];
}

impl<T: Real> Outputs<T> for Var<T> {
    fn outputs(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}

impl<T: Real> Outputs<T> for Vec<Var<T>> {
    fn outputs(&self) -> &[Var<T>] {
        self
    }
}

impl<T: Real, const N: usize> Outputs<T> for [Var<T>; N] {
    fn outputs(&self) -> &[Var<T>] {
        self
    }
}

/// The gradient of `f` at `x`: `∂f/∂x_i` for each `i`, by one reverse sweep.
///
/// ```
/// use autodiff::grad;
/// let g = grad(|x| x[0] * x[1] + x[0].sin(), &[2.0_f64, 3.0]);
/// assert_eq!(g, [3.0 + 2.0_f64.cos(), 2.0]);
/// ```
pub fn grad<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Vec<T> {
    value_and_grad(f, x).1
}

/// The value of `f` at `x` and its gradient.
pub fn value_and_grad<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> (T, Vec<T>) {
    let tape = Tape::new();
    let vars = tape.vars(x);
    let y = f(&vars);
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
#[track_caller]
pub fn vjp<T: Real, Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T], u: &[T]) -> Vec<T> {
    let tape = Tape::new();
    let vars = tape.vars(x);
    let y = f(&vars);
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
#[track_caller]
pub fn jvp<T: Real, Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T], v: &[T]) -> Vec<T> {
    count("jvp", v.len(), x.len(), "a direction has one element for each variable");
    let tape = Tape::new();
    let vars = tape.vars(x);
    let y = f(&vars);
    let outputs = y.outputs();
    let Some((cell, last)) = last_place(&tape, outputs) else { return vec![T::zero(); outputs.len()] };
    if cell.copy_code(last).view().has_tensors() {
        // g(u) = Σ u_k ∂f_k/∂x · v is linear in u, and its gradient with respect to u is what is wanted.
        let u: Vec<Var<T>> = tape.vars(&vec![T::zero(); outputs.len()]);
        let weighted = crate::dot(&u, outputs);
        let gradient = tape.grad(weighted, &vars);
        let v: Vec<Var<T>> = v.iter().map(|&v| Var::constant(v)).collect();
        return pull(&tape, &u, &[crate::dot(&gradient, &v)], &[T::one()]);
    }
    let values = tangents::<T, 1>(cell, last, x, |i| [v[i]]);
    outputs
        .iter()
        .map(|y| y.place().map_or_else(T::zero, |(_, index, _)| values[index as usize].tangent()[0]))
        .collect()
}

/// The Jacobian `∂f_k/∂x_i`, a row for each output: by reverse sweeps, one an output.
///
/// ```
/// use autodiff::jacobian;
/// let j = jacobian(|x| [x[0] * x[1], x[0] + x[1]], &[2.0_f64, 3.0]);
/// assert_eq!(j, ndarray::array![[3.0, 2.0], [1.0, 1.0]]);
/// ```
pub fn jacobian<T: Real, Y: Outputs<T>>(f: impl Fn(&[Var<T>]) -> Y, x: &[T]) -> Array2<T> {
    let tape = Tape::new();
    let vars = tape.vars(x);
    let y = f(&vars);
    let outputs = y.outputs();
    let rows: Vec<T> = outputs.iter().flat_map(|&y| pull(&tape, &vars, &[y], &[T::one()])).collect();
    Array2::from_shape_vec((outputs.len(), x.len()), rows).expect("a row for each output")
}

/// The Hessian `∂²f/∂x_i∂x_j`: the recorded program replayed in dual numbers, forward over reverse, several columns at
/// once. If `f` uses tensors, reverse over reverse, a row at a time.
///
/// ```
/// use autodiff::hessian;
/// let h = hessian(|x| x[0].powi(2) * x[1], &[2.0_f64, 3.0]);
/// assert_eq!(h, ndarray::array![[6.0, 4.0], [4.0, 0.0]]);
/// ```
pub fn hessian<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Array2<T> {
    let tape = Tape::new();
    let vars = tape.vars(x);
    let y = f(&vars);
    let mut hessian = Array2::zeros((x.len(), x.len()));
    let Some((cell, last)) = last_place(&tape, &[y]) else { return hessian };
    if cell.copy_code(last).view().has_tensors() {
        for (i, dy) in tape.grad(y, &vars).into_iter().enumerate() {
            for (j, second) in pull(&tape, &vars, &[dy], &[T::one()]).into_iter().enumerate() {
                hessian[[i, j]] = second;
            }
        }
        return hessian;
    }
    for first in (0..x.len()).step_by(LANES) {
        let unit = |i: usize| std::array::from_fn(|k| if i == first + k { T::one() } else { T::zero() });
        let adjoints = second_order::<T, LANES>(cell, last, x, unit);
        for (i, adjoint) in adjoints.iter().enumerate() {
            for (k, &second) in adjoint.tangent().iter().enumerate().take(x.len() - first) {
                hessian[[i, first + k]] = second;
            }
        }
    }
    hessian
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
#[track_caller]
pub fn hvp<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T], v: &[T]) -> Vec<T> {
    count("hvp", v.len(), x.len(), "a direction has one element for each variable");
    let tape = Tape::new();
    let vars = tape.vars(x);
    let y = f(&vars);
    let Some((cell, last)) = last_place(&tape, &[y]) else { return vec![T::zero(); x.len()] };
    if cell.copy_code(last).view().has_tensors() {
        let v: Vec<Var<T>> = v.iter().map(|&v| Var::constant(v)).collect();
        return pull(&tape, &vars, &[crate::dot(&tape.grad(y, &vars), &v)], &[T::one()]);
    }
    second_order::<T, 1>(cell, last, x, |i| [v[i]]).into_iter().map(|adjoint| adjoint.tangent()[0]).collect()
}

/// The cell and the last entry that any of the outputs needs; `None` if all are constants.
///
/// # Panics
/// If an output is a variable of another tape.
#[track_caller]
fn last_place<T: Real>(tape: &Tape<T>, outputs: &[Var<T>]) -> Option<(&'static crate::tape::cell::TapeCell<T>, usize)> {
    let mut last = None;
    for y in outputs.iter().filter(|y| y.is_tracked()) {
        let (cell, index) = y.root("derivative");
        if !std::ptr::eq(cell, tape.cell()) {
            crate::Error::from(crate::error::Kind::NotOnTape { what: "an output" }).raise();
        }
        last = last.max(Some(index));
    }
    last.map(|last| (tape.cell(), last))
}

/// The gradient of `Σ weight · output` with respect to the variables.
#[track_caller]
fn pull<T: Real>(tape: &Tape<T>, vars: &[Var<T>], outputs: &[Var<T>], weights: &[T]) -> Vec<T> {
    let tracked = outputs.iter().zip(weights).filter(|(y, _)| y.is_tracked());
    let seeds: Vec<(usize, T)> = tracked.map(|(y, &weight)| (y.root("derivative").1, weight)).collect();
    let Some((cell, _)) = last_place(tape, outputs) else { return vec![T::zero(); vars.len()] };
    let gradients = sweep::gradients(cell, &seeds, None);
    vars.iter().map(|&x| gradients.wrt(x)).collect()
}

/// The program's values with tangents, where variable `i` (entry `i`) moves along `direction(i)`.
fn tangents<T: Real, const N: usize>(
    cell: &'static crate::tape::cell::TapeCell<T>,
    last: usize,
    x: &[T],
    direction: impl Fn(usize) -> [T; N],
) -> Vec<Dual<T, N>> {
    let frozen = cell.freeze();
    // Further leaves are variables that `f` made for itself: they stand still.
    let leaf = |i: usize| match x.get(i) {
        Some(&x) => Dual::new(x, direction(i)),
        None => Dual::constant(frozen.values()[i]),
    };
    replay(frozen.code(last), leaf)
}

/// The gradient's derivatives along `N` directions: adjoints of the variables as dual numbers.
fn second_order<T: Real, const N: usize>(
    cell: &'static crate::tape::cell::TapeCell<T>,
    last: usize,
    x: &[T],
    direction: impl Fn(usize) -> [T; N],
) -> Vec<Dual<T, N>> {
    let mut duals = Duals(tangents(cell, last, x, direction));
    let frozen = cell.freeze();
    let mut adjoints = vec![Dual::constant(T::zero()); last + 1];
    adjoints[last] = Dual::constant(T::one());
    reverse(frozen.code(last), &mut duals, &mut adjoints);
    adjoints.resize(x.len().max(adjoints.len()), Dual::constant(T::zero()));
    adjoints.truncate(x.len());
    adjoints
}

#[track_caller]
fn count(op: &'static str, got: usize, want: usize, why: &'static str) {
    if got != want {
        crate::Error::from(crate::error::Kind::Count { op, got, want, why }).raise();
    }
}
