//! Backpropagation by hand equals the tape (L18), for any depth, and equals the same network written in scalars.

use autodiff::{Tape, Tensor, Var};
use ndarray::{Array1, Array2, Axis};
use nn::Reduction::Sum;
use nn::loss::{BinaryCrossEntropy, CrossEntropy, HalfSquaredError, Loss};
use nn::{Activation, Layer, Mlp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `dE/dW[s]` and `dE/db[s]` of one layer.
type LayerGradient = (Array2<f64>, Array1<f64>);

/// `delta[s] = h'(a[s]) ⊙ W[s+1]ᵀ delta[s+1]`, `dE/dW[s] = delta[s] ⊗ z[s-1]`, summed over the batch.
fn by_hand(model: &Mlp<f64>, x: &Array2<f64>, delta_out: impl Fn(&Array2<f64>) -> Array2<f64>) -> Vec<LayerGradient> {
    let weights = |s: usize| model.layers()[s].0.weight().value().to_array().into_dimensionality().unwrap();
    let depth = model.layers().len();
    let mut z: Vec<Array2<f64>> = vec![x.clone()];
    for (s, (linear, activation)) in model.layers().iter().enumerate() {
        let w: Array2<f64> = weights(s);
        let a = z[s].dot(&w.t()) + linear.bias().value().view();
        let a: Array2<f64> = a.into_dimensionality().unwrap();
        z.push(match activation {
            Activation::Tanh => a.mapv(f64::tanh),
            Activation::Sigmoid => a.mapv(|a| 1.0 / (1.0 + (-a).exp())),
            _ => a,
        });
    }
    let mut delta = delta_out(&z[depth]);
    let mut gradients = Vec::new();
    for s in (0..depth).rev() {
        gradients.push((delta.t().dot(&z[s]), delta.sum_axis(Axis(0))));
        if s > 0 {
            let w: Array2<f64> = weights(s);
            // In terms of z = h(a): tanh' = 1 - z².
            delta = delta.dot(&w) * z[s].mapv(|z| 1.0 - z * z);
        }
    }
    gradients.reverse();
    gradients
}

fn assert_close(a: &Array2<f64>, b: &Array2<f64>, what: &str) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{what}: {a} and {b}");
    }
}

fn network(depth: usize, output: Activation, rng: &mut ChaCha8Rng) -> Mlp<f64> {
    let units = [4, 5, 6, 3, 7];
    let builder = (1..depth).fold(Mlp::<f64>::builder(3), |builder, s| builder.layer(units[s - 1], Activation::Tanh));
    let model = builder.layer(2, output).build(rng);
    nn::parameters(&model, |_, p| p.set(p.value().to_array().mapv(|w| w + rng.random_range(-0.3..0.3))));
    model
}

fn compare(model: &mut Mlp<f64>, x: &Array2<f64>, error: &dyn Fn(&Tensor<f64>) -> Tensor<f64>, hand: &[LayerGradient]) {
    let tape = Tape::new();
    nn::watch(model, &tape);
    let gradients = error(&model.forward(&Tensor::constant(x.clone()))).backward();
    for (s, ((linear, _), (w, b))) in model.layers().iter().zip(hand).enumerate() {
        let on_tape = |p: &nn::Param<f64>| p.gradient(&gradients).unwrap().to_array();
        let tape_w: Array2<f64> = on_tape(linear.weight()).into_dimensionality().unwrap();
        let tape_b: Array1<f64> = on_tape(linear.bias()).into_dimensionality().unwrap();
        assert_close(&tape_w, w, &format!("weights of layer {s}"));
        assert_close(&tape_b.insert_axis(Axis(0)), &b.clone().insert_axis(Axis(0)), &format!("bias of layer {s}"));
    }
}

