//! A loss of one's own, by two closures: the softplus margin `mean ln(1 + e^(m - t y))` with targets `t = ±1`.
//!
//! `cargo run --release -p examples --example custom_loss`

use autodiff::{Tensor, check, tensor};
use ndarray::array;
use nn::{Activation, Dataset, Layer, Mlp, Sgd, Trainer};
use rand::SeedableRng;

const MARGIN: f64 = 1.0;

/// The value in plain `ndarray`, the gradient in tensor operations, so that it can be differentiated again:
/// `dL/dy = -t σ(m - t y) / n`.
fn softplus_margin(y: &Tensor<f64>, t: &Tensor<f64>) -> Tensor<f64> {
    Tensor::custom(
        "softplus_margin",
        &[y, t],
        |x| {
            let losses = (&x[0] * &x[1]).mapv(|agreement| (MARGIN - agreement).exp().ln_1p());
            ndarray::arr0(losses.sum() / losses.len() as f64).into_dyn()
        },
        |cx| {
            let (y, t) = (cx.input(0), cx.input(1));
            let slope = -(t * (-(y * t) + MARGIN).sigmoid()) / y.len() as f64;
            [Some(slope * cx.grad()), None].into()
        },
    )
}

fn main() -> nn::Result<()> {
    // First and second order against numerical differentiation.
    let (y, t) = (array![[0.3], [-1.2], [2.0]], Tensor::constant(array![[1.0], [1.0], [-1.0]]));
    let y = [Tensor::constant(y)];
    let loss = |y: &[Tensor<f64>]| softplus_margin(&y[0], &t);
    check::tensor_gradient(loss, &y).assert_pass();
    let scalars = |y: &[autodiff::Var<f64>]| loss(&[Tensor::from_vars(y, &[3, 1])]).at([]);
    check::hessian(scalars, &[0.3, -1.2, 2.0]).assert_pass();
    println!("gradient and Hessian agree with numerical differentiation");
    println!("Hessian at {}:\n{:.4}", y[0], tensor::hessian(loss, &y));

    let xor = Dataset::new(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![[-1.], [1.], [1.], [-1.]])?;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
    let model = Mlp::new(&[2, 8, 1], Activation::Tanh, &mut rng);
    let mut trainer = Trainer::new(model, softplus_margin, Sgd::new(0.5)).epochs(1000).batch_size(4);
    trainer.fit(&xor, &xor)?;
    let (x, t) = xor.all();
    let outputs = trainer.model().forward(&x);
    println!("XOR after 1000 steps: {:.2}", outputs.view());
    assert!((&outputs * &t).view().iter().all(|&agreement| agreement > MARGIN), "beyond the margin on the right side");
    Ok(())
}
