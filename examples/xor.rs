//! XOR: a network that decides but cannot learn (L3), and one that learns.
//!
//! `cargo run --release -p examples --example xor`

use autodiff::{Tape, Tensor};
use ndarray::array;
use nn::{Activation, Dataset, Init, Layer, Linear, Mlp, Sgd, Trainer, loss, metrics};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn main() -> Result<(), nn::Error> {
    let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let targets = array![[0.0], [1.0], [1.0], [0.0]];

    // L3, bias first in each row: Wh = [[-0.5, -1, 1], [0.5, -1, 1]], Wo = [[0.5, 1, -1]].
    println!("A network of Heaviside units, H(z) = 1 for z >= 0:");
    let hidden = Linear::from_weights(array![[-1.0, 1.0], [-1.0, 1.0]], array![-0.5, 0.5]);
    let output = Linear::from_weights(array![[1.0, -1.0]], array![0.5]);
    let mut fixed = Mlp::from_layers(vec![(hidden, Activation::Heaviside), (output, Activation::Heaviside)]);
    let x = Tensor::constant(inputs.clone());
    let tape = Tape::new();
    nn::watch(&mut fixed, &tape);
    let y = fixed.forward(&x);
    for (x, y) in inputs.rows().into_iter().zip(y.to_array()) {
        println!("  {} xor {} = {y}", x[0], x[1]);
    }
    assert_eq!(y.to_array(), targets.clone().into_dyn());
    let gradients = loss::sum::squared_error(&y, &Tensor::constant(targets.clone())).backward();
    let mut norm = 0.0;
    nn::parameters(&fixed, |_, param| {
        norm += param.gradient(&gradients).map_or(0.0, |g| g.to_array().mapv(|g| g * g).sum());
    });
    println!("  gradient norm {norm}: it cannot learn\n");
    assert_eq!(norm, 0.0);

    println!(
        "2-2-1 networks of sigmoid units, trained on-line from different starts (some end in a local minimum, L24):"
    );
    let data = Dataset::new(inputs, targets)?;
    let (x, t) = data.all();
    let solved = (1..=20).find_map(|seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let builder = Mlp::<f64>::builder(2).layer(2, Activation::Sigmoid).layer(1, Activation::Sigmoid);
        let model = builder.init(Init::Normal(1.0)).build(&mut rng);
        let mut trainer = Trainer::new(model, loss::bce, Sgd::new(0.5)).epochs(3000).batch_size(1).seed(seed);
        let history = trainer.fit(&data, &data).expect("finite data and a finite rate");
        let y = trainer.model().forward(&x);
        let last = history.last().expect("3000 epochs");
        println!("  seed {seed}: loss {:.4}, {:.0} % right", last.valid_loss, 100.0 * last.valid_accuracy);
        (metrics::accuracy(&y, &t) == 1.0).then_some(y)
    });
    let y = solved.expect("one of 20 starts reaches the global minimum");
    for (x, y) in data.inputs().rows().into_iter().zip(y.to_array()) {
        println!("  {} xor {} = {y:.4}", x[0], x[1]);
    }
    Ok(())
}
