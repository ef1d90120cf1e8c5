//! L23 Learning rate: on a quadratic `E = h/2 (w - w*)²` a step multiplies `w - w*` by `1 - eta h`.
//!
//! So `eta_opt = 1/h`, the inverse second derivative, arrives in one step; less is slow; up to `2/h` it still converges, hopping
//! from side to side; beyond, it diverges. In several dimensions every eigenvalue of the Hessian has its own `1/h`: one rate must
//! stay below `2/h_max`, and the best, `2/(h_min + h_max)`, multiplies the error by `(k - 1)/(k + 1)` a step with the condition
//! number `k`. The inverse Hessian in place of the rate, `w -= H^-1 g` (a Newton step), arrives in one step.

use std::fmt::Write;

use autodiff::{Tape, Tensor, Var, grad, hessian};
use examples::{Outcome, Page};
use ndarray::{Array1, array};
use nn::Reduction::Sum;
use nn::loss::{HalfSquaredError, Loss};
use nn::plot::{Figure, LineChart};
use nn::{Layer, Linear, Newton, Optimizer, Sgd};

const H: f64 = 4.0;
const BEST: f64 = 1.5;

/// `|w - w*|` after each step of the optimiser on `E = 1/2 (2w - 3)²`: `h = 4`, `w* = 1.5`.
fn descend(eta: f64, steps: usize) -> nn::Result<Vec<f64>> {
    let model = Linear::from_weights(array![[0.5]], array![0.0]).without_bias();
    let (mut sgd, tape) = (Sgd::new(eta), Tape::new());
    let (x, t) = (Tensor::from(array![[2.0]]), Tensor::from(array![[3.0]]));
    let mut distances = vec![BEST - 0.5];
    for _ in 0..steps {
        tape.reset();
        nn::watch(&model, &tape);
        let gradients = HalfSquaredError::new().reduction(Sum).loss(&model.forward(&x), &t).backward();
        sgd.step(&model, &gradients)?;
        distances.push((model.weight().value().item() - BEST).abs());
    }
    Ok(distances)
}

/// Eigenvalues 1 and 10, turned; the minimum is at (1, -2).
fn bowl(w: &[Var<f64>]) -> Var<f64> {
    let (u, v) = (w[0] - 1.0, w[1] + 2.0);
    let (along, across) = (0.8 * u + 0.6 * v, 0.8 * v - 0.6 * u);
    0.5 * (along * along + 10.0 * across * across)
}

/// The distance from the minimum after so many steps.
fn in_the_bowl(eta: f64, steps: usize) -> Vec<f64> {
    let mut w = Array1::<f64>::from(vec![4.0, 3.0]);
    let mut distances = Vec::new();
    for _ in 0..=steps {
        distances.push(((w[0] - 1.0).powi(2) + (w[1] + 2.0).powi(2)).sqrt());
        w = &w - eta * Array1::from(grad(bowl, &[w[0], w[1]]));
    }
    distances
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut one =
        LineChart::new("One weight; 0.1 and 1.9, 0.5 and 1.5 coincide").x_label("step").y_label("|w - w*|").log_y();
    writeln!(page, "eta / eta_opt, factor of a step, |1 - eta h|, |w - w*| after 12 steps")?;
    let (mut measured, mut wanted) = (Vec::new(), Vec::new());
    for factor in [0.1, 0.5, 1.0, 1.5, 1.9, 2.0, 2.1] {
        let course = descend(factor / H, 12)?;
        let ratio = course[1] / course[0];
        writeln!(page, "{factor:>4} {ratio:>8.3} {:>8.3} {:>10.2e}", (1.0 - factor).abs(), course[12])?;
        measured.push(ratio);
        wanted.push((1.0_f64 - factor).abs());
        let points = course.into_iter().enumerate().map(|(k, distance)| (k as f64, distance.max(1e-6)));
        one = one.series(format!("{factor} eta_opt"), points.take(if factor == 1.0 { 2 } else { 13 }));
    }
    page.agree("a step multiplies the distance by |1 - eta h|", &measured, &wanted, 1e-12);
    let at = |factor: f64| descend(factor / H, 200).map(|course| course[200]);
    page.holds(
        format_args!("eta_opt = 1/h arrives in one step: {:.0e} off", descend(1.0 / H, 1)?[1]),
        descend(1.0 / H, 1)?[1] == 0.0,
    );
    let (below, above) = (at(1.98)?, at(2.02)?);
    page.holds(
        format_args!("200 steps at 1.98 eta_opt: {below:.1e}; at 2.02 eta_opt: {above:.1e}"),
        below < 0.02 && above > 50.0,
    );

    let h = hessian(bowl, &[0.0, 0.0]);
    let (trace, det) = (h[[0, 0]] + h[[1, 1]], h[[0, 0]] * h[[1, 1]] - h[[0, 1]] * h[[1, 0]]);
    let root = (trace * trace / 4.0 - det).sqrt();
    let (least, most) = (trace / 2.0 - root, trace / 2.0 + root);
    page.agree("eigenvalues of the Hessian", &[least, most], &[1.0, 10.0], 1e-12);
    let best = 2.0 / (least + most);
    let course = in_the_bowl(best, 60);
    let (k, rate) = (most / least, (course[60] / course[20]).powf(1.0 / 40.0));
    page.near("the best single rate: factor (k - 1)/(k + 1) a step", rate, (k - 1.0) / (k + 1.0), 1e-9);
    let (inside, outside) = (in_the_bowl(1.98 / most, 400)[400], in_the_bowl(2.02 / most, 400)[400]);
    page.holds(
        format_args!("400 steps just below 2/h_max: {inside:.0e}, just above: {outside:.0e}"),
        inside < 0.05 && outside > 1e3,
    );

    // The Newton step by hand and by the optimiser.
    let start = [4.0, 3.0];
    let g = Tensor::from(Array1::from(grad(bowl, &start)).insert_axis(ndarray::Axis(1)));
    let step = Tensor::from(hessian(bowl, &start)).solve(&g)?.to_array();
    page.agree("w - H⁻¹ g is the minimum", &[start[0] - step[[0, 0]], start[1] - step[[1, 0]]], &[1.0, -2.0], 1e-13);
    let minimum = Newton::new().minimize(bowl, &start)?;
    page.holds(format_args!("Newton: {} step", minimum.steps()), minimum.steps() == 1);

    let mut two = LineChart::new("Two weights, eigenvalues 1 and 10").x_label("step").y_label("|w - w*|").log_y();
    for (name, eta) in [("0.5/h_max", 0.05), ("2/(h_min + h_max)", best), ("1.98/h_max", 0.198), ("2.02/h_max", 0.202)]
    {
        two = two.series(name, in_the_bowl(eta, 60).into_iter().enumerate().map(|(k, distance)| (k as f64, distance)));
    }
    let newton = [(0.0, course[0]), (1.0, 1e-5)];
    page.figure("l23_rates", &Figure::new("").panel(one).panel(two.series("Newton (to 0)", newton)).size(1200, 600))
}
