//! L22 On-line, minibatch and batch descent.
//!
//! A batch's error is divided by its size, `E_B = (1/B) sum_{n in B} L_n`, so its gradient estimates the same vector whatever the
//! size, and one rate serves all. The estimate's error falls with the size: drawn without replacement from `N` items with
//! gradients of spread `sigma`, its standard deviation is `sigma / sqrt(B) · sqrt((N - B) / (N - 1))`.
//!
//! The noise is of use. In a poor local minimum the full gradient is 0 and batch descent stays; single items still pull, and
//! on-line descent gets out. A batch size that grows during training does both: it leaves poor minima, then settles.

use std::fmt::Write;

use autodiff::Tensor;
use examples::{Outcome, Page, Slope, numbers};
use ndarray::{Array1, Array2};
use nn::data::generate;
use nn::plot::LineChart;
use nn::schedule::growing_batches;
use nn::{Activation, Batches, Dataset, Layer, Mlp, Param, Sgd, Trainer, Visit, VisitMut, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A model of one weight, whose error has two minima: `L_n(w) = (w² - 1)² + 0.8 w + c_n w`, the `c_n` adding up to 0.
struct TwoWells(Param<f64>);

impl Layer<f64> for TwoWells {
    fn forward(&self, c: &Tensor<f64>) -> Tensor<f64> {
        let w = self.0.tensor();
        (w.square() - 1.0).square() + (c + 0.8) * w
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("w", &self.0);
    }
    fn visit_mut(&mut self, v: &mut VisitMut<'_, f64>) {
        v.param("w", &mut self.0);
    }
}

/// Where descent ends from the poor minimum's side.
fn settle(sizes: impl Fn(usize) -> usize + 'static, seed: u64) -> nn::Result<f64> {
    let items = Dataset::new(
        Array2::from_shape_fn((32, 1), |(n, _)| if n % 2 == 0 { 6.0 } else { -6.0 }),
        Array2::zeros((32, 1)),
    )?;
    let model = TwoWells(Param::new(Array1::from(vec![1.3])));
    let mean = |y: &Tensor<f64>, _: &Tensor<f64>| y.mean();
    let mut trainer =
        Trainer::new(model, mean, Sgd::new(0.05)).epochs(60).batch_sizes(sizes).seed(seed).progress(false);
    trainer.fit(&items, &items)?;
    Ok(trainer.model().0.value().view()[[0]])
}

/// The standard deviation of minibatch gradients about the full one, root mean square over all weights.
fn spread(data: &Dataset<f64>, size: usize, rounds: usize) -> nn::Result<f64> {
    let mut model = Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(3));
    let mut gradient = |(x, t): (Tensor<f64>, Tensor<f64>)| -> nn::Result<Array1<f64>> {
        let gradients = nn::param_grad(&mut model, |model| loss::bce_with_logits(&model.forward(&x), &t))?;
        Ok(gradients.iter().flat_map(numbers).collect())
    };
    let full = gradient(data.all())?;
    let (mut squares, mut batches, mut rng) = (0.0, 0.0, ChaCha8Rng::seed_from_u64(4));
    for _ in 0..rounds {
        for batch in Batches::new(data, size, &mut rng) {
            squares += (gradient(batch)? - &full).mapv(|d| d * d).mean().unwrap_or(0.0);
            batches += 1.0;
        }
    }
    Ok((squares / batches).sqrt())
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let n = 256;
    let data = generate::moons::<f64>(n, 0.1, &mut ChaCha8Rng::seed_from_u64(22));
    let mut points = Vec::new();
    for size in [1, 2, 4, 8, 16, 32, 64, 128] {
        let finite = (((n - size) as f64) / (n - 1) as f64).sqrt();
        points.push((size as f64, spread(&data, size, page.size(4, 40).max(size / 8))? / finite));
    }
    let slope = Slope::log_log(&points);
    page.holds(format_args!("noise of a batch's gradient: B^({slope})"), (slope.value + 0.5).abs() < 0.05);

    // One rate for all sizes.
    let epochs = page.size(20, 100);
    let mut chart = LineChart::new("One rate, four batch sizes").x_label("epoch").y_label("training loss").log_y();
    let mut last = Vec::new();
    let grown = move |epoch: usize| growing_batches(4, 2.0, epochs / 8, n)(epoch);
    let sizes: [(&str, Box<dyn Fn(usize) -> usize>); 4] = [
        ("on-line", Box::new(|_| 1)),
        ("minibatches of 16", Box::new(|_| 16)),
        ("batch", Box::new(|_| usize::MAX)),
        ("growing from 4", Box::new(grown)),
    ];
    for (name, sizes) in sizes {
        let model = Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(3));
        let trainer = Trainer::new(model, loss::bce_with_logits, Sgd::new(0.2)).epochs(epochs).batch_sizes(sizes);
        let history = trainer.seed(1).progress(false).fit(&data, &data)?;
        let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.valid_loss).collect();
        writeln!(page, "{name:<18} {:>6} steps, loss {:.4} from {:.4}", history.steps, losses[epochs - 1], losses[0])?;
        last.push((losses[0], losses[epochs - 1]));
        chart = chart.series(name, losses.into_iter().enumerate().map(|(k, loss)| (k as f64 + 1.0, loss)));
    }
    page.holds("with the same rate each of them lowers the error", last.iter().all(|(first, last)| last < first));
    page.holds("after as many epochs more steps have come further", last[0].1 < last[1].1 && last[1].1 < last[2].1);
    page.chart("l22_batches", &chart)?;

    // Escape.
    let seeds = page.size(10, 200);
    let ends = |sizes: fn(usize) -> usize| (0..seeds).map(|seed| settle(sizes, seed)).collect::<nn::Result<Vec<f64>>>();
    let (batch, on_line, growing) =
        (ends(|_| 32)?, ends(|_| 1)?, ends(|epoch| growing_batches(1, 2.0, 10, 32)(epoch))?);
    let share = |ends: &[f64]| ends.iter().filter(|w| **w < 0.0).count() as f64 / ends.len() as f64;
    let distance = |ends: &[f64]| ends.iter().filter(|w| **w < 0.0).map(|w| (w + 1.088_3).abs()).fold(0.0, f64::max);
    page.holds(
        format_args!(
            "out of the poor minimum in {seeds} runs: batch {:.0} %, on-line {:.0} %, growing {:.0} %",
            100.0 * share(&batch),
            100.0 * share(&on_line),
            100.0 * share(&growing)
        ),
        share(&batch) == 0.0 && share(&on_line) > 0.6 && share(&growing) > 0.6,
    );
    page.holds(
        format_args!(
            "farthest from the better minimum: on-line {:.2}, growing {:.4}",
            distance(&on_line),
            distance(&growing)
        ),
        distance(&growing) < 0.01 && distance(&on_line) > distance(&growing),
    );
    let sorted = |mut ends: Vec<f64>| {
        ends.sort_by(f64::total_cmp);
        ends.into_iter().enumerate().map(move |(k, w)| ((k as f64 + 1.0) / seeds as f64, w)).collect::<Vec<_>>()
    };
    let chart = LineChart::new("Where descent from w = 1.3 ends: minima at -1.09 (good) and 0.88 (poor)")
        .x_label("share of the runs")
        .y_label("w");
    let chart = chart.series("batch", sorted(batch)).series("on-line", sorted(on_line));
    page.chart("l22_escape", &chart.series("batch size growing from 1 to 32", sorted(growing)))
}
