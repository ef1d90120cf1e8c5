//! What is not used is silent: numbers that are not finite reach no derivative through results that are discarded.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autodiff::{Tape, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::case::{Case, Domain};
use super::view::View;

/// Operand `i` of a set, and which of its elements are spoilt: the first one, or all with the first index 0.
fn spoilt(shape: &[usize], whole: bool, x: &[f64], by: f64) -> Vec<f64> {
    let count = if whole { x.len() / shape.first().copied().unwrap_or(1).max(1) } else { 1 };
    let mut x = x.to_vec();
    x.iter_mut().take(count).for_each(|x| *x = by);
    x
}

/// Of `Σ y + Σ y²` over what the mask keeps: the gradient by a plain sweep and by a recorded one, and the gradients of that and of
/// the next one's sums with weights.
fn derivatives(case: &Case<f64>, set: &[Vec<usize>], values: &[Vec<f64>], mask: &Tensor<f64>) -> Vec<Vec<f64>> {
    let tape = Tape::new();
    let operand = |(i, (shape, x)): (usize, (&Vec<usize>, &Vec<f64>))| {
        let x = View::Plain.lay(shape, x);
        if matches!(case.domain(i), Domain::Between(..)) { tape.tensor(x) } else { x }
    };
    let operands: Vec<Tensor<f64>> = set.iter().zip(values).enumerate().map(operand).collect();
    let leaves: Vec<&Tensor<f64>> = operands.iter().filter(|x| x.is_tracked()).collect();
    let y = (case.f)(&operands);
    let y = Tensor::select(mask, &y, 0.5);
    if !y.is_tracked() {
        return Vec::new();
    }
    let mut loss = y.sum() + y.square().sum();
    let plain = loss.backward();
    let mut found = vec![leaves.iter().flat_map(|x| plain.get(*x).unwrap_or_default()).collect()];
    for order in 1..=3 {
        if !loss.is_tracked() {
            break;
        }
        let gradients = loss.grad(&leaves);
        found.push(gradients.iter().flat_map(Tensor::to_array).collect());
        let weighted =
            |g: &Tensor<f64>| (g * Tensor::linspace(0.3 * f64::from(order), 1.0, g.len()).reshape(g.shape())).sum();
        loss = gradients.iter().map(weighted).fold(Tensor::scalar(0.0), |sum, term| sum + term);
    }
    found
}

/// Spoils an operand, discards each result that this changes, and compares what is left with the derivatives of the same results
/// where nothing is spoilt.
fn compare(
    case: &Case<f64>,
    set: &[Vec<usize>],
    values: &[Vec<f64>],
    i: usize,
    whole: bool,
    by: f64,
) -> Option<String> {
    let mut bad = values.to_vec();
    bad[i] = spoilt(&set[i], whole, &values[i], by);
    let value = |values: &[Vec<f64>]| {
        let operands: Vec<Tensor<f64>> = set.iter().zip(values).map(|(shape, x)| View::Plain.lay(shape, x)).collect();
        (case.f)(&operands)
    };
    // Operations that refuse such an operand say so.
    let (clean, dirty) = (value(values), catch_unwind(AssertUnwindSafe(|| value(&bad))).ok()?);
    if clean.shape() != dirty.shape() {
        return None;
    }
    let same: Vec<f64> = clean.view().iter().zip(dirty.view()).map(|(a, b)| f64::from(u8::from(a == b))).collect();
    let mask = View::Plain.lay(clean.shape(), &same);
    let [want, got] = [values, &bad].map(|values| derivatives(case, set, values, &mask));
    for (order, (want, got)) in want.iter().zip(&got).enumerate() {
        let scale = want.iter().fold(1.0_f64, |scale, x| scale.max(x.abs()));
        if !want.iter().zip(got).all(|(want, got)| (want - got).abs() <= 1e-12 * scale) {
            let what = if whole { "row" } else { "element" };
            let how = ["a plain sweep", "order 1", "order 2", "order 3"][order];
            return Some(format!(
                "{} {set:?}, a {what} of operand {i} is {by}, {how}: {got:?}, want {want:?}",
                case.op
            ));
        }
    }
    None
}

#[test]
fn what_is_discarded_reaches_nothing() {
    let mut failed = Vec::new();
    let mut compared = 0;
    for case in super::all::<f64>().iter().filter(|case| !case.constant) {
        for set in &case.sets {
            let values = case.values(set, &mut ChaCha8Rng::seed_from_u64(16));
            for i in 0..set.len() {
                if values[i].is_empty() || !matches!(case.domain(i), Domain::Between(..)) {
                    continue;
                }
                for (whole, by) in [false, true]
                    .into_iter()
                    .flat_map(|whole| [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|by| (whole, by)))
                {
                    failed.extend(compare(case, set, &values, i, whole, by));
                    compared += 1;
                }
            }
        }
    }
    println!("{compared} situations");
    assert!(compared > 2000);
    assert!(failed.is_empty(), "{} of {compared} differ:\n{}", failed.len(), failed.join("\n"));
}
