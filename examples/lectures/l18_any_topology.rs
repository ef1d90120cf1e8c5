//! L18 Backpropagation through a feed-forward network of arbitrary topology.
//!
//! Each unit reads the inputs and any earlier units. Its `z_j` goes to all units `k` that read it, so the total derivative sums over
//! them: `delta_j = h'(a_j) sum_k w_kj delta_k`, in an order in which the readers come first. As before
//! `dE/dw_ji = delta_j z_i`.

use examples::{Outcome, Page, matrix, numbers};
use ndarray::{Array1, Array2, Axis};
use nn::Reduction::Sum;
use nn::loss::{HalfSquaredError, Loss};
use nn::{Activation, Dag, Init, Linear};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::l18_backpropagation::on_tape;

/// A unit of tanh that reads earlier values; the inputs are values 0 and 1.
struct Unit {
    reads: Vec<usize>,
    weights: Vec<f64>,
}

/// Any topology and one item, squared error at the last unit: each unit's gradients, bias last.
fn any_topology(units: &[Unit], x: [f64; 2], t: f64) -> Vec<f64> {
    let mut z = x.to_vec();
    for unit in units {
        let bias = unit.weights[unit.reads.len()];
        z.push((bias + unit.reads.iter().zip(&unit.weights).map(|(&i, w)| w * z[i]).sum::<f64>()).tanh());
    }
    let mut back = vec![0.0; z.len()]; // sum_k w_kj delta_k, filled by the readers
    back[z.len() - 1] = z[z.len() - 1] - t;
    let mut gradients = Vec::new();
    for (j, unit) in units.iter().enumerate().rev() {
        let j = j + 2;
        let delta = (1.0 - z[j] * z[j]) * back[j];
        unit.reads.iter().zip(&unit.weights).for_each(|(&i, w)| back[i] += w * delta);
        gradients.push(unit.reads.iter().map(|&i| delta * z[i]).chain([delta]).collect::<Vec<f64>>());
    }
    gradients.into_iter().rev().flatten().collect()
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(180);
    let x = matrix(&Init::Normal(1.0).sample(&[6, 2], 1, 1, &mut rng));
    let t = matrix(&Init::Uniform(1.0).sample(&[6, 1], 1, 1, &mut rng));
    let item = |a: &Array2<f64>, i: usize| a.select(Axis(0), &[i]);

    // Seven units, each of which reads the inputs and all earlier units but one.
    let reads = |j: usize| (0..j).filter(|i| i % 4 != j % 4 || j < 4).collect::<Vec<_>>();
    let mut unit = |j| Unit {
        reads: reads(j),
        weights: numbers(&Init::Normal(0.5).sample(&[reads(j).len() + 1], 1, 1, &mut rng)),
    };
    let units: Vec<Unit> = (2..9).map(&mut unit).collect();
    let split = |i: usize| {
        Linear::from_weights(Array2::from_shape_fn((1, 2), |(_, k)| f64::from(u8::from(k == i))), Array1::zeros(1))
    };
    let mut plan = Dag::builder().concat("v0", &["input"], split(0)).concat("v1", &["input"], split(1));
    for (unit, j) in units.iter().zip(2..) {
        let (names, n) = (unit.reads.iter().map(|i| format!("v{i}")).collect::<Vec<_>>(), unit.reads.len());
        let linear = Linear::from_weights(
            Array2::from_shape_vec((1, n), unit.weights[..n].to_vec())?,
            ndarray::arr1(&unit.weights[n..]),
        );
        plan = plan.concat(&format!("a{j}"), &names.iter().map(String::as_str).collect::<Vec<_>>(), linear);
        plan = plan.concat(&format!("v{j}"), &[&format!("a{j}")], Activation::Tanh);
    }
    let mut dag = plan.build("v8")?;
    let (mut hand, mut tape) = (Vec::new(), Vec::new());
    for i in 0..6 {
        hand.extend(any_topology(&units, [x[[i, 0]], x[[i, 1]]], t[[i, 0]]));
        // The first six numbers belong to the two units that only pass an input on.
        tape.extend(
            on_tape(&mut dag, &item(&x, i), |y| {
                HalfSquaredError::new().reduction(Sum).loss(y, &ndarray::array![[t[[i, 0]]]].into())
            })?
            .split_off(6),
        );
    }
    page.agree("seven units that skip layers, item by item", &hand, &tape, 1e-12);
    let sum = |all: &[f64]| {
        (0..all.len() / 6).map(|k| all.chunks(all.len() / 6).map(|item| item[k]).sum()).collect::<Vec<f64>>()
    };
    let targets = t.slice(ndarray::s![.., ..1]).to_owned();
    let whole = on_tape(&mut dag, &x, |y| HalfSquaredError::new().reduction(Sum).loss(y, &targets.clone().into()))?
        .split_off(6);
    page.agree("and summed over the batch", &sum(&hand), &whole, 1e-12);
    Ok(())
}
