//! Linear systems and factorisations.

use autodiff::tensor::Triangle;
use autodiff::{Real, Tensor};

use super::super::case::Domain;
use super::{Case, case};

/// Far from singular.
fn regular<T: Real>(a: &Tensor<T>) -> Tensor<T> {
    a + identity(a.shape()[a.ndim() - 1]) * T::of(2.0)
}

fn identity<T: Real>(n: usize) -> Tensor<T> {
    Tensor::constant(ndarray::Array2::<f64>::eye(n).mapv(T::of))
}

/// Symmetric or not, its symmetric part is positive definite.
fn definite<T: Real>(a: &Tensor<T>) -> Tensor<T> {
    a + identity(a.shape()[a.ndim() - 1]) * T::of(4.0)
}

/// Of low rank, with a third operand that is 0 where the derivatives are taken.
fn deficient<T: Real>(t: &[Tensor<T>]) -> Tensor<T> {
    t[0].matmul(&t[1]) + &t[2]
}

pub(crate) fn cases<T: Real>() -> Vec<Case<T>> {
    let solved = |x: autodiff::Result<Tensor<T>>| x.expect("a regular matrix");
    let right: &[&[&[usize]]] = &[&[&[3, 3], &[3]], &[&[3, 3], &[3, 2]], &[&[2, 2], &[2, 2]], &[&[0, 0], &[0, 2]], &[&[2, 2], &[2, 0]]];
    let alone: &[&[&[usize]]] = &[&[&[1, 1]], &[&[3, 3]], &[&[0, 0]]];
    // Vectors, one for all and one for each; matrices, one for all and many for one; and all of it stretched.
    let several: &[&[&[usize]]] = &[
        &[&[2, 3, 3], &[3]],
        &[&[2, 3, 3], &[2, 3]],
        &[&[2, 2, 2], &[2, 2]],
        &[&[2, 3, 3], &[3, 2]],
        &[&[3, 3], &[2, 3, 2]],
        &[&[2, 1, 2, 2], &[3, 2, 1]],
        &[&[0, 2, 2], &[0, 2, 1]],
    ];
    let stacks: &[&[&[usize]]] = &[&[&[2, 3, 3]], &[&[2, 1, 2, 2]], &[&[0, 2, 2]], &[&[2, 0, 0]]];
    let nothing = Domain::Between(0.0, 0.0);
    let ranks: &[&[&[usize]]] = &[
        &[&[2, 1], &[1, 2], &[2, 2]],
        &[&[3, 2], &[2, 3], &[3, 3]],
        &[&[3, 1], &[1, 3], &[3, 3]],
        &[&[4, 2], &[2, 4], &[4, 4]],
        &[&[4, 1], &[1, 4], &[4, 4]],
        &[&[2, 3, 2], &[2, 2, 3], &[2, 3, 3]],
    ];
    let half_regular = |t: &[Tensor<T>]| {
        let added = Tensor::stack(&[&Tensor::zeros(&[3, 3]), &identity(3)], 0);
        (deficient(t) + added).det()
    };
    vec![
        case("solve", right, move |t| solved(regular(&t[0]).solve(&t[1]))),
        case("inverse", alone, move |t| solved(regular(&t[0]).inverse())),
        case("det", alone, |t| regular(&t[0]).det()),
        // With an exchange of rows.
        case("det", &[&[&[3, 3]]], |t| regular(&t[0]).index_select(0, &[1, 0, 2]).det()),
        case("det", ranks, |t| deficient(t).det()).domains(&[Domain::Between(0.3, 1.4), Domain::Between(0.4, 1.5), nothing]),
        case("det", &[&[&[2, 3, 2], &[2, 2, 3], &[2, 3, 3]]], half_regular)
            .domains(&[Domain::Between(0.3, 1.4), Domain::Between(0.4, 1.5), nothing]),
        case("logdet", alone, move |t| solved(regular(&t[0]).logdet())),
        case("logdet", &[&[&[3, 3]]], move |t| solved(regular(&t[0]).index_select(0, &[1, 0, 2]).logdet())),
        case("cholesky", alone, move |t| solved(definite(&t[0]).cholesky())),
        case("solve_triangular", right, move |t| solved(regular(&t[0]).solve_triangular(&t[1], Triangle::Lower))),
        case("solve_triangular", right, move |t| solved(regular(&t[0]).solve_triangular(&t[1], Triangle::Upper))),
        case("solve", several, move |t| solved(regular(&t[0]).solve(&t[1]))),
        case("inverse", stacks, move |t| solved(regular(&t[0]).inverse())),
        case("det", stacks, |t| regular(&t[0]).det()),
        case("logdet", stacks, move |t| solved(regular(&t[0]).logdet())),
        case("cholesky", stacks, move |t| solved(definite(&t[0]).cholesky())),
        case("solve_triangular", several, move |t| solved(regular(&t[0]).solve_triangular(&t[1], Triangle::Lower))),
        case("solve_triangular", several, move |t| solved(regular(&t[0]).solve_triangular(&t[1], Triangle::Upper))),
    ]
}
