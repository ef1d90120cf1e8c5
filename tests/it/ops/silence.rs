//! What is not used is silent: numbers that are not finite reach no derivative through results that are discarded.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autodiff::tensor::{self, Elem};
use autodiff::{Tape, Tensor, elementwise};
use ndarray::{Array2, array};
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

/// Of `Σ select(x > 0, f(x), 0)` with respect to `x`, order by order.
fn where_positive(x: f64, f: impl Fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>) -> [f64; 3] {
    let tape = Tape::new();
    let x = tape.tensor(array![x]);
    let mut y = f(&x.mask(|x| x > 0.0), &x).sum();
    [(); 3].map(|()| {
        y = y.grad(&[&x]).remove(0).sum();
        y.item()
    })
}

#[test]
fn of_third_order() {
    let both = |m: &Tensor<f64>, x: &Tensor<f64>| Tensor::select(m, x.powi(5), (-x).sqrt());
    assert_eq!(where_positive(1.0, both), [5.0, 20.0, 60.0]);
    assert_eq!(where_positive(0.0, |m, x| Tensor::select(m, x * x.ln(), x.square())), [0.0, 2.0, 0.0]);
    elementwise!(chosen(x) => Elem::select(x.less(0.0), (-x).sqrt(), x.powf(5.0)));
    assert_eq!(where_positive(1.0, |_, x| chosen(x)), [5.0, 20.0, 60.0]);
    let kept = |m: &Tensor<f64>, x: &Tensor<f64>| {
        let root = tensor::checkpoint(|t| (-&t[0]).sqrt().square(), &[x]);
        Tensor::select(m, x.powi(5), root)
    };
    assert_eq!(where_positive(1.0, kept), [5.0, 20.0, 60.0]);
}

/// Directional derivatives ask operations for inner products in place of gradients.
#[test]
fn along_directions() {
    let w = [Tensor::constant(array![[0.3, -0.7], [0.2, 0.9]])];
    let f = |x: Tensor<f64>| {
        move |w: &[Tensor<f64>]| {
            let y = x.matmul(&w[0]).sin() + x.linear(&w[0], &Tensor::zeros(&[2])).tanh();
            Tensor::select(&Tensor::constant(array![[0.0], [1.0]]), y, 0.5).square().sum()
        }
    };
    let v = [Tensor::constant(array![[1.0, 0.5], [-0.25, 2.0]])];
    let clean = tensor::hvp(f(Tensor::constant(array![[1.0, 1.0], [0.4, 0.6]])), &w, &v);
    let spoilt = tensor::hvp(f(Tensor::constant(array![[f64::NAN, f64::INFINITY], [0.4, 0.6]])), &w, &v);
    assert_eq!(clean, spoilt);
}

/// Products that the library makes, and what is not to be silenced: an adjoint that is not finite times a slope of 0.
#[test]
fn large_products() {
    let tape = Tape::<f32>::new();
    let mut x = Array2::from_shape_fn((40, 30), |(i, j)| (i * 7 + j * 3) as f32 % 5.0 - 2.0);
    let w = tape.tensor(Array2::from_shape_fn((30, 50), |(i, j)| (i + j) as f32 % 3.0 - 1.0));
    let mask = Tensor::constant(Array2::from_shape_fn((40, 1), |(i, _)| if i > 0 { 1.0 } else { 0.0 }));
    let gradient = |x: &Array2<f32>| {
        let y = Tensor::select(&mask, Tensor::constant(x.clone()).matmul(&w), 0.0);
        y.square().sum().backward().wrt(&w)
    };
    let clean = gradient(&x);
    x.row_mut(0).fill(f32::NAN);
    let spoilt = gradient(&x);
    assert!((&clean - &spoilt).iter().all(|difference| difference.abs() < 1e-3), "{spoilt}");
    // The adjoint of x w is infinite, and w is 0.
    let x = tape.tensor(array![[1.0]]);
    let y = x.matmul(&Tensor::zeros(&[1, 1])).sqrt().sum();
    assert!(y.backward().wrt(&x)[[0, 0]].is_nan());
}

/// By way of scalars, too, a derivative of 0 is one.
#[test]
fn zero_by_way_of_scalars() {
    let x = [Tensor::constant(array![1.0, 2.0])];
    let nothing = |t: &[Tensor<f64>]| (Tensor::from_vars(&t[0].to_vars(), &[2]) * 0.0).sum();
    assert_eq!(tensor::grad(nothing, &x), tensor::grad(|t| (&t[0] * 0.0).sum(), &x));
    assert_eq!(tensor::grad(nothing, &x), [array![0.0, 0.0].into_dyn()]);
}
