//! L22 Noise leaves poor minima.
//!
//! In a poor local minimum the full gradient is 0 and batch descent stays; single items still pull, and on-line descent gets out.
//! It does not settle, though. A batch size that grows during training does both: small batches leave poor minima, large
//! ones arrive.

use autodiff::Tensor;
use examples::{Outcome, Page};
use ndarray::{Array1, Array2};
use nn::plot::LineChart;
use nn::schedule::growing_batches;
use nn::{Dataset, Layer, Param, Sgd, Trainer, Visit};

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

pub(crate) fn show(page: &mut Page) -> Outcome {
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
