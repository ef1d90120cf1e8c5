//! Weights, inputs and targets, the same in every program that is compared: numbers by their place in a stream.
//!
//! Streams are numbered 1000 · workload + 100 · kind + layer.

use autodiff::Tensor;
use ndarray::{Array1, Array2, ArrayD};
use nn::{Activation, Element, Linear, Mlp, loss};

/// The splitmix64 mix of position `i` in stream `s`.
fn hash(s: u64, i: usize) -> u64 {
    let mut z = (s << 32).wrapping_add(i as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// In [0, 1).
fn unit(s: u64, i: usize) -> f64 {
    (hash(s, i) >> 40) as f64 * 2f64.powi(-24)
}

/// In [-1, 1).
fn symmetric(s: u64, i: usize) -> f64 {
    2.0 * unit(s, i) - 1.0
}

fn number<T: Element>(x: f64) -> T {
    // All workloads start from f32 values.
    T::of(f64::from(x as f32))
}

/// `rows × cols` numbers of `[-scale, scale)`.
pub(crate) fn matrix<T: Element>(s: u64, rows: usize, cols: usize, scale: f64) -> Tensor<T> {
    Array2::from_shape_fn((rows, cols), |(i, j)| number(scale * symmetric(s, i * cols + j))).into()
}

/// `n` numbers of `[-scale, scale)`.
pub(crate) fn vector<T: Element>(s: u64, n: usize, scale: f64) -> Tensor<T> {
    Array1::from_shape_fn(n, |j| number(scale * symmetric(s, j))).into()
}

/// Numbers by their place in row-major order.
fn by_place<T: Element>(shape: &[usize], mut f: impl FnMut(usize) -> f64) -> Tensor<T> {
    let flat = (0..shape.iter().product()).map(|i| number(f(i))).collect();
    ArrayD::from_shape_vec(shape, flat).expect("as many numbers").into()
}

/// Numbers of `[-scale, scale)`, of any shape.
pub(crate) fn tensor<T: Element>(s: u64, shape: &[usize], scale: f64) -> Tensor<T> {
    by_place(shape, |i| scale * symmetric(s, i))
}

/// Numbers of `[0, 1)`, of any shape.
pub(crate) fn units<T: Element>(s: u64, shape: &[usize]) -> Tensor<T> {
    by_place(shape, |i| unit(s, i))
}

/// `n` whole numbers below `count`.
pub(crate) fn places(s: u64, n: usize, count: usize) -> Vec<usize> {
    (0..n).map(|i| (hash(s, i) >> 40) as usize % count).collect()
}

/// One-hot targets of ten classes.
pub(crate) fn labels<T: Element>(s: u64, items: usize) -> Tensor<T> {
    loss::one_hot::<T>(&places(s, items, 10), 10).expect("labels below 10").into()
}

/// `n` signs.
pub(crate) fn signs(s: u64, n: usize) -> Tensor<f32> {
    Array1::from_shape_fn(n, |i| if hash(s, i) >> 63 == 1 { 1.0 } else { -1.0 }).into()
}

/// A weight matrix: the streams are laid out inputs × outputs, the layers want outputs × inputs.
pub(crate) fn weight<T: Element>(s: u64, inputs: usize, outputs: usize, limit: f64) -> Tensor<T> {
    Array2::from_shape_fn((outputs, inputs), |(j, i)| number::<T>(symmetric(s, i * outputs + j) * limit)).into()
}

/// A network with units `units`, `hidden` on all layers but the last.
pub(crate) fn network<T: Element>(workload: u64, units: &[usize], hidden: Activation, last: Activation) -> Mlp<T> {
    let layer = |l: usize| {
        let (inputs, outputs) = (units[l], units[l + 1]);
        let limit = match hidden {
            Activation::Relu => (6.0 / inputs as f64).sqrt(),
            Activation::Tanh => (3.0 / inputs as f64).sqrt(),
            _ => 1.0,
        };
        let stream = 1000 * workload + l as u64;
        let (weight, bias) = (weight::<T>(stream, inputs, outputs, limit), vector::<T>(stream + 100, outputs, 0.1));
        (Linear::from_weights(weight, bias), if l + 2 == units.len() { last } else { hidden })
    };
    Mlp::from_layers((0..units.len() - 1).map(layer).collect())
}

/// Inputs in [0, 1) and one-hot targets of ten classes.
pub(crate) fn digits<T: Element>(workload: u64, items: usize, inputs: usize) -> (Tensor<T>, Tensor<T>) {
    let stream = 1000 * workload;
    (units(stream + 200, &[items, inputs]), labels(stream + 300, items))
}
