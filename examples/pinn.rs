//! A differential equation solved by a network: `u'' + u = 0`, `u(0) = 0`, `u'(0) = 1` on [0, 3], of which `sin` is the
//! solution. The objective holds the network's second derivative by its input.
//!
//! `cargo run --release -p examples --example pinn`

use autodiff::{Tape, Tensor, Var, check};
use ndarray::{Array1, Axis, array};
use nn::{Activation, Adam, Batch, Dataset, Layer, Mlp, Trainer, schedule};
use rand::SeedableRng;

/// `u`, `u'` and `u''` at places `x`, recorded.
fn derivatives(model: &Mlp<f64>, x: &Tensor<f64>) -> [Tensor<f64>; 3] {
    let x = nn::track(model, x);
    let u = model.forward(&x);
    let slope = u.sum().grad(&[&x]).remove(0);
    let bend = slope.sum().grad(&[&x]).remove(0);
    [u, slope, bend]
}

/// `mean (u'' + u)² + u(0)² + (u'(0) - 1)²`.
fn objective(model: &Mlp<f64>, batch: &Batch<f64>) -> Tensor<f64> {
    let [u, _, bend] = derivatives(model, batch.inputs());
    let [start, slope, _] = derivatives(model, &array![[0.0]].into());
    (bend + u).square().mean() + start.square().sum() + (slope - 1.0).square().sum()
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let places = |count| Dataset::default().with("inputs", Array1::linspace(0.0, 3.0, count).insert_axis(Axis(1)));
    let (points, between) = (places(31)?, places(100)?);
    let small = Mlp::new(&[1, 3, 1], Activation::Tanh, &mut rng);
    nn::check::model(&small, |model| objective(model, &points.whole())).assert_pass();
    nn::check::model_hessian(&small, |model| objective(model, &points.whole())).assert_pass();
    // The same way by a tape of variables, for one unit: a slope inside a function.
    let penalty = |w: &[Var<f64>]| {
        let inner = Tape::<Var<f64>>::new();
        let (x, [a, b, c]) = (inner.var(Var::constant(0.8)), [0, 1, 2].map(|k| Var::constant(w[k])));
        let slope = ((a * x + b).tanh() * c).backward().wrt(x);
        (slope - 0.8_f64.cos()).square()
    };
    check::gradient(penalty, &[0.4, -0.3, 1.2]).assert_pass();
    check::hessian(penalty, &[0.4, -0.3, 1.2]).assert_pass();

    let model = Mlp::new(&[1, 20, 20, 1], Activation::Tanh, &mut rng);
    let adam = Adam::new(0.01).schedule(schedule::cosine(3000, 0.0));
    let error = |model: &Mlp<f64>, batch: &Batch<f64>| {
        (model.forward(batch.inputs()) - batch.inputs().sin()).abs().max_all().item()
    };
    let mut trainer = Trainer::objective(model, objective, adam).measure("error", error).full_batch().epochs(3000);
    let history = trainer.fit(&points, &between)?;
    let error = history.metric("error").expect("measured").valid[2999];
    println!("largest error against sin {error:.1e}");
    assert!(error < 1e-3);
    Ok(())
}
