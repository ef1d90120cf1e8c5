//! How long something takes.

use std::time::{Duration, Instant};

/// The least time of one call in seconds, over at least three calls and `budget`: other programs only ever add time.
pub fn seconds<R>(budget: Duration, mut work: impl FnMut() -> R) -> f64 {
    let start = Instant::now();
    let mut least = f64::INFINITY;
    let mut calls = 0;
    while calls < 3 || start.elapsed() < budget {
        let call = Instant::now();
        std::hint::black_box(work());
        least = least.min(call.elapsed().as_secs_f64());
        calls += 1;
    }
    least
}
