//! L18 Backpropagation by hand is what the tape does.
//!
//! ```text
//! output   delta = y - t            for the matched losses (L9 to L11)
//!          delta = (y - t) ⊙ h'(a)  for squared error behind an activation
//! hidden   delta[s] = h'(a[s]) ⊙ W[s+1]^T delta[s+1]
//! weights  dE/dW[s] = delta[s] ⊗ z[s-1],  dE/db[s] = delta[s]
//! ```
//!
//! with `delta = dE/da`; over a batch the gradients are summed. Networks of arbitrary topology are in `l18_any_topology.rs`; the
//! derivation as the library writes it out in `l18_written_out.rs`.
//!
//! Note: a lecture writes `dE/ddelta` where it means `dE/da`, and another takes the derivative of `relu` at 0 as 1, where it is 0 here.

use autodiff::Tensor;
use examples::{Outcome, Page, matrix, numbers};
use ndarray::{Array1, Array2, Axis};
use nn::Reduction::Sum;
use nn::loss::{CrossEntropy, HalfSquaredError, Loss};
use nn::{Activation, Init, Layer, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Two layers and one item, index by index: `y_k = sigmoid(sum_j w2_kj tanh(sum_i w1_ji x_i + b1_j) + b2_k)`.
fn two_layers(model: &Mlp<f64>, x: &[f64], t: &[f64]) -> Vec<f64> {
    let [(hidden, _), (output, _)] = model.layers() else { unreachable!("two layers") };
    let (w1, w2) = (matrix(&hidden.weight().value()), matrix(&output.weight().value()));
    let (b1, b2) = (numbers(&hidden.bias().value()), numbers(&output.bias().value()));
    let (inputs, units, outputs) = (x.len(), b1.len(), b2.len());
    let z: Vec<f64> =
        (0..units).map(|j| (b1[j] + (0..inputs).map(|i| w1[[j, i]] * x[i]).sum::<f64>()).tanh()).collect();
    let a: Vec<f64> = (0..outputs).map(|k| b2[k] + (0..units).map(|j| w2[[k, j]] * z[j]).sum::<f64>()).collect();
    let y: Vec<f64> = a.iter().map(|a| 1.0 / (1.0 + (-a).exp())).collect();
    let delta2: Vec<f64> = (0..outputs).map(|k| (y[k] - t[k]) * y[k] * (1.0 - y[k])).collect();
    let back = |j: usize| (0..outputs).map(|k| w2[[k, j]] * delta2[k]).sum::<f64>();
    let delta1: Vec<f64> = (0..units).map(|j| (1.0 - z[j] * z[j]) * back(j)).collect();
    let outer = |delta: &[f64], z: &[f64]| delta.iter().flat_map(|d| z.iter().map(move |z| d * z)).collect::<Vec<_>>();
    [outer(&delta1, x), delta1.clone(), outer(&delta2, &z), delta2.clone()].concat()
}

/// Any depth and any batch (a row an item), `delta` of the output given by `y`: all gradients, first layer first.
fn any_depth(model: &Mlp<f64>, x: &Array2<f64>, delta: impl Fn(&Array2<f64>) -> Array2<f64>) -> Vec<f64> {
    let mut z = vec![x.clone()];
    for (linear, activation) in model.layers() {
        let bias: Array1<f64> = numbers(&linear.bias().value()).into();
        let a = z[z.len() - 1].dot(&matrix(&linear.weight().value()).t()) + bias;
        z.push(if *activation == Activation::Tanh { a.mapv(f64::tanh) } else { a });
    }
    let mut delta = delta(&z[z.len() - 1]);
    let mut gradients = Vec::new();
    for (s, (linear, _)) in model.layers().iter().enumerate().rev() {
        let (by_w, by_b) = (delta.t().dot(&z[s]), delta.sum_axis(Axis(0)));
        gradients.push(by_w.into_iter().chain(by_b).collect::<Vec<f64>>());
        delta = delta.dot(&matrix(&linear.weight().value())) * z[s].mapv(|z| 1.0 - z * z);
    }
    gradients.into_iter().rev().flatten().collect()
}

/// The same by the tape.
pub(crate) fn on_tape(
    model: &mut impl Layer<f64>,
    x: &Array2<f64>,
    error: impl Fn(&Tensor<f64>) -> Tensor<f64>,
) -> nn::Result<Vec<f64>> {
    let gradients = nn::param_grad(model, |model| error(&model.forward(&x.clone().into())))?;
    Ok(gradients.iter().flat_map(numbers).collect())
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    let x = matrix(&Init::Normal(1.0).sample(&[6, 2], 1, 1, &mut rng));
    let t = matrix(&Init::Uniform(1.0).sample(&[6, 3], 1, 1, &mut rng));
    let item = |a: &Array2<f64>, i: usize| a.select(Axis(0), &[i]);

    let mut model = Mlp::builder(2).layer(4, Activation::Tanh).layer(3, Activation::Sigmoid).build(&mut rng);
    let halved = |y: &Tensor<f64>, t: Array2<f64>| HalfSquaredError::new().reduction(Sum).loss(y, &t.into());
    let (mut hand, mut tape, mut summed) = (Vec::new(), Vec::new(), vec![0.0; nn::count(&model)]);
    for i in 0..6 {
        let gradient = two_layers(
            &model,
            &item(&x, i).into_iter().collect::<Vec<_>>(),
            &item(&t, i).into_iter().collect::<Vec<_>>(),
        );
        summed.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g);
        hand.extend(gradient);
        tape.extend(on_tape(&mut model, &item(&x, i), |y| halved(y, item(&t, i)))?);
    }
    page.agree("two layers, item by item", &hand, &tape, 1e-12);
    page.agree(
        "two layers, summed over the batch",
        &summed,
        &on_tape(&mut model, &x, |y| halved(y, t.clone()))?,
        1e-12,
    );

    for depth in 1..=5 {
        let builder = (1..depth).fold(Mlp::builder(2), |builder, s| builder.layer(3 + s, Activation::Tanh));
        let mut model = builder.layer(3, Activation::Identity).build(&mut rng);
        let (mut hand, mut tape) = (Vec::new(), Vec::new());
        for rows in std::iter::once((0..6).collect()).chain((0..6).map(|i| vec![i])) {
            let (x, t) = (x.select(Axis(0), &rows), t.select(Axis(0), &rows));
            let targets = Tensor::from(t.clone());
            let softmax = |a: &Array2<f64>| matrix(&Tensor::from(a.clone()).softmax(1)) - matrix(&targets.softmax(1));
            hand.extend([any_depth(&model, &x, |y| y - &t), any_depth(&model, &x, softmax)].concat());
            tape.extend(on_tape(&mut model, &x, |y| HalfSquaredError::new().reduction(Sum).loss(y, &targets))?);
            tape.extend(on_tape(&mut model, &x, |a| {
                CrossEntropy::from_logits().reduction(Sum).loss(a, &targets.softmax(1))
            })?);
        }
        page.agree(format_args!("depth {depth}, delta = y - t, batch and items"), &hand, &tape, 1e-12);
    }
    crate::l18_any_topology::show(page)?;
    crate::l18_written_out::show(page)
}
