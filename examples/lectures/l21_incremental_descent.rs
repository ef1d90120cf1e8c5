//! L21 Incremental gradient descent, as an algorithm.
//!
//! ```text
//! IGD for two layers                               IGD for d layers
//! draw W1, W2; repeat until convergence:           draw W[1] … W[d]; repeat until convergence:
//!   for each example (x, c):                         for each example (x, c):
//!     z = h(W1 x), y = W2 z                            z[0] = x; for s = 1 … d: z[s] = h(W[s] z[s-1])
//!     r = c - y                                        delta[d] = c - z[d]
//!     delta = h'(a) ⊙ W2^T r                           for s = d-1 … 1: delta[s] = h'(a[s]) ⊙ W[s+1]^T delta[s+1]
//!     W2 += eta r ⊗ z;  W1 += eta delta ⊗ x            for s = 1 … d: W[s] += eta delta[s] ⊗ z[s-1]
//! ```
//!
//! with a 1 before `x` and each `z` for the biases. The residual is `c - y`, so steps are added; with `y - t` they are
//! subtracted. All deltas are computed with the weights before the step: one that updates `W2` first and takes `delta` through the
//! new weights is another algorithm, not gradient descent.

use std::cell::RefCell;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::rc::Rc;

use examples::{Outcome, Page, matrix, numbers, weights};
use ndarray::{Array1, Array2, Axis, concatenate, s};
use nn::Reduction::Sum;
use nn::loss::HalfSquaredError;
use nn::{Activation, Batches, Dataset, Mlp, Sgd, Trainer, data::generate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ETA: f64 = 0.1;

/// `(1, z)`.
fn with_one(z: &Array1<f64>) -> Array1<f64> {
    concatenate![Axis(0), ndarray::array![1.0], z.view()]
}

/// `delta ⊗ z`.
fn outer(delta: &Array1<f64>, z: &Array1<f64>) -> Array2<f64> {
    delta.clone().insert_axis(Axis(1)).dot(&z.clone().insert_axis(Axis(0)))
}

/// A step for two layers; the weights' first column is the bias.
fn two_layers(w: &mut [Array2<f64>], x: &Array1<f64>, c: &Array1<f64>) {
    let x = with_one(x);
    let h = w[0].dot(&x).mapv(f64::tanh);
    let z = with_one(&h);
    let r = c - w[1].dot(&z);
    let delta = h.mapv(|h| 1.0 - h * h) * w[1].slice(s![.., 1..]).t().dot(&r);
    w[1] += &(ETA * outer(&r, &z));
    w[0] += &(ETA * outer(&delta, &x));
}

/// A step for any number of layers.
fn d_layers(w: &mut [Array2<f64>], x: &Array1<f64>, c: &Array1<f64>) {
    let d = w.len();
    let mut z = vec![x.clone()];
    for s in 0..d {
        let a = w[s].dot(&with_one(&z[s]));
        z.push(if s + 1 < d { a.mapv(f64::tanh) } else { a });
    }
    let mut delta = vec![c - &z[d]];
    for s in (1..d).rev() {
        let back = w[s].slice(s![.., 1..]).t().dot(&delta[delta.len() - 1]);
        delta.push(back * z[s].mapv(|z| 1.0 - z * z));
    }
    for (s, delta) in delta.iter().rev().enumerate() {
        w[s] += &(ETA * outer(delta, &with_one(&z[s])));
    }
}

/// The model's weights in the lectures' form, and back in the model's order.
fn lecture_form(model: &Mlp<f64>) -> Vec<Array2<f64>> {
    let layer = |linear: &nn::Linear<f64>| {
        let bias = Array1::from(numbers(&linear.bias().value())).insert_axis(Axis(1));
        concatenate![Axis(1), bias, matrix(&linear.weight().value())]
    };
    model.layers().iter().map(|(linear, _)| layer(linear)).collect()
}

fn model_form(w: &[Array2<f64>]) -> Vec<f64> {
    w.iter().flat_map(|w| w.slice(s![.., 1..]).iter().chain(w.column(0)).copied().collect::<Vec<_>>()).collect()
}

/// Runs both from the same weights; the largest difference after each step, and the training loss of the last epoch.
fn compare(
    data: &Dataset<f64>,
    units: &[usize],
    epochs: usize,
    step: fn(&mut [Array2<f64>], &Array1<f64>, &Array1<f64>),
) -> nn::Result<(Vec<f64>, f64)> {
    let model = Mlp::<f64>::new(units, Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(21));
    let mut w = lecture_form(&model);
    let course = Rc::new(RefCell::new(Vec::new()));
    let note = Rc::clone(&course);
    let mut trainer =
        Trainer::new(model, HalfSquaredError::new().reduction(Sum), Sgd::new(ETA)).epochs(epochs).batch_size(1).seed(5);
    trainer = trainer.progress(false).on_step(move |_, model| {
        note.borrow_mut().push(weights(model));
        ControlFlow::Continue(())
    });
    let history = trainer.fit(data, data)?;

    // The examples in the trainer's order: it shuffles by its seed.
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut differences = Vec::new();
    for after in course.borrow().chunks(data.len()) {
        for ((x, c), after) in Batches::new(data, 1, &mut rng).zip(after) {
            step(&mut w, &numbers(&x).into(), &numbers(&c).into());
            let distance = |(a, b): (&f64, &f64)| (a - b).abs();
            differences.push(model_form(&w).iter().zip(after).map(distance).fold(0.0, f64::max));
        }
    }
    Ok((differences, history.last().map_or(f64::NAN, |epoch| epoch.train_loss)))
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let data =
        generate::noisy_curve::<f64>(40, |x| (3.0 * x).sin(), -1.0..1.0, 0.05, &mut ChaCha8Rng::seed_from_u64(1));
    let epochs = page.size(5, 100);
    for (name, units, step) in [
        ("two layers", &[1, 6, 1][..], two_layers as fn(&mut [Array2<f64>], &Array1<f64>, &Array1<f64>)),
        ("two layers, by the algorithm for d", &[1, 6, 1], d_layers),
        ("four layers", &[1, 5, 4, 5, 1], d_layers),
    ] {
        let (differences, loss) = compare(&data, units, epochs, step)?;
        let largest = differences.iter().fold(0.0_f64, |most, &d| if d <= most { most } else { d });
        let steps = differences.len();
        page.holds(
            format_args!("{name}: the trainer's weights after each of {steps} steps, to {largest:.0e}"),
            steps == epochs * data.len() && largest <= 1e-12,
        );
        writeln!(page, "  error of the last epoch {loss:.5}")?;
    }
    Ok(())
}
