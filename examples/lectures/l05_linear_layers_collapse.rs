//! L5 Linear layers collapse: with identity units a network of any depth is one linear map.
//!
//! `Wo (Wh x + bh) + bo = (Wo Wh) x + (Wo bh + bo)`, and so on for more layers. Depth without a nonlinearity adds no
//! function, and XOR stays out of reach; the error's surface is another one, though: `E` is no longer quadratic in the
//! weights.

use autodiff::Tensor;
use examples::{Outcome, Page};
use ndarray::{Array2, array};
use nn::{Activation, Init, Layer, Linear, Mlp, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// `(W, b)` of the one map that a network of identity units is.
fn collapse(model: &Mlp<f64>) -> Linear<f64> {
    let inputs = model.layers()[0].0.weight().value().shape()[1];
    let mut w = Tensor::from(Array2::eye(inputs));
    let mut b = Tensor::zeros(&[inputs]);
    for (linear, _) in model.layers() {
        b = linear.forward(&b.reshape(&[1, b.len()])).flatten();
        w = linear.weight().value().matmul(&w);
    }
    Linear::from_weights(w, b)
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let x = Init::Normal(1.0).sample(&[20, 3], 3, 20, &mut rng);
    for depth in 1..=5 {
        let builder = (1..depth).fold(Mlp::builder(3), |builder, s| builder.layer(4 + s, Activation::Identity));
        let model = builder.layer(2, Activation::Identity).build(&mut rng);
        nn::parameters(&model, |_, p| p.set(Init::Normal(0.7).sample(p.value().shape(), 1, 1, &mut rng)));
        let (deep, flat) = (model.forward(&x).to_array(), collapse(&model).forward(&x).to_array());
        page.agree(format_args!("depth {depth}: identity units and w = Wo … Wh"), &flat, &deep, 1e-13);
    }
    // On XOR the best linear map answers 1/2 everywhere, however many layers it has.
    let (x, t) =
        (Tensor::from(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]]), Tensor::from(array![[0.], [1.], [1.], [0.]]));
    let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Identity, &mut rng);
    nn::Lbfgs::new().fit(&model, |model| loss::squared_error(&model.forward(&x), &t))?;
    page.agree("two linear layers on XOR answer 1/2", &model.forward(&x).to_array(), &[0.5; 4], 1e-6);
    Ok(())
}
