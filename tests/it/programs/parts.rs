//! Contractions, broadcasting, parts.

use autodiff::Tensor;
use ndarray::s;

use super::{Program, T};

pub(super) const PROGRAMS: &[Program] = &[
    ("einsum_bilinear", |_, t| Tensor::einsum("bi,ijk,bj->bk", &[&t[0], &t[1], &t[2]]).tanh().sum()),
    ("einsum_diagonals", |_, t| {
        let (a, b) = (&t[0], &t[1]);
        let second = Tensor::einsum("ij,jj->i", &[a, b]).slice(s![1]).square();
        Tensor::einsum("ij,ji->", &[a, b]).sin() + Tensor::einsum("ii->i", &[a]).powi(3).sum() + second
    }),
    ("einsum_tensor_train", |_, t| Tensor::einsum("iaj,jbk,kci->abc", &[&t[0], &t[1], &t[2]]).exp().sum()),
    ("einsum_ellipsis", |_, t| Tensor::einsum("...ij,...jk,k->...i", &[&t[0], &t[1], &t[2]]).cos().sum()),
    ("matmul_broadcast", |_, t| t[0].matmul(&t[1]).sin().sum() + t[0].permute(&[0, 2, 1]).matmul(&t[0]).sum()),
    ("broadcast_chain", |_, t| {
        let (a, b, c) = (&t[0], &t[1], &t[2]);
        ((-a.square()).exp() * b + c.sin() / (b.square() + 1.0) - a * b.ln()).sum()
    }),
    ("elementary_chain", |_, t| {
        let x = &t[0];
        let y = x.exp_m1().ln_1p() * x.atan() + x.sinh() / (2.0 * x).cosh();
        (y + x.asin() - x.atanh() * x.tan() + x.erf()).sum()
    }),
    ("powers", |_, t| {
        let (x, y) = (&t[0], &t[1]);
        (x.powf(y) + x.hypot(y) * y.atan2(x) + x.sqrt() / y).mean()
    }),
    ("huber_and_clamp", |_, t| {
        let r = 3.0 * (&t[0] - &t[1]);
        let small = r.mask(|r| r.abs() < 1.0);
        Tensor::select(&small, &(0.5 * r.square()), &(r.abs() - 0.5)).sum()
            + (&t[0] * &t[1]).clamp(-0.3, 0.4).square().sum()
    }),
    ("smoothness", |_, t| {
        let steps = |x: &T, axis: usize, by: usize| {
            let len = x.shape()[axis];
            x.narrow(axis, by..len) - x.narrow(axis, 0..len - by)
        };
        let d = steps(&t[0], 0, 1);
        d.square().sum() + steps(&d, 0, 1).square().sum() + steps(&t[0], 1, 2).abs().sum().square()
    }),
    ("concat_and_stack", |_, t| {
        let whole = Tensor::concat(&[&t[0], &t[1], &t[0].slice(s![..;-1, ..])], 0);
        whole.matmul(&Tensor::stack(&[&t[2], &t[2].square()], 1)).sin().sum()
    }),
    ("runge_kutta", |_, t| {
        let f = |x: &T| t[1].matmul(x).tanh() - 0.1 * x.powi(3);
        let x = (0..4).fold(t[0].clone(), |x, _| {
            let k1 = f(&x);
            let k2 = f(&(&x + 0.05 * &k1));
            let k3 = f(&(&x + 0.05 * &k2));
            let k4 = f(&(&x + 0.1 * &k3));
            &x + (k1 + 2.0 * k2 + 2.0 * k3 + k4) * (0.1 / 6.0)
        });
        x.square().sum()
    }),
];
