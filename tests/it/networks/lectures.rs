//! What the lectures say of networks: L1, L3, L5, L7.

use autodiff::{Tape, Tensor};
use ndarray::{Array2, array, s};
use nn::Reduction::Sum;
use nn::loss::{HalfSquaredError, Loss};
use nn::{Activation, BasisFunctions, Init, Layer, Linear, Mlp, Sequential};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::all_close;

fn corners() -> Tensor<f64> {
    array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]].into()
}

#[test]
fn the_minimal_xor_network_decides_but_cannot_learn() {
    // L3, bias first in each row: Wh = [[-0.5, -1, 1], [0.5, -1, 1]], Wo = [[0.5, 1, -1]].
    let hidden = Linear::from_weights(array![[-1.0, 1.0], [-1.0, 1.0]], array![-0.5, 0.5]);
    let output = Linear::from_weights(array![[1.0, -1.0]], array![0.5]);
    let model = Mlp::from_layers(vec![(hidden, Activation::Heaviside), (output, Activation::Heaviside)]);
    let tape = Tape::new();
    nn::watch(&model, &tape);
    let y = model.forward(&corners());
    assert_eq!(y.to_array(), array![[0.0], [1.0], [1.0], [0.0]].into_dyn());
    // Against targets that it misses: the gradient is zero all the same.
    let g = HalfSquaredError::new().reduction(Sum).loss(&y, &Tensor::full(&[4, 1], 0.5)).backward();
    nn::parameters(&model, |name, p| {
        assert!(p.gradient(&g).is_none_or(|g| g.view().iter().all(|&g| g == 0.0)), "{name}");
    });
}

#[test]
fn a_perceptron_on_products_of_the_inputs_decides_xor() {
    // L1: on (x1, x2, x1², x1 x2, x2²) the classes are separable, x1 + x2 - 2 x1 x2 > 1/2.
    let perceptron = Linear::from_weights(array![[1.0, 1.0, 0.0, -2.0, 0.0]], array![-0.5]);
    let model = Sequential::new().then(BasisFunctions::polynomial(2, 2)).then(perceptron).then(Activation::Heaviside);
    assert_eq!(model.forward(&corners()).to_array(), array![[0.0], [1.0], [1.0], [0.0]].into_dyn());
}

#[test]
fn monomials_come_once_each() {
    // Of n inputs there are C(n + d, d) - 1 products of degree 1 to d.
    for (inputs, degree, want) in [(1, 5, 5), (2, 3, 9), (3, 3, 19), (4, 2, 14)] {
        let x = Tensor::<f64>::from(Array2::from_shape_fn((1, inputs), |(_, i)| [2.0, 3.0, 5.0, 7.0][i]));
        let mut values = BasisFunctions::polynomial(inputs, degree).forward(&x).to_array().into_raw_vec_and_offset().0;
        assert_eq!(values.len(), want);
        // Products of primes are different numbers.
        values.sort_by(f64::total_cmp);
        values.dedup();
        assert_eq!(values.len(), want);
    }
}

fn random(units: &[usize], hidden: Activation, seed: u64) -> Mlp<f64> {
    let builder = units[1..units.len() - 1].iter().fold(Mlp::builder(units[0]), |b, &n| b.layer(n, hidden));
    let builder = builder.layer(units[units.len() - 1], Activation::Identity);
    let model = builder.init(Init::Normal(1.0)).build(&mut ChaCha8Rng::seed_from_u64(seed));
    // Biases that are not 0.
    nn::parameters(&model, |_, p| p.map(|w| w + 0.3));
    model
}

/// Weights and biases as plain arrays, layer by layer.
fn matrices(model: &Mlp<f64>) -> Vec<(Array2<f64>, ndarray::Array1<f64>)> {
    let plain = |p: &nn::Param<f64>| p.value().to_array();
    let layers = model.layers().iter().map(|(linear, _)| {
        let (w, b) = (plain(linear.weight()), plain(linear.bias()));
        (w.into_dimensionality().unwrap(), b.into_dimensionality().unwrap())
    });
    layers.collect()
}

fn rebuilt(layers: Vec<(Array2<f64>, ndarray::Array1<f64>)>, hidden: Activation) -> Mlp<f64> {
    let last = layers.len() - 1;
    let activation = |s: usize| if s < last { hidden } else { Activation::Identity };
    let layers = layers.into_iter().enumerate();
    Mlp::from_layers(layers.map(|(s, (w, b))| (Linear::from_weights(w, b), activation(s))).collect())
}

#[test]
fn linear_layers_collapse() {
    // L5: Wo (Wh x) = (Wo Wh) x.
    let model = random(&[3, 5, 4, 2], Activation::Identity, 5);
    let one = matrices(&model).into_iter().reduce(|(w, b), (next, c)| (next.dot(&w), next.dot(&b) + c)).unwrap();
    let one = rebuilt(vec![one], Activation::Identity);
    let x = Tensor::from(array![[0.5, -1.0, 2.0], [3.0, 0.1, -0.7]]);
    all_close("collapsed", &one.forward(&x).to_array(), &model.forward(&x).to_array(), 1e-13);
    // With units that are not linear they do not.
    let bent = rebuilt(matrices(&model), Activation::Tanh);
    assert_ne!(bent.forward(&x).view(), model.forward(&x).view());
}

#[test]
fn permuted_and_flipped_units_are_the_same_function() {
    // L7: hence many equivalent minima.
    let (model, x) = (random(&[2, 4, 3], Activation::Tanh, 7), Tensor::from(array![[0.5, -1.0], [3.0, 0.1]]));
    let want = model.forward(&x).to_array();
    let order = [2, 0, 3, 1];
    let mut permuted = matrices(&model);
    let [(wh, bh), (wo, _)] = &mut permuted[..] else { unreachable!("two layers") };
    *wh = wh.select(ndarray::Axis(0), &order);
    *bh = bh.select(ndarray::Axis(0), &order);
    *wo = wo.select(ndarray::Axis(1), &order);
    all_close("permuted", &rebuilt(permuted, Activation::Tanh).forward(&x).to_array(), &want, 1e-14);

    let mut flipped = matrices(&model);
    let [(wh, bh), (wo, _)] = &mut flipped[..] else { unreachable!("two layers") };
    for unit in [0, 2] {
        wh.row_mut(unit).mapv_inplace(|w| -w);
        bh[unit] = -bh[unit];
        wo.slice_mut(s![.., unit]).mapv_inplace(|w| -w);
    }
    let same = rebuilt(flipped.clone(), Activation::Tanh);
    all_close("flipped", &same.forward(&x).to_array(), &want, 1e-14);
    // Only an odd function allows it.
    let (even, model) = (rebuilt(flipped, Activation::Sigmoid), rebuilt(matrices(&model), Activation::Sigmoid));
    assert_ne!(even.forward(&x).view(), model.forward(&x).view());
}
