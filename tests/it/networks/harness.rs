//! First and second derivatives against differences, and single precision against double.

use autodiff::{Real, Tape, Tensor};
use ndarray::ArrayD;
use tests::{close, slopes};

/// A scalar; from order 1 on its gradient, from order 2 on the gradient's derivative along [`direction`].
pub(crate) struct Derivatives {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) along: Vec<f64>,
}

/// The derivatives of `objective` with respect to the leaves, one after the other, up to an order.
pub(crate) fn derivatives<T: Real>(
    order: usize,
    tape: &Tape<T>,
    objective: &Tensor<T>,
    leaves: &[Tensor<T>],
) -> Derivatives {
    let value = objective.item().primal();
    if order == 0 {
        return Derivatives { value, gradient: Vec::new(), along: Vec::new() };
    }
    let flat = |found: &dyn Fn(&Tensor<T>) -> Option<ArrayD<T>>| -> Vec<f64> {
        let arrays = leaves.iter().map(|leaf| found(leaf).unwrap_or_else(|| ArrayD::zeros(leaf.shape())));
        arrays.flat_map(|array| array.iter().map(|x| x.primal()).collect::<Vec<_>>()).collect()
    };
    let gradients = objective.backward();
    let gradient = flat(&|leaf| gradients.get(leaf));
    if order == 1 {
        return Derivatives { value, gradient, along: Vec::new() };
    }
    let mut way = direction(gradient.len()).into_iter();
    let mut slope = Tensor::scalar(T::zero());
    for (part, leaf) in tape.grad(objective, leaves).iter().zip(leaves) {
        let v: Vec<T> = way.by_ref().take(leaf.len()).map(T::of).collect();
        slope = slope + (part * Tensor::constant(ArrayD::from_shape_vec(leaf.shape(), v).unwrap())).sum();
    }
    let second = slope.is_tracked().then(|| slope.backward());
    let along = flat(&|leaf| second.as_ref().and_then(|second| second.get(leaf)));
    Derivatives { value, gradient, along }
}

fn direction(n: usize) -> Vec<f64> {
    (0..n).map(|i| (1.0 + 0.7 * i as f64).cos()).collect()
}

/// Numbers that single precision holds, away from 0, no two the same.
pub(crate) fn numbers(n: usize, seed: usize) -> Vec<f64> {
    let draw = |i: usize| {
        let x = (1.3 * i as f64 + 0.9 * seed as f64 + 0.4).sin();
        f64::from((x + 0.15_f64.copysign(x)) as f32)
    };
    (0..n).map(draw).collect()
}

/// Compares the derivatives at a point with differences, and those in single precision with those in double.
pub(crate) fn check(
    name: &str,
    at: &[f64],
    double: impl Fn(usize, &[f64]) -> Derivatives,
    single: impl Fn(usize, &[f64]) -> Derivatives,
) {
    let found = double(2, at);
    let largest = |values: &[f64]| values.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
    let agree = |what: &str, got: &[f64], want: &[f64], tolerance: f64| {
        assert_eq!(got.len(), want.len(), "{name}: {what}");
        let scale = largest(want);
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            close(format_args!("{name}: {what}[{i}]"), got / scale, want / scale, tolerance);
        }
    };
    agree("gradient", &found.gradient, &slopes(|x| double(0, x).value, at), 1e-9);
    let along = |x: &[f64]| double(1, x).gradient.iter().zip(direction(at.len())).map(|(g, v)| g * v).sum();
    agree("second derivative", &found.along, &slopes(along, at), 1e-8);
    let rounded = single(2, at);
    agree("value in f32", &[rounded.value], &[found.value], 1e-5);
    agree("gradient in f32", &rounded.gradient, &found.gradient, 1e-4);
    agree("second derivative in f32", &rounded.along, &found.along, 1e-4);
}
