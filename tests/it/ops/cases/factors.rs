//! Linear systems and factorisations.

use autodiff::tensor::Triangle;
use autodiff::{Real, Tensor};

use super::{Case, case};

/// Far from singular.
fn regular<T: Real>(a: &Tensor<T>) -> Tensor<T> {
    a + identity(a.shape()[0]) * T::of(2.0)
}

fn identity<T: Real>(n: usize) -> Tensor<T> {
    Tensor::constant(ndarray::Array2::<f64>::eye(n).mapv(T::of))
}

/// Symmetric or not, its symmetric part is positive definite.
fn definite<T: Real>(a: &Tensor<T>) -> Tensor<T> {
    a + identity(a.shape()[0]) * T::of(4.0)
}

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    let solved = |x: autodiff::Result<Tensor<T>>| x.expect("a regular matrix");
    let right: &[&[&[usize]]] = &[&[&[3, 3], &[3]], &[&[3, 3], &[3, 2]], &[&[2, 2], &[2, 2]], &[&[0, 0], &[0, 2]], &[&[2, 2], &[2, 0]]];
    let alone: &[&[&[usize]]] = &[&[&[1, 1]], &[&[3, 3]], &[&[0, 0]]];
    vec![
        case("solve", right, move |t| solved(regular(&t[0]).solve(&t[1]))),
        case("inverse", alone, move |t| solved(regular(&t[0]).inverse())),
        case("det", alone, |t| regular(&t[0]).det()),
        // With an exchange of rows.
        case("det", &[&[&[3, 3]]], |t| regular(&t[0]).index_select(0, &[1, 0, 2]).det()),
        case("logdet", alone, move |t| solved(regular(&t[0]).logdet())),
        case("logdet", &[&[&[3, 3]]], move |t| solved(regular(&t[0]).index_select(0, &[1, 0, 2]).logdet())),
        case("cholesky", alone, move |t| solved(definite(&t[0]).cholesky())),
        case("solve_triangular", right, move |t| solved(regular(&t[0]).solve_triangular(&t[1], Triangle::Lower))),
        case("solve_triangular", right, move |t| solved(regular(&t[0]).solve_triangular(&t[1], Triangle::Upper))),
    ]
}
