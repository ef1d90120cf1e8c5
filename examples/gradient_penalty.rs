//! A loss that contains a gradient: a network is fitted to values of a function and, by a penalty, to its slopes.
//!
//! `cargo run --release -p examples --example gradient_penalty`

use autodiff::{Tape, Tensor, Var, check};
use ndarray::Array2;
use nn::{Activation, Layer, Mlp, Optimizer, Sgd};
use rand::SeedableRng;

/// `mean (y - sin x)² + λ mean (dy/dx - cos x)²`. The inner gradient is recorded, so that the outer one goes through it.
fn objective(tape: &Tape<f64>, model: &Mlp<f64>, points: &Tensor<f64>, lambda: f64) -> Tensor<f64> {
    let x = tape.tensor(points.clone());
    let y = model.forward(&x);
    let slope = tape.grad(y.sum(), &[&x]).remove(0);
    (y - points.sin()).square().mean() + (slope - points.cos()).square().mean() * lambda
}

/// The largest errors of value and slope between the points.
fn errors(model: &Mlp<f64>) -> (f64, f64) {
    let between = Tensor::constant(Array2::from_shape_fn((60, 1), |(i, _)| i as f64 / 10.0 - 2.95));
    let tape = Tape::new();
    let x = tape.tensor(between.clone());
    let y = model.forward(&x);
    let slope = Tensor::constant(y.sum().backward().wrt(&x));
    let largest = |t: Tensor<f64>| t.view().iter().fold(0.0, |most: f64, e| most.max(e.abs()));
    (largest(y.detach() - between.sin()), largest(slope - between.cos()))
}

fn main() -> nn::Result<()> {
    let points = Tensor::constant(Array2::from_shape_fn((7, 1), |(i, _)| i as f64 - 3.0));
    let fresh = || Mlp::<f64>::new(&[1, 16, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(3));

    // A slope inside a function, by a tape of variables: its gradient and Hessian against numerical differentiation.
    let penalty = |w: &[Var<f64>]| {
        let inner = Tape::<Var<f64>>::new();
        let (x, [a, b, c]) = (inner.var(Var::constant(0.8)), [0, 1, 2].map(|k| Var::constant(w[k])));
        let slope = ((a * x + b).tanh() * c).backward().wrt(x);
        (slope - 0.8_f64.cos()).square()
    };
    check::gradient(penalty, &[0.4, -0.3, 1.2]).assert_pass();
    check::hessian(penalty, &[0.4, -0.3, 1.2]).assert_pass();

    let train = |lambda: f64| -> nn::Result<(f64, f64)> {
        let (model, mut sgd, tape) = (fresh(), Sgd::new(0.02).momentum(0.9), Tape::new());
        for _ in 0..3000 {
            tape.reset();
            nn::watch(&model, &tape);
            let loss = objective(&tape, &model, &points, lambda);
            sgd.step(&model, &loss.backward())?;
        }
        tape.reset();
        Ok(errors(&model))
    };
    let (without, with) = (train(0.0)?, train(1.0)?);
    println!("largest error between 7 points   value    slope");
    println!("values alone                    {:.4}   {:.4}", without.0, without.1);
    println!("values and slopes               {:.4}   {:.4}", with.0, with.1);
    assert!(with.0 < 0.5 * without.0 && with.1 < 0.5 * without.1, "knowing the slopes helps between the points");
    Ok(())
}
