//! The scalar workloads: value and full gradient, the tape recorded anew each time, beside the plain `f64` function.
//!
//! `cargo bench -p autodiff` prints nanoseconds per operation and the ratio to plain code after the measurements.

use std::hint::black_box;

use autodiff::{Real, Tape};
use criterion::Criterion;

#[path = "support/table.rs"]
mod table;

/// `u(seed, k)` in [0, 1): splitmix64.
fn uniform(seed: u64, k: u64) -> f64 {
    let mut z = seed.wrapping_add((k + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 * 2f64.powi(-53)
}

fn uniforms(a: f64, b: f64, seed: u64, n: usize) -> Vec<f64> {
    (0..n as u64).map(|k| a + (b - a) * uniform(seed, k)).collect()
}

fn speel<R: Real>(x: &[R]) -> R {
    x[1..].iter().fold(x[0], |p, &x| p * x)
}

fn rosen<R: Real>(x: &[R]) -> R {
    let mut f = R::zero();
    for w in x.windows(2) {
        let a = w[1] - w[0] * w[0];
        let b = R::one() - w[0];
        f += R::of(100.0) * (a * a) + b * b;
    }
    f
}

fn sinexp<R: Real>(x: &[R]) -> R {
    let mut f = R::zero();
    for w in x.windows(2) {
        f += w[0].sin() * w[1].exp() + (R::one() + w[0] * w[0]).ln();
    }
    f
}

/// W1[64][64], b1[64], W2[64], b2.
fn mlp<R: Real>(p: &[R], input: &[f64]) -> R {
    let (w1, rest) = p.split_at(64 * 64);
    let (b1, rest) = rest.split_at(64);
    let (w2, b2) = rest.split_at(64);
    let mut y = b2[0];
    for j in 0..64 {
        let mut s = b1[j];
        for k in 0..64 {
            s += w1[64 * j + k] * R::of(input[k]);
        }
        y += w2[j] * s.tanh();
    }
    let r = y - R::of(0.5);
    r * r
}

/// One workload: plain value, then value and gradient on a tape that keeps its memory.
fn compare(
    c: &mut Criterion,
    rows: &mut Vec<table::Row>,
    (name, operations): (&str, usize),
    x: &[f64],
    plain: impl Fn(&[f64]) -> f64,
    recorded: impl Fn(&[autodiff::Var<f64>]) -> autodiff::Var<f64>,
) {
    let mut group = c.benchmark_group(name);
    if x.len() >= 100_000 {
        group.sample_size(10);
    }
    group.bench_function("plain", |b| b.iter(|| plain(black_box(x))));
    let tape = Tape::new();
    group.bench_function("gradient", |b| {
        b.iter(|| {
            tape.reset();
            let vars = tape.vars(black_box(x));
            let gradients = recorded(&vars).backward();
            gradients.wrt(vars[0])
        });
    });
    group.finish();
    rows.push(table::Row { name: name.to_owned(), operations });
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let mut rows = Vec::new();
    for n in [10, 1000, 1_000_000] {
        let x: Vec<f64> = (0..n).map(|i| (i as f64 + 1.0) / (i as f64 + 2.0)).collect();
        compare(&mut c, &mut rows, (&format!("speel_{n}"), n - 1), &x, speel, speel);
        let x = uniforms(-2.0, 2.0, 1, n);
        compare(&mut c, &mut rows, (&format!("rosen_{n}"), 8 * (n - 1)), &x, rosen, rosen);
        if n >= 1000 {
            let x = uniforms(-1.0, 1.0, 2, n);
            compare(&mut c, &mut rows, (&format!("sinexp_{n}"), 8 * (n - 1)), &x, sinexp, sinexp);
        }
    }
    let input = uniforms(-1.0, 1.0, 6, 64);
    let x = uniforms(-0.125, 0.125, 5, 4225);
    compare(&mut c, &mut rows, ("mlp", 8386), &x, |p| mlp(p, &input), |p| mlp(p, &input));
    c.final_summary();
    table::print(&rows);
}
