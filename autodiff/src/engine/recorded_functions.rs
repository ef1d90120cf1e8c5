//! Derivatives of functions written as closures on tensors, to be differentiated again.
//!
//! These are the functions of [`tensor`](crate::tensor), but what they give are tensors, which stand on the tape that is already there:
//! that of the inputs, of the directions, or of what the closure uses besides. So they may be used in any function that is
//! itself differentiated or checked, in a vjp, in [`checkpoint`](crate::tensor::checkpoint), and in each other. Where nothing is on a
//! tape, the results are constants.
//!
//! ```
//! use autodiff::{Tape, tensor, tensor::recorded};
//! use ndarray::array;
//! let tape = Tape::new();
//! let (x, w) = (tape.tensor(array![1.0, 2.0]), tape.tensor(array![3.0, 4.0]));
//! let slope = &recorded::grad(|t| (t[0].powi(3) * &w).sum(), &[x.clone()])[0];              // 3 x² w
//! let g = slope.square().sum().backward();
//! assert_eq!(g.wrt(&x), array![4.0 * 81.0, 32.0 * 144.0].into_dyn());                       // 4 x³ 9 w²
//! assert_eq!(g.wrt(&w), array![54.0, 16.0 * 72.0].into_dyn());                              // x⁴ 18 w
//! // A penalty on the gradient, within another derivative.
//! let penalty = |x: &[tensor::Tensor<f64>]| recorded::grad(|t| t[0].powi(3).sum(), x)[0].square().sum();
//! assert_eq!(tensor::grad(penalty, &[x])[0], array![36.0, 288.0].into_dyn());               // 36 x³
//! ```
//!
//! A derivative is by an input alone. If the closure also uses the tensor that was given as an input, that is another variable
//! to it, held fixed:
//!
//! ```
//! # use autodiff::{Tape, tensor::recorded};
//! let tape = Tape::new();
//! let x = tape.tensor(ndarray::array![3.0]);
//! let partial = &recorded::grad(|t| (&t[0] * &x).sum(), &[x.clone()])[0];                   // ∂(t x)/∂t = x
//! assert_eq!(partial.item(), 3.0);
//! ```
//!
//! If all inputs are constants, the closure may run twice: the tape is known once it has met a tensor that stands on one. Gradients
//! by handle ([`Tensor::grad`]) need handles that stand on a tape; a closure that takes its gradients by these functions
//! also works on constants, as `check` and `checkpoint` give them.

use std::slice;

use super::higher;
use super::tensor_functions::{directional, unit};
use crate::error::mismatch;
use crate::tape::cell::TapeCell;
use crate::{Real, Tape, Tensor};

/// The gradient of a scalar function of tensors, a tensor for each input; 0 for an input that `f` does not depend on.
///
/// ```
/// use autodiff::{tensor, tensor::recorded};
/// use ndarray::array;
/// let x = tensor::Tensor::constant(array![1.0, 2.0]);
/// let f = |t: &[tensor::Tensor<f64>]| recorded::grad(|t| t[0].powi(4).sum(), t)[0].sum();   // Σ 4 x³
/// assert_eq!(tensor::hessian(f, &[x]), array![[24.0, 0.0], [0.0, 48.0]]);
/// ```
///
/// # Panics
/// If the result is not a scalar.
#[track_caller]
pub fn grad<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Vec<Tensor<T>> {
    value_and_grad(f, inputs).1
}

/// The value of a scalar function of tensors and its gradient.
///
/// ```
/// use autodiff::{Tape, tensor::recorded};
/// use ndarray::array;
/// let tape = Tape::new();
/// let x = tape.tensor(array![1.0, 2.0]);
/// let (y, g) = recorded::value_and_grad(|t| t[0].square().sum(), &[x.clone()]);
/// assert_eq!((y * &g[0]).sum().backward().wrt(&x), array![22.0, 34.0].into_dyn());          // of Σ x² · Σ 2 x
/// ```
///
/// # Panics
/// As [`grad`].
#[track_caller]
pub fn value_and_grad<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
) -> (Tensor<T>, Vec<Tensor<T>>) {
    let run = Run::new(f, inputs, &[]);
    run.y.refuse_unless_scalar("grad");
    let gradient = run.gradient(&run.y);
    (run.result(run.y.clone()), gradient)
}

