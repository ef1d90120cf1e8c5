//! Long tapes: what must cost no more than what it asks for, however much else is recorded.
//!
//! `cargo bench -p autodiff --bench long_tapes` prints each figure on a short and on a long tape, and their ratio.

use std::hint::black_box;

use autodiff::{Tape, Tensor, Var};
use criterion::Criterion;
use ndarray::{Array1, Array2};

#[path = "support/lstm.rs"]
mod lstm;
#[path = "support/median.rs"]
mod median;

/// Something measured at two sizes, and how many operations each is.
struct Pair {
    name: &'static str,
    sizes: [usize; 2],
    operations: [usize; 2],
}

fn id(name: &str, size: usize) -> String {
    format!("{name} {size}")
}

/// A tape with so many entries that nobody asks for.
fn filled(entries: usize) -> Tape<f64> {
    let tape = Tape::new();
    let mut y = tape.var(0.5);
    while tape.len() < entries {
        y = y.sin() + 0.1;
    }
    tape
}

/// The gradient of two entries.
fn two_entries(c: &mut Criterion) -> Vec<Pair> {
    let sizes = [8_000, 200_000];
    for size in sizes {
        let tape = filled(size);
        let x = tape.var(0.7);
        let y = x * x + 1.0;
        c.bench_function(&id("two entries backward", size), |b| b.iter(|| black_box(y).backward().wrt(x)));
        // Each gradient adds entries; the tape is filled anew now and then.
        let (mut tape, mut x) = (tape, x);
        c.bench_function(&id("two entries grad", size), |b| {
            b.iter(|| {
                if tape.len() > 2 * size {
                    tape = filled(size);
                    x = tape.var(0.7);
                }
                (x * x + 1.0).grad(&[x])
            });
        });
    }
    ["two entries backward", "two entries grad"].map(|name| Pair { name, sizes, operations: [1, 1] }).into()
}

/// The gradient of a sum over rows, one by one.
fn rows(c: &mut Criterion) -> Vec<Pair> {
    type Row = fn(&Tensor<f64>, usize) -> Tensor<f64>;
    let kinds: [(&str, Row); 2] =
        [("rows narrow", |x, i| x.narrow(0, i..i + 1)), ("rows index_select", |x, i| x.index_select(0, &[i]))];
    let sizes = [250, 4_000];
    for (name, row) in kinds {
        for size in sizes {
            let data = Tensor::constant(Array2::from_elem((size, 8), 0.5));
            let tape = Tape::new();
            c.bench_function(&id(name, size), |b| {
                b.iter(|| {
                    tape.reset();
                    let x = tape.tensor(data.clone());
                    let total = (0..size).fold(Tensor::scalar(0.0), |total, i| total + row(&x, i).sum());
                    total.backward().wrt(&x)
                });
            });
        }
    }
    kinds.map(|(name, _)| Pair { name, sizes, operations: sizes }).into()
}

/// Operations on vectors of 8, with the gradient.
fn vectors(c: &mut Criterion) -> Pair {
    let sizes = [100, 17_000];
    for size in sizes {
        let tape = Tape::new();
        c.bench_function(&id("vectors of 8", size), |b| {
            b.iter(|| {
                tape.reset();
                let x = tape.tensor(Array1::from_elem(8, 0.5));
                let y = (0..size / 2).fold(x.clone(), |y, _| (y * &x).tanh());
                y.sum().backward().wrt(&x)
            });
        });
    }
    Pair { name: "vectors of 8", sizes, operations: sizes }
}

/// An LSTM of two layers of 14, by numbers and by tensors.
fn networks(c: &mut Criterion) -> Vec<Pair> {
    let sizes = [64, 1024];
    for steps in sizes {
        let lstm = lstm::Lstm::new(14, steps);
        let tape = Tape::new();
        c.bench_function(&id("lstm scalars", steps), |b| {
            b.iter(|| {
                tape.reset();
                let parameters: Vec<Vec<Var<f64>>> = lstm.parameters.iter().map(|x| tape.vars(x)).collect();
                lstm.scalars(&parameters).backward().wrt(parameters[0][0])
            });
        });
        let tape = Tape::new();
        c.bench_function(&id("lstm tensors", steps), |b| {
            b.iter(|| {
                tape.reset();
                let parameters: Vec<Tensor<f64>> =
                    lstm.parameters.iter().map(|x| tape.tensor(Array1::from(x.clone()))).collect();
                lstm.tensors(&parameters).backward().wrt(&parameters[0])
            });
        });
    }
    ["lstm scalars", "lstm tensors"].map(|name| Pair { name, sizes, operations: sizes }).into()
}

fn main() {
    let mut c = Criterion::default().configure_from_args().sample_size(20);
    let mut pairs = two_entries(&mut c);
    pairs.extend(rows(&mut c));
    pairs.push(vectors(&mut c));
    pairs.extend(networks(&mut c));
    c.final_summary();
    println!("\n{:<24} {:>8} {:>12} {:>8} {:>12} {:>7}", "", "size", "ns each", "size", "ns each", "ratio");
    for Pair { name, sizes, operations } in pairs {
        let each = [0, 1].map(|k| Some(median::median(&id(name, sizes[k]), "")? / operations[k] as f64));
        if let [Some(short), Some(long)] = each {
            let [few, many] = sizes;
            println!("{name:<24} {few:>8} {short:>12.1} {many:>8} {long:>12.1} {:>7.2}", long / short);
        }
    }
    for steps in [64, 1024] {
        let of = |name| median::median(&id(name, steps), "");
        if let (Some(scalars), Some(tensors)) = (of("lstm scalars"), of("lstm tensors")) {
            println!("lstm of {steps} steps: tensors take {:.1} times as long as numbers", tensors / scalars);
        }
    }
}
