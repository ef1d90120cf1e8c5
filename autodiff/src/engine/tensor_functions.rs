//! Derivatives of functions written as closures on tensors, as plain numbers.
//!
//! A function's inputs are variables on a tape of its own. Tensors of other, older tapes that its closure brings along are constants
//! there; derivatives with respect to them are for [`recorded`](crate::tensor::recorded).

use ndarray::{Array2, Array3, ArrayD, Axis};

use super::handle::Root;
use super::outputs::count;
use super::{higher, rows};
use crate::error::mismatch;
use crate::{Real, Tape, Tensor};

/// The gradient of a scalar function of tensors, an array for each input; 0 for an input that `f` does not depend on.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::array;
/// let w = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
/// let x = Tensor::constant(array![[1.0], [1.0]]);
/// let g = tensor::grad(|t| t[0].matmul(&t[1]).square().sum(), &[w, x]);
/// assert_eq!(g[0], array![[6.0, 6.0], [14.0, 14.0]].into_dyn());
/// ```
///
/// The inputs' values count, and those of other tensors that `f` uses, recorded or not. The result is plain numbers, as of all
/// functions of this kind: within a function that is itself differentiated it is a constant, and
/// [`recorded::grad`](crate::tensor::recorded::grad) is what has derivatives.
///
/// ```
/// # use autodiff::{Tape, tensor};
/// # use ndarray::array;
/// let tape = Tape::new();
/// let w = tape.tensor(array![3.0, 4.0]);
/// let g = tensor::grad(|t| (t[0].square() * &w).sum(), &[w.clone()]);
/// assert_eq!(g[0], array![18.0, 32.0].into_dyn());                          // 2 t w at t = w
/// ```
///
/// # Panics
/// If the result is not a scalar.
#[doc(alias = "gradient")]
#[track_caller]
pub fn grad<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Vec<ArrayD<T>> {
    value_and_grad(f, inputs).1
}

/// The value of a scalar function of tensors and its gradient.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::{arr0, array};
/// let inputs = [Tensor::constant(array![1.0, 2.0]), Tensor::scalar(3.0)];
/// let (value, g) = tensor::value_and_grad(|t| t[0].square().sum(), &inputs);
/// assert_eq!((value, &g[0]), (5.0, &array![2.0, 4.0].into_dyn()));
/// assert_eq!(g[1], arr0(0.0).into_dyn());
/// ```
///
/// # Panics
/// As [`grad`].
#[doc(alias = "grad_and_value")]
#[track_caller]
pub fn value_and_grad<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> (T, Vec<ArrayD<T>>) {
    let (_tape, leaves, y) = run(f, inputs);
    let gradients = swept(&y, &leaves);
    (y.item(), gradients)
}

/// The vector-Jacobian product: the gradient of `Σ cotangent · f`, an array for each input; 0 for an input that `f` does
/// not depend on.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::array;
/// let x = Tensor::constant(array![1.0, 2.0]);
/// let u = Tensor::constant(array![1.0, 10.0]);
/// assert_eq!(tensor::vjp(|t| t[0].square(), &[x], &u)[0], array![2.0, 40.0].into_dyn());
/// ```
///
/// # Panics
/// If the cotangent has not the result's shape.
#[doc(alias = "pullback")]
#[track_caller]
pub fn vjp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    cotangent: &Tensor<T>,
) -> Vec<ArrayD<T>> {
    let (_tape, leaves, y) = run(f, inputs);
    if y.shape() != cotangent.shape() {
        mismatch("vjp", y.shape(), cotangent.shape(), "the cotangent needs the result's shape");
    }
    pulled(&y, cotangent, &leaves)
}

/// The Jacobian-vector product: the derivative of `f` along `directions`, of the result's shape. By two reverse sweeps:
/// the vector-Jacobian product is linear in its cotangent, and its derivative by the cotangent is what is wanted.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::array;
/// let x = Tensor::constant(array![1.0, 2.0]);
/// let v = Tensor::constant(array![1.0, 10.0]);
/// assert_eq!(tensor::jvp(|t| t[0].square(), &[x], &[v]), array![2.0, 40.0].into_dyn());
/// ```
///
/// # Panics
/// If there is not a direction of its shape for each input.
#[doc(alias = "pushforward")]
#[track_caller]
pub fn jvp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    directions: &[Tensor<T>],
) -> ArrayD<T> {
    let (tape, leaves, y) = run(f, inputs);
    if !y.is_tracked() {
        return ArrayD::zeros(y.shape());
    }
    let cotangent = tape.tensor(Tensor::zeros(y.shape()));
    let along = directional(&(&y * &cotangent).sum(), &leaves, directions, "jvp");
    swept(&along, &[cotangent]).remove(0)
}

