//! A workload in a process of its own: for its peak memory, and to be timed in turn with other programs.

use std::error::Error;
use std::fs;
use std::io::{BufRead, Write, stdin, stdout};
use std::process::Command;
use std::time::Instant;

use crate::workloads::{Step, Workload};

/// Steps before the peak is read.
const STEPS: usize = 12;

/// A workload that has taken its first step, or its first ten, which gave what they should.
pub(crate) fn begun(workload: &Workload) -> Step {
    let mut step = (workload.build)();
    let (first, want) = (step(), workload.first);
    assert!((first - want).abs() < 2e-5 * want, "{}: the first step gives {first}, expected {want}", workload.name);
    if let Some(want) = workload.tenth {
        let tenth = (2..=10).fold(first, |_, _| step());
        assert!((tenth - want).abs() < 1e-4 * want, "{}: the tenth step gives {tenth}, expected {want}", workload.name);
    }
    step
}

/// A field of the process's status, in MiB.
fn status(field: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}

/// Prints the peak memory of some steps, in MiB.
pub(crate) fn print_peak(workload: &Workload) {
    let mut step = begun(workload);
    for _ in 0..STEPS {
        step();
    }
    println!("{}", status("VmHWM").unwrap_or(f64::NAN));
}

/// The peak memory of a workload in a process of its own, in MiB.
pub(crate) fn peak(name: &str) -> Result<f64, Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?).args(["--peak", name]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Answers every line of the input, a number of seconds, with the median time of a step in microseconds, so that another
/// program can have several of its kind run in turn. At the end of the input, prints the peak memory in MiB.
pub(crate) fn serve(workload: &Workload) -> Result<(), Box<dyn Error>> {
    let mut step = begun(workload);
    println!("ready");
    for line in stdin().lock().lines() {
        println!("{}", median(&mut step, line?.trim().parse()?));
        stdout().flush()?;
    }
    println!("{}", status("VmHWM").unwrap_or(f64::NAN));
    Ok(())
}

/// The median over runs of about a millisecond, or of one step if that takes longer.
fn median(step: &mut Step, seconds: f64) -> f64 {
    let start = Instant::now();
    let mut steps = 0;
    while steps == 0 || start.elapsed().as_secs_f64() < 0.1 * seconds {
        step();
        steps += 1;
    }
    let each = start.elapsed().as_secs_f64() / f64::from(steps);
    #[allow(clippy::cast_sign_loss, reason = "a ratio of times")]
    let run = (1e-3 / each).ceil() as u32;
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < 3 || start.elapsed().as_secs_f64() < seconds {
        let begin = Instant::now();
        for _ in 0..run {
            step();
        }
        times.push(begin.elapsed().as_secs_f64() * 1e6 / f64::from(run));
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
