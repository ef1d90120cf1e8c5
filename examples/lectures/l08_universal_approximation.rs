//! L8 Universal approximation: one hidden layer of sigmoid units comes as near as one likes to a continuous function on an
//! interval.
//!
//! `y(x) = sum_{m=1}^{M} w_m sigmoid(u_m x + c_m) + w_0`. The theorem says that for every continuous `f` and every `eps` there
//! are an `M` and weights with `|y(x) - f(x)| < eps` on the whole interval. It does not say that descent finds them. Here the
//! best of a few starts is taken; a larger network may go on from a smaller one, with new units that weigh nothing yet, so
//! its error cannot be larger.

use std::fmt::Write;

use autodiff::Tensor;
use examples::{Outcome, Page, Slope};
use nn::plot::{Figure, LineChart};
use nn::{Activation, Init, Layer, Lbfgs, Linear, Mlp, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Waves with a kink at 0.3.
fn f(x: f64) -> f64 {
    (12.0 * x).sin() * 0.5 + (x - 0.3).abs()
}

/// `units` hidden units, the first of them from `smaller`; the others weigh 0.
fn network(units: usize, smaller: Option<&Mlp<f64>>, rng: &mut ChaCha8Rng) -> Mlp<f64> {
    let (mut u, mut c) =
        (Init::Normal(6.0).sample(&[units, 1], 1, 1, rng), Init::Normal(3.0).sample(&[units], 1, 1, rng));
    let (mut w, mut w0) = (Tensor::zeros(&[1, units]), Tensor::zeros(&[1]));
    if let Some([(hidden, _), (output, _)]) = smaller.map(Mlp::layers) {
        let old = hidden.bias().value().len();
        let grown = |old_part: &Tensor<f64>, new: &Tensor<f64>, axis| Tensor::concat(&[old_part, new], axis);
        u = grown(&hidden.weight().value(), &u.narrow(0, old..units), 0);
        c = grown(&hidden.bias().value(), &c.narrow(0, old..units), 0);
        w = grown(&output.weight().value(), &w.narrow(1, old..units), 1);
        w0 = output.bias().value().clone();
    }
    let (hidden, output) = (Linear::from_weights(u, c), Linear::from_weights(w, w0));
    Mlp::from_layers(vec![(hidden, Activation::Sigmoid), (output, Activation::Identity)])
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let n = page.size(60, 200);
    let points = ndarray::Array2::from_shape_fn((n, 1), |(i, _)| -1.0 + 2.0 * i as f64 / (n - 1) as f64);
    let (x, t) = (Tensor::from(points.clone()), Tensor::from(points.mapv(f)));
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut smaller: Option<Mlp<f64>> = None;
    let mut errors = Vec::new();
    let curve = |y: &Tensor<f64>| points.iter().copied().zip(y.to_array()).collect::<Vec<_>>();
    let mut fits = LineChart::new("Fits").x_label("x").y_label("f, y").points("f(x)", curve(&t).into_iter().step_by(3));
    for units in [1, 2, 4, 8, 16, 32].into_iter().take(page.size(4, 6)) {
        let mut best: Option<(f64, Mlp<f64>)> = None;
        for start in 0..page.size(2, 4) {
            let model = network(units, smaller.as_ref().filter(|_| start % 2 == 0), &mut rng);
            let objective = |model: &Mlp<f64>| loss::squared_error(&model.forward(&x), &t);
            let error = Lbfgs::new().steps(page.size(150, 600)).fit(&model, objective)?.value;
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, model));
            }
        }
        let (error, model) = best.ok_or("no start")?;
        writeln!(page, "{units:>3} hidden units: root mean squared error {:.2e}", error.sqrt())?;
        errors.push((units as f64, error.sqrt()));
        if [1, 4, 16].contains(&units) {
            fits = fits.series(format!("M = {units}"), curve(&model.forward(&x)));
        }
        smaller = Some(model);
    }
    let (first, last) = (errors[0].1, errors[errors.len() - 1].1);
    let falls = errors.windows(2).all(|pair| pair[1].1 < pair[0].1);
    let bound = page.size(0.5, 0.05);
    page.holds(
        format_args!("the error falls with every doubling, from {first:.2e} to {last:.2e}"),
        falls && last < bound * first,
    );
    writeln!(page, "error over units: exponent {}", Slope::log_log(&errors))?;
    let curve = LineChart::new("Error").x_label("hidden units").y_label("root mean squared error").log_x().log_y();
    let figure = Figure::new("One hidden layer of sigmoid units").panel(fits);
    page.figure("l08_approximation", &figure.panel(curve.series("best of a few starts", errors)))
}
