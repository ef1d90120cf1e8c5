//! How long something takes.

use std::time::{Duration, Instant};

/// The least time of one call in seconds: other programs only ever add time. Calls fill `budget`, or more if they are few: up
/// to 20 calls in 20 budgets, and at least three.
pub fn seconds<R>(budget: Duration, mut work: impl FnMut() -> R) -> f64 {
    let start = Instant::now();
    let mut least = f64::INFINITY;
    let mut calls = 0;
    while calls < 3 || start.elapsed() < budget || calls < 20 && start.elapsed() < 20 * budget {
        let call = Instant::now();
        std::hint::black_box(work());
        least = least.min(call.elapsed().as_secs_f64());
        calls += 1;
    }
    least
}
