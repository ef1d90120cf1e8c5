//! L1 Perceptrons: one layer of weights, three outputs.
//!
//! With `a = w·x + w0` the output is `y = a` (linear regression), `y = sigmoid(a)` (logistic regression), or `y = H(a)`,
//! `H(a) = 1 for a >= 0` (the perceptron); for several classes there is one output each. Fixed basis functions `phi(x)`
//! before the linear map make it a generalised linear model.
//!
//! The perceptron algorithm goes through the examples and adds `(t - y) (1, x)` to the weights. If a line separates the
//! classes it ends with no mistakes.
//!
//! XOR has no such line. On the corners of the unit square a linear function has `a(0,0) + a(1,1) = a(0,1) + a(1,0)`; XOR
//! wants the left side below 0 and the right side at least 0. With the feature `x1·x2` beside `x1` and `x2` it is
//! separable.

use std::fmt::Write;

use autodiff::Tensor;
use examples::{Outcome, Page};
use ndarray::{Array1, Array2, array};
use nn::Reduction::Sum;
use nn::data::generate;
use nn::loss::{HalfSquaredError, Loss};
use nn::plot::LineChart;
use nn::{Activation, BasisFunctions, Dataset, Init, Layer, Linear, Newton, Sequential, Sgd, Trainer, loss, metrics};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The perceptron algorithm: weights, bias first, and the number of epochs, if one ends without mistakes.
fn perceptron(x: &Array2<f64>, t: &[f64], epochs: usize) -> Option<(Array1<f64>, usize)> {
    let mut w = Array1::zeros(x.ncols() + 1);
    for epoch in 1..=epochs {
        let mut mistakes = 0;
        for (x, t) in x.rows().into_iter().zip(t) {
            let x: Array1<f64> = [1.0].into_iter().chain(x.iter().copied()).collect();
            let y = f64::from(w.dot(&x) >= 0.0);
            mistakes += usize::from(y != *t);
            w.scaled_add(t - y, &x);
        }
        if mistakes == 0 {
            return Some((w, epoch));
        }
    }
    None
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    // Heaviside output.
    let corners = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    for (name, t) in [("AND", [0.0, 0.0, 0.0, 1.0]), ("OR", [0.0, 1.0, 1.0, 1.0]), ("NAND", [1.0, 1.0, 1.0, 0.0])] {
        let (w, epochs) = perceptron(&corners, &t, 100).ok_or("no convergence")?;
        writeln!(page, "perceptron algorithm, {name}: w = {w} after {epochs} epochs")?;
    }
    let xor = [0.0, 1.0, 1.0, 0.0];
    let features =
        Array2::from_shape_fn((4, 3), |(n, j)| if j < 2 { corners[[n, j]] } else { corners[[n, 0]] * corners[[n, 1]] });
    let never = perceptron(&corners, &xor, 10_000).is_none();
    let solved = perceptron(&features, &xor, 1000);
    let text = solved.as_ref().map_or("none".to_owned(), |(w, epochs)| format!("{w:.0} after {epochs} epochs"));
    page.holds(
        format_args!("XOR: no perceptron in 10000 epochs; on (x1, x2, x1·x2) w = {text}"),
        never && solved.is_some(),
    );
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let sides = |w: &Tensor<f64>| {
        let a = Tensor::from(corners.clone()).matmul(w).to_array();
        (a[[0, 0]] + a[[3, 0]], a[[1, 0]] + a[[2, 0]])
    };
    let sides: Vec<(f64, f64)> = (0..1000).map(|_| sides(&Init::Normal(1.0).sample(&[2, 1], 2, 1, &mut rng))).collect();
    let (left, right): (Vec<f64>, Vec<f64>) = sides.into_iter().unzip();
    page.agree("a(0,0) + a(1,1) = a(0,1) + a(1,0)", &left, &right, 1e-14);

    // Linear output: one Newton step on the squared error is least squares.
    let line = generate::noisy_curve::<f64>(50, |x| 1.0 - 2.0 * x, -1.0..1.0, 0.1, &mut rng);
    let (x, t) = line.all();
    let model = Linear::new(1, 1, Init::Zeros, &mut rng);
    let steps =
        Newton::new().fit(&model, |model| HalfSquaredError::new().reduction(Sum).loss(&model.forward(&x), &t))?.steps();
    let (dx, dt) = (&x - x.mean(), &t - t.mean());
    let slope = (&dx * &dt).sum().item() / dx.square().sum().item();
    page.near("regression: w", model.weight().value().item(), slope, 1e-12);
    page.near("regression: w0", model.bias().value().item(), t.mean().item() - slope * x.mean().item(), 1e-12);
    page.holds(format_args!("reached in {steps} Newton step"), steps == 1);

    // Logistic output, and one output per class: descent on the matched losses.
    let two = generate::blobs::<f64>(200, &array![[-1.0, 0.0], [1.0, 0.5]], 0.4, &mut rng);
    let labels: Vec<f64> = two.classes()?.iter().map(|&class| class as f64).collect();
    let two = two.with_targets(Array2::from_shape_vec((200, 1), labels)?)?;
    let three = generate::blobs::<f64>(300, &array![[-2.0, 0.0], [2.0, 0.0], [0.0, 2.0]], 0.5, &mut rng);
    let accuracy = |data: &Dataset<f64>, outputs, loss: fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>| {
        let model = Linear::new(2, outputs, Init::Zeros, &mut ChaCha8Rng::seed_from_u64(1));
        let mut trainer = Trainer::new(model, loss, Sgd::new(0.5)).epochs(50).full_batch().progress(false);
        trainer.fit(data, data)?;
        let (x, t) = data.all();
        Ok::<_, nn::Error>(metrics::accuracy(&trainer.model().forward(&x), &t))
    };
    let (two, three) = (accuracy(&two, 1, loss::bce_with_logits)?, accuracy(&three, 3, loss::softmax_cross_entropy)?);
    page.holds(
        format_args!("logistic regression: {:.1} % right, three classes {:.1} %", 100.0 * two, 100.0 * three),
        two.min(three) > 0.97,
    );

    // A generalised linear model: the same Newton step behind fixed Gaussian bumps.
    let wave = generate::noisy_curve::<f64>(80, |x| (3.0 * x).sin(), -2.0..2.0, 0.1, &mut rng);
    let centres = Array2::from_shape_fn((9, 1), |(j, _)| -2.0 + 0.5 * j as f64);
    let phi = BasisFunctions::gaussian(centres, 0.5);
    let model = Sequential::new().then(phi).then(Linear::new(9, 1, Init::Zeros, &mut rng));
    let (x, t) = wave.all();
    let fit = Newton::new().fit(&model, |model| loss::squared_error(&model.forward(&x), &t))?;
    page.holds(
        format_args!("nine Gaussian basis functions: mean squared error {:.4} (noise 0.01)", fit.value),
        fit.value < 0.012,
    );
    let grid = Tensor::from(Array2::from_shape_fn((101, 1), |(i, _)| -2.0 + 0.04 * i as f64));
    let curve = grid.to_array().into_iter().zip(model.forward(&Activation::Identity.apply(&grid)).to_array());
    let chart =
        LineChart::new("A generalised linear model: nine Gaussian basis functions").x_label("x").y_label("t, y");
    let chart = chart.points("data", x.to_array().into_iter().zip(t.to_array())).series("y(x)", curve);
    page.chart("l01_basis_functions", &chart)
}
