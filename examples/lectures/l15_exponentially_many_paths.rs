//! L15 Exponentially many paths: a chain of `n` diamonds.
//!
//! ```text
//!       ┌─ u = tanh x ─┐
//!    x ─┤              ├─ x' = u + v        dx'/dx = (1 - u²) · 1 + 1/2 · 1
//!       └─ v = x / 2 ──┘
//! ```
//!
//! From the first `x` to the last there are `2^n` paths. The total derivative is the sum over all paths of the products of their
//! edges' factors. Expanded one by one that takes `2n` multiplications for each of `2^n` paths. The reverse sweep adds up at
//! every node what comes in, before it goes on: `4n` edges, each used once.

use std::fmt::Write;
use std::time::Duration;

use autodiff::{Tape, explain};
use examples::{Outcome, Page, Slope, seconds};
use nn::plot::LineChart;

/// The factors along both ways through each diamond, two edges each.
type Factors = Vec<[[f64; 2]; 2]>;

/// The chain on a tape: the derivative by one sweep, and the number of edges.
fn sweep(start: f64, n: usize) -> (f64, usize) {
    let tape = Tape::new();
    let first = tape.var(start);
    let last = (0..n).fold(first, |x, _| x.tanh() + 0.5 * x);
    // tanh and the half have one edge each, the sum has two.
    (last.backward().wrt(first), (tape.len() - 1) / 3 * 4)
}

fn factors(start: f64, n: usize) -> Factors {
    let mut x = start;
    let diamond = |_| {
        let u = x.tanh();
        x = u + 0.5 * x;
        [[1.0 - u * u, 1.0], [0.5, 1.0]]
    };
    (0..n).map(diamond).collect()
}

/// The sum over all paths one by one: bit `k` of a path's number says which way it takes through diamond `k`.
fn expand(factors: &Factors) -> (f64, u64) {
    let mut multiplications = 0;
    let mut product = |path: u64| {
        let edges = factors.iter().enumerate().flat_map(|(k, ways)| ways[(path >> k & 1) as usize]);
        edges.inspect(|_| multiplications += 1).product::<f64>()
    };
    let sum = (0..1_u64 << factors.len()).map(&mut product).sum();
    (sum, multiplications)
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let budget = Duration::from_millis(page.size(1, 20));
    writeln!(
        page,
        "{:>3} {:>9} {:>15} {:>7} {:>12} {:>12}",
        "n", "paths", "multiplications", "edges", "paths", "sweep"
    )?;
    let (mut by_paths, mut by_sweep) = (Vec::new(), Vec::new());
    let (mut counts_hold, mut sums, mut sweeps) = (true, Vec::new(), Vec::new());
    for n in (4..=page.size(14, 20)).step_by(2) {
        let factors = factors(0.7, n);
        let ((sum, multiplications), (derivative, edges)) = (expand(&factors), sweep(0.7, n));
        counts_hold &= multiplications == (2 * n as u64) << n && edges == 4 * n;
        sums.push(sum);
        sweeps.push(derivative);
        let times = (seconds(budget, || expand(&factors)), seconds(budget, || sweep(0.7, n)));
        by_paths.push((n as f64, times.0));
        by_sweep.push((n as f64, times.1));
        let (paths, micro) = (1_u64 << n, |time: f64| time * 1e6);
        let (expanded, swept) = (micro(times.0), micro(times.1));
        writeln!(page, "{n:>3} {paths:>9} {multiplications:>15} {edges:>7} {expanded:>9.1} µs {swept:>9.1} µs")?;
    }
    page.holds("operations counted: 2n · 2^n multiplications along paths, 4n edges in the sweep", counts_hold);
    page.agree("the sum over all paths is the sweep's derivative", &sums, &sweeps, 1e-13);

    let long: Vec<(f64, f64)> = (8..=page.size(14, 20))
        .map(|log| {
            let n = 1_usize << log;
            (n as f64, seconds(budget, || sweep(0.7, n)))
        })
        .collect();
    let doubling = Slope::line(&by_paths.iter().map(|&(n, time)| (n, (time / n).log2())).collect::<Vec<_>>());
    let linear = Slope::log_log(&long);
    let (n, time) = long[long.len() - 1];
    writeln!(page, "time of the expansion: n · 2^(p n) with p = {doubling}")?;
    writeln!(page, "time of the sweep: n^p with p = {linear}, to n = {n}: {:.1} ms", time * 1e3)?;
    let last = by_paths.len() - 1;
    let ratio = by_paths[last].1 / by_sweep[last].1;
    page.holds(
        format_args!(
            "time: 2^({doubling} n) path by path, n^({linear}) by the sweep, {ratio:.0} times faster at n = {}",
            by_paths[last].0
        ),
        doubling.is_near(1.0, 0.3) && linear.is_near(1.0, 0.4) && ratio > 20.0,
    );
    // The library counts them, too, without walking along them.
    let tape = Tape::new();
    let x = tape.var(0.7);
    let paths = explain::paths((0..100).fold(x, |x, _| x.tanh() + 0.5 * x), x);
    let (count, edges) = (paths.count().unwrap_or(0), paths.edges());
    page.holds(format_args!("100 diamonds: {count} paths over {edges} edges"), count == 1 << 100 && edges == 400);
    let tape = Tape::<f64>::new();
    let x = tape.var(0.7).named("x");
    let last = (1..=3).fold(x, |x, n| (x.tanh() + x * 0.5).named(format!("x[{n}]")));
    page.derivation(&explain::derivation(last, x));
    page.steps("l15_steps", &autodiff::page::Page::of(last).title("L15 Three diamonds, eight paths").checked())?;
    let chart =
        LineChart::new("A chain of n diamonds: 2^n paths, 4n edges").x_label("diamonds n").y_label("time, s").log_y();
    page.chart("l15_paths", &chart.series("paths one by one", by_paths).series("reverse sweep", by_sweep))
}
