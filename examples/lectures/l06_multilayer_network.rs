//! L6 The multilayer network: `a[s] = W[s] z[s-1] + b[s]`, `z[s] = h(a[s])`, for any depth.
//!
//! The output is `y = a` for regression, `sigmoid(a)` for two classes (or several labels at once), and `softmax(a)` for K
//! exclusive classes. One input at a time (a vector through matrices) and batch mode (a matrix whose rows are inputs) give
//! the same numbers.

use autodiff::Tensor;
use examples::{Outcome, Page};
use ndarray::{Array1, Array2};
use nn::{Activation, Init, Layer, Mlp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The network for one input, written out as in the lectures.
fn forward(model: &Mlp<f64>, x: Array1<f64>) -> Array1<f64> {
    let mut z = x;
    for (linear, activation) in model.layers() {
        let w: Array2<f64> = linear.weight().value().to_array().into_dimensionality().expect("a matrix");
        let b: Array1<f64> = linear.bias().value().to_array().into_dimensionality().expect("a vector");
        let a = w.dot(&z) + b;
        z = match activation {
            Activation::Tanh => a.mapv(f64::tanh),
            Activation::Sigmoid => a.mapv(|a| 1.0 / (1.0 + (-a).exp())),
            Activation::Softmax => a.mapv(f64::exp) / a.mapv(f64::exp).sum(),
            _ => a,
        };
    }
    z
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let x: Tensor<f64> = Init::Normal(1.0).sample(&[7, 4], 4, 7, &mut rng);
    let outputs = [Activation::Identity, Activation::Sigmoid, Activation::Softmax];
    let (mut by_hand, mut item_by_item, mut batch) = (Vec::new(), Vec::new(), Vec::new());
    for (depth, output) in (1..=5).flat_map(|depth| outputs.map(|output| (depth, output))) {
        let builder = (1..depth).fold(Mlp::builder(4), |builder, s| builder.layer(3 + s, Activation::Tanh));
        let model: Mlp<f64> = builder.layer(3, output).build(&mut rng);
        batch.extend(model.forward(&x).to_array());
        for row in 0..7 {
            let x = x.narrow(0, row..row + 1);
            by_hand.extend(forward(&model, x.to_array().into_iter().collect()));
            item_by_item.extend(model.forward(&x).to_array());
        }
    }
    page.agree("one to five layers, three outputs: item by item and batch", &item_by_item, &batch, 1e-15);
    page.agree("a = W z + b, z = h(a) written out", &by_hand, &batch, 1e-14);
    let sums: Vec<f64> = batch[2 * 21..3 * 21].chunks(3).map(|y| y.iter().sum()).collect();
    page.agree("softmax outputs add up to", &sums, &[1.0; 7], 1e-15);
    page.holds("sigmoid outputs lie between 0 and 1", batch[21..2 * 21].iter().all(|&y| 0.0 < y && y < 1.0));
    let model = Mlp::<f64>::new(&[4, 5, 6, 3], Activation::Tanh, &mut rng);
    let weights = nn::count(&model);
    page.holds(format_args!("4-5-6-3 has {weights} weights = (4+1)·5 + (5+1)·6 + (6+1)·3"), weights == 25 + 36 + 21);
    Ok(())
}
