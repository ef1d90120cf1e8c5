//! L17 Cost: all derivatives by one sweep are O(|w|), by finite differences O(|w|²).
//!
//! A forward pass does one multiplication and one addition for each weight; a sweep backward visits each of them once more. A
//! difference needs the whole forward pass twice for each of `|w|` weights. The sweep is linear in weights, not in nodes: of two
//! networks with as many units the one with more connections costs more.
//!
//! Operations are counted (tape entries). Times are measured; those of differences for some weights at each size and multiplied
//! up to all, because all of 100,000 would take minutes.

use std::fmt::Write;
use std::time::Duration;

use autodiff::{Tape, Var, grad};
use examples::{Outcome, Page, Slope, seconds};
use nn::plot::LineChart;

const INPUTS: usize = 8;

/// A network with one hidden layer and one output, in scalars: each hidden unit reads `fan_in` inputs. Weights unit by unit,
/// bias first; then the output's.
fn error(w: &[Var<f64>], fan_in: usize) -> Var<f64> {
    let hidden = (w.len() - 1) / (fan_in + 2);
    let (units, output) = w.split_at(hidden * (fan_in + 1));
    let input = |i: usize| 0.1 * (1 + i) as f64;
    let unit = |w: &[Var<f64>]| (1..=fan_in).fold(w[0], |a, i| a + w[i] * input(i)).tanh();
    let z = units.chunks(fan_in + 1).map(unit);
    let y = z.zip(&output[1..]).fold(output[0], |a, (z, &w)| a + w * z);
    0.5 * (y - 1.0) * (y - 1.0)
}

fn weights(hidden: usize, fan_in: usize) -> Vec<f64> {
    (0..=hidden * (fan_in + 2)).map(|i| 0.3 * (i as f64).sin()).collect()
}

/// The number of operations of one evaluation.
fn operations(w: &[f64], fan_in: usize) -> usize {
    let tape = Tape::new();
    error(&tape.vars(w), fan_in);
    tape.len() - w.len()
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let budget = Duration::from_millis(page.size(1, 30));
    writeln!(page, "{:>7} {:>10} {:>14} {:>12} {:>14}", "|w|", "operations", "differences'", "sweep", "differences")?;
    let (mut sweep_count, mut difference_count) = (Vec::new(), Vec::new());
    let (mut sweep_time, mut difference_time) = (Vec::new(), Vec::new());
    for hidden in [1, 3, 10, 32, 100, 316, 1000, 3162, 10_000].into_iter().take(page.size(7, 9)) {
        let w = weights(hidden, INPUTS);
        let n = w.len() as f64;
        let one = operations(&w, INPUTS);
        let all = 2 * w.len() * one;
        let gradient = seconds(budget, || grad(|w| error(w, INPUTS), &w));
        // One weight's difference; the least time of those of a sample, times their number.
        let mut constants: Vec<Var<f64>> = w.iter().copied().map(Var::constant).collect();
        let mut turn = (0..w.len()).cycle();
        let one_weight = seconds(budget, || {
            let i = turn.next().unwrap_or(0);
            let [above, below] = [1e-5, -1e-5].map(|e| {
                constants[i] = Var::constant(w[i] + e);
                error(&constants, INPUTS).value()
            });
            constants[i] = Var::constant(w[i]);
            (above - below) / 2e-5
        });
        let differences = one_weight * n;
        writeln!(page, "{n:>7} {one:>10} {all:>14} {:>9.1} µs {:>13.1} µs", gradient * 1e6, differences * 1e6)?;
        sweep_count.push((n, one as f64));
        difference_count.push((n, all as f64));
        sweep_time.push((n, gradient));
        difference_time.push((n, differences));
    }
    let (sweep, differences) = (Slope::log_log(&sweep_count), Slope::log_log(&difference_count));
    page.holds(
        format_args!("operations: |w|^({sweep}) by the sweep, |w|^({differences}) by differences"),
        (0.97..1.03).contains(&sweep.value) && (1.97..2.03).contains(&differences.value),
    );
    // Below some 300 weights the tape's setting up is what takes time.
    let late = sweep_time.len() - page.size(4, 6);
    let (sweep, differences) = (Slope::log_log(&sweep_time[late..]), Slope::log_log(&difference_time[late..]));
    page.holds(
        format_args!("time: |w|^({sweep}) by the sweep, |w|^({differences}) by differences"),
        sweep.is_near(1.0, 0.4) && differences.is_near(2.0, 0.5),
    );
    let at = sweep_time.len() - 1;
    let ratio = difference_time[at].1 / sweep_time[at].1;
    page.holds(format_args!("with {} weights the sweep is {ratio:.0} times faster", sweep_time[at].0), ratio > 100.0);
    // The same derivative.
    let w = weights(10, INPUTS);
    let numeric: Vec<f64> = autodiff::numeric::gradient(|w| error(w, INPUTS), &w).iter().map(|d| d.value).collect();
    page.agree("both give the same derivatives", &grad(|w| error(w, INPUTS), &w), &numeric, 1e-10);

    // As many nodes, more weights.
    let per_weight = [1, 4, 16, 64].map(|fan_in| {
        let w = weights(100, fan_in);
        (w.len() as f64, operations(&w, fan_in) as f64 / w.len() as f64)
    });
    let spread = per_weight.iter().map(|(_, each)| each).fold(f64::NEG_INFINITY, |most, &each| most.max(each))
        / per_weight.iter().map(|(_, each)| each).fold(f64::INFINITY, |least, &each| least.min(each));
    let (least, most) = (per_weight[0].0, per_weight[3].0);
    page.holds(
        format_args!(
            "100 hidden units with {least} to {most} weights: operations for each weight differ by a factor {spread:.2}"
        ),
        spread < 1.7 && most > 20.0 * least,
    );
    let chart = LineChart::new("All derivatives of a network's error")
        .x_label("weights |w|")
        .y_label("time, s")
        .log_x()
        .log_y();
    let chart = chart.series(format!("reverse sweep, |w|^({sweep})"), sweep_time);
    page.chart("l17_cost", &chart.series(format!("differences, |w|^({differences})"), difference_time))
}
