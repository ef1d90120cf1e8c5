//! Layers of one's own with a mode, a generator and inner layers, from outside the crate.

use std::cell::Cell;

use autodiff::{Real, Tensor};
use ndarray::array;
use nn::{Layer, Mode, Param, Random, Sequential, Visit};
use rand::{RngExt, SeedableRng};

/// `x ⊙ gate`, in training with uniform noise of width `noise` on top: a parameter, a generator and a mode.
struct NoisyGate<T: Real> {
    gate: Param<T>,
    noise: f64,
    random: Random,
    mode: Cell<Mode>,
}

impl<T: Real> Layer<T> for NoisyGate<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let y = x * self.gate.tensor();
        match self.mode.get() {
            Mode::Eval => y,
            Mode::Train => y + T::of(self.random.draw(|rng| rng.random_range(-0.5..0.5)) * self.noise),
        }
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("gate", &self.gate);
        v.random("random", &self.random);
        v.mode(&self.mode);
    }
}

#[test]
fn a_mode_and_a_generator_are_listed_too() {
    let random = Random::new(&mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
    let gate = NoisyGate { gate: Param::new(array![2.0, 3.0]), noise: 0.1, random, mode: Cell::default() };
    let model = Sequential::new().then(gate);
    assert_eq!(nn::names(&model), ["layers.0.gate"]);
    let x = Tensor::ones(&[1, 2]);
    assert_eq!(model.forward(&x).to_array(), array![[2.0, 3.0]].into_dyn());
    nn::train_mode(&model);
    let states = nn::random_states(&model);
    let first = model.forward(&x);
    assert_ne!(first.view(), model.forward(&x).view());
    nn::restore_random_states(&model, &states).unwrap();
    assert_eq!(first.view(), model.forward(&x).view());
    let summary = nn::summary(&model, &[1, 2]);
    assert_eq!((summary.rows[1].what.as_str(), summary.rows[1].parameters), ("NoisyGate", 2));
    assert!(summary.to_string().ends_with("total for an input of [1, 2]: 2 parameters; mode Train\n"), "{summary}");
}

/// Two layers side by side, with no word on how to trace them.
struct Pair<T: Real>(nn::Linear<T>, nn::Linear<T>);

impl<T: Real> Layer<T> for Pair<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        self.0.forward(x) * self.1.forward(x)
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.layer("left", &self.0);
        v.layer("right", &self.1);
    }
}

#[test]
fn inner_layers_appear_in_summaries_without_a_word() {
    let linear = || nn::Linear::from_weights(array![[1.0, 2.0]], array![0.0]);
    let summary = nn::summary(&Sequential::new().then(Pair(linear(), linear().without_bias())), &[7, 2]);
    let want = "\
layer           kind                     output  parameters
(model)         Sequential               [7, 1]           0
layers.0        Pair                     [7, 1]           0
layers.0.left   Linear(2 -> 1)           ?                3
layers.0.right  Linear(2 -> 1, no bias)  ?                2
total for an input of [7, 2]: 5 parameters
";
    assert_eq!(summary.to_string(), want);
}
