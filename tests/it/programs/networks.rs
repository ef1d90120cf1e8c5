//! Layers, attention, recurrence.

use autodiff::Tensor;
use ndarray::s;

use super::{Program, T, alternating, hot};

/// Less the mean, divided by the standard deviation, along some axes.
fn layer_norm(x: &T, axes: &[usize]) -> T {
    let d = x - x.mean_axes(axes, true);
    &d / (d.square().mean_axes(axes, true) + 1e-5).sqrt()
}

pub(super) const PROGRAMS: &[Program] = &[
    ("mlp_tanh", |_, t| t[0].linear(&t[1], &t[2]).tanh().linear(&t[3], &t[4]).square().mean()),
    ("mlp_relu_cross_entropy", |_, t| {
        t[0].linear(&t[1], &t[2]).relu().linear(&t[3], &t[4]).softmax_cross_entropy(&hot(6, 3), 1).mean()
    }),
    ("mlp_softplus_bce", |_, t| {
        let logits = t[0].linear(&t[1], &t[2]).softplus().linear(&t[3], &t[4]);
        logits.bce_with_logits(&alternating(&[6, 1])).mean()
    }),
    ("deep_shared_sigmoid", |_, t| {
        let h = (0..6).fold(t[0].clone(), |h, _| h.linear(&t[1], &t[2]).sigmoid());
        (&h * &h).sum()
    }),
    ("linear_leading_axes", |_, t| t[0].linear(&t[1], &t[2]).sin().sum()),
    ("residual_layer_norm", |_, t| {
        let h = &t[0] + t[0].matmul(&t[1]).tanh();
        let first = layer_norm(&t[0], &[1]).slice(s![0, 0]);
        (layer_norm(&h, &[1]) * &t[2] + &t[3]).square().sum() + first
    }),
    ("batch_norm", |_, t| {
        let each = |x: &T| x.reshape(&[2, 1, 1]);
        (layer_norm(&t[0], &[0, 2, 3]) * each(&t[1]) + each(&t[2])).powi(3).mean()
    }),
    ("rms_norm", |_, t| {
        let root = (t[0].square().mean_axes(&[1], true) + 1e-6).sqrt();
        (&t[0] / root * &t[1]).tanh().sum()
    }),
    ("attention", |_, t| {
        let [q, k, v] = [1, 2, 3].map(|i| t[0].matmul(&t[i]));
        let p = (q.matmul(&k.transpose()) / 2.0).softmax(1);
        (&t[0] * p.matmul(&v)).sum()
    }),
    ("causal_heads", |_, t| {
        let all = t[0].linear(&t[1], &t[2]).reshape(&[2, 5, 3, 2, 4]).permute(&[2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|i| all.narrow(0, i..i + 1).squeeze(0));
        let scores = q.matmul(&k.permute(&[0, 1, 3, 2])) / 2.0;
        let past = Tensor::constant(ndarray::Array2::from_shape_fn((5, 5), |(i, j)| f64::from(u8::from(j <= i))));
        let p = Tensor::select(&past, &scores, f64::NEG_INFINITY).softmax(3);
        let y = p.matmul(&v).permute(&[0, 2, 1, 3]).reshape(&[2, 5, 8]);
        y.linear(&t[3], &t[4]).square().mean()
    }),
    ("attention_einsum", |_, t| {
        let p = Tensor::einsum("bhqd,bhkd->bhqk", &[&t[0], &t[1]]).softmax(3);
        Tensor::einsum("bhqk,bhkd->bqhd", &[&p, &t[2]]).sin().sum()
    }),
    ("rnn", |_, t| {
        let h = (0..5).fold(Tensor::zeros(&[4]), |h, step| {
            (t[1].matmul(&t[0].slice(s![step, ..])) + t[2].matmul(&h) + &t[3]).tanh()
        });
        (&h * &h).sum()
    }),
    ("lstm", |_, t| {
        let zero = Tensor::zeros(&[2, 3]);
        let (h, c) = (0..4).fold((zero.clone(), zero), |(h, c), step| {
            let gates = t[0].slice(s![step, .., ..]).linear(&t[1], &t[3]) + h.matmul(&t[2].transpose());
            let [i, f, o, g] = [0, 3, 6, 9].map(|k| gates.narrow(1, k..k + 3));
            let c = f.sigmoid() * c + i.sigmoid() * g.tanh();
            (o.sigmoid() * c.tanh(), c)
        });
        (h * c).sum()
    }),
    ("embedding_pool", |_, t| {
        let rows = t[0].index_select(0, &[0, 2, 2, 4]);
        rows.matmul(&t[1]).softmax(0).matmul(&rows).matmul(&t[2]).square().sum()
    }),
];
