//! nalgebra's matrices of numbers, duals and variables: in, out, products and decompositions.

use autodiff::interop::nalgebra::{array, matrix, send};
use autodiff::{Dual, Tape, Tensor, Var, grad, jacobian};
use nalgebra::{DMatrix, DVector, Matrix2};

#[test]
fn goes_in_and_out() -> autodiff::Result<()> {
    let m = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(matrix(&array(&m)), m);
    let tape = Tape::new();
    let x = tape.tensor(&m);
    let gradient = Tensor::constant(x.square().sum().backward().wrt(&x).clone());
    assert_eq!(DMatrix::try_from(&gradient)?, 2.0 * &m);
    Ok(())
}

#[test]
fn multiplies_duals_and_variables() {
    let m = DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let x = DVector::from_vec(vec![Dual::variable(1.0), Dual::constant(2.0), Dual::constant(3.0)]);
    let y: DVector<Dual<f64>> = m.map(Dual::constant) * x;
    assert_eq!([y[0].tangent()[0], y[1].tangent()[0]], [1.0, 4.0]);
    let product = |x: &[Var<f64>]| (m.map(Var::constant) * DVector::from_column_slice(x)).as_slice().to_vec();
    assert_eq!(jacobian(product, &[1.0, 2.0, 3.0]), array(&m));
}

#[test]
fn decomposes() {
    let det = |x: &[Var<f64>]| send(&Matrix2::from_row_slice(x)).determinant().var();
    assert_eq!(grad(det, &[1.0, 2.0, 3.0, 4.0]), [4.0, -3.0, -2.0, 1.0]);
    // The eigenvalues 1 and 3 of [[2, 1], [1, 2]] move by half of what is added at the top left.
    let m = Matrix2::new(Dual::variable(2.0), Dual::constant(1.0), Dual::constant(1.0), Dual::constant(2.0));
    let values: Matrix2<Dual<f64>> = Matrix2::from_diagonal(&m.symmetric_eigenvalues());
    assert!((0..2).all(|i| (values[(i, i)].tangent()[0] - 0.5).abs() < 1e-12));
}
