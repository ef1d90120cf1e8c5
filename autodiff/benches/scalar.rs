//! The scalar workloads beside the plain `f64` function: value and full gradient with the tape recorded anew each time,
//! operation by operation, as a user of this crate writes it (fused blocks, entries of many operands), in tensor form, and from a
//! recorded program: replayed entry by entry by the interpreter, its loops over columns, their Hessian-vector product, and, with
//! feature `jit`, as native code.
//!
//! `cargo bench -p autodiff --features jit --bench scalar` prints nanoseconds per operation and the ratios to plain code after the
//! measurements, then how long programs took to compile and how much code they have.

use std::hint::black_box;

use autodiff::{Program, Tape, Tensor, Var, checkpoint, grad, hessian};
use criterion::Criterion;
use ndarray::Array1;

#[path = "support/median.rs"]
mod median;
#[path = "support/table.rs"]
mod table;
#[path = "support/tensors.rs"]
mod tensors;
#[path = "support/workloads.rs"]
mod workloads;

use workloads::{self as w, idiomatic};

type Function<'a> = &'a dyn Fn(&[Var<f64>]) -> Var<f64>;
type OnTensor<'a> = &'a dyn Fn(&Tensor<f64>) -> Tensor<f64>;

/// One workload: its name, the number of its operations, its inputs, the function in plain numbers, operation by
/// operation, in idiomatic form, and in tensor form if it has one.
struct Workload<'a> {
    name: String,
    operations: usize,
    x: Vec<f64>,
    plain: &'a dyn Fn(&[f64]) -> f64,
    each: Function<'a>,
    idiomatic: Function<'a>,
    tensor: Option<OnTensor<'a>>,
}

/// The forms of a [`Workload`], in its order.
struct Forms<'a>(&'a dyn Fn(&[f64]) -> f64, Function<'a>, Function<'a>, Option<OnTensor<'a>>);

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
    if let Some(f) = workload.tensor {
        let mut gradient = || {
            tape.reset();
            let x = tape.tensor(Array1::from(black_box(x).clone()));
            let y = f(&x);
            (y.item(), y.backward().wrt(&x)[[0]])
        };
        let (value, wanted) = (gradient().0, plain(x));
        assert!((value - wanted).abs() <= 1e-12 * wanted.abs(), "{name} in tensor form is {value}, not {wanted}");
        group.bench_function("tensor", |b| b.iter(&mut gradient));
    }
    let program = Program::record(each, x);
    let replayed = program.clone().interpreted();
    group.bench_function("replayed", |b| b.iter(|| replayed.value_and_gradient(black_box(x))));
    group.bench_function("rolled", |b| b.iter(|| program.value_and_gradient(black_box(x))));
    let v: Vec<f64> = (0..x.len()).map(|i| f64::from(i as u32 * 7 % 11) - 5.0).collect();
    group.bench_function("hvp", |b| b.iter(|| program.hvp(black_box(x), &v)));
    #[cfg(not(feature = "jit"))]
    let native = None;
    #[cfg(feature = "jit")]
    let native = {
        let start = std::time::Instant::now();
        let program = program.jit();
        let time = start.elapsed().as_secs_f64() * 1e3;
        group.bench_function("jit", |b| b.iter(|| program.value_and_gradient(black_box(x))));
        Some((time, format!("{program:?}")))
    };
    group.finish();
    rows.push(table::Row { name: name.clone(), operations: workload.operations, native });
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
    let tensor_input = Tensor::constant(Array1::from(input.clone()));
    let mut run = |name: &str, operations, x, forms: Forms<'_>| {
        let Forms(plain, each, idiomatic, tensor) = forms;
        compare(&mut c, &mut rows, &Workload { name: name.to_owned(), operations, x, plain, each, idiomatic, tensor });
    };
    for n in [10, 1000, 1_000_000] {
        let forms = Forms(&w::speel, &w::speel, &idiomatic::speel, Some(&tensors::speel));
        run(&format!("speel_{n}"), n - 1, w::speel_inputs(n), forms);
        let x = w::uniforms(-2.0, 2.0, 1, n);
        let forms = Forms(&w::rosen, &w::rosen, &idiomatic::rosen, Some(&tensors::rosen));
        run(&format!("rosen_{n}"), 8 * (n - 1), x, forms);
        if n >= 1000 {
            let x = w::uniforms(-1.0, 1.0, 2, n);
            let forms = Forms(&w::sinexp, &w::sinexp, &idiomatic::sinexp, Some(&tensors::sinexp));
            run(&format!("sinexp_{n}"), 8 * (n - 1), x, forms);
        }
    }
    let forms = Forms(&w::lse, &w::lse, &idiomatic::lse, Some(&tensors::lse));
    run("lse_1000", 3002, w::uniforms(-3.0, 3.0, 3, 1000), forms);
    let forms = Forms(&w::normal, &w::normal, &idiomatic::normal, Some(&tensors::normal));
    run("normal_1000", 7001, w::normal_inputs(), forms);
    let x = w::uniforms(-0.125, 0.125, 5, 4225);
    let forms = Forms(
        &|p| w::mlp(p, &input),
        &|p| w::mlp(p, &input),
        &|p| idiomatic::mlp(p, &input),
        Some(&|p| tensors::mlp(p, &tensor_input)),
    );
    run("mlp", 8386, x, forms);
    run("lorenz", 14005, w::LORENZ.to_vec(), Forms(&w::lorenz, &w::lorenz, &idiomatic::lorenz, None));
    run("burgers", 900_200, w::burgers_inputs(), Forms(&w::burgers, &w::burgers, &idiomatic::burgers, None));
    beyond(&mut c);
    c.final_summary();
    table::print(&rows);
}
