//! L20 What the sweep costs in memory, and how checkpoints trade time for it.
//!
//! The sweep needs `z[s-1]` and `h'(a[s])` of every layer, so all activations of the forward pass are kept. Kept only at some
//! layers (checkpoints) and computed again in between, memory falls and time rises. With segments of `sqrt(d)` layers both are
//! `sqrt(d)` large for one more forward pass. For a loop of `n` steps with `c` kept states the binomial schedule needs the fewest
//! evaluations possible.

use std::fmt::Write;
use std::rc::Rc;
use std::{cell::Cell, time::Duration};

use autodiff::checkpoint::Sequence;
use autodiff::tensor::checkpoint;
use autodiff::{Tape, Tensor, Var};
use examples::{Outcome, Page, numbers, seconds};
use nn::Init;
use nn::plot::LineChart;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const WIDTH: usize = 32;

/// Layers `z = tanh(z Wᵀ)`.
fn layers(z: &Tensor<f64>, weights: &[Tensor<f64>]) -> Tensor<f64> {
    weights.iter().fold(z.clone(), |z, w| z.matmul(&w.transpose()).tanh())
}

/// Runs `depth` layers in segments of so many; gives the bytes on the tape, the gradient by the first layer, and the time.
fn deep(page: &Page, depth: usize, segment: usize) -> (usize, Vec<f64>, f64) {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let (x, tape) = (Init::Normal(1.0).sample(&[page.size(16, 128), WIDTH], 1, 1, &mut rng), Tape::new());
    let plain: Vec<Tensor<f64>> =
        (0..depth).map(|_| Init::XavierNormal.sample(&[WIDTH, WIDTH], WIDTH, WIDTH, &mut rng)).collect();
    let (mut bytes, mut gradient) = (0, Vec::new());
    let time = seconds(Duration::from_millis(page.size(1, 100)), || {
        tape.reset();
        let weights: Vec<Tensor<f64>> = plain.iter().map(|w| tape.tensor(w.clone())).collect();
        let run = |z: Tensor<f64>, weights: &[Tensor<f64>]| {
            let inputs: Vec<&Tensor<f64>> = std::iter::once(&z).chain(weights).collect();
            if segment == 1 { layers(&z, weights) } else { checkpoint(|t| layers(&t[0], &t[1..]), &inputs) }
        };
        let error = weights.chunks(segment).fold(x.clone(), run).square().sum();
        // Weights are there in any case.
        bytes = tape.stats().bytes - 8 * WIDTH * WIDTH * depth;
        gradient = numbers(&error.backward().wrt(&weights[0]).into());
    });
    (bytes, gradient, time)
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let depth = page.size(16, 64);
    let segments: Vec<usize> = [1, 2, 4, 8, 16, 32].into_iter().filter(|&s| s * 2 <= depth).collect();
    let runs: Vec<_> = segments.iter().map(|&segment| deep(page, depth, segment)).collect();
    writeln!(page, "{depth} layers of {WIDTH} units: segment, bytes kept, with those of a segment in the sweep, time")?;
    // While a segment is swept its own activations are there as well.
    let all = runs[0].0 as f64;
    let peak = |k: usize| if k == 0 { all } else { runs[k].0 as f64 + all * segments[k] as f64 / depth as f64 };
    for (k, (segment, (bytes, _, time))) in segments.iter().zip(&runs).enumerate() {
        writeln!(page, "{segment:>4} {:>8} KiB {:>8.0} KiB {:>8.2} ms", bytes / 1024, peak(k) / 1024.0, time * 1e3)?;
    }
    let gradients: Vec<f64> = runs.iter().flat_map(|run| run.1.clone()).collect();
    let root = runs.len() / 2;
    let (kept, there) = (all / runs[root].0 as f64, all / peak(root));
    page.holds(
        format_args!("segments of {} layers keep 1/{kept:.1} of the bytes, 1/{there:.1} while swept", segments[root]),
        kept > 3.0 && there > page.size(1.7, 4.0),
    );
    page.agree("and give the same gradient", &gradients, &runs[0].1.repeat(runs.len()), 0.0);

    // A loop of scalar steps: kept states against evaluations, counted.
    let steps = page.size(200, 2000);
    let (mut course, mut as_planned, mut slopes) = (Vec::new(), true, Vec::new());
    for slots in [2, 3, 5, 10, 20, 50, 100, 200, 2000].into_iter().filter(|&slots| slots <= steps) {
        let (count, tape) = (Rc::new(Cell::new(0_u64)), Tape::<f64>::new());
        let (counter, x) = (Rc::clone(&count), tape.var(0.5));
        let sequence = Sequence::new(steps).slots(slots);
        let end = sequence.run(&[x], move |s: &[Var<f64>], _| {
            counter.set(counter.get() + 1);
            s[0] + 1e-2 * s[0].sin()
        });
        slopes.push(end[0].backward().wrt(x));
        as_planned &= count.get() == sequence.plan().evaluations();
        course.push((slots as f64, sequence.plan().work_factor()));
    }
    let (tape, plain) = (Tape::new(), slopes.len());
    let x = tape.var(0.5);
    let slope = (0..steps).fold(x, |x, _| x + 1e-2 * x.sin()).backward().wrt(x);
    page.agree("a loop's derivative, whatever is kept", &slopes, &vec![slope; plain], 0.0);
    page.holds(
        format_args!(
            "{steps} steps evaluated as often as the schedule says: {:.1} times with 2 states, {:.0} with all",
            course[0].1,
            course[plain - 1].1
        ),
        as_planned,
    );
    let chart = LineChart::new(format!("A loop of {steps} steps"))
        .x_label("states kept")
        .y_label("evaluations of a step")
        .log_x();
    page.chart("l20_checkpoints", &chart.log_y().series("binomial schedule", course))?;
    crate::l20_deep_gradients::show(page)
}