#[test]
fn by_hand_for_depths_one_to_five() {
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    for depth in 1..=5 {
        let x = Array2::from_shape_simple_fn((6, 3), || rng.random_range(-1.0..1.0));
        let t = Array2::from_shape_simple_fn((6, 2), || rng.random_range(0.0..1.0));
        let targets = Tensor::constant(t.clone());

        // Matched losses: delta = y - t at the output.
        let mut model = network(depth, Activation::Identity, &mut rng);
        let hand = by_hand(&model, &x, |y| y - &t);
        compare(&mut model, &x, &|y| HalfSquaredError::new().reduction(Sum).loss(y, &targets), &hand);
        let hand = by_hand(&model, &x, |a| a.mapv(|a| 1.0 / (1.0 + (-a).exp())) - &t);
        compare(&mut model, &x, &|a| BinaryCrossEntropy::from_logits().reduction(Sum).loss(a, &targets), &hand);
        let total = &t / &t.sum_axis(Axis(1)).insert_axis(Axis(1));
        let softmax = |a: &Array2<f64>| {
            let e = a.mapv(f64::exp);
            &e / &e.sum_axis(Axis(1)).insert_axis(Axis(1))
        };
        let hand = by_hand(&model, &x, |a| softmax(a) - &total);
        compare(
            &mut model,
            &x,
            &|a| CrossEntropy::from_logits().reduction(Sum).loss(a, &Tensor::constant(total.clone())),
            &hand,
        );

        // Squared error behind an activation: delta = (y - t) ⊙ h'(a).
        let mut model = network(depth, Activation::Sigmoid, &mut rng);
        let hand = by_hand(&model, &x, |y| (y - &t) * y.mapv(|y| y * (1.0 - y)));
        compare(&mut model, &x, &|y| HalfSquaredError::new().reduction(Sum).loss(y, &targets), &hand);
        // Binary cross-entropy from probabilities meets the one from logits: delta = y - t again (L10).
        let hand = by_hand(&model, &x, |y| y - &t);
        compare(&mut model, &x, &|y| BinaryCrossEntropy::from_probabilities().reduction(Sum).loss(y, &targets), &hand);
    }
}

#[test]
fn item_by_item_equals_the_batch() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let model = network(3, Activation::Identity, &mut rng);
    let x = Array2::from_shape_simple_fn((5, 3), || rng.random_range(-1.0..1.0));
    let all = model.forward(&Tensor::constant(x.clone())).to_array();
    for (i, row) in x.rows().into_iter().enumerate() {
        let one = model.forward(&Tensor::constant(row.to_owned())).to_array();
        let all: Array1<f64> = all.index_axis(Axis(0), i).to_owned().into_dimensionality().unwrap();
        let one: Array1<f64> = one.into_dimensionality().unwrap();
        assert_close(&one.insert_axis(Axis(0)), &all.insert_axis(Axis(0)), "one item");
    }
}

#[test]
fn the_same_network_in_scalars() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for depth in 1..=5 {
        let model = network(depth, Activation::Identity, &mut rng);
        let x = Array2::from_shape_simple_fn((2, 3), || rng.random_range(-1.0..1.0));
        let t = Array2::from_shape_simple_fn((2, 2), || rng.random_range(-1.0..1.0));

        let mut flat = Vec::new();
        nn::parameters(&model, |_, p| flat.extend(p.value().to_array()));
        let shapes: Vec<[usize; 2]> = model
            .layers()
            .iter()
            .map(|(l, _)| [l.weight().value().shape()[0], l.weight().value().shape()[1]])
            .collect();
        let error = |p: &[Var<f64>]| {
            let mut sum = Var::constant(0.0);
            for (x, t) in x.rows().into_iter().zip(t.rows()) {
                let mut z: Vec<Var<f64>> = x.iter().map(|&x| Var::constant(x)).collect();
                let mut rest = p;
                for (s, &[outputs, inputs]) in shapes.iter().enumerate() {
                    let (w, tail) = rest.split_at(outputs * inputs);
                    let (b, tail) = tail.split_at(outputs);
                    rest = tail;
                    let unit = |j: usize| (0..inputs).fold(b[j], |a, i| a + w[j * inputs + i] * z[i]);
                    let a: Vec<Var<f64>> = (0..outputs).map(unit).collect();
                    z = if s + 1 < shapes.len() { a.into_iter().map(Var::tanh).collect() } else { a };
                }
                for (y, &t) in z.iter().zip(t) {
                    sum += 0.5 * (*y - t) * (*y - t);
                }
            }
            sum
        };
        let scalar = autodiff::grad(error, &flat);

        let tape = Tape::new();
        nn::watch(&model, &tape);
        let y = model.forward(&Tensor::constant(x));
        let gradients = HalfSquaredError::new().reduction(Sum).loss(&y, &Tensor::constant(t)).backward();
        let mut tensor = Vec::new();
        nn::parameters(&model, |_, p| tensor.extend(p.gradient(&gradients).unwrap().to_array()));
        let row = |v: Vec<f64>| Array2::from_shape_vec((1, v.len()), v).unwrap();
        assert_close(&row(tensor), &row(scalar), &format!("depth {depth}"));
    }
}
