//! faer solves, and the gradients are the implicit function theorem's.

use autodiff::{Tape, Tensor, Var, implicit, jacobian};
use faer::{Mat, prelude::Solve};
use ndarray::{Array2, ArrayView2, array};

fn matrix(a: &ArrayView2<f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, k| a[[i, k]])
}

fn array(a: &Mat<f64>) -> Array2<f64> {
    Array2::from_shape_fn((a.nrows(), a.ncols()), |(i, k)| a[(i, k)])
}

/// The solution `X` of `A X = B`.
fn solve(a: &Tensor<f64>, b: &Tensor<f64>) -> autodiff::Result<Tensor<f64>> {
    let two = |t: &Tensor<f64>| matrix(&t.view().into_dimensionality().expect("two axes"));
    let x = two(a).partial_piv_lu().solve(two(b));
    implicit::root(|x, p| p[0].matmul(x) - &p[1], array(&x), &[a, b])
}

#[test]
fn solves_with_gradients() -> autodiff::Result<()> {
    let tape = Tape::new();
    let (a, b) = (tape.tensor(array![[4.0, 1.0], [2.0, 3.0]]), tape.tensor(array![[9.0], [13.0]]));
    let x = solve(&a, &b)?;
    let gradient = x.sum().backward();
    // X is (1.4, 3.4); for B the gradient is λ = A⁻ᵀ 1 = (0.1, 0.3), and for A it is -λ Xᵀ.
    let close = |t: &Tensor<f64>, u: [f64; 4]| t.view().iter().zip(u).all(|(t, u)| (t - u).abs() < 1e-14);
    assert!(close(&x, [1.4, 3.4, 0.0, 0.0]) && close(&Tensor::from(gradient.wrt(&b).clone()), [0.1, 0.3, 0.0, 0.0]));
    assert!(close(&Tensor::from(gradient.wrt(&a).clone()), [-0.14, -0.34, -0.42, -1.02]));
    Ok(())
}

#[test]
fn multiplies_variables() {
    let a = Mat::from_fn(2, 3, |i, k| (3 * i + k) as f64);
    let product = |x: &[Var<f64>]| (0..2).map(|i| (0..3).map(|k| x[k] * a[(i, k)]).sum()).collect::<Vec<Var<f64>>>();
    assert_eq!(jacobian(product, &[1.0, 2.0, 3.0]), array(&a));
}
