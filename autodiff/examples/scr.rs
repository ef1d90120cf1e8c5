//! x
#![allow(missing_docs, dead_code, unused)]
#[path = "../benches/support/workloads.rs"]
mod workloads;
use autodiff::{Program, Var};
use std::hint::black_box;
use std::time::Instant;
use workloads as w;
fn time(mut f: impl FnMut()) -> f64 {
    f();
    let mut best = f64::INFINITY;
    let start = Instant::now();
    let mut reps = 1;
    loop {
        let t = Instant::now();
        for _ in 0..reps { f(); }
        let d = t.elapsed().as_secs_f64() / reps as f64;
        best = best.min(d);
        if start.elapsed().as_secs_f64() > 0.4 { break; }
        if d * (reps as f64) < 1e-4 { reps *= 2; }
    }
    best * 1e9
}
fn run(name: &str, x: Vec<f64>, plain: &dyn Fn(&[f64]) -> f64, each: &dyn Fn(&[Var<f64>]) -> Var<f64>) {
    let rolled = Program::record(each, &x);
    std::fs::write("/tmp/NOROLL", "").unwrap();
    let old = Program::record(each, &x);
    let (v0, g0) = old.value_and_gradient(&x).unwrap();
    std::fs::remove_file("/tmp/NOROLL").unwrap();
    let t = Instant::now();
    let text = format!("{rolled:?}");
    let found = t.elapsed().as_secs_f64() * 1e9 / rolled.len() as f64;
    let (v1, g1) = rolled.value_and_gradient(&x).unwrap();
    let scale = g0.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    let diff = g0.iter().zip(&g1).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max);
    if v0.to_bits() != v1.to_bits() { print!("[value {:.0e}] ", (v1 / v0 - 1.0).abs()); }
    let p = time(|| { black_box(plain(black_box(&x))); });
    let a = time(|| { black_box(old.value_and_gradient(black_box(&x)).unwrap()); });
    let b = time(|| { black_box(rolled.value_and_gradient(black_box(&x)).unwrap()); });
    let c = time(|| { black_box(rolled.value(black_box(&x)).unwrap()); });
    print!("value {:6.2} ", c / p);
    println!("{name:14} plain {p:10.0} ns  old {:6.2}  rolled {:6.2}  diff {diff:.1e} find {found:.0} ns/entry {text}", a / p, b / p);
}
fn main() {
    let only = std::env::args().nth(1);
    if only.as_deref() == Some("y") { let x = w::uniforms(-2.0, 2.0, 1, 1000); let p = Program::record(|x: &[Var<f64>]| w::rosen(x), &x); for _ in 0..300_000 { black_box(p.value_and_gradient(black_box(&x)).unwrap()); } return; }
    if only.as_deref() == Some("b") { let x = w::burgers_inputs(); let p = Program::record(|x: &[Var<f64>]| w::burgers(x), &x); for _ in 0..3000 { black_box(p.value_and_gradient(black_box(&x)).unwrap()); } return; }
    let input = w::uniforms(-1.0, 1.0, 6, 64);
    for n in if std::env::var("BIG").is_ok() { vec![10, 1_000_000] } else { vec![10, 100, 1000] } {
        run(&format!("speel_{n}"), w::speel_inputs(n), &w::speel, &w::speel);
        run(&format!("rosen_{n}"), w::uniforms(-2.0, 2.0, 1, n), &w::rosen, &w::rosen);
        run(&format!("sinexp_{n}"), w::uniforms(-1.0, 1.0, 2, n), &w::sinexp, &w::sinexp);
    }
    run("lse", w::uniforms(-3.0, 3.0, 3, 1000), &w::lse, &w::lse);
    run("normal", w::normal_inputs(), &w::normal, &w::normal);
    run("mlp", w::uniforms(-0.125, 0.125, 5, 4225), &|p| w::mlp(p, &input), &|p| w::mlp(p, &input));
    run("lorenz", w::LORENZ.to_vec(), &w::lorenz, &w::lorenz);
    run("burgers", w::burgers_inputs(), &w::burgers, &w::burgers);
}
