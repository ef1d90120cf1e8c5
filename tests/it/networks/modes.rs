//! Training and evaluation: dropout, batch normalisation, buffers, generators, the trainer.

use autodiff::{Tape, Tensor};
use ndarray::{Array2, array};
use nn::loss::{CrossEntropy, GaussianNll, Loss};
use nn::{
    Activation, BatchNorm1d, Dataset, Dropout, Init, Layer, Linear, LogVariance, Mode, Optimizer, RandomState,
    Sequential, Sgd, Trainer,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{close, raises};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn dropout(p: f64, seed: u64) -> Dropout {
    let layer = Dropout::new(p, &mut rng(seed));
    nn::train_mode::<f64>(&layer);
    layer
}

/// A classifier with everything that has a mode.
fn model(seed: u64) -> Sequential<f64> {
    let rng = &mut rng(seed);
    Sequential::new()
        .then(Linear::new(2, 8, Init::XavierUniform, rng))
        .then(BatchNorm1d::new(8))
        .then(Activation::Tanh)
        .then(Dropout::new(0.2, rng))
        .then(Linear::new(8, 2, Init::XavierUniform, rng))
}

#[test]
fn the_mean_over_many_masks_is_the_input() {
    let x = Tensor::constant(array![[1.0, -2.0, 0.5]]);
    for p in [0.1, 0.5, 0.9] {
        let (layer, draws) = (dropout(p, 4), 20_000);
        let mut total = Tensor::<f64>::zeros(&[1, 3]);
        for _ in 0..draws {
            total = total + layer.forward(&x);
        }
        for (mean, x) in (total / f64::from(draws)).to_array().iter().zip(x.to_array()) {
            // Five standard deviations of the mean.
            let deviation = x.abs() * (p / (1.0 - p) / f64::from(draws)).sqrt();
            assert!((mean - x).abs() < 5.0 * deviation, "p = {p}: {mean} for {x}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_masks() {
    let x = Tensor::<f64>::ones(&[4, 16]);
    let masks = |seed: u64| {
        let layer = dropout(0.5, seed);
        [layer.forward(&x).to_array(), layer.forward(&x).to_array()]
    };
    assert_eq!(masks(1), masks(1));
    assert_ne!(masks(1), masks(2));
    assert_ne!(masks(1)[0], masks(1)[1], "each pass has a mask of its own");
    let narrow = Dropout::new(0.5, &mut rng(1));
    nn::train_mode::<f32>(&narrow);
    assert_eq!(narrow.forward(&Tensor::<f32>::ones(&[4, 16])).to_array().mapv(f64::from), masks(1)[0]);
    raises(|| Dropout::new(1.0, &mut rng(1)), "dropout probability is 1, expected a number from 0 up to, but not, 1");
}

#[test]
fn generators_go_on_where_they_stood() {
    let x = Tensor::<f64>::ones(&[3, 5]);
    let layer = dropout(0.5, 7);
    layer.forward(&x);
    let states = nn::random_states::<f64>(&layer);
    let want = [layer.forward(&x).to_array(), layer.forward(&x).to_array()];
    // By way of a file's bytes, into a layer with another seed.
    let bytes: Vec<(String, [u8; 56])> = states.iter().map(|(name, state)| (name.clone(), state.to_bytes())).collect();
    let states: Vec<_> = bytes.iter().map(|(name, bytes)| (name.clone(), RandomState::from_bytes(bytes))).collect();
    let other = dropout(0.5, 8);
    nn::restore_random_states::<f64>(&other, &states).unwrap();
    assert_eq!([other.forward(&x).to_array(), other.forward(&x).to_array()], want);

    let states = nn::random_states(&model(1));
    assert_eq!(states.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["layers.3.random"]);
    let message = nn::restore_random_states::<f64>(&layer, &states).unwrap_err().to_string();
    let want =
        "random states: found `layers.3.random`, expected `random`, one for each generator of the model, in this order";
    assert_eq!(message, want);
}

#[test]
fn evaluation_of_a_batch_normalisation_is_affine() {
    let layer = BatchNorm1d::<f64>::new(2);
    nn::train_mode(&layer);
    let (a, b) = (array![[1.0, 5.0], [3.0, -1.0], [0.5, 2.0]], array![[0.0, 1.0], [7.0, 2.0], [-3.0, 0.25]]);
    layer.forward(&a.clone().into());
    nn::parameters(&layer, |_, p| p.map(|w| w + 0.5));
    nn::eval_mode(&layer);
    let f = |x: &Array2<f64>| layer.forward(&x.clone().into()).to_array();
    let (mixed, parts) = (f(&(&a * 0.3 + &b * 0.7)), f(&a) * 0.3 + f(&b) * 0.7);
    mixed.iter().zip(&parts).for_each(|(mixed, parts)| close("affine", *mixed, *parts, 1e-14));
    assert_ne!(f(&a), a.into_dyn(), "and not the identity");
}

#[test]
fn a_single_value_has_no_variance() {
    let layer = BatchNorm1d::<f64>::new(2);
    let x = Tensor::zeros(&[1, 2]);
    layer.forward(&x);
    nn::train_mode(&layer);
    raises(
        || layer.forward(&x),
        "BatchNorm1d: 1 value a feature in a batch of shape [1, 2]; in training the variance needs at least two \
         (`Trainer::drop_last` leaves out a last batch of one), in evaluation (`nn::eval_mode`) one is enough",
    );
    raises(
        || layer.forward(&Tensor::zeros(&[4, 3])),
        "BatchNorm1d: the input has shape [4, 3], expected [items, 2], [items, 2, places] or [items, 2, rows, columns]",
    );
}

fn spiral() -> Dataset<f64> {
    let x = Array2::from_shape_fn((48, 2), |(i, j)| ((i * (3 + j)) as f64 * 0.37).sin());
    // Class numbers, not rows.
    let t = x.map_axis(ndarray::Axis(1), |x| f64::from(u8::from(x[0] * x[1] > 0.0)));
    Dataset::new(x, t).unwrap()
}

#[test]
fn the_trainer_switches_modes() {
    let data = spiral();
    let loss = || CrossEntropy::from_logits();
    let mut trainer = Trainer::new(model(5), loss(), Sgd::new(0.2)).epochs(3).batch_size(16).seed(9).progress(false);
    let history = trainer.fit(&data, &data).unwrap();
    assert_eq!(nn::mode(trainer.model()), Some(Mode::Eval), "ready for predictions");
    let (x, t) = data.all();
    let y = trainer.model().forward(&x);
    assert_eq!(history.last().unwrap().valid_loss, loss().loss(&y, &t).item());
    assert_eq!(history.last().unwrap().valid_accuracy, nn::metrics::accuracy(&y, &t));

    // The same by hand, with the modes set where the trainer sets them.
    let (by_hand, mut order, mut sgd) = (model(5), rng(9), Sgd::new(0.2));
    for _ in 0..3 {
        nn::train_mode(&by_hand);
        for (x, t) in nn::Batches::new(&data, 16, &mut order) {
            let tape = Tape::new();
            nn::watch(&by_hand, &tape);
            let error = loss().loss(&by_hand.forward(&x), &t);
            sgd.step(&by_hand, &error.backward()).unwrap();
        }
        nn::eval_mode(&by_hand);
    }
    assert_eq!(by_hand.forward(&x).view(), y.view());
    assert_eq!(nn::random_states(&by_hand), nn::random_states(trainer.model()));
}

#[test]
fn a_learnt_variance_is_that_of_the_noise() {
    // t = 2 x + 1 ± 0.5: the likelihood is greatest at a variance of 0.25 (L9).
    let x = Array2::from_shape_fn((40, 1), |(i, _)| (i / 2) as f64 / 10.0 - 1.0);
    let t = Array2::from_shape_fn((40, 1), |(i, _)| 2.0 * x[[i, 0]] + if i % 2 == 0 { 1.5 } else { 0.5 });
    let data = Dataset::new(x, t).unwrap();
    let line = Sequential::new().then(Linear::new(1, 1, Init::Zeros, &mut rng(1))).then(LogVariance::new(1));
    let objective = |model: &Sequential<f64>| {
        let (x, t) = data.all();
        GaussianNll::new().loss(&model.forward(&x), &t)
    };
    let line = line;
    nn::Lbfgs::new().fit(&line, objective).unwrap();
    let mut found = Vec::new();
    nn::parameters(&line, |_, p| found.push(p.value().item()));
    for (found, want) in found.iter().zip([2.0, 1.0, 0.25_f64.ln()]) {
        close("weight, bias, log-variance", *found, want, 1e-6);
    }
}

#[test]
fn buffers_are_not_trained_nor_counted() {
    let layer = BatchNorm1d::<f64>::new(3);
    assert_eq!(nn::names(&layer), ["weight", "bias"]);
    assert_eq!(nn::count(&layer), 6);
    raises(
        || layer.running_mean().set(array![1.0]),
        "Buffer: the new values have shape [1], the buffer [3]; a buffer keeps its shape",
    );
    // A buffer that is missing from a file is named.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    nn::save(&nn::LayerNorm::<f64>::new(&[3]), &file).unwrap();
    let message = nn::load(&BatchNorm1d::<f64>::new(3), &file).unwrap_err().to_string();
    assert!(message.ends_with("`running_mean` is missing from the file; the model has shape [3]"), "{message}");
}

#[test]
fn a_straight_through_step_lets_its_inputs_learn() {
    let tape = Tape::new();
    let a = tape.tensor(array![-2.0, 0.0, 3.0]);
    for (activation, slope) in [(Activation::Heaviside, 0.0), (Activation::HeavisideStraightThrough, 5.0)] {
        let z = activation.apply(&a);
        assert_eq!(z.to_array(), array![0.0, 1.0, 1.0].into_dyn());
        let g = (z * Tensor::scalar(5.0)).sum().backward();
        assert!(g.wrt_or_zeros(&a).iter().all(|&g| g == slope), "{activation}");
    }
}