/// The vector-Jacobian product: the gradient of `Σ cotangent · f`, a tensor for each input; 0 for an input that `f` does not
/// depend on.
///
/// ```
/// use autodiff::{Tape, tensor::recorded};
/// use ndarray::array;
/// let tape = Tape::new();
/// let (x, u) = (tape.tensor(array![1.0, 2.0]), tape.tensor(array![1.0, 10.0]));
/// let pulled = &recorded::vjp(|t| t[0].square(), &[x], &u)[0];                              // 2 x u
/// assert_eq!(pulled.sum().backward().wrt(&u), array![2.0, 4.0].into_dyn());
/// ```
///
/// # Panics
/// If the cotangent has not the result's shape.
#[track_caller]
pub fn vjp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    cotangent: &Tensor<T>,
) -> Vec<Tensor<T>> {
    let run = Run::new(f, inputs, slice::from_ref(cotangent));
    if run.y.shape() != cotangent.shape() {
        mismatch("vjp", run.y.shape(), cotangent.shape(), "the cotangent needs the result's shape");
    }
    run.gradient(&(&run.y * cotangent).sum())
}

/// The Jacobian-vector product: the derivative of `f` along `directions`, of the result's shape.
///
/// ```
/// use autodiff::{Tape, Tensor, tensor::recorded};
/// use ndarray::array;
/// let tape = Tape::new();
/// let x = tape.tensor(array![1.0, 2.0]);
/// let v = Tensor::constant(array![1.0, 10.0]);
/// let along = recorded::jvp(|t| t[0].powi(3), &[x.clone()], &[v]);                          // 3 x² v
/// assert_eq!(along.sum().backward().wrt(&x), array![6.0, 120.0].into_dyn());
/// ```
///
/// # Panics
/// If there is not a direction of its shape for each input.
#[track_caller]
pub fn jvp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    directions: &[Tensor<T>],
) -> Tensor<T> {
    let run = Run::new(f, inputs, directions);
    if !run.depends(&run.y) {
        return Tensor::zeros(run.y.shape());
    }
    // The vector-Jacobian product is linear in its cotangent, and its derivative by that is what is wanted.
    let cotangent = Tensor::zeros(run.y.shape()).leaf(run.cell);
    let along = directional(&(&run.y * &cotangent).sum(), &run.leaves, directions, "jvp");
    run.result(along.grad(&[cotangent]).remove(0))
}

/// The Hessian-vector product of a scalar function: the derivative of its gradient along `directions`, a tensor for each
/// input.
///
/// ```
/// use autodiff::{Tape, Tensor, tensor::recorded};
/// use ndarray::array;
/// let tape = Tape::new();
/// let x = tape.tensor(array![1.0, 2.0]);
/// let v = Tensor::constant(array![1.0, 10.0]);
/// let bent = &recorded::hvp(|t| t[0].powi(3).sum(), &[x.clone()], &[v])[0];                 // 6 x v
/// assert_eq!(bent.square().sum().backward().wrt(&x), array![72.0, 14400.0].into_dyn());
/// ```
///
/// # Panics
/// If the result is not a scalar, or if there is not a direction of its shape for each input.
#[track_caller]
pub fn hvp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    directions: &[Tensor<T>],
) -> Vec<Tensor<T>> {
    let run = Run::new(f, inputs, directions);
    run.y.refuse_unless_scalar("hvp");
    if !run.depends(&run.y) {
        return run.zeros();
    }
    run.gradient(&directional(&run.y, &run.leaves, directions, "hvp"))
}

/// The Jacobian of `f` with respect to each input, as a matrix: a row for each element of the result, a column for each
/// of the input's, both in row-major order.
///
/// ```
/// use autodiff::{Tape, tensor::recorded};
/// use ndarray::array;
/// let tape = Tape::new();
/// let x = tape.tensor(array![1.0, 2.0]);
/// let j = &recorded::jacobian(|t| t[0].powi(3), &[x.clone()])[0];
/// assert_eq!(j.to_array(), array![[3.0, 0.0], [0.0, 12.0]].into_dyn());
/// assert_eq!(j.sum().backward().wrt(&x), array![6.0, 12.0].into_dyn());
/// ```
#[track_caller]
pub fn jacobian<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Vec<Tensor<T>> {
    let run = Run::new(f, inputs, &[]);
    let rows = run.rows(&run.y);
    (0..inputs.len()).map(|i| run.matrix(rows.iter().map(|row| row[i].clone()), inputs[i].len())).collect()
}

