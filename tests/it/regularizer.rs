//! Penalties: their gradients, the lectures' convention, exact zeros.

use autodiff::{Tape, Tensor};
use ndarray::{Array2, array};
use nn::Reduction::Sum;
use nn::loss::{HalfSquaredError, Loss};
use nn::optim::Lbfgs;
use nn::{Activation, Layer, Linear, Mlp, Optimizer, Regularizer, Sgd, is_bias, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{close, raises_here, values_of};

#[test]
fn penalties_by_hand() {
    let model = Linear::from_weights(array![[3.0, -4.0]], array![2.0]);
    let value = |r: Regularizer| r.penalty(&model).item();
    // λ/N = 0.1.
    close("l2", value(Regularizer::l2(1.0, 10)), 0.1 * 0.5 * 29.0, 1e-15);
    close("l1", value(Regularizer::l1(1.0, 10)), 0.1 * 0.5 * 9.0, 1e-15);
    close("both", value(Regularizer::elastic_net(1.0, 0.25, 10)), 0.1 * (0.25 * 4.5 + 0.75 * 14.5), 1e-15);
    close("weights", value(Regularizer::l2(1.0, 10).except(is_bias)), 0.1 * 0.5 * 25.0, 1e-15);
    close("bias", value(Regularizer::l2(1.0, 10).only(is_bias)), 0.1 * 0.5 * 4.0, 1e-15);
    assert_eq!(value(Regularizer::l2(0.0, 10)), 0.0);
}

#[test]
fn the_link_is_the_gradient_of_the_penalty() {
    let x = Tensor::constant(array![[0.0, 0.5], [1.0, -1.0], [-0.5, 2.0]]);
    let t = Tensor::constant(array![[0.5], [-1.0], [2.0]]);
    for (k, make) in [
        || Regularizer::l2(0.3, 3),
        || Regularizer::l1(0.3, 3),
        || Regularizer::elastic_net(0.3, 0.4, 3).except(is_bias),
    ]
    .into_iter()
    .enumerate()
    {
        let model = || {
            let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(1));
            // One weight at the kink, where the derivative is 0.
            nn::parameters(&model, |_, p| {
                let mut values = p.value().to_array();
                *values.first_mut().unwrap() = 0.0;
                p.set(values);
            });
            model
        };
        let (by_loss, by_link) = (model(), model());
        let (mut plain, mut linked) = (Sgd::new(0.1).momentum(0.9), Sgd::new(0.1).momentum(0.9).before(make()));
        let tape = Tape::new();
        for _ in 0..10 {
            tape.reset();
            nn::watch(&by_loss, &tape);
            let error = loss::squared_error(&by_loss.forward(&x), &t) + make().penalty(&by_loss);
            plain.step(&by_loss, &error.backward()).unwrap();
            tape.reset();
            nn::watch(&by_link, &tape);
            let error = loss::squared_error(&by_link.forward(&x), &t);
            linked.step(&by_link, &error.backward()).unwrap();
        }
        for (a, b) in values_of(&by_loss).into_iter().zip(values_of(&by_link)) {
            close(k, a, b, 1e-14);
        }
    }
}

/// Ten items whose inputs are orthogonal with `Σ x² = 8` in each of four columns (rows of a Hadamard matrix, and two
/// empty rows), and targets.
fn orthogonal() -> (Array2<f64>, Array2<f64>) {
    let x = Array2::from_shape_fn((10, 4), |(i, j)| match i {
        8.. => 0.0,
        _ if (i & (j + 1)).count_ones() % 2 == 0 => 1.0,
        _ => -1.0,
    });
    let t = Array2::from_shape_fn((10, 1), |(i, _)| [1.5, -0.3, 0.8, 2.0, -1.0, 0.1, 0.7, 0.2, 9.0, -9.0][i]);
    (x, t)
}

/// Trains a linear map without bias influence on `½/N Σ (y - t)²` by full-batch descent.
fn regress(mut sgd: Sgd<f64>, steps: usize) -> Vec<f64> {
    let (x, t) = orthogonal();
    let model = Linear::from_weights(Array2::from_elem((1, 4), 0.5), array![0.0]);
    let (x, t, tape) = (Tensor::constant(x), Tensor::constant(t), Tape::new());
    for _ in 0..steps {
        tape.reset();
        nn::watch(&model, &tape);
        let y = model.forward(&x);
        // The bias takes no part, but has a gradient.
        let error = HalfSquaredError::new().reduction(Sum).loss(&(y - model.bias().tensor()), &t) / 10.0
            + model.bias().tensor().sum() * 0.0;
        sgd.step(&model, &error.backward()).unwrap();
    }
    values_of(&model)[..4].to_vec()
}

