//! L18 The derivation that the library writes out for the 2-2-1 network of L3's task.
//!
//! ```text
//! a[1] = W[1] x + b[1],  z[1] = sigmoid(a[1]),  a[2] = W[2] z[1] + b[2],  y = sigmoid(a[2]),  E = -t ln y - (1 - t) ln(1 - y)
//! delta[2] = y - t,  delta[1] = h'(a[1]) ⊙ W[2]^T delta[2],  dE/dW[s] = delta[s] ⊗ z[s-1]
//! ```

use std::fmt::Write;

use autodiff::explain::Explain;
use autodiff::{Tape, Tensor};
use examples::{Outcome, Page};
use ndarray::array;

pub(crate) fn show(page: &mut Page) -> Outcome {
    let tape = Tape::<f64>::new();
    let (w1, b1) =
        (tape.tensor(array![[0.5, -0.4], [0.3, 0.8]]).named("W[1]"), tape.tensor(array![0.1, -0.2]).named("b[1]"));
    let (w2, b2) = (tape.tensor(array![[1.2, -0.7]]).named("W[2]"), tape.tensor(array![0.05]).named("b[2]"));
    let (x, t) = (Tensor::constant(array![1.0, 0.0]), Tensor::constant(array![1.0]));
    let a1 = x.linear(&w1, &b1).named("a[1]");
    let z1 = a1.sigmoid().named("z[1]");
    let a2 = z1.linear(&w2, &b2).named("a[2]");
    let error = a2.bce_with_logits(&t).sum().named("E");
    let derivation = Explain::of(&error).constant("x", &x).constant("t", &t).derivation(&[&w1, &b1, &w2, &b2]);
    writeln!(page, "{derivation}")?;
    page.holds("written out", derivation.to_string().contains("dE/dW[2]"));
    Ok(())
}