/// The Hessian of a scalar function with respect to all elements of its inputs, one input after another, each in
/// row-major order.
///
/// ```
/// use autodiff::{Tape, tensor::recorded};
/// use ndarray::array;
/// let tape = Tape::new();
/// let x = tape.tensor(array![1.0, 2.0]);
/// let h = recorded::hessian(|t| t[0].powi(3).sum(), &[x.clone()]);
/// assert_eq!(h.to_array(), array![[6.0, 0.0], [0.0, 12.0]].into_dyn());
/// assert_eq!(h.square().sum().backward().wrt(&x), array![72.0, 144.0].into_dyn());
/// ```
///
/// # Panics
/// If the result is not a scalar.
#[track_caller]
pub fn hessian<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Tensor<T> {
    let run = Run::new(f, inputs, &[]);
    run.y.refuse_unless_scalar("hessian");
    let slopes = if run.depends(&run.y) { run.y.grad(&run.leaves) } else { run.zeros() };
    let rows = slopes.iter().flat_map(|slope| run.rows(slope));
    let rows = rows.map(|row| Tensor::concat(&row.iter().collect::<Vec<_>>(), 0));
    run.matrix(rows, inputs.iter().map(Tensor::len).sum())
}

/// A function's result on variables that stand for its inputs.
struct Run<T: Real> {
    /// The tape, if it is the function's own: then nothing is recorded elsewhere, and results are constants.
    own: Option<Tape<T>>,
    cell: &'static TapeCell<T>,
    leaves: Vec<Tensor<T>>,
    y: Tensor<T>,
}

impl<T: Real> Run<T> {
    /// Runs the function on the youngest tape that anything stands on which has to do with it: `others` besides its inputs,
    /// and what it uses itself, of which is known once it has run.
    #[track_caller]
    fn new(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>], others: &[Tensor<T>]) -> Self {
        let all = inputs.iter().chain(others);
        let cells = all.filter_map(|x| Some(x.live()?.cell)).filter(|cell| cell.records());
        let mut home = cells.max_by_key(|cell| cell.born());
        loop {
            let own = home.is_none().then(|| Tape::of_function(inputs));
            let cell = home.or(own.as_ref().map(Tape::cell)).expect("one or the other");
            let mut leaves = Vec::with_capacity(inputs.len());
            // Not in a closure: a panic is to point at the caller.
            for x in inputs {
                let x = x.seen_from(cell, "derivative");
                leaves.push(if x.is_tracked() { x.alias() } else { x.untracked().leaf(cell) });
            }
            let y = f(&leaves);
            home = match (&own, y.live()) {
                (Some(own), _) => own.cell().met(),
                // It went over to the tape of a derivative function around this one, whose variables the closure uses.
                (None, Some(node)) if node.cell.takes_in(cell) => Some(node.cell),
                _ => None,
            };
            if home.is_none() {
                return Self { own, cell, leaves, y };
            }
        }
    }

    /// Whether a result may depend on the inputs.
    fn depends(&self, y: &Tensor<T>) -> bool {
        y.place().is_some_and(|node| std::ptr::eq(node.cell, self.cell))
    }

    /// A result as the caller gets it.
    fn result(&self, x: Tensor<T>) -> Tensor<T> {
        if self.own.is_some() && self.depends(&x) { x.untracked() } else { x }
    }

    fn zeros(&self) -> Vec<Tensor<T>> {
        self.leaves.iter().map(|x| Tensor::zeros(x.shape())).collect()
    }

    /// The gradient of a scalar.
    #[track_caller]
    fn gradient(&self, y: &Tensor<T>) -> Vec<Tensor<T>> {
        if !self.depends(y) {
            return self.zeros();
        }
        y.grad(&self.leaves).into_iter().map(|x| self.result(x)).collect()
    }

    /// For each element of a result the derivatives by the elements of each input.
    #[track_caller]
    fn rows(&self, y: &Tensor<T>) -> Vec<Vec<Tensor<T>>> {
        let row = |k: usize| {
            let Some(node) = y.place().filter(|_| self.depends(y)) else { return self.zeros() };
            higher::grad((node.cell, node.index as usize, Some((node, unit(y.shape(), k)))), &self.leaves)
        };
        (0..y.len()).map(|k| row(k).iter().map(Tensor::flatten).collect()).collect()
    }

    /// A matrix of rows with this many columns.
    fn matrix(&self, rows: impl Iterator<Item = Tensor<T>>, cols: usize) -> Tensor<T> {
        let rows: Vec<Tensor<T>> = rows.collect();
        if rows.is_empty() {
            return Tensor::zeros(&[0, cols]);
        }
        self.result(Tensor::stack(&rows.iter().collect::<Vec<_>>(), 0))
    }
}
