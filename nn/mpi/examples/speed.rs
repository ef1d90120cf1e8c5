//! What the engine costs: sums beside `MPI_Allreduce`, small messages, and steps of W3 (784-512-512-10, batch 128, `f32`).
//!
//! `mpirun -n 2 target/release/examples/speed`, with `RAYON_NUM_THREADS=1` where ranks share a machine. On one rank it measures
//! threads of one program too. Times are medians; the two sums alternate.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use autodiff::Tensor;
use mpi::collective::SystemOperation;
use mpi::topology::SimpleCommunicator;
use mpi::traits::CommunicatorCollectives;
use ndarray::Array2;
use nn::{Activation, Dataset, Engine, Mlp, Parts, Sgd, Threads, Trainer, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Steps in a run.
const STEPS: usize = 30;

fn main() -> ExitCode {
    nn_mpi::run(|mut engine| {
        let (rank, size) = (engine.rank(), engine.size());
        let line = |text: String| {
            if rank == 0 {
                println!("{text}");
            }
        };
        line(format!("{size} ranks"));
        for count in [1_000, 10_000, 100_000, 1_000_000] {
            let (ours, theirs) = sums(&mut engine, count)?;
            line(format!("sum of {count} f32: {ours:.0} µs, MPI_Allreduce {theirs:.0} µs, ratio {:.2}", ours / theirs));
        }
        let gather = median(200, || engine.gather(&[0; 24]).map(drop))?;
        line(format!("gathering 24 bytes: {gather:.1} µs"));
        if size == 1 {
            let threads = |threads: usize, parts: Option<usize>| {
                let times = Threads::run(threads, |engine| {
                    step(|trainer| {
                        let trainer = parts.into_iter().fold(trainer, |trainer, n| trainer.parts(n));
                        if threads > 1 { trainer.engine(engine) } else { trainer }
                    })
                });
                let time = times.into_iter().next().expect("a thread");
                line(format!("W3, {} by {threads} threads: {time:.0} µs a step", described(parts)));
            };
            for (count, parts) in [(1, None), (1, Some(1)), (1, Some(2)), (1, Some(8)), (2, Some(2)), (2, Some(8))] {
                threads(count, parts);
            }
            let plain = step(|trainer| trainer.parts(8));
            line(format!("W3, 8 parts without an engine: {plain:.0} µs a step"));
        }
        let time = step(|trainer| trainer.engine(engine));
        line(format!("W3, 8 parts on the engine: {time:.0} µs a step"));
        Ok::<_, std::io::Error>(())
    })
}

fn described(parts: Option<usize>) -> String {
    parts.map_or_else(|| "whole".to_owned(), |n| format!("{n} parts"))
}

/// The engine's sum of one vector a rank, and that of MPI.
fn sums(engine: &mut nn_mpi::Mpi, count: usize) -> std::io::Result<(f64, f64)> {
    let world = SimpleCommunicator::world();
    let parts = Parts::new(engine.size(), engine.size());
    let own = [vec![1.0_f32; count]];
    let mut total = vec![0.0_f32; count];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..80 {
        world.barrier();
        let start = Instant::now();
        engine.sum_f32(parts, &own, &mut total)?;
        let first = start.elapsed();
        world.barrier();
        let start = Instant::now();
        world.all_reduce_into(&own[0][..], &mut total[..], SystemOperation::sum());
        let second = start.elapsed();
        if round >= 10 {
            ours.push(first.as_secs_f64() * 1e6);
            theirs.push(second.as_secs_f64() * 1e6);
        }
        black_box(&total);
    }
    Ok((middle(ours), middle(theirs)))
}

fn median(rounds: usize, mut run: impl FnMut() -> std::io::Result<()>) -> std::io::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(middle(times))
}

fn middle(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

type Loss = fn(&Tensor<f32>, &Tensor<f32>) -> Tensor<f32>;
type Run = Trainer<Mlp<f32>, Loss, Sgd<f32>>;

/// The microseconds of a step of W3, as `fit` takes it: the best of three runs, after one that warms up.
fn step(set: impl FnOnce(Run) -> Run) -> f64 {
    let x = Array2::from_shape_fn((128, 784), |(i, j)| ((i * (3 + j)) as f32 * 0.37).sin());
    let t = Array2::from_shape_fn((128, 10), |(i, j)| f32::from(u8::from(i % 10 == j)));
    let data = Dataset::new(x, t).expect("finite numbers");
    let one = data.subset(&[0]);
    let model = Mlp::new(&[784, 512, 512, 10], Activation::Relu, &mut ChaCha8Rng::seed_from_u64(3));
    let trainer: Run = Trainer::new(model, loss::softmax_cross_entropy, Sgd::new(0.05));
    let mut trainer = set(trainer.epochs(STEPS).full_batch().progress(false));
    let mut best = f64::INFINITY;
    for round in 0..4 {
        let start = Instant::now();
        trainer.fit(&data, &one).expect("finite numbers");
        let time = start.elapsed().as_secs_f64() * 1e6 / STEPS as f64;
        best = if round > 0 { best.min(time) } else { best };
    }
    best
}
