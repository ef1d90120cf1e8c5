//! L12 Hinge loss: `[1 - t y]_+` with targets `t = ±1`, and the soft-margin machine in its primal form.
//!
//! ```text
//! P = 1/2 |w|² + C sum_n [1 - t_n y(x_n)]_+,    y(x) = w·x + w0
//! ```
//!
//! The loss is 0 beyond the margin, `t y >= 1`: only points inside it or on the wrong side pull at the weights (sparsity). Divided
//! by `C N` the problem is the mean hinge loss with weight decay `lambda = 1/C` (L13), trained by stochastic subgradients. The
//! subgradient at the kink `t y = 1` is 0 here, the one of least norm. The optimum to arrive at is that of the dual
//! (`l12_support_vector_machine.rs`).

use std::fmt::Write;

use autodiff::{Tape, Tensor};
use examples::{Outcome, Page, matrix};
use ndarray::{Array1, Axis, array};
use nn::Reduction::Sum;
use nn::data::generate;
use nn::loss::{Hinge, Loss};
use nn::plot::LineChart;
use nn::schedule::polynomial;
use nn::{Init, Layer, Linear, Regularizer, Sgd, Trainer, is_bias, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::l12_support_vector_machine::{self as machine, C};

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let blobs = generate::blobs::<f64>(page.size(60, 120), &array![[-1.0, -0.5], [1.0, 0.5]], 0.6, &mut rng);
    let t: Array1<f64> = blobs.classes()?.iter().map(|&class| 2.0 * class as f64 - 1.0).collect();
    let x = matrix(&blobs.all().0);
    let dual = machine::solve(page, "linear kernel", x.clone(), &t, |a, b| a.dot(&b));
    machine::show(page)?;

    // Minibatches of subgradients with a falling rate.
    let (n, epochs) = (t.len(), page.size(300, 2000));
    let data = blobs.with_targets(t.insert_axis(Axis(1)))?;
    let sgd = Sgd::new(0.5).schedule(polynomial(epochs * n.div_ceil(10), 2.0));
    let model = Linear::<f64>::new(2, 1, Init::Zeros, &mut rng);
    let trainer = Trainer::new(model, loss::hinge, sgd).epochs(epochs).batch_size(10).progress(false);
    let mut trainer = trainer.regularizer(Regularizer::l2(1.0 / C, n).except(is_bias));
    trainer.fit(&data, &data)?;
    let (inputs, targets) = data.all();
    let w = trainer.model().weight().value();
    let y = trainer.model().forward(&inputs);
    let primal = 0.5 * w.square().sum().item() + C * Hinge::new().reduction(Sum).loss(&y, &targets).item();
    let optimum = dual.value;
    page.holds(
        format_args!("subgradient descent: primal {primal:.6}, the optimum {optimum:.6}"),
        primal >= optimum - 1e-9 && primal < optimum * 1.002,
    );
    writeln!(page, "w by subgradients {:.3}, sum a_n t_n x_n = {:.3}", w.to_array(), dual.weighted.dot(&x))?;

    // Sparsity: a point beyond the margin passes no gradient on.
    let tape = Tape::new();
    let y = tape.tensor(y.detach());
    let slopes = Hinge::new().reduction(Sum).loss(&y, &targets).backward().wrt(&y);
    let inside = (&y * &targets).to_array().iter().filter(|ty| **ty < 1.0).count();
    let pulling = slopes.iter().filter(|slope| **slope != 0.0).count();
    let sparse = pulling == inside && inside < n / 2;
    page.holds(format_args!("{pulling} of {n} points have dE/dy ≠ 0, {inside} have t y < 1"), sparse);

    let at: Vec<f64> = (-200..=200).map(|i| f64::from(i) / 100.0).collect();
    let ty = Tensor::from(Array1::from(at.clone()));
    let one = Tensor::ones(&[1]);
    let ln_2 = 2.0_f64.ln();
    let curves = [
        ("0-1", ty.mask(|ty| ty < 0.0)),
        ("squared (1 - t y)²", (&one - &ty).square()),
        ("hinge [1 - t y]_+", (&one - &ty).relu()),
        ("cross-entropy ln(1 + e^(-t y)) / ln 2", (-&ty).softplus() / ln_2),
    ];
    let chart = LineChart::new("A point's error").x_label("t·y").y_label("error").size(1200, 600);
    let series = |chart: LineChart, (name, error): (&str, Tensor<f64>)| {
        chart.series(name, at.iter().copied().zip(error.to_array()))
    };
    page.chart("l12_errors", &curves.into_iter().fold(chart, series))
}
