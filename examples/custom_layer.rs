//! A layer of one's own with its own rule: the swish `z = a σ(β a)` with a trainable `β`, through the trait `Op`.
//!
//! `cargo run --release -p examples --example custom_layer`

use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Result, Tensor, Var, check};
use ndarray::{ArrayD, ArrayViewD};
use nn::{Dataset, Init, Layer, Linear, Param, Sequential, Sgd, Trainer, Visit, loss};
use rand::SeedableRng;

struct SwishOp;
impl Op<f64> for SwishOp {
    fn name(&self) -> &'static str {
        "swish"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        Ok(&x[0] * &(&x[0] * &x[1]).mapv(|u| 1.0 / (1.0 + (-u).exp())))
    }

    /// With `s = σ(β a)`: `∂z/∂a = s + β a s (1 - s)`, `∂z/∂β = a² s (1 - s)`. The engine sums the latter over the items.
    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        let (a, beta) = (cx.input(0), cx.input(1));
        let s = (a * beta).sigmoid();
        let bend = &s * (1.0 - &s);
        let by_a = cx.needs(0).then(|| (&s + a * beta * &bend) * cx.grad());
        [by_a, cx.needs(1).then(|| a.square() * &bend * cx.grad())].into()
    }
}

struct Swish(Param<f64>);
impl Layer<f64> for Swish {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        Tensor::apply(SwishOp, &[x, &self.0.tensor()]).expect("swish takes any input")
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("beta", &self.0);
    }
}

fn main() -> nn::Result<()> {
    let swish = |a: Tensor<f64>, beta: Tensor<f64>| Tensor::apply(SwishOp, &[&a, &beta]).expect("any input");
    let scalars = |x: &[Var<f64>]| swish(Tensor::from_vars(&x[..2], &[2]), x[2].into()).square().sum().at([]);
    check::gradient(scalars, &[0.7, -1.3, 1.1]).assert_pass();
    check::hessian(scalars, &[0.7, -1.3, 1.1]).assert_pass();

    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut linear = |inputs, outputs| Linear::new(inputs, outputs, Init::XavierUniform, &mut rng);
    let model = Sequential::new().then(linear(1, 12)).then(Swish(Param::new(1.0))).then(linear(12, 1));
    let x = ndarray::Array2::from_shape_fn((40, 1), |(i, _)| i as f64 / 10.0 - 2.0);
    let waves = Dataset::new(x.clone(), x.mapv(|x| (2.0 * x).sin()))?;
    let sgd = Sgd::new(0.05).momentum(0.9);
    let last = Trainer::new(model, loss::squared_error, sgd).epochs(800).fit(&waves, &waves)?.epochs[799].valid_loss;
    println!("sin 2x on [-2, 2]: mean squared error {last:.2e}");
    assert!(last < 1e-2);
    Ok(())
}