/// The Hessian-vector product of a scalar function: the derivative of its gradient along `directions`, an array for each
/// input. Reverse over reverse.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::array;
/// let x = Tensor::constant(array![1.0, 2.0]);
/// let v = Tensor::constant(array![1.0, 10.0]);
/// assert_eq!(tensor::hvp(|t| t[0].powi(3).sum(), &[x], &[v])[0], array![6.0, 120.0].into_dyn());
/// ```
///
/// # Panics
/// If the result is not a scalar, or if there is not a direction of its shape for each input.
#[doc(alias = "vhp")]
#[track_caller]
pub fn hvp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    directions: &[Tensor<T>],
) -> Vec<ArrayD<T>> {
    let (_tape, leaves, y) = run(f, inputs);
    y.refuse_unless_scalar("hvp");
    let along = if y.is_tracked() { directional(&y, &leaves, directions, "hvp") } else { y };
    swept(&along, &leaves)
}

/// The Jacobian of `f` with respect to each input, as a matrix: a row for each element of the result, a column for each
/// of the input's, both in row-major order.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::array;
/// let x = Tensor::constant(array![1.0, 2.0]);
/// assert_eq!(tensor::jacobian(|t| t[0].square(), &[x])[0], array![[2.0, 0.0], [0.0, 4.0]]);
/// ```
#[doc(alias("jacrev", "jacfwd"))]
#[track_caller]
pub fn jacobian<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Vec<Array2<T>> {
    let (_tape, leaves, y) = run(f, inputs);
    let mut jacobians: Vec<Array2<T>> = leaves.iter().map(|x| Array2::zeros((y.len(), x.len()))).collect();
    for k in 0..if y.is_tracked() { y.len() } else { 0 } {
        let gradients = y.backward_with(&unit(y.shape(), k));
        for (jacobian, x) in jacobians.iter_mut().zip(&leaves) {
            if let Some(gradient) = gradients.tensor(x) {
                let gradient = gradient.view();
                jacobian.row_mut(k).iter_mut().zip(&gradient).for_each(|(entry, &g)| *entry = g);
            }
        }
    }
    jacobians
}

/// The Jacobians of a function that treats rows one by one, for a batch of them: `[items, inputs]` to
/// `[items, outputs, inputs]`, in one sweep.
///
/// `f` maps `[n, inputs]` to `[n, outputs]` for any `n`, and row `i` of its result depends on row `i` of its argument
/// alone, as in a network. Each row is repeated once for each output, so that one sweep finds all their gradients; the
/// matrix products are as large as the batch and not vectors, as they are in [`jacobian`]. A single row is not repeated if
/// `f` is made of elementwise functions of the table, `linear`, and `matmul`: then only the sweep has a row for each output.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::array;
/// let w = Tensor::constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// let x = Tensor::constant(array![[1.0, 1.0]]);
/// let j = tensor::jacobian_rows(|x| x.matmul(&w).square(), &x);
/// assert_eq!(j, array![[[10.0, 40.0], [28.0, 70.0], [54.0, 108.0]]]);
/// ```
///
/// # Panics
/// If `x` or the result has not two axes, or if the result has not a row for each row.
#[doc(alias = "vmap")]
#[track_caller]
pub fn jacobian_rows<T: Real>(f: impl Fn(&Tensor<T>) -> Tensor<T>, x: &Tensor<T>) -> Array3<T> {
    let (tape, mut leaf) = (Tape::of_function(&[]), x.untracked());
    if x.shape().first() == Some(&1) {
        leaf = tape.tensor(leaf);
    }
    let y = f(&leaf).seen_from(tape.cell(), "jacobian_rows");
    let (&[items, inputs], &[rows, outputs]) = (x.shape(), y.shape()) else { uneven(x.shape(), y.shape()) };
    if rows != items {
        uneven(x.shape(), y.shape());
    }
    if leaf.is_tracked() {
        if let Some(jacobian) = rows::jacobian(&y, &leaf) {
            let jacobian = jacobian.into_array().insert_axis(Axis(0));
            return jacobian.into_dimensionality().expect("a row for each output");
        }
        tape.reset();
    }
    let repeated = x.untracked().expand(1).broadcast_to(&[items, outputs, inputs]).reshape(&[items * outputs, inputs]);
    let leaf = tape.tensor(repeated);
    let all = f(&leaf).seen_from(tape.cell(), "jacobian_rows");
    if all.shape() != [items * outputs, outputs] {
        uneven(leaf.shape(), all.shape());
    }
    let mut jacobian = Array3::zeros((items, outputs, inputs));
    if !all.is_tracked() {
        return jacobian;
    }
    // Copy k of a row is asked for the gradient of output k.
    let mut cotangent = Tensor::zeros(all.shape());
    for (copy, row) in cotangent.make_mut().chunks_exact_mut(outputs.max(1)).enumerate() {
        row[copy % outputs] = T::one();
    }
    let gradient = all.backward_with(&cotangent).wrt_or_zeros(&leaf);
    jacobian.iter_mut().zip(&gradient).for_each(|(entry, &g)| *entry = g);
    jacobian
}