#[test]
fn the_proximal_step_gives_exact_zeros() {
    let (x, t) = orthogonal();
    // With xᵀx = 8 I the minimum is known: the least-squares weights, shrunk towards 0 and cut there.
    let products = x.t().dot(&t);
    let (lambda, kappa) = (3.0, 1.5);
    let want: Vec<f64> = products.iter().map(|&p| p.signum() * (p.abs() - kappa).max(0.0) / 8.0).collect();
    assert_eq!(want.iter().filter(|&&w| w == 0.0).count(), 2, "{products}");

    let l1 = || Regularizer::l1(lambda, 10).except(is_bias);
    let proximal = regress(Sgd::new(0.5).after(l1().proximal()), 300);
    let subgradient = regress(Sgd::new(0.5).before(l1()), 300);
    for k in 0..4 {
        close(format_args!("weight {k}"), proximal[k], want[k], 1e-12);
        // By the subgradient the small weights are near 0 only.
        close(format_args!("subgradient {k}"), subgradient[k], want[k], 0.5 * kappa / 10.0 + 1e-9);
        if want[k] == 0.0 {
            assert_eq!(proximal[k].to_bits(), 0, "exactly zero");
            assert_ne!(subgradient[k], 0.0);
        }
    }
    // The elastic net shrinks besides: minimum of the sum, by the same token.
    let net = regress(Sgd::new(0.5).after(Regularizer::elastic_net(2.0 * lambda, 0.5, 10).proximal()), 300);
    for (k, (&got, &want)) in net.iter().zip(&want).enumerate() {
        close(format_args!("net {k}"), got, want * 8.0 / (8.0 + lambda), 1e-12);
        assert_eq!(got == 0.0, want == 0.0);
    }
}

#[test]
fn ridge_regression_meets_the_normal_equations() {
    let (x, t) = orthogonal();
    let want = x.t().dot(&t) / (8.0 + 2.0);
    let model = Linear::from_weights(Array2::zeros((1, 4)), array![0.0]);
    let (x, t) = (Tensor::constant(x), Tensor::constant(t));
    // The bias is left to itself by a penalty of its own.
    let (l2, pin) = (Regularizer::l2(2.0, 10).except(is_bias), Regularizer::l2(1.0, 10).only(is_bias));
    let objective = |model: &Linear<f64>| {
        let y = model.forward(&x) - model.bias().tensor();
        HalfSquaredError::new().reduction(Sum).loss(&y, &t) / 10.0 + l2.penalty(model) + pin.penalty(model)
    };
    Lbfgs::new().tolerance(1e-12).fit(&model, objective).unwrap();
    for (got, want) in values_of(&model).into_iter().zip(want) {
        close("weight", got, want, 1e-11);
    }
}

#[test]
fn mistakes_are_named() {
    let model = Linear::from_weights(array![[3.0, -4.0]], array![2.0]);
    let nobody = || Regularizer::l2(1.0, 10).only(|name| name.starts_with("layers."));
    let text = "no parameter is regularised: the filter holds for none of `weight`, `bias`";
    raises_here(|| nobody().penalty(&model), text);
    let model = model;
    for mut sgd in [Sgd::new(0.1).before(nobody()), Sgd::new(0.1).after(nobody().proximal())] {
        let tape = Tape::new();
        nn::watch(&model, &tape);
        let error = model.forward(&Tensor::ones(&[1, 2])).sum();
        assert_eq!(sgd.step(&model, &error.backward()).unwrap_err().to_string(), text);
        assert_eq!(values_of(&model), [3.0, -4.0, 2.0]);
    }
    let positive = "expected a finite number, 0 or above";
    raises_here(|| Regularizer::l2(-1.0, 10), &format!("Regularizer: lambda is -1, {positive}"));
    raises_here(|| Regularizer::l1(f64::NAN, 10), &format!("Regularizer: lambda is NaN, {positive}"));
    raises_here(|| Regularizer::l2(1.0, 0), "Regularizer: the number of items is 0, expected 1 or more");
    let share = "Regularizer: the share of L1 is 1.5, expected a number from 0 to 1";
    raises_here(|| Regularizer::elastic_net(1.0, 1.5, 10), share);
}
