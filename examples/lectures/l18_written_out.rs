//! L18 The derivation that the library writes out for the 2-2-1 network of XOR.
//!
//! ```text
//! a[s] = W[s] z[s-1] + b[s],  z[s] = h(a[s]),  z[0] = x,  y = z[2],  h = sigmoid
//! squared error    delta[2] = (y - t) ⊙ h'(a[2])
//! cross-entropy    delta[2] = y - t
//! both             delta[1] = h'(a[1]) ⊙ W[2]^T delta[2],   dE/dW[s] = delta[s] ⊗ z[s-1],   dE/db[s] = delta[s]
//! ```
//!
//! The lines are read off what a forward pass recorded, and compared here with those above, symbol by symbol.

use std::fmt::Write;

use autodiff::Tensor;
use examples::{Outcome, Page};
use ndarray::array;
use nn::Reduction::Sum;
use nn::loss::{BinaryCrossEntropy, HalfSquaredError};
use nn::{Activation, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    let builder = Mlp::<f64>::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Sigmoid);
    let mut model = builder.build(&mut rng);
    let (x, t) = (Tensor::from(array![1.0, 0.0]), Tensor::from(array![1.0]));

    let squared = model.explain(HalfSquaredError::new().reduction(Sum), &x, &t);
    writeln!(page, "squared error, one item:\n{squared}\nas LaTeX:\n{}", squared.latex())?;
    let has = |text: &str, lines: &[&str]| lines.iter().all(|line| text.contains(line));
    let formulas = [
        "delta[2] = (y − t) ⊙ h'(a[2])",
        "delta[1] = h'(a[1]) ⊙ W[2]ᵀ delta[2]",
        "dE/dW[2] = delta[2] ⊗ z[1]",
        "dE/dW[1] = delta[1] ⊗ z[0]",
    ];
    page.holds(format_args!("written out: {}", formulas.join(", ")), has(&squared.to_string(), &formulas));

    page.derivation(&squared);
    let steps = model.page(HalfSquaredError::new().reduction(Sum), &x.reshape(&[1, 2]), &t.reshape(&[1, 1])).checked();
    page.steps("l18_steps", &steps.title("L18 Backpropagation through the network 2-2-1 of XOR"))?;

    let builder = Mlp::<f64>::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Identity);
    let logit = builder.build(&mut rng).explain(BinaryCrossEntropy::from_logits().reduction(Sum), &x, &t);
    writeln!(page, "cross-entropy from the logit, one item:\n{logit}")?;
    page.holds("and with cross-entropy delta[1] = h'(a[1]) ⊙ W[2]ᵀ delta[2]", has(&logit.to_string(), &formulas[1..]));
    page.file("l18_network.svg", &nn::tape_graph(&mut model, &x.reshape(&[1, 2]))?.svg())
}