#[track_caller]
fn uneven(a: &[usize], b: &[usize]) -> ! {
    mismatch("jacobian_rows", a, b, "the function must map [n, inputs] to [n, outputs] for any n")
}

/// The Hessian of a scalar function with respect to all elements of its inputs, one input after another, each in
/// row-major order. The gradient is recorded, and swept once for each of its elements.
///
/// ```
/// use autodiff::{Tensor, tensor};
/// use ndarray::array;
/// let (x, y) = (Tensor::constant(array![1.0, 2.0]), Tensor::scalar(3.0));
/// let h = tensor::hessian(|t| (t[0].square() * &t[1]).sum(), &[x, y]);
/// assert_eq!(h, array![[6.0, 0.0, 2.0], [0.0, 6.0, 4.0], [2.0, 4.0, 0.0]]);
/// ```
///
/// # Panics
/// If the result is not a scalar.
#[doc(alias = "jax.hessian")]
#[track_caller]
pub fn hessian<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Array2<T> {
    let (_tape, leaves, y) = run(f, inputs);
    y.refuse_unless_scalar("hessian");
    let n = leaves.iter().map(Tensor::len).sum();
    let mut hessian = Array2::zeros((n, n));
    if !y.is_tracked() {
        return hessian;
    }
    let mut row = 0;
    for slope in y.grad(&leaves) {
        for k in 0..slope.len() {
            if slope.is_tracked() {
                let gradients = slope.backward_with(&unit(slope.shape(), k));
                let second = leaves.iter().flat_map(|x| gradients.wrt_or_zeros(x));
                hessian.row_mut(row).iter_mut().zip(second).for_each(|(entry, g)| *entry = g);
            }
            row += 1;
        }
    }
    hessian
}

/// 1 at element `k` in row-major order, 0 elsewhere.
pub(crate) fn unit<T: Real>(shape: &[usize], k: usize) -> Tensor<T> {
    let mut unit = Tensor::zeros(shape);
    unit.make_mut()[k] = T::one();
    unit
}

/// The gradient of a scalar, an array for each leaf; 0 for what it does not depend on.
#[track_caller]
pub(crate) fn swept<T: Real>(y: &Tensor<T>, leaves: &[Tensor<T>]) -> Vec<ArrayD<T>> {
    y.refuse_unless_scalar("backward");
    pulled(y, &Tensor::ones(y.shape()), leaves)
}

/// The gradient of `Σ cotangent · y`, as [`swept`].
#[track_caller]
fn pulled<T: Real>(y: &Tensor<T>, cotangent: &Tensor<T>, leaves: &[Tensor<T>]) -> Vec<ArrayD<T>> {
    if !y.is_tracked() {
        return leaves.iter().map(|x| ArrayD::zeros(x.shape())).collect();
    }
    let gradients = y.backward_with(cotangent);
    leaves.iter().map(|x| gradients.wrt_or_zeros(x)).collect()
}

/// The function's result on leaves of a tape of its own. What it did not make of them is a constant.
#[track_caller]
fn run<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> (Tape<T>, Vec<Tensor<T>>, Tensor<T>) {
    let tape = Tape::of_function(inputs);
    let leaves: Vec<Tensor<T>> = inputs.iter().map(|x| tape.tensor(x.untracked())).collect();
    let y = f(&leaves).seen_from(tape.cell(), "derivative");
    (tape, leaves, y)
}

/// The derivative of a scalar along a direction for each leaf, recorded.
#[track_caller]
pub(super) fn directional<T: Real>(
    root: &Tensor<T>,
    leaves: &[Tensor<T>],
    directions: &[Tensor<T>],
    op: &'static str,
) -> Tensor<T> {
    count(op, directions.len(), leaves.len(), "one direction for each input");
    let pairs: Vec<_> = leaves.iter().zip(directions).collect();
    higher::directional(root.seed(op), &pairs, op, "a direction needs its input's shape")
}
