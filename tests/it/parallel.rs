//! Batches shared out to threads: the same bits for any number of them.

use ndarray::Array2;
use nn::{Activation, Adam, Dataset, Dropout, Init, Linear, Mlp, Regularizer, Sequential, Sgd, Trainer, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn data() -> Dataset<f64> {
    let x = Array2::from_shape_fn((23, 3), |(i, j)| ((i * (3 + j)) as f64 * 0.37).sin());
    let t = Array2::from_shape_fn((23, 2), |(i, j)| f64::from(u8::from(i % 2 == j)));
    Dataset::new(x, t).unwrap()
}

fn build() -> Mlp<f64> {
    Mlp::new(&[3, 7, 2], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(5))
}

/// Weights and losses after some epochs; on one tape without a number of threads.
fn train(threads: Option<usize>, batch: usize) -> Vec<f64> {
    let trainer = Trainer::new(build(), loss::softmax_cross_entropy, Adam::new(0.01)).epochs(4).batch_size(batch);
    let mut trainer = trainer.regularizer(Regularizer::l2(0.1, 23)).seed(3);
    let history = match threads {
        Some(threads) => trainer.fit_parallel(&data(), &data(), threads, build),
        None => trainer.fit(&data(), &data()),
    };
    let mut all: Vec<f64> = history.unwrap().columns().into_iter().flat_map(|(_, column)| column).collect();
    nn::parameters(trainer.model(), |_, p| all.extend(p.value().to_array()));
    all
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    // Batches of one item, of fewer than there are parts, with a rest, of all items.
    for batch in [1, 3, 10, 23] {
        let one = train(Some(1), batch);
        for threads in [2, 3, 4, 9] {
            let other = train(Some(threads), batch);
            assert!(one.iter().map(|x| x.to_bits()).eq(other.iter().map(|x| x.to_bits())), "{threads}, batch {batch}");
        }
        for (parallel, serial) in one.iter().zip(train(None, batch)) {
            assert!((parallel - serial).abs() < 1e-10, "{parallel} and {serial}, batch {batch}");
        }
    }
}

#[test]
#[should_panic(expected = "fit_parallel: the model has buffers or draws random numbers; use `fit`")]
fn masks_cannot_be_drawn_in_parts() {
    let build = || {
        let rng = &mut ChaCha8Rng::seed_from_u64(5);
        Sequential::<f64>::new().then(Dropout::new(0.5, rng)).then(Linear::new(3, 2, Init::XavierUniform, rng))
    };
    let mut trainer = Trainer::new(build(), loss::softmax_cross_entropy, Sgd::new(0.1));
    let _ = trainer.fit_parallel(&data(), &data(), 2, build);
}

#[test]
#[should_panic(expected = "fit_parallel: `build` makes a model with another parameter `layers.0.weight`")]
fn threads_need_the_same_model() {
    let mut trainer = Trainer::new(build(), loss::softmax_cross_entropy, Sgd::new(0.1));
    let other = || Mlp::new(&[3, 6, 2], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(5));
    let _ = trainer.fit_parallel(&data(), &data(), 2, other);
}

#[test]
fn a_run_that_diverges_in_threads_says_where() {
    let model = build();
    nn::parameters(&model, |_, p| p.map(|w| w * 1e300));
    let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.1));
    let message = trainer.fit_parallel(&data(), &data(), 2, build).unwrap_err().to_string();
    assert!(message.starts_with("the loss became inf in epoch 1, batch 1; "), "{message}");
}
