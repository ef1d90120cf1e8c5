//! L20 What can go wrong in deep nets: gradients that vanish or explode.
//!
//! `delta[s] = h'(a[s]) ⊙ W[s+1]^T delta[s+1]` multiplies by a matrix at every layer. A sigmoid's slope is at most 1/4: with weights
//! of the usual size the gradient vanishes towards the input. With He's initial weights (variance `2 / inputs`) a rectifier's
//! keeps its size; with weights twice as large it doubles at every layer and explodes.

use autodiff::{Tape, Tensor};
use examples::{Outcome, Page};
use ndarray::array;
use nn::Reduction::Sum;
use nn::loss::HalfSquaredError;
use nn::plot::LineChart;
use nn::{Activation, Init, Layer, Linear, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const WIDTH: usize = 32;

/// The norm of each layer's `delta = dE/da` for the sum of the outputs, first layer first.
fn deltas(activation: Activation, init: Init, depth: usize) -> Vec<(f64, f64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let tape = Tape::new();
    let mut z: Tensor<f64> = tape.tensor(Init::Normal(1.0).sample(&[64, WIDTH], 1, 1, &mut rng));
    let mut a = Vec::new();
    for _ in 0..depth {
        a.push(Linear::new(WIDTH, WIDTH, init, &mut rng).forward(&z));
        z = activation.apply(&a[a.len() - 1]);
    }
    let gradients = z.sum().backward();
    let norm = |a: &Tensor<f64>| gradients.wrt(a).mapv(|d| d * d).sum().sqrt();
    a.iter().enumerate().map(|(s, a)| (s as f64 + 1.0, norm(a))).collect()
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let depth = page.size(12, 30);
    let he = (2.0 / WIDTH as f64).sqrt();
    let mut chart =
        LineChart::new("Gradients by layer").x_label("layer, from the input").y_label("norm of dE/da").log_y();
    for (name, activation, init, expected) in [
        ("sigmoid, Xavier: vanishes", Activation::Sigmoid, Init::XavierNormal, 0.15..0.4),
        ("relu, He: keeps its size", Activation::Relu, Init::HeNormal, 0.8..1.25),
        ("relu, twice He: explodes", Activation::Relu, Init::Normal(2.0 * he), 1.6..2.5),
    ] {
        let norms = deltas(activation, init, depth);
        let factor = (norms[0].1 / norms[depth - 1].1).powf(1.0 / (depth - 1) as f64);
        let all = norms[0].1 / norms[depth - 1].1;
        let text = format!("{name}: times {factor:.2} a layer towards the input, {all:.0e} through {depth} layers");
        page.holds(text, expected.contains(&factor));
        chart = chart.series(name, norms);
    }
    page.chart("l20_gradients", &chart)?;
    let deep = Mlp::<f64>::new(&[4; 9], Activation::Sigmoid, &mut ChaCha8Rng::seed_from_u64(7));
    let (x, t) = (Tensor::from(array![[1.0, -1.0, 0.5, 0.0]]), Tensor::zeros(&[1, 4]));
    let steps = deep.page(HalfSquaredError::new().reduction(Sum), &x, &t);
    page.steps("l20_steps", &steps.title("L20 Gradients vanish through eight layers of sigmoid units"))
}
