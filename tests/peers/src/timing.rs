//! Times of several computations, taken in turns so that a change of the machine's speed meets them all.

use std::time::Instant;

/// Turns; every computation gives one sample in each.
pub const ROUNDS: usize = 100;

/// The length of a sample, in nanoseconds, unless one run takes longer.
const SAMPLE: f64 = 1e6;

/// Nanoseconds for one of `repetitions` runs.
fn sample(run: &mut dyn FnMut(), repetitions: usize) -> f64 {
    let start = Instant::now();
    for _ in 0..repetitions {
        run();
    }
    start.elapsed().as_nanos() as f64 / repetitions as f64
}

/// How many runs make a sample. Doubling until then also warms caches and pools.
fn repetitions(run: &mut dyn FnMut()) -> usize {
    let mut n = 1;
    while sample(run, n) * (n as f64) < SAMPLE {
        n *= 2;
    }
    n
}

/// The least nanoseconds of a run over all rounds, for each computation.
pub fn fastest<const N: usize>(mut runs: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut counts = [0; N];
    for (count, run) in counts.iter_mut().zip(&mut runs) {
        *count = repetitions(run);
    }
    let mut least = [f64::INFINITY; N];
    for _ in 0..ROUNDS {
        for ((least, run), &count) in least.iter_mut().zip(&mut runs).zip(&counts) {
            *least = least.min(sample(run, count));
        }
    }
    least
}
