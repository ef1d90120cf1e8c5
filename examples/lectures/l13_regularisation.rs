//! L13 Regularised error: `E = (1/N) sum_n L_n + (lambda/N) Omega(w)`.
//!
//! `Omega = 1/2 |w|_2²` adds `lambda/N w` to the gradient: every step shrinks the weights by a factor (weight decay), none becomes
//! exactly 0. `Omega = 1/2 |w|_1` adds `lambda/(2N) sign(w)`: the same pull however small the weight is, so those that matter
//! little end at 0. Subgradient steps hop about 0; the proximal step `w <- sign(w) [|w| - eta lambda/(2N)]_+` arrives exactly.
//!
//! Any differentiable objective may stand in place of `L`; here also `sum ln cosh(y - t)`.

use std::fmt::Write;

use autodiff::{Tape, Tensor};
use examples::{Outcome, Page};
use ndarray::{Array1, Array2};
use nn::plot::LineChart;
use nn::{Dataset, Init, Layer, Linear, Optimizer, Regularizer, Sgd, is_bias, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const LAMBDA: f64 = 30.0;
const FEATURES: usize = 20;

fn log_cosh(y: &Tensor<f64>, t: &Tensor<f64>) -> Tensor<f64> {
    (y - t).cosh().ln().mean()
}

/// The weights after batch descent.
fn fitted(data: &Dataset<f64>, loss: &impl nn::Loss<f64>, mut sgd: Sgd<f64>, steps: usize) -> nn::Result<Array1<f64>> {
    let model = Linear::new(FEATURES, 1, Init::Normal(0.5), &mut ChaCha8Rng::seed_from_u64(3));
    let (tape, (x, t)) = (Tape::new(), data.all());
    for _ in 0..steps {
        tape.reset();
        nn::watch(&model, &tape);
        let gradients = loss.loss(&model.forward(&x), &t).backward();
        sgd.step(&model, &gradients)?;
    }
    tape.reset();
    Ok(model.weight().value().to_array().into_iter().collect())
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    // Three of twenty features matter.
    let (n, mut rng) = (100, ChaCha8Rng::seed_from_u64(13));
    let x: Tensor<f64> = Init::Normal(1.0).sample(&[n, FEATURES], 1, 1, &mut rng);
    let mut truth = Array2::zeros((FEATURES, 1));
    (truth[[2, 0]], truth[[7, 0]], truth[[15, 0]]) = (1.5, -2.0, 0.8);
    let noise = Init::Normal(0.5).sample(&[n, 1], 1, 1, &mut rng);
    let data = Dataset::new(x.to_array(), (x.matmul(&truth.clone().into()) + noise).to_array())?;

    // The penalties' gradients.
    let model = Linear::new(FEATURES, 1, Init::Normal(1.0), &mut rng).without_bias();
    let w = model.weight().value().to_array();
    let scale = LAMBDA / n as f64;
    let l2 = nn::param_grad(&model, |model| Regularizer::l2(LAMBDA, n).penalty(model))?[0].to_array();
    let l1 = nn::param_grad(&model, |model| Regularizer::l1(LAMBDA, n).penalty(model))?[0].to_array();
    page.agree("L2: dΩ/dw · lambda/N = lambda/N w", &l2, &w.mapv(|w| scale * w), 1e-15);
    page.agree("L1: lambda/(2N) sign(w)", &l1, &w.mapv(|w| 0.5 * scale * w.signum()), 1e-15);

    let steps = page.size(400, 3000);
    let squared = loss::HalfSquaredError::new();
    let sgd = || Sgd::new(0.1);
    let plain = fitted(&data, &squared, sgd(), steps)?;
    let decayed = fitted(&data, &squared, sgd().before(Regularizer::l2(LAMBDA, n).except(is_bias)), steps)?;
    let hopping = fitted(&data, &squared, sgd().before(Regularizer::l1(LAMBDA, n).except(is_bias)), steps)?;
    let sparse = fitted(&data, &squared, sgd().after(Regularizer::l1(LAMBDA, n).except(is_bias).proximal()), steps)?;
    let replaced = fitted(&data, &log_cosh, sgd().after(Regularizer::l1(LAMBDA, n).except(is_bias).proximal()), steps)?;

    writeln!(page, "{:<34} {:>6} {:>6} {:>10} {:>8}", "", "|w|_2", "|w|_1", "|w| < 0.04", "w = 0")?;
    let tiny = |w: &Array1<f64>| w.iter().filter(|w| w.abs() < 0.04).count();
    let zero = |w: &Array1<f64>| w.iter().filter(|w| **w == 0.0).count();
    let rows = [&plain, &decayed, &hopping, &sparse, &replaced];
    for (name, w) in ["none", "L2", "L1 by subgradients", "L1, proximal", "L1, proximal, ln cosh"].iter().zip(rows) {
        let (two, one) = (w.dot(w).sqrt(), w.mapv(f64::abs).sum());
        writeln!(page, "{name:<34} {two:>6.3} {one:>6.3} {:>10} {:>8}", tiny(w), zero(w))?;
    }
    let kept: Vec<usize> = (0..FEATURES).filter(|&j| sparse[j] != 0.0).collect();
    page.holds(format_args!("L1 leaves the features {kept:?}, the others are exactly 0"), kept == [2, 7, 15]);
    page.holds("L2 shrinks, but nothing becomes 0", decayed.dot(&decayed) < plain.dot(&plain) && zero(&decayed) == 0);
    page.holds(
        format_args!("by subgradients {} are nearly 0, {} exactly", tiny(&hopping), zero(&hopping)),
        tiny(&hopping) >= 17 && zero(&hopping) == 0,
    );
    page.holds(
        format_args!("with ln cosh in place of the square: {} exact zeros", zero(&replaced)),
        zero(&replaced) >= 15,
    );

    let points = |w: &Array1<f64>| w.clone().into_iter().enumerate().map(|(j, w)| (j as f64, w)).collect::<Vec<_>>();
    let chart =
        LineChart::new("Weights of twenty features, three of which matter").x_label("feature").y_label("weight");
    let chart = chart.points("truth", points(&truth.flatten().to_owned())).points("no penalty", points(&plain));
    page.chart("l13_weights", &chart.points("L2", points(&decayed)).points("L1, proximal", points(&sparse)))
}
