//! L19 Jacobian and Hessian of a network at a point, by inputs and by weights.
//!
//! For two layers, `y = W2 tanh(W1 x + b1) + b2`, the Jacobian by the inputs is `dy/dx = W2 diag(1 - z²) W1`. The Hessian of
//! `E = 1/2 sum (y - t)²` by the weights is `H = J^T J + sum_n,k (y_nk - t_nk) d²y_nk/dw²`, with the Jacobian `J = dy/dw`: where the
//! residuals are 0 only the first part is left (Gauss and Newton's approximation), which has no negative eigenvalue.

use std::fmt::Write;

use autodiff::{Tape, Tensor, Var, hessian, hvp, jacobian, numeric};
use examples::{Outcome, Page, matrix, numbers, weights};
use ndarray::{Array1, Array2};
use nn::{Activation, Init, Layer, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const UNITS: [usize; 3] = [3, 4, 2];

/// The network as a function of all its weights (in the model's order) and its inputs.
fn outputs(w: &[Var<f64>], x: &Tensor<f64>) -> Tensor<f64> {
    let [inputs, units, outputs] = UNITS;
    let (w1, rest) = w.split_at(units * inputs);
    let (b1, rest) = rest.split_at(units);
    let (w2, b2) = rest.split_at(outputs * units);
    let z = x.linear(&Tensor::from_vars(w1, &[units, inputs]), &Tensor::from_vars(b1, &[units])).tanh();
    z.linear(&Tensor::from_vars(w2, &[outputs, units]), &Tensor::from_vars(b2, &[outputs]))
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(19);
    let model = Mlp::<f64>::new(&UNITS, Activation::Tanh, &mut rng);
    let [(hidden, _), (output, _)] = model.layers() else { unreachable!("two layers") };
    let (w1, w2) = (matrix(&hidden.weight().value()), matrix(&output.weight().value()));
    let items = page.size(2, 5);
    let x: Tensor<f64> = Init::Normal(1.0).sample(&[items, 3], 1, 1, &mut rng);

    // By the inputs.
    let first = x.narrow(0, 0..1);
    let z: Array1<f64> = numbers(&hidden.forward(&first).tanh()).into();
    let formula = w2.dot(&Array2::from_diag(&z.mapv(|z| 1.0 - z * z))).dot(&w1);
    let by_inputs = autodiff::tensor::jacobian(|t| model.forward(&t[0]), std::slice::from_ref(&first));
    page.agree("dy/dx = W2 diag(1 - z²) W1", &by_inputs[0], &formula, 1e-14);
    let one = |x: &[Var<f64>]| model.forward(&Tensor::from_vars(x, &[1, 3])).sum().at([]);
    let (exact, differences) = (hessian(one, &numbers(&first)), numeric::hessian(one, &numbers(&first)));
    page.agree("d²y/dx² against finite differences", &exact, &differences.mapv(|d| d.value), 1e-6);

    // A gradient that is recorded has a sweep of its own, whose results are second derivatives.
    let tape = Tape::new();
    let at = tape.tensor(first.to_array()).named("x");
    let gradient = model.forward(&at).sum().named("y").grad(&[&at]).remove(0).named("g");
    let steps = autodiff::page::Page::of(gradient.at([0, 0]).named("g[1]")).checked();
    page.steps("l19_steps", &steps.title("L19 The sweep over a gradient g = dy/dx gives a row of the Hessian"))?;

    // By the weights.
    let w = weights(&model);
    let flat = |w: &[Var<f64>]| outputs(w, &x).to_vars();
    page.agree(
        "the same network, flat",
        &numbers(&model.forward(&x)),
        &flat(&w.iter().copied().map(Var::constant).collect::<Vec<_>>()).iter().map(|y| y.value()).collect::<Vec<_>>(),
        1e-14,
    );
    let j = jacobian(flat, &w);
    let differences = numeric::jacobian(flat, &w).mapv(|d| d.value);
    page.agree(
        format_args!("dy/dw, {} × {}, against finite differences", j.nrows(), j.ncols()),
        &j,
        &differences,
        1e-10,
    );

    let t = Tensor::from(model.forward(&x).to_array() + 0.5);
    let error = |t: &Tensor<f64>, w: &[Var<f64>]| ((outputs(w, &x) - t).square().sum() * 0.5).at([]);
    let h = hessian(|w| error(&t, w), &w);
    let asymmetry = (&h - &h.t()).iter().fold(0.0_f64, |most, d| most.max(d.abs()));
    page.at_most("the Hessian's asymmetry", asymmetry, 1e-13);
    let v: Vec<f64> = (0..w.len()).map(|i| (i as f64).cos()).collect();
    let product = h.dot(&Array1::from(v.clone()));
    page.agree("H v in one sweep", &hvp(|w| error(&t, w), &w, &v), &product, 1e-13);

    // H = JᵀJ + residuals times second derivatives, of which each is -1/2 here.
    let curvature = hessian(|w| outputs(w, &x).sum().at([]), &w);
    page.agree("H = JᵀJ + (y - t) d²y/dw²", &h, &(j.t().dot(&j) - 0.5 * curvature), 1e-12);
    let exact_targets = model.forward(&x);
    page.agree("where y = t, H = JᵀJ", &hessian(|w| error(&exact_targets, w), &w), &j.t().dot(&j), 1e-12);
    writeln!(page, "network 3-4-2, {} weights, {items} items", w.len())?;
    Ok(())
}
