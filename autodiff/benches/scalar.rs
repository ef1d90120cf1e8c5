//! The scalar workloads beside the plain `f64` function: value and full gradient with the tape recorded anew each time,
//! operation by operation and as a user of this crate writes it (fused blocks, entries of many operands), and replayed
//! from a recorded program.
//!
//! `cargo bench -p autodiff` prints nanoseconds per operation and the ratios to plain code after the measurements.

use std::hint::black_box;

use autodiff::{Program, Tape, Var, checkpoint, grad, hessian};
use criterion::Criterion;

#[path = "support/table.rs"]
mod table;
#[path = "support/workloads.rs"]
mod workloads;

use workloads::{self as w, idiomatic};

type Function<'a> = &'a dyn Fn(&[Var<f64>]) -> Var<f64>;

/// One workload: its name, the number of its operations, its inputs, the function in plain numbers, operation by
/// operation, and in idiomatic form.
struct Workload<'a> {
    name: String,
    operations: usize,
    x: Vec<f64>,
    plain: &'a dyn Fn(&[f64]) -> f64,
    each: Function<'a>,
    idiomatic: Function<'a>,
}

fn compare(c: &mut Criterion, rows: &mut Vec<table::Row>, workload: &Workload<'_>) {
    let Workload { name, x, plain, each, idiomatic, .. } = workload;
    let mut group = c.benchmark_group(name);
    if x.len() >= 100_000 {
        group.sample_size(10);
    }
    group.bench_function("plain", |b| b.iter(|| plain(black_box(x))));
    let tape = Tape::new();
    for (kind, f) in [("gradient", each), ("idiomatic", idiomatic)] {
        group.bench_function(kind, |b| {
            b.iter(|| {
                tape.reset();
                let vars = tape.vars(black_box(x));
                f(&vars).backward().wrt(vars[0])
            });
        });
    }
    let program = Program::record(each, x);
    group.bench_function("replay", |b| b.iter(|| program.gradient(black_box(x))));
    group.finish();
    rows.push(table::Row { name: name.clone(), operations: workload.operations });
}

/// Second derivatives of Rosenbrock's function, and the Lorenz system over a million steps.
fn beyond(c: &mut Criterion) {
    let mut group = c.benchmark_group("beyond");
    group.sample_size(10);
    let x = w::uniforms(-2.0, 2.0, 1, 100);
    group.bench_function("rosen_100 gradient", |b| b.iter(|| grad(w::rosen, black_box(&x))));
    group.bench_function("rosen_100 hessian", |b| b.iter(|| hessian(w::rosen, black_box(&x))));
    let program = Program::record(|x: &[Var<f64>]| w::rosen(x), &x);
    group.bench_function("rosen_100 hessian replayed", |b| b.iter(|| program.hessian(black_box(&x))));
    let x = w::uniforms(-2.0, 2.0, 1, 10_000);
    group.bench_function("rosen_10000 gradient", |b| b.iter(|| grad(w::rosen, black_box(&x))));
    let program = Program::record(|x: &[Var<f64>]| w::rosen(x), &x);
    group.bench_function("rosen_10000 sparse hessian replayed", |b| b.iter(|| program.sparse_hessian(black_box(&x))));
    group.bench_function("lorenz of 10^6 steps, checkpointed", |b| {
        b.iter(|| {
            let tape = Tape::new();
            let start = tape.vars(&w::LORENZ);
            let step = |s: &[Var<f64>], _: usize| {
                let [x, y, z, sigma, rho, beta] = *s.first_chunk().expect("six inputs");
                [
                    w::lorenz_x([x, y, sigma]),
                    w::lorenz_y([x, y, z, rho]),
                    w::lorenz_z([x, y, z, beta]),
                    sigma,
                    rho,
                    beta,
                ]
            };
            let end = checkpoint::sequence(&start, 1_000_000, step);
            end[0].backward().wrt(start[0])
        });
    });
    group.finish();
}

fn main() {
    let mut c = Criterion::default().configure_from_args();
    let mut rows = Vec::new();
    let input = w::uniforms(-1.0, 1.0, 6, 64);
    let mut run =
        |name: &str, operations, x, plain: &dyn Fn(&[f64]) -> f64, each: Function<'_>, idiomatic: Function<'_>| {
            compare(&mut c, &mut rows, &Workload { name: name.to_owned(), operations, x, plain, each, idiomatic });
        };
    for n in [10, 1000, 1_000_000] {
        run(&format!("speel_{n}"), n - 1, w::speel_inputs(n), &w::speel, &w::speel, &idiomatic::speel);
        let x = w::uniforms(-2.0, 2.0, 1, n);
        run(&format!("rosen_{n}"), 8 * (n - 1), x, &w::rosen, &w::rosen, &idiomatic::rosen);
        if n >= 1000 {
            let x = w::uniforms(-1.0, 1.0, 2, n);
            run(&format!("sinexp_{n}"), 8 * (n - 1), x, &w::sinexp, &w::sinexp, &idiomatic::sinexp);
        }
    }
    run("lse_1000", 3002, w::uniforms(-3.0, 3.0, 3, 1000), &w::lse, &w::lse, &idiomatic::lse);
    run("normal_1000", 7001, w::normal_inputs(), &w::normal, &w::normal, &idiomatic::normal);
    let x = w::uniforms(-0.125, 0.125, 5, 4225);
    run("mlp", 8386, x, &|p| w::mlp(p, &input), &|p| w::mlp(p, &input), &|p| idiomatic::mlp(p, &input));
    run("lorenz", 14005, w::LORENZ.to_vec(), &w::lorenz, &w::lorenz, &idiomatic::lorenz);
    run("burgers", 900_200, w::burgers_inputs(), &w::burgers, &w::burgers, &idiomatic::burgers);
    beyond(&mut c);
    c.final_summary();
    table::print(&rows);
}
