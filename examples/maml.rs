//! Learning to learn (MAML, Finn et al. 2017): weights from which one gradient step, on ten points of a sine of any
//! amplitude and phase, leads to that sine. The gradient goes through the step.
//!
//! `cargo run --release -p examples --example maml`

use autodiff::Tensor;
use ndarray::Array3;
use nn::{Activation, Adam, Batch, Dataset, Layer, Mlp, Trainer, loss::squared_error};
use rand::{Rng, RngExt, SeedableRng};

/// The error on the second half of a task's points after a step of rate 0.1 down the error on the first half.
fn after_step(model: &Mlp<f64>, x: &Tensor<f64>, t: &Tensor<f64>) -> Tensor<f64> {
    let (x, t) = (x.chunks(0, 10), t.chunks(0, 10));
    let mut weights = Vec::new();
    nn::parameters(model, |_, param| weights.push(nn::track(model, &param.tensor())));
    let error = |weights: &[Tensor<f64>], half: usize| {
        nn::with_parameters(model, weights, |model| squared_error(&model.forward(&x[half]), &t[half]))
    };
    let slopes = error(&weights, 0).grad(&weights);
    let stepped: Vec<_> = weights.iter().zip(&slopes).map(|(w, slope)| w - 0.1 * slope).collect();
    error(&stepped, 1)
}

/// The mean over the tasks of a batch.
fn objective(model: &Mlp<f64>, tasks: &Batch<f64>) -> Tensor<f64> {
    let (x, t) = (tasks.inputs().chunks(0, 1), tasks.targets().chunks(0, 1));
    let errors: Vec<_> = x.iter().zip(&t).map(|(x, t)| after_step(model, &x.squeeze(0), &t.squeeze(0))).collect();
    Tensor::stack(&errors, 0).mean()
}

/// Sines of amplitude 0.5 to 3 and any phase, each at 20 places.
fn sines(tasks: usize, rng: &mut impl Rng) -> nn::Result<Dataset<f64>> {
    let x = Array3::from_shape_simple_fn((tasks, 20, 1), || rng.random_range(-3.0..3.0));
    let mut t = x.clone();
    for mut task in t.outer_iter_mut() {
        let (amplitude, phase) = (rng.random_range(0.5..3.0), rng.random_range(0.0..std::f64::consts::PI));
        task.mapv_inplace(|x: f64| amplitude * (x + phase).sin());
    }
    Dataset::new(x, t)
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let (train, test) = (sines(500, &mut rng)?, sines(100, &mut rng)?);
    let (small, some) = (Mlp::new(&[1, 3, 1], Activation::Tanh, &mut rng), train.batch(&[0, 1]));
    nn::check::model(&small, |model| objective(model, &some)).assert_pass();
    nn::check::model_hessian(&small, |model| objective(model, &some)).assert_pass();

    let model = Mlp::new(&[1, 24, 24, 1], Activation::Tanh, &mut rng);
    let without = nn::param_value_and_grad(&model, |model| objective(model, &test.whole()))?.0;
    let mut trainer = Trainer::objective(model, objective, Adam::new(0.005)).batch_size(10).epochs(20);
    let learned = trainer.fit(&train, &test)?.last().expect("an epoch").valid_loss;
    println!("error after a step: {learned:.3}, from scratch {without:.3}");
    assert!(learned < 0.25 * without);
    Ok(())
}
