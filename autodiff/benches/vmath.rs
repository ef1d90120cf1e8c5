//! Elementary functions over tensors beside the standard library's, nanoseconds an element; and workload W8, an elementwise
//! loss and its gradient, as one formula and in tensor operations.
//!
//! `cargo bench -p autodiff --bench vmath`; `RAYON_NUM_THREADS=1` measures one thread.

use std::hint::black_box;

use autodiff::rules::Unary;
use autodiff::tensor::{Path, limited_to};
use autodiff::{Real, Tape, Tensor, elementwise};
use criterion::{Criterion, Throughput};
use ndarray::Array1;

const ROWS: [Unary; 10] = [
    Unary::Exp,
    Unary::ExpM1,
    Unary::Ln,
    Unary::Ln1p,
    Unary::Tanh,
    Unary::Sigmoid,
    Unary::Softplus,
    Unary::LogSigmoid,
    Unary::Sin,
    Unary::Cos,
];

/// The splitmix64 mix of position `i` in stream `s`.
fn hash(s: u64, i: u64) -> u64 {
    let mut z = (s << 32).wrapping_add(i).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// In [-1, 1).
fn symmetric(s: u64, i: usize) -> f64 {
    2.0 * ((hash(s, i as u64) >> 40) as f64 * 2f64.powi(-24)) - 1.0
}

/// Ten thousand elements, in cache.
fn functions<T: Real>(c: &mut Criterion, number: &str) {
    let n = 10_000;
    for f in ROWS {
        let argument = |i| {
            let s = symmetric(1, i);
            T::of(match f {
                Unary::Ln => 5.001 + 5.0 * s,
                Unary::Ln1p => 4.1 + 5.0 * s,
                _ => 8.0 * s,
            })
        };
        let x = Tensor::constant(Array1::from_shape_fn(n, argument));
        let mut group = c.benchmark_group(format!("{} {number}", f.name()));
        group.throughput(Throughput::Elements(n as u64));
        for path in [Path::Avx512, Path::Avx2, Path::Portable] {
            limited_to(path, || {
                group.bench_function(format!("{path:?}"), |b| b.iter(|| black_box(&x).unary(f)));
            });
        }
        let (x, mut out) = (x.to_array(), vec![T::zero(); n]);
        group.bench_function("std", |b| {
            b.iter(|| {
                for (out, &x) in black_box(&mut out).iter_mut().zip(black_box(&x)) {
                    *out = x.unary(f);
                }
            });
        });
    }
}

elementwise!(w8(y, t) => (-(t * y)).exp().ln_1p() + 0.1 * y.abs().powf(1.5) + y.sin() * (-(y * y)).exp());

fn composed(y: &Tensor<f32>, t: &Tensor<f32>) -> Tensor<f32> {
    let power = 0.1 * y.abs().powf(1.5);
    (-(t * y)).exp().ln_1p() + power + y.sin() * (-(y * y)).exp()
}

fn workload(c: &mut Criterion) {
    let n = 1_000_000;
    let y = Tensor::constant(Array1::from_shape_fn(n, |i| (4.0 * symmetric(8200, i)) as f32));
    let sign = |i| if hash(8300, i as u64) >> 63 == 1 { 1.0 } else { -1.0 };
    let t = Tensor::constant(Array1::from_shape_fn(n, sign));
    let tape = Tape::new();
    let step = |f: fn(&Tensor<f32>, &Tensor<f32>) -> Tensor<f32>| {
        tape.reset();
        let y = tape.tensor(y.clone());
        let loss = f(&y, &t).mean();
        black_box(loss.backward().get(&y));
        loss.item()
    };
    let mut group = c.benchmark_group(format!("W8, {} threads", rayon::current_num_threads()));
    for (name, f) in [("formula", w8 as fn(&_, &_) -> _), ("operations", composed)] {
        let loss = step(f);
        assert!((loss - 1.519_983).abs() < 1e-5, "{name}: loss {loss}");
        group.bench_function(name, |b| b.iter(|| step(f)));
    }
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    functions::<f32>(&mut c, "f32");
    functions::<f64>(&mut c, "f64");
    workload(&mut c);
    c.final_summary();
}
