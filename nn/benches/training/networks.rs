//! Networks beside multilayer perceptrons: W11 to W15.

use autodiff::{Tensor, elementwise, tensor::Pool};
use nn::{Activation, Conv2d, Element, Embedding, Flatten, Layer, LayerNorm, Linear, MaxPool2d, Mlp, Residual};
use nn::{Sequential, Visit, loss};

use crate::data::{labels, matrix, places, tensor, units, vector};
use crate::workloads::{Step, minimizing};

const RATE: f64 = 0.01;

/// A linear layer, with the streams of its weights and of its biases, and the bounds of either.
fn linear<T: Element>(inputs: usize, outputs: usize, streams: [u64; 2], limits: [f64; 2]) -> Linear<T> {
    Linear::from_weights(matrix(streams[0], outputs, inputs, limits[0]), vector(streams[1], outputs, limits[1]))
}

/// `√(gain / inputs)`.
fn limit(gain: f64, inputs: usize) -> f64 {
    (gain / inputs as f64).sqrt()
}

/// W11: two convolutions and a dense layer.
pub(crate) fn convolutional() -> Step {
    let convolution = |layer: u64, channels: usize, outputs: usize| {
        let weight = tensor(11_000 + layer, &[outputs, channels, 3, 3], limit(6.0, 9 * channels));
        Conv2d::<f32>::from_weights(weight, vector(11_100 + layer, outputs, 0.1))
    };
    let model = Sequential::new()
        .then(convolution(0, 1, 16))
        .then(Activation::Relu)
        .then(convolution(1, 16, 32))
        .then(Activation::Relu)
        .then(MaxPool2d(Pool::new(2)))
        .then(Flatten)
        .then(linear(4608, 10, [11_002, 11_102], [limit(6.0, 4608), 0.1]));
    let batch = (units::<f32>(11_200, &[32, 1, 28, 28]), labels(11_300, 32));
    minimizing(model, vec![batch], |model, (x, t)| loss::softmax_cross_entropy(&model.forward(x), t), RATE)
}

const HEADS: usize = 4;
const WIDTH: usize = 64;
const LENGTH: usize = 64;

/// Causal self-attention: each place of a sequence looks at itself and at those before it.
struct Attention {
    qkv: Linear<f32>,
    out: Linear<f32>,
    /// 0 where a place may look, and -inf elsewhere.
    mask: Tensor<f32>,
}

impl Layer<f32> for Attention {
    fn forward(&self, x: &Tensor<f32>) -> Tensor<f32> {
        let items = x.shape()[0];
        let apart = self.qkv.forward(x).reshape(&[items, LENGTH, 3, HEADS, WIDTH / HEADS]).permute(&[2, 0, 3, 1, 4]);
        let [q, k, v] = [0, 1, 2].map(|i| apart.narrow(0, i..i + 1).squeeze(0));
        let scores = (q * (WIDTH as f32 / HEADS as f32).sqrt().recip()).matmul(&k.mT()) + &self.mask;
        let seen = scores.softmax(3).matmul(&v);
        self.out.forward(&seen.permute(&[0, 2, 1, 3]).reshape(&[items, LENGTH, WIDTH]))
    }

    fn visit(&self, v: &mut Visit<'_, f32>) {
        v.layer("qkv", &self.qkv);
        v.layer("out", &self.out);
    }
}

/// W12: two blocks of attention and a perceptron, each after a layer norm and with a residual.
pub(crate) fn attention() -> Step {
    let mask = ndarray::Array2::from_shape_fn((LENGTH, LENGTH), |(i, j)| if j <= i { 0.0 } else { f32::NEG_INFINITY });
    let mask = Tensor::from(mask);
    let mut model = Sequential::new();
    for block in 0..2 {
        let layer = |k: u64, inputs, outputs| {
            let stream = 12_000 + 10 * block + k;
            linear(inputs, outputs, [stream, stream + 100], [limit(3.0, inputs), 0.1])
        };
        let attention = Attention { qkv: layer(0, WIDTH, 3 * WIDTH), out: layer(1, WIDTH, WIDTH), mask: mask.clone() };
        let norm = || LayerNorm::new(&[WIDTH]);
        let perceptron = Sequential::new().then(norm()).then(layer(2, WIDTH, 256)).then(Activation::Gelu);
        model = model
            .then(Residual::new(Sequential::new().then(norm()).then(attention)))
            .then(Residual::new(perceptron.then(layer(3, 256, WIDTH))));
    }
    let shape = [8, LENGTH, WIDTH];
    let batch = (tensor(12_200, &shape, 1.0), tensor(12_300, &shape, 0.5));
    minimizing(model, vec![batch], |model, (x, t)| loss::squared_error(&model.forward(x), t), RATE)
}

elementwise!(gate(a, b) => (a + b).sigmoid());
elementwise!(candidate(a, r, b) => (a + r * b).tanh());
elementwise!(mixed(z, n, h) => (1.0 - z) * n + z * h);

