//! L22 On-line, minibatch and batch descent.
//!
//! A batch's error is divided by its size, `E_B = (1/B) sum_{n in B} L_n`, so its gradient estimates the same vector whatever the
//! size, and one rate serves all. The estimate's error falls with the size: drawn without replacement from `N` items with
//! gradients of spread `sigma`, its standard deviation is `sigma / sqrt(B) · sqrt((N - B) / (N - 1))`.
//!
//! What the noise is good for: `l22_escape.rs`.

use std::fmt::Write;

use autodiff::Tensor;
use examples::{Outcome, Page, Slope, numbers};
use ndarray::Array1;
use nn::data::generate;
use nn::plot::LineChart;
use nn::schedule::growing_batches;
use nn::{Activation, Batches, Dataset, Layer, Mlp, Sgd, Trainer, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A batch size for each epoch.
type Sizes = Box<dyn Fn(usize) -> usize>;

/// The standard deviation of minibatch gradients about the full one, root mean square over all weights.
fn spread(data: &Dataset<f64>, size: usize, rounds: usize) -> nn::Result<f64> {
    let model = Mlp::<f64>::new(&[2, 8, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(3));
    let gradient = |(x, t): (Tensor<f64>, Tensor<f64>)| -> nn::Result<Array1<f64>> {
        let gradients = nn::param_grad(&model, |model| loss::bce_with_logits(&model.forward(&x), &t))?;
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
    let n = page.size(128, 256);
    let data = generate::moons::<f64>(n, 0.1, &mut ChaCha8Rng::seed_from_u64(22));
    let mut points = Vec::new();
    for size in [1, 2, 4, 8, 16, 32, 64, 128].into_iter().filter(|size| 2 * size <= n) {
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
    let sizes: [(&str, Sizes); 4] = [
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
    crate::l22_escape::show(page)
}
