//! L3 The minimal XOR network: two hidden Heaviside units, weights by thought.
//!
//! ```text
//! y = H(Wo·(1, H(Wh·(1, x)))),   H(z) = 1 for z >= 0
//! Wh = [[-0.5, -1, 1], [0.5, -1, 1]],   Wo = [[0.5, 1, -1]],   bias first in each row
//! ```
//!
//! It gives 0, 1, 1, 0 on (0,0), (1,0), (0,1), (1,1): the first hidden unit is 1 on (0,1) alone, the second is 0 on (1,0)
//! alone, and the output `0.5 + z1 - z2` is below 0 where `z1 = 0` and `z2 = 1`, which is on (0,0) and (1,1). `H` is
//! flat on either side of its step, so the gradient is 0 almost everywhere: the network decides, but cannot learn.

use std::fmt::Write;

use autodiff::{Tape, Tensor};
use examples::{Outcome, Page};
use ndarray::array;
use nn::Reduction::Sum;
use nn::loss::{HalfSquaredError, Loss};
use nn::{Activation, Layer, Linear, Mlp};

pub(crate) fn show(page: &mut Page) -> Outcome {
    writeln!(page, "A network of Heaviside units, H(z) = 1 for z >= 0:")?;
    let hidden = Linear::from_weights(array![[-1.0, 1.0], [-1.0, 1.0]], array![-0.5, 0.5]);
    let output = Linear::from_weights(array![[1.0, -1.0]], array![0.5]);
    let model = Mlp::from_layers(vec![(hidden, Activation::Heaviside), (output, Activation::Heaviside)]);
    let inputs = array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    let targets = array![[0.0], [1.0], [1.0], [0.0]];

    let tape = Tape::new();
    nn::watch(&model, &tape);
    let y = model.forward(&Tensor::constant(inputs.clone()));
    for (x, y) in inputs.rows().into_iter().zip(y.to_array()) {
        writeln!(page, "  {} xor {} = {y}", x[0], x[1])?;
    }
    page.holds("0, 1, 1, 0 on (0,0), (1,0), (0,1), (1,1)", y.to_array() == targets.clone().into_dyn());

    // The targets turned round, so that the error is not 0: still no gradient.
    let gradients = HalfSquaredError::new().reduction(Sum).loss(&y, &Tensor::constant(1.0 - targets)).backward();
    let mut norm = 0.0;
    nn::parameters(&model, |_, p| norm += p.gradient(&gradients).map_or(0.0, |g| g.square().sum().item()));
    page.holds(format_args!("every answer wrong, and the gradient's norm is {norm}: it cannot learn"), norm == 0.0);

    let (x, t) = (Tensor::from(array![[1.0, 0.0]]), Tensor::from(array![[0.0]]));
    page.derivation(&model.explain(HalfSquaredError::new().reduction(Sum), &x, &t));
    let steps = model.page(HalfSquaredError::new().reduction(Sum), &x, &t);
    page.steps("l03_steps", &steps.title("L3 Heaviside units: nothing flows back"))
}
