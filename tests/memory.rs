//! How much memory long recordings take, by the kernel's count of the most this process ever held.
//!
//! `cargo test --release -p tests --test memory -- --all` also records and sweeps 10^8 entries, which takes 2.5 GB.

use autodiff::{Tape, Var, checkpoint};

/// The most memory that was resident at once, in bytes; `None` where the system does not say.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024.0 * kilobytes)
}

/// The Lorenz system over a million Euler steps, checkpointed.
fn lorenz(limit: f64) {
    let tape = Tape::new();
    let start = tape.vars(&[1.0, 1.0, 1.0, 10.0, 28.0, 8.0 / 3.0]);
    let step = |s: &[Var<f64>], _: usize| {
        let [x, y, z, sigma, rho, beta] = *s.first_chunk().expect("six numbers");
        let (dx, dy, dz) = (sigma * (y - x), x * (rho - z) - y, x * y - beta * z);
        [x + 0.005 * dx, y + 0.005 * dy, z + 0.005 * dz, sigma, rho, beta]
    };
    let end = checkpoint::sequence(&start, 1_000_000, step);
    // The system is chaotic: over so long a time the gradient leaves the number range.
    std::hint::black_box(end[0].backward().wrt(start[0]));
    let Some(peak) = peak() else { return println!("the system does not tell memory") };
    println!("Lorenz, 10^6 steps checkpointed: {:.1} MiB, at most {:.0} allowed", peak / MIB, limit / MIB);
    assert!(peak <= limit);
}

/// A chain of 10^8 binary entries.
fn entries() {
    let tape = Tape::<f64>::new();
    let (a, b) = (tape.var(1.000_000_1), tape.var(0.999));
    let mut y = a;
    for _ in 0..50_000_000 {
        y *= a;
        y += b;
    }
    let (entries, bytes) = (tape.len(), tape.bytes());
    assert!(y.backward().wrt(b) > 0.0);
    let Some(peak) = peak() else { return println!("the system does not tell memory") };
    // 17 bytes an entry and an adjoint, and what the process takes for itself.
    let limit = 25.0 * entries as f64 + 16.0 * MIB;
    println!("{entries} entries of {bytes} bytes, swept: {:.4} GB, at most {:.4} allowed", peak / 1e9, limit / 1e9);
    assert!(peak <= limit);
}

const MIB: f64 = 1024.0 * 1024.0;

fn main() {
    lorenz(64.0 * MIB);
    if std::env::args().any(|arg| arg == "--all") {
        entries();
    }
}