/// A gated recurrent unit, whose last state is its output; of the input, steps come first.
struct Gru {
    input: Linear<f32>,
    hidden: Linear<f32>,
}

impl Layer<f32> for Gru {
    fn forward(&self, x: &Tensor<f32>) -> Tensor<f32> {
        let &[steps, items, _] = x.shape() else { panic!("Gru: the input needs the axes steps, items, numbers") };
        let from_input = self.input.forward(x);
        let units = self.hidden.weight().value().shape()[1];
        let mut h = Tensor::zeros(&[items, units]);
        for step in 0..steps {
            let (a, b) = (from_input.narrow(0, step..step + 1).squeeze(0), self.hidden.forward(&h));
            let both = gate(&a.narrow(1, 0..2 * units), &b.narrow(1, 0..2 * units));
            let last = 2 * units..3 * units;
            let n = candidate(&a.narrow(1, last.clone()), &both.narrow(1, 0..units), &b.narrow(1, last));
            h = mixed(&both.narrow(1, units..2 * units), &n, &h);
        }
        h
    }

    fn visit(&self, v: &mut Visit<'_, f32>) {
        v.layer("input", &self.input);
        v.layer("hidden", &self.hidden);
    }
}

/// W13: a gated recurrent unit over 50 steps.
pub(crate) fn recurrent() -> Step {
    let (inputs, units) = (32, 64);
    let layer = |k: u64, inputs| linear(inputs, 3 * units, [13_000 + k, 13_100 + k], [0.125, 0.125]);
    let model = Gru { input: layer(0, inputs), hidden: layer(1, units) };
    let x = tensor::<f32>(13_200, &[16, 50, inputs], 1.0).permute(&[1, 0, 2]);
    let batch = (x.to_array().into(), matrix(13_300, 16, units, 0.5));
    minimizing(model, vec![batch], |model, (x, t)| loss::squared_error(&model.forward(x), t), RATE)
}

/// Tables of two kinds of things.
struct Factors {
    users: Embedding<f32>,
    items: Embedding<f32>,
}

impl Layer<f32> for Factors {
    /// Rows of a user and an item each, to their products.
    fn forward(&self, x: &Tensor<f32>) -> Tensor<f32> {
        let column = |k| x.narrow(1, k..k + 1).squeeze(1);
        (self.users.forward(&column(0)) * self.items.forward(&column(1))).sum_axes(&[1], false)
    }

    fn visit(&self, v: &mut Visit<'_, f32>) {
        v.layer("users", &self.users);
        v.layer("items", &self.items);
    }
}

/// W14: matrix factorisation.
pub(crate) fn factorisation() -> Step {
    const BATCH: usize = 256;
    let table = |stream, rows| Embedding::from_weights(matrix(stream, rows, 16, 0.5));
    let model = Factors { users: table(14_000, 10_000), items: table(14_001, 1000) };
    let (users, items) = (places(14_200, 32 * BATCH, 10_000), places(14_300, 32 * BATCH, 1000));
    let ratings: Tensor<f32> = vector(14_400, 32 * BATCH, 2.0);
    let batch = |k: usize| {
        let range = k * BATCH..(k + 1) * BATCH;
        let pair = |(&user, &item): (&usize, &usize)| [user as f32, item as f32];
        let pairs: Vec<[f32; 2]> = users[range.clone()].iter().zip(&items[range.clone()]).map(pair).collect();
        (Tensor::from(ndarray::arr2(&pairs)), ratings.narrow(0, range))
    };
    let batches = (0..32).map(batch).collect();
    minimizing(model, batches, |model, (x, t)| loss::squared_error(&model.forward(x), t), RATE)
}

/// W15: a network that is to solve `u'' + u = 0` with `u(0) = 0`, `u'(0) = 1`.
pub(crate) fn physics() -> Step {
    let widths = [1, 32, 32, 1];
    let layer = |l: usize| {
        let (inputs, stream) = (widths[l], 15_000 + l as u64);
        let linear = linear(inputs, widths[l + 1], [stream, stream + 100], [limit(3.0, inputs), 0.1]);
        (linear, if l == 2 { Activation::Identity } else { Activation::Tanh })
    };
    let model = Mlp::<f64>::from_layers((0..3).map(layer).collect());
    let x = ndarray::Array2::from_shape_fn((128, 1), |(k, _)| k as f64 * std::f64::consts::PI / 127.0);
    let objective = |model: &Mlp<f64>, x: &Tensor<f64>| {
        let x = nn::track(model, x);
        let u = model.forward(&x);
        let slope = u.sum().grad(&[&x]).remove(0);
        let bend = slope.sum().grad(&[&x]).remove(0);
        let first = |y: &Tensor<f64>| y.narrow(0, 0..1);
        (bend + &u).square().mean() + (first(&u).square() + (first(&slope) - 1.0).square()).sum()
    };
    minimizing(model, vec![x.into()], objective, RATE)
}
