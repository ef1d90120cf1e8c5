//! Derivatives of functions written as closures on tensors.

use ndarray::{Array2, ArrayD};

use super::Tensor;
use crate::error::{Error, Kind};
use crate::gradients::Gradients;
use crate::{Real, Tape};

/// The gradient of a scalar function of tensors, an array for each input.
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
/// # Panics
/// If the result is not a scalar, or if it does not depend on one of the inputs.
#[track_caller]
pub fn grad<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Vec<ArrayD<T>> {
    value_and_grad(f, inputs).1
}

/// The value of a scalar function of tensors and its gradient.
///
/// # Panics
/// As [`grad`].
#[track_caller]
pub fn value_and_grad<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> (T, Vec<ArrayD<T>>) {
    let (_tape, leaves) = leaves(inputs);
    let y = f(&leaves);
    let gradients = y.backward();
    // Not in a closure: a panic is to point at the caller.
    let mut arrays = Vec::with_capacity(leaves.len());
    for x in &leaves {
        arrays.push(gradients.wrt(x));
    }
    (y.item(), arrays)
}

/// The vector-Jacobian product: the gradient of `Σ cotangent · f`, an array for each input; 0 for an input that `f` does
/// not depend on.
///
/// # Panics
/// If the cotangent has not the result's shape.
#[track_caller]
pub fn vjp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    cotangent: &Tensor<T>,
) -> Vec<ArrayD<T>> {
    let (_tape, leaves) = leaves(inputs);
    let gradients = f(&leaves).backward_with(cotangent);
    leaves.iter().map(|x| found(&gradients, x)).collect()
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
#[track_caller]
pub fn jvp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    directions: &[Tensor<T>],
) -> ArrayD<T> {
    let (tape, leaves) = leaves(inputs);
    let y = f(&leaves);
    let cotangent = tape.tensor(Tensor::zeros(y.shape()));
    let along = inner(&tape.grad((&y * &cotangent).sum(), &leaves), directions, "jvp");
    if !along.is_tracked() {
        return ArrayD::zeros(y.shape());
    }
    found(&along.backward(), &cotangent)
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
#[track_caller]
pub fn hvp<T: Real>(
    f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
    inputs: &[Tensor<T>],
    directions: &[Tensor<T>],
) -> Vec<ArrayD<T>> {
    let (tape, leaves) = leaves(inputs);
    let along = inner(&tape.grad(f(&leaves), &leaves), directions, "hvp");
    if !along.is_tracked() {
        return leaves.iter().map(|x| ArrayD::zeros(x.shape())).collect();
    }
    let gradients = along.backward();
    leaves.iter().map(|x| found(&gradients, x)).collect()
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
pub fn jacobian<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Vec<Array2<T>> {
    let (_tape, leaves) = leaves(inputs);
    let y = f(&leaves);
    let mut jacobians: Vec<Array2<T>> = leaves.iter().map(|x| Array2::zeros((y.len(), x.len()))).collect();
    for k in 0..if y.is_tracked() { y.len() } else { 0 } {
        let mut unit = Tensor::zeros(y.shape());
        unit.make_mut()[k] = T::one();
        let gradients = y.backward_with(&unit);
        for (jacobian, x) in jacobians.iter_mut().zip(&leaves) {
            if let Some(gradient) = gradients.get(x) {
                jacobian.row_mut(k).iter_mut().zip(&gradient).for_each(|(entry, &g)| *entry = g);
            }
        }
    }
    jacobians
}

fn leaves<T: Real>(inputs: &[Tensor<T>]) -> (Tape<T>, Vec<Tensor<T>>) {
    let tape = Tape::new();
    let leaves = inputs.iter().map(|x| tape.tensor(x.detach())).collect();
    (tape, leaves)
}

fn found<T: Real>(gradients: &Gradients<T>, x: &Tensor<T>) -> ArrayD<T> {
    gradients.get(x).unwrap_or_else(|| ArrayD::zeros(x.shape()))
}

/// `Σ a · b` over lists of tensors.
#[track_caller]
fn inner<T: Real>(gradients: &[Tensor<T>], directions: &[Tensor<T>], op: &'static str) -> Tensor<T> {
    if gradients.len() != directions.len() {
        let why = "one direction for each input";
        Error::from(Kind::Count { op, got: directions.len(), want: gradients.len(), why }).raise();
    }
    let terms = gradients.iter().zip(directions).map(|(g, v)| {
        if g.shape() != v.shape() {
            let (a, b) = (g.shape().to_vec(), v.shape().to_vec());
            Error::from(Kind::Shapes { op: op.into(), a, b, rule: "a direction needs its input's shape" }).raise();
        }
        (g * v).sum()
    });
    terms.reduce(|sum, term| sum + term).unwrap_or_else(|| Tensor::scalar(T::zero()))
}
