//! Training steps: forward, backward, SGD update; and derivatives of networks.
//!
//! `cargo bench -p nn` prints for each workload the microseconds per step, the operations per second of its matrix products and
//! their share of what the machine reaches in a large product, and the peak memory, from a process of its own. Arguments
//! choose workloads by parts of their names. `RAYON_NUM_THREADS=1` measures one thread.
//!
//! `tests/peers/training.py` times the same steps beside those of other frameworks.

mod child;
mod data;
mod networks;
mod workloads;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use autodiff::Tensor;
use criterion::Criterion;
use nn::{Activation, Dataset, Element, Sgd, Trainer, loss};

use workloads::Workload;

/// Side of the square matrices by whose product the machine is measured.
const SIDE: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let workloads = workloads::all();
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode @ ("--peak" | "--serve"), name] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        let found = workloads.iter().find(|workload| workload.name == name);
        let workload = found.ok_or_else(|| format!("no workload is called {name}"))?;
        if mode == "--serve" {
            return child::serve(workload);
        }
        child::print_peak(workload);
        return Ok(());
    }
    let mut c = Criterion::default().configure_from_args();
    square::<f32>(&mut c, "product_f32");
    square::<f64>(&mut c, "product_f64");
    let mut ran = Vec::new();
    for workload in &workloads {
        let mut group = c.benchmark_group("step");
        if workload.operations > 1e9 {
            group.sample_size(10).warm_up_time(Duration::from_secs(1));
        }
        // Built only if it is wanted.
        group.bench_function(workload.name, |b| {
            let mut step = child::begun(workload);
            ran.push(workload.name);
            b.iter(&mut step);
        });
    }
    trainers(&mut c);
    c.final_summary();
    print(workloads.iter().filter(|workload| ran.contains(&workload.name)));
    Ok(())
}

fn square<T: Element>(c: &mut Criterion, name: &str) {
    let a: Tensor<T> = data::matrix(9, SIDE, SIDE, 1.0);
    c.bench_function(name, |b| b.iter(|| a.matmul(&a)));
}

/// Steps of a run in [`trainers`].
const STEPS: usize = 20;

/// W3 through the trainer.
fn trainers(c: &mut Criterion) {
    let (x, t) = data::digits::<f32>(3, 128, 784);
    let data = Dataset::new(x.to_array(), t.to_array()).expect("finite numbers");
    let one = data.subset(&[0]);
    let build = || data::network::<f32>(3, &[784, 512, 512, 10], Activation::Relu, Activation::Identity);
    let trainer = Trainer::new(build(), loss::softmax_cross_entropy, Sgd::new(0.05)).epochs(STEPS);
    let mut trainer = trainer.full_batch().progress(false);
    let mut group = c.benchmark_group("trainer");
    group.sample_size(10);
    group.bench_function("fit", |b| b.iter(|| trainer.fit(&data, &one).expect("finite numbers")));
}

/// The median time in nanoseconds, if the benchmark ever ran.
fn median(name: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")), PathBuf::from);
    let file = target.join("criterion").join(name).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

fn print<'a>(workloads: impl Iterator<Item = &'a Workload>) {
    let peak = |name| median(name).map_or(f64::NAN, |ns| 2.0 * (SIDE * SIDE * SIDE) as f64 / ns);
    let (single, double) = (peak("product_f32"), peak("product_f64"));
    let threads = rayon::current_num_threads();
    println!("\nthreads {threads}; product of {SIDE}³: {single:.0} GFLOP/s in f32, {double:.0} in f64");
    println!("{:<36} {:>12} {:>10} {:>8} {:>12}", "step", "µs", "GFLOP/s", "of peak", "memory, MiB");
    for workload in workloads {
        let Some(ns) = median(&format!("step/{}", workload.name)) else { continue };
        let name = format!("{:<4} {}", workload.name, workload.what);
        let speed = workload.operations / ns;
        let share = 100.0 * speed / if workload.double { double } else { single };
        let memory = child::peak(workload.name).unwrap_or(f64::NAN);
        if workload.operations > 0.0 {
            println!("{name:<36} {:>12.2} {speed:>10.1} {share:>6.0} % {memory:>12.1}", ns / 1000.0);
        } else {
            println!("{name:<36} {:>12.2} {:>10} {:>8} {memory:>12.1}", ns / 1000.0, "", "");
        }
    }
    if let Some(ns) = median("trainer/fit").map(|ns| ns / STEPS as f64) {
        let ratio = ns / median("step/W3").unwrap_or(f64::NAN);
        println!("W3 by `fit`: {:.2} µs a step, {ratio:.2} times that of W3", ns / 1000.0);
    }
}
