//! Linear algebra and statistics.

use autodiff::tensor::Triangle;
use autodiff::{Result, Tensor};

use super::{Program, T, alternating, hot, identity};

fn sure(result: Result<T>) -> T {
    result.expect("a regular matrix")
}

fn trace(a: &T) -> T {
    Tensor::einsum("ii->", &[a])
}

/// `A Aᵀ + c I`.
fn gram(a: &T, c: f64) -> T {
    a.matmul(&a.transpose()) + identity(a.shape()[0]) * c
}

/// A Gaussian process' covariance.
fn kernel(x: &T, length: &T, noise: &T) -> T {
    let d = (x.expand(1) - x.expand(0)).square().sum_axis(2);
    (d * -0.5 / (length * 2.0).exp()).exp() + noise.exp() * identity(x.shape()[0])
}

pub(super) const PROGRAMS: &[Program] = &[
    ("gaussian_process_cholesky", |_, t| {
        let l = sure(kernel(&t[0], &t[2], &t[3]).cholesky());
        let z = sure(l.solve_triangular(&t[1], Triangle::Lower));
        0.5 * z.dot(&z) + Tensor::einsum("ii->i", &[&l]).ln().sum()
    }),
    ("gaussian_process_solve", |_, t| {
        let k = kernel(&t[0], &t[2], &t[3]);
        0.5 * t[1].dot(&sure(k.solve(&t[1]))) + 0.5 * sure(k.logdet())
    }),
    ("mahalanobis", |_, t| t[1].matmul(&sure(gram(&t[0], 1.0).inverse())).dot(&t[1])),
    ("determinant", |_, t| (identity(4) + 0.3 * &t[0]).det().square()),
    ("logdet_and_trace", |_, t| {
        let m = &t[0] + identity(4) * 3.0;
        sure(m.logdet()) + trace(&sure(m.solve(&t[0])))
    }),
    ("whitening", |_, t| {
        let l = sure(gram(&t[0], 2.0).cholesky());
        sure(l.solve_triangular(&t[1], Triangle::Lower)).tanh().sum() + l.square().sum()
    }),
    ("kalman_update", |_, t| {
        let (h, x, p) = (&t[1], &t[2], gram(&t[0], 1.0));
        let s = h.matmul(&p).matmul(&h.transpose()) + identity(2) * 0.5;
        let gain = sure(s.solve(&h.matmul(&p))).transpose();
        let r = &t[3] - h.matmul(x);
        let q = &p - gain.matmul(h).matmul(&p);
        let fit = 0.5 * r.dot(&sure(s.solve(&r))) + sure(s.logdet());
        (x + gain.matmul(&r)).square().sum() + trace(&q) + fit
    }),
    ("ridge_validation", |_, t| {
        let (x, turned) = (&t[0], t[0].transpose());
        let normal = turned.matmul(x) + t[4].exp() * identity(3);
        let w = sure(normal.solve(&turned.matmul(&t[1])));
        (t[2].matmul(&w) - &t[3]).square().mean()
    }),
    ("softmax_regression", |_, t| {
        t[0].linear(&t[1], &t[2]).softmax_cross_entropy(&hot(8, 3), 1).mean() + 0.01 * t[1].square().sum()
    }),
    ("logistic_regression", |_, t| (t[0].matmul(&t[1]) + &t[2]).bce_with_logits(&alternating(&[8])).sum()),
    ("poisson_regression", |_, t| {
        let eta = t[0].matmul(&t[1]);
        (eta.exp() - &t[2] * &eta).mean()
    }),
    ("mixture_nll", |_, t| {
        let z = (t[0].expand(1) - &t[2]) / t[3].exp();
        -(t[1].log_softmax(0) - 0.5 * z.square() - &t[3]).logsumexp(1).sum()
    }),
    ("logsumexp_pyramid", |_, t| ((3.0 * &t[0]).logsumexp(1) * t[0].narrow(1, 0..1).squeeze(1)).logsumexp(0)),
    ("softmax_extremes", |_, t| {
        let sign = t[0].mask(|x| x > 0.0) * 2.0 - 1.0;
        (sign * 1e4 + &t[0]).softmax_cross_entropy(&hot(6, 5), 1).mean()
            + (50.0 * &t[1]).bce_with_logits(&alternating(&[6])).mean()
    }),
];
