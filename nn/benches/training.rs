//! Training steps: forward, backward, SGD update.
//!
//! `cargo bench -p nn` prints microseconds per step and, where products dominate, the share of the machine's measured
//! matrix-product peak. `RAYON_NUM_THREADS=1` measures one thread.

use std::fs;
use std::path::PathBuf;

use autodiff::{Tape, Tensor, tensor};
use criterion::Criterion;
use ndarray::{Array1, Array2};
use nn::{Activation, Dataset, Element, Layer, Linear, Loss, Mlp, Optimizer, Sgd, Trainer, loss};

/// The splitmix64 mix of position `i` in stream `s`.
fn hash(s: u64, i: u64) -> u64 {
    let mut z = (s << 32).wrapping_add(i).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// In [0, 1).
fn unit(s: u64, i: usize) -> f64 {
    (hash(s, i as u64) >> 40) as f64 * 2f64.powi(-24)
}

/// In [-1, 1).
fn symmetric(s: u64, i: usize) -> f64 {
    2.0 * unit(s, i) - 1.0
}

fn number<T: Element>(x: f64) -> T {
    // All workloads start from f32 values.
    T::of(f64::from(x as f32))
}

/// The streams are numbered 1000 · workload + 100 · kind + layer.
fn model<T: Element>(workload: u64, units: &[usize], activations: &[Activation]) -> Mlp<T> {
    let layer = |l: usize| {
        let (inputs, outputs) = (units[l], units[l + 1]);
        let limit = match activations[0] {
            Activation::Relu => (6.0 / inputs as f64).sqrt(),
            Activation::Tanh => (3.0 / inputs as f64).sqrt(),
            _ => 1.0,
        };
        let (weights, biases) = (1000 * workload + l as u64, 1000 * workload + 100 + l as u64);
        // The streams are laid out inputs × outputs; the layer wants outputs × inputs.
        let weight =
            Array2::from_shape_fn((outputs, inputs), |(j, i)| number::<T>(symmetric(weights, i * outputs + j) * limit));
        let bias = Array1::from_shape_fn(outputs, |j| number::<T>(0.1 * symmetric(biases, j)));
        (Linear::from_weights(weight, bias), activations[l])
    };
    Mlp::from_layers((0..activations.len()).map(layer).collect())
}

fn digits<T: Element>(workload: u64, items: usize, inputs: usize) -> (Tensor<T>, Tensor<T>) {
    let stream = 1000 * workload;
    let x = Array2::from_shape_fn((items, inputs), |(i, j)| number::<T>(unit(stream + 200, i * inputs + j)));
    let labels: Vec<usize> = (0..items).map(|i| (hash(stream + 300, i as u64) >> 40) as usize % 10).collect();
    let targets = loss::one_hot::<T>(&labels, 10).expect("labels below 10");
    (Tensor::constant(x), Tensor::constant(targets))
}

struct Row {
    name: &'static str,
    operations: f64,
}

/// One workload; `batches` are used in turn.
fn workload<T: Element, L: Loss<T>>(
    c: &mut Criterion,
    rows: &mut Vec<Row>,
    (name, operations, eta, first_loss): (&'static str, f64, f64, f64),
    mut model: Mlp<T>,
    batches: &[(Tensor<T>, Tensor<T>)],
    loss: &L,
) {
    let (tape, mut sgd, mut k) = (Tape::new(), Sgd::new(eta), 0);
    let mut step = || {
        let (x, t) = &batches[k % batches.len()];
        k += 1;
        tape.reset();
        nn::watch(&mut model, &tape);
        let error = loss.loss(&model.forward(x), t);
        sgd.step(&mut model, &error.backward()).expect("every parameter has a gradient");
        error.item().primal()
    };
    let first = step();
    assert!((first - first_loss).abs() < 1e-4 * first_loss, "{name}: first loss {first}, expected {first_loss}");
    c.bench_function(name, |b| b.iter(&mut step));
    rows.push(Row { name, operations });
}

/// W9: the Hessian-vector product of W2's loss with respect to all parameters.
fn hessian_vector(c: &mut Criterion, rows: &mut Vec<Row>) {
    let units = [784, 128, 10];
    let mut model = model::<f32>(2, &units, &[Activation::Relu, Activation::Identity]);
    let (x, t) = digits(2, 32, 784);
    let direction = |l: usize| {
        let (inputs, outputs) = (units[l], units[l + 1]);
        let (weights, biases) = (2400 + l as u64, 2500 + l as u64);
        let weight = Array2::from_shape_fn((outputs, inputs), |(j, i)| number(symmetric(weights, i * outputs + j)));
        [Tensor::constant(weight), Tensor::constant(Array1::from_shape_fn(outputs, |j| number(symmetric(biases, j))))]
    };
    let v: Vec<Tensor<f32>> = (0..2).flat_map(direction).collect();
    let mut step = || {
        let objective = |model: &Mlp<f32>| loss::softmax_cross_entropy(&model.forward(&x), &t);
        nn::param_hvp(&mut model, objective, &v).expect("a direction for each parameter")
    };
    let product: f32 = step().iter().zip(&v).map(|(h, v)| (h * v).sum().item()).sum();
    assert!((f64::from(product) - 84.829_28).abs() < 1e-3, "W9: v·Hv is {product}");
    c.bench_function("W9", |b| b.iter(&mut step));
    rows.push(Row { name: "W9", operations: 0.0 });
}

/// W10: the Jacobian of a network's 64 outputs with respect to its 64 inputs, all rows in one sweep and one at a time.
fn jacobian(c: &mut Criterion, rows: &mut Vec<Row>) {
    let tanh = Activation::Tanh;
    let model = model::<f32>(10, &[64, 256, 256, 64], &[tanh, tanh, Activation::Identity]);
    let x = Tensor::constant(Array2::from_shape_fn((1, 64), |(_, j)| number::<f32>(symmetric(10_200, j))));
    let norm = tensor::jacobian_rows(|x| model.forward(x), &x).iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
    assert!((norm - 5.806_248).abs() < 1e-4, "W10: the Jacobian's norm is {norm}");
    c.bench_function("W10", |b| b.iter(|| tensor::jacobian_rows(|x| model.forward(x), &x)));
    c.bench_function("W10e", |b| b.iter(|| tensor::jacobian(|t| model.forward(&t[0]), std::slice::from_ref(&x))));
    rows.extend(["W10", "W10e"].map(|name| Row { name, operations: 0.0 }));
}

/// Multiplications and additions of a step: two products a layer, three but for the first.
fn products(batch: usize, units: &[usize]) -> f64 {
    let layers = units.windows(2).enumerate();
    layers.map(|(l, w)| 2.0 * (batch * w[0] * w[1]) as f64 * if l == 0 { 2.0 } else { 3.0 }).sum()
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let (mut rows, relu, identity) = (Vec::new(), Activation::Relu, Activation::Identity);
    let a = ndarray::array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].mapv(|x: f64| x as f32);
    let t = ndarray::array![[0.0], [1.0], [1.0], [0.0]].mapv(|x: f64| x as f32);
    let xor = [(Tensor::constant(a), Tensor::constant(t))];
    let sigmoid = [Activation::Sigmoid; 2];
    let w1 = model::<f32>(1, &[2, 2, 1], &sigmoid);
    workload(&mut c, &mut rows, ("W1", 0.0, 0.5, 0.252_616_6), w1, &xor, &loss::squared_error);
    let units = [784, 128, 10];
    let w2 = model::<f32>(2, &units, &[relu, identity]);
    let batch = [digits(2, 32, 784)];
    let figures = ("W2", products(32, &units), 0.05, 2.457_989);
    workload(&mut c, &mut rows, figures, w2, &batch, &loss::softmax_cross_entropy);
    let units = [784, 512, 512, 10];
    let w3 = model::<f32>(3, &units, &[relu, relu, identity]);
    let batch = [digits(3, 128, 784)];
    let figures = ("W3", products(128, &units), 0.05, 2.392_396);
    workload(&mut c, &mut rows, figures, w3, &batch, &loss::softmax_cross_entropy);
    let w6 = model::<f32>(2, &[784, 128, 10], &[relu, identity]);
    let (x, t) = digits::<f32>(6, 256, 784);
    let singles: Vec<_> = (0..256).map(|i| (x.narrow(0, i..i + 1), t.narrow(0, i..i + 1))).collect();
    let figures = ("W6", products(1, &[784, 128, 10]), 0.01, 2.217_011);
    workload(&mut c, &mut rows, figures, w6, &singles, &loss::softmax_cross_entropy);
    hessian_vector(&mut c, &mut rows);
    jacobian(&mut c, &mut rows);
    let n = 1024;
    let square = Tensor::constant(Array2::from_shape_fn((n, n), |(i, j)| symmetric(9, i * n + j) as f32));
    c.bench_function("matmul_1024", |b| b.iter(|| square.matmul(&square)));
    trainers(&mut c);
    c.final_summary();
    print(&rows, 2.0 * (n * n * n) as f64);
}

/// Steps of a run in [`trainers`].
const STEPS: usize = 20;

/// W3 through the trainer: on one tape, and with its batches shared out to two threads.
fn trainers(c: &mut Criterion) {
    let (x, t) = digits::<f32>(3, 128, 784);
    let data = Dataset::new(x.to_array(), t.to_array()).expect("finite numbers");
    let one = data.subset(&[0]);
    let build = || model::<f32>(3, &[784, 512, 512, 10], &[Activation::Relu, Activation::Relu, Activation::Identity]);
    let trainer = || {
        let trainer = Trainer::new(build(), loss::softmax_cross_entropy, Sgd::new(0.05)).epochs(STEPS);
        trainer.full_batch().progress(false)
    };
    let mut serial = trainer();
    c.bench_function("W3_fit", |b| b.iter(|| serial.fit(&data, &one).expect("finite numbers")));
    let mut shared = trainer();
    c.bench_function("W3_fit_parallel", |b| {
        b.iter(|| shared.fit_parallel(&data, &one, 2, build).expect("finite numbers"));
    });
}

/// The median time in nanoseconds, if the benchmark ran.
fn median(name: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from);
    let file = target.join("criterion").join(name).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

fn print(rows: &[Row], peak_operations: f64) {
    let peak = median("matmul_1024").map(|ns| peak_operations / ns);
    println!(
        "\nthreads {}, peak {:.0} GFLOP/s (1024³ product)",
        rayon::current_num_threads(),
        peak.unwrap_or(f64::NAN)
    );
    println!("{:<6} {:>12} {:>10} {:>8}", "step", "µs", "GFLOP/s", "of peak");
    for row in rows {
        let Some(ns) = median(row.name) else { continue };
        let speed = row.operations / ns;
        let share = 100.0 * speed / peak.unwrap_or(f64::NAN);
        println!("{:<6} {:>12.2} {speed:>10.1} {share:>6.0} %", row.name, ns / 1000.0);
    }
    for name in ["W3_fit", "W3_fit_parallel"] {
        let Some(ns) = median(name).map(|ns| ns / STEPS as f64) else { continue };
        let ratio = ns / median("W3").unwrap_or(f64::NAN);
        println!("{name}: {:.2} µs a step, {ratio:.2} times that of W3", ns / 1000.0);
    }
}
