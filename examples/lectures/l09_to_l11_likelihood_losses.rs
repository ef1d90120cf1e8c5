//! L9 to L11 Losses from maximum likelihood: the negative logarithm of the data's probability under the model.
//!
//! ```text
//! L9   t ~ N(y, s2)        ln P = -n/2 ln(2 pi s2) - 1/(2 s2) sum (y - t)²     E = 1/2 sum (y - t)²
//! L10  P(t = 1) = y        ln P = sum (t ln y + (1 - t) ln(1 - y))             E = -ln P,  y = sigmoid(a)
//! L11  P(class k) = y_k    ln P = sum_i sum_k t_ik ln y_ik                     E = -ln P,  y = softmax(a)
//! ```
//!
//! Each with its own output makes `dE/da = y - t`: for L9 `y = a`. For L10 `dE/dy = (y - t) / (y (1 - y))`, and
//! `dy/da = y (1 - y)` cancels the denominator. For L11 `dy_j/da_j = y_j (1 - y_j)`, `dy_k/da_j = -y_k y_j`, so
//! `dE/da_j = -t_j (1 - y_j) + sum_{k != j} t_k y_j = y_j - t_j`, as the `t_k` add up to 1.
//!
//! Note: a lecture writes the derivative of the error by the pre-activation as if it were one by delta. `delta` is the name of
//! that derivative, `delta = dE/da`; there is no further derivative by `delta`.

use autodiff::{Tape, Tensor, Var, grad, jacobian, numeric};
use examples::{Outcome, Page};
use ndarray::{Array2, array};
use nn::Reduction::Sum;
use nn::loss::{self, BinaryCrossEntropy, CrossEntropy, GaussianNll, HalfSquaredError, Loss};
use nn::{Activation, Init, Linear, Mlp, Newton};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Pre-activations of six items, drawn.
fn pre_activations(outputs: usize) -> Tensor<f64> {
    Init::Normal(2.0).sample(&[6, outputs], 1, 1, &mut ChaCha8Rng::seed_from_u64(9))
}

/// `dE/da` on the tape.
fn delta(a: &Tensor<f64>, error: impl Fn(&Tensor<f64>) -> Tensor<f64>) -> Tensor<f64> {
    let tape = Tape::new();
    let a = tape.tensor(a.clone());
    error(&a).backward().wrt(&a).into()
}

/// The derivation for a network of one layer, as the library writes it.
fn written_out(page: &mut Page, loss: impl Loss<f64>, t: &[f64]) {
    let linear = Linear::new(2, t.len(), Init::Normal(1.0), &mut ChaCha8Rng::seed_from_u64(11));
    let model = Mlp::from_layers(vec![(linear, Activation::Identity)]);
    let (x, t) = (Tensor::from(array![[0.5, -1.0]]), Tensor::from(Array2::from_shape_fn((1, t.len()), |(_, k)| t[k])));
    page.derivation(&model.explain(loss, &x, &t));
}

pub(crate) fn regression(page: &mut Page) -> Outcome {
    let (a, t) = (pre_activations(2), Init::Normal(1.0).sample(&[6, 2], 1, 1, &mut ChaCha8Rng::seed_from_u64(1)));
    let tape_delta = delta(&a, |a| HalfSquaredError::new().reduction(Sum).loss(a, &t));
    page.agree("dE/da = y - t at an identity output", &tape_delta.to_array(), &(&a - &t).to_array(), 1e-15);

    written_out(page, HalfSquaredError::new().reduction(Sum), &[0.3]);

    // -ln P and E differ by a factor and a constant, so one has its minimum where the other has.
    let (n, s2) = (12.0, 0.3);
    let log_likelihood = |y: &[Var<f64>]| {
        let squares: Var<f64> = y.iter().zip(t.to_array()).map(|(y, t)| (*y - t).powi(2)).sum();
        -n / 2.0 * (std::f64::consts::TAU * s2).ln() - squares / (2.0 * s2)
    };
    let y: Vec<f64> = a.to_array().into_iter().collect();
    let scaled: Vec<f64> = grad(log_likelihood, &y).iter().map(|g| -s2 * g).collect();
    page.agree("-s2 · d ln P/dy = dE/dy", &scaled, &tape_delta.to_array(), 1e-14);

    // The variance has a likelihood too: its best value is the mean squared residual.
    let residual = (&a - &t).square().mean().item();
    let outputs = |ln_s2: &Tensor<f64>| Tensor::concat(&[&a, &ln_s2.broadcast_to(&[6, 2])], 1);
    let variance = Linear::from_weights(array![[0.0]], array![0.0]).without_bias();
    let nll = GaussianNll::new().reduction(Sum);
    let ln_s2 = |model: &Linear<f64>| nll.loss(&outputs(&model.weight().tensor()), &t);
    Newton::new().fit(&variance, ln_s2)?;
    page.near("the likeliest s2", variance.weight().value().item().exp(), residual, 1e-10);
    Ok(())
}

