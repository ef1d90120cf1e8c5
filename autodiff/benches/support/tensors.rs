//! The workloads in tensor form, where they have one: whole vectors at a time, vector functions, one pass for each formula.

use autodiff::{Tensor, elementwise};

type T = Tensor<f64>;

elementwise!(rosen_term(x, y) => 100.0 * (y - x * x).square() + (1.0 - x).square());
elementwise!(sinexp_term(x, y) => x.sin() * y.exp() + (1.0 + x * x).ln());
elementwise!(deviation(x, mu, sigma) => ((x - mu) / sigma).square());

/// All elements but the last, and all but the first.
fn neighbours(x: &T) -> [T; 2] {
    let n = x.len();
    [x.narrow(0, 0..n - 1), x.narrow(0, 1..n)]
}

/// See `workloads`; so for the others.
pub(crate) fn speel(x: &T) -> T {
    x.prod()
}

pub(crate) fn rosen(x: &T) -> T {
    let [x, y] = neighbours(x);
    rosen_term(&x, &y).sum()
}

pub(crate) fn sinexp(x: &T) -> T {
    let [x, y] = neighbours(x);
    sinexp_term(&x, &y).sum()
}

pub(crate) fn lse(x: &T) -> T {
    x.logsumexp(0)
}

pub(crate) fn normal(x: &T) -> T {
    let n = x.len() - 2;
    let [data, mu, sigma] = [x.narrow(0, 0..n), x.narrow(0, n..n + 1), x.narrow(0, n + 1..n + 2)];
    let constant = 0.5 * (2.0 * std::f64::consts::PI).ln();
    -(deviation(&data, &mu, &sigma).sum() * 0.5 + (sigma.ln() + constant).sum() * n as f64)
}

pub(crate) fn mlp(p: &T, input: &T) -> T {
    let [w1, b1, w2, b2] = [0..4096, 4096..4160, 4160..4224, 4224..4225].map(|range| p.narrow(0, range));
    let hidden = (w1.reshape(&[64, 64]).matmul(input) + b1).tanh();
    (b2.sum() + hidden.dot(&w2) - 0.5).square()
}
