//! Programs that differentiate: their gradients are derivatives of derivatives, and their Hessians of a third order.

use autodiff::tensor::Conv;

use super::{Program, T, identity};

fn scorer(x: &T, w: &T, b: &T, v: &T) -> T {
    x.linear(w, b).tanh().matmul(v)
}

pub(super) const PROGRAMS: &[Program] = &[
    ("gradient_penalty", |tape, t| {
        let y = scorer(&t[0], &t[1], &t[2], &t[3]);
        let g = &tape.grad(y.sum(), &[&t[0]])[0];
        (g.square().sum_axis(1).sqrt() - 1.0).square().mean() + y.mean()
    }),
    ("curvature_along", |tape, t| {
        let (w, d) = (&t[1], &t[4]);
        let y = scorer(&t[0], w, &t[2], &t[3]).square().mean();
        let slope = (&tape.grad(&y, &[w])[0] * d).sum();
        (&tape.grad(&slope, &[w])[0] * d).sum()
    }),
    ("unrolled_descent", |tape, t| {
        let w = (0..3).fold(t[2].clone(), |w, _| {
            let loss = (t[0].matmul(&w).tanh() - &t[1]).square().mean();
            &w - 0.5 * &tape.grad(&loss, &[&w])[0]
        });
        (t[3].matmul(&w) - &t[4]).square().mean()
    }),
    ("contractive", |tape, t| {
        let y = t[0].linear(&t[1], &t[2]).sigmoid();
        let row = |k: usize| tape.grad(y.narrow(1, k..k + 1).sum(), &[&t[0]])[0].square().sum();
        (1..5).fold(row(0), |sum, k| sum + row(k))
    }),
    ("conv_gradient_norm", |tape, t| {
        let y = t[0].conv2d(&t[1], None, Conv::new().padding(1)).tanh().square().sum();
        tape.grad(&y, &[&t[0]])[0].square().sum()
    }),
    ("curvature_of_logdet", |tape, t| {
        let m = t[0].matmul(&t[0].transpose()) + identity(3);
        let quadratic = t[1].dot(&m.solve(&t[1]).expect("regular"));
        let y = m.logdet().expect("regular") + quadratic;
        tape.grad(&y, &[&m])[0].square().sum()
    }),
];