pub(crate) fn two_classes(page: &mut Page) -> Outcome {
    let of_y = BinaryCrossEntropy::from_probabilities().reduction(Sum);
    let of_logit = BinaryCrossEntropy::from_logits().reduction(Sum);
    written_out(page, BinaryCrossEntropy::from_logits().reduction(Sum), &[1.0]);
    let (a, t) = (pre_activations(1), Tensor::from(array![[1.0], [0.0], [1.0], [1.0], [0.0], [0.0]]));
    let y_minus_t = (a.sigmoid() - &t).to_array();
    let through_y = delta(&a, |a| of_y.loss(&a.sigmoid(), &t)).to_array();
    let from_logits = delta(&a, |a| of_logit.loss(a, &t)).to_array();
    page.agree("dE/da = y - t, from the logit", &from_logits, &y_minus_t, 1e-15);
    page.agree("dE/da = y - t, through y = sigmoid(a)", &through_y, &y_minus_t, 1e-14);
    let written = |y: f64, t: f64| -(t * y.ln() + (1.0 - t) * (1.0 - y).ln());
    let sum: f64 = a.sigmoid().to_array().iter().zip(t.to_array()).map(|(&y, t)| written(y, t)).sum();
    page.near("E = -sum (t ln y + (1 - t) ln(1 - y))", of_logit.loss(&a, &t).item(), sum, 1e-14);

    // At a = ±1e4 the probability is 0 or 1 in f64 and its logarithm infinite; the logit's form is finite.
    let (far, t) = (Tensor::from(array![[1e4], [-1e4]]), Tensor::from(array![[0.0], [1.0]]));
    let (stable, naive) = (of_logit.loss(&far, &t).item(), of_y.loss(&far.sigmoid(), &t).item());
    page.near(format_args!("wrong at logits ±1e4: through y {naive}, from the logit"), stable, 2e4, 0.0);
    let slopes = delta(&far, |a| of_logit.loss(a, &t)).to_array();
    page.holds(format_args!("and dE/da = {slopes}"), slopes == array![[1.0], [-1.0]].into_dyn());
    Ok(())
}

pub(crate) fn classes(page: &mut Page) -> Outcome {
    let of_logits = CrossEntropy::from_logits().reduction(Sum);
    written_out(page, CrossEntropy::from_logits().reduction(Sum), &[0.0, 1.0, 0.0]);
    let (a, t) = (pre_activations(4), Tensor::from(loss::one_hot::<f64>(&[0, 3, 1, 2, 2, 0], 4)?));
    let y = a.softmax(1);
    let from_logits = delta(&a, |a| of_logits.loss(a, &t)).to_array();
    let through_y = delta(&a, |a| CrossEntropy::from_probabilities().reduction(Sum).loss(&a.softmax(1), &t)).to_array();
    let y_minus_t = (&y - &t).to_array();
    page.agree("dE/da_j = y_j - t_j, from the logits", &from_logits, &y_minus_t, 1e-15);
    page.agree("dE/da_j = y_j - t_j, through y = softmax(a)", &through_y, &y_minus_t, 1e-14);

    let first = |rows: &Tensor<f64>| rows.narrow(0, 0..1).to_array().into_iter().collect::<Vec<f64>>();
    let (item, outputs) = (first(&a), first(&y));
    let formula =
        Array2::from_shape_fn(
            (4, 4),
            |(k, j)| {
                if k == j { outputs[j] * (1.0 - outputs[j]) } else { -outputs[k] * outputs[j] }
            },
        );
    let softmax = |a: &[Var<f64>]| autodiff::softmax(a);
    page.agree("dy_j/da_j = y_j (1 - y_j), dy_k/da_j = -y_k y_j", &jacobian(softmax, &item), &formula, 1e-15);
    let numeric = numeric::jacobian(softmax, &item).mapv(|estimate| estimate.value);
    page.agree("the same by finite differences", &numeric, &formula, 1e-10);
    let far = of_logits.loss(&Tensor::from(array![[1e4, -1e4]]), &Tensor::from(array![[0.0, 1.0]]));
    page.near("wrong at logits ±1e4: E", far.item(), 2e4, 0.0);
    Ok(())
}
