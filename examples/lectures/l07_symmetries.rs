//! L7 Symmetries: equivalent weights, hence equivalent minima.
//!
//! Hidden units may change places, with their rows of `W[1]`, their biases and their columns of `W[2]`. As tanh is odd, the
//! signs of all weights into and out of one unit may be flipped: `-w tanh(-a) = w tanh(a)`. With `M` hidden units that
//! makes `M! 2^M` weight vectors for one function. All have the same error, and gradients of the same length.

use std::collections::HashSet;

use autodiff::Tensor;
use examples::{Outcome, Page};
use nn::Reduction::Sum;
use nn::loss::{HalfSquaredError, Loss};
use nn::{Activation, Init, Layer, Linear, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The network with its hidden units in another order, and with other signs.
fn transformed(model: &Mlp<f64>, order: [usize; 3], signs: [f64; 3]) -> Mlp<f64> {
    let [(hidden, _), (output, _)] = model.layers() else { unreachable!("two layers") };
    let signs = Tensor::from(ndarray::arr1(&signs));
    let w1 = hidden.weight().value().index_select(0, &order) * signs.expand(1);
    let b1 = hidden.bias().value().index_select(0, &order) * &signs;
    let w2 = output.weight().value().index_select(1, &order) * &signs;
    let hidden = Linear::from_weights(w1, b1);
    let output = Linear::from_weights(w2, output.bias().value().clone());
    Mlp::from_layers(vec![(hidden, Activation::Tanh), (output, Activation::Identity)])
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut model = Mlp::<f64>::new(&[2, 3, 2], Activation::Tanh, &mut rng);
    nn::parameters(&model, |_, p| p.set(Init::Normal(0.8).sample(p.value().shape(), 1, 1, &mut rng)));
    let (x, t) = (Init::Normal(1.0).sample(&[9, 2], 2, 9, &mut rng), Init::Normal(1.0).sample(&[9, 2], 2, 9, &mut rng));
    let error = |model: &Mlp<f64>| HalfSquaredError::new().reduction(Sum).loss(&model.forward(&x), &t);
    let gradient = |model: &mut Mlp<f64>| -> nn::Result<f64> {
        Ok(nn::param_grad(model, error)?.iter().map(|g| g.square().sum().item()).sum::<f64>().sqrt())
    };
    let (outputs, norm) = (model.forward(&x).to_array(), gradient(&mut model)?);

    let (mut worst, mut norms, mut different) = (0.0_f64, Vec::new(), HashSet::new());
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for flips in 0..8 {
            let signs = [0, 1, 2].map(|k| if flips >> k & 1 == 0 { 1.0 } else { -1.0 });
            let mut equivalent = transformed(&model, order, signs);
            let y = equivalent.forward(&x).to_array();
            worst = y.iter().zip(&outputs).fold(worst, |worst, (a, b)| worst.max((a - b).abs()));
            norms.push(gradient(&mut equivalent)?);
            let mut weights = Vec::new();
            nn::parameters(&equivalent, |_, p| weights.extend(p.value().to_array().iter().map(|w| w.to_bits())));
            different.insert(weights);
        }
    }
    let count = different.len();
    page.holds(
        format_args!("{count} = 3! 2³ different weight vectors, outputs differ by {worst:.0e}"),
        count == 48 && worst < 1e-14,
    );
    page.agree("the gradient's norm is the same at all of them", &norms, &[norm; 48], 1e-13);
    // A sigmoid is not odd: there the flip is another function.
    let flip = transformed(&model, [0, 1, 2], [-1.0, 1.0, 1.0]);
    let sigmoid = |model: &Mlp<f64>| {
        let [(hidden, _), (output, _)] = model.layers() else { unreachable!("two layers") };
        output.forward(&Activation::Sigmoid.apply(&hidden.forward(&x))).to_array()
    };
    let change = (sigmoid(&flip) - sigmoid(&model)).iter().fold(0.0_f64, |most, d| most.max(d.abs()));
    page.holds(format_args!("with sigmoid units a flip changes the outputs by {change:.2}"), change > 0.01);
    Ok(())
}
