//! Optimisers: an own transform, groups, clipping, state, schedules in use, what is said of mistakes.

use autodiff::{Gradients, Real, Tape, Tensor};
use ndarray::array;
use nn::optim::{At, ClipNorm, ClipValue, Group, State, Transform};
use nn::schedule::{self, Plateau, Schedule, cosine, warm_up};
use nn::{
    Activation, Adagrad, Adam, AdamW, Batches, Dataset, Layer, Linear, Mlp, Optimizer, Param, RmsProp, Sgd, Trainer,
    Visit, VisitMut, is_bias, loss,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{close, raises, raises_here};

/// Two parameters; the objective is up to the test.
struct Pair<T: Real> {
    weight: Param<T>,
    bias: Param<T>,
}

impl<T: Real> Layer<T> for Pair<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        x * self.weight.tensor() + self.bias.tensor()
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("weight", &self.weight);
        v.param("bias", &self.bias);
    }

    fn visit_mut(&mut self, v: &mut VisitMut<'_, T>) {
        v.param("weight", &mut self.weight);
        v.param("bias", &mut self.bias);
    }
}

fn pair(weight: [f64; 2], bias: f64) -> Pair<f64> {
    Pair { weight: Param::new(array![weight[0], weight[1]]), bias: Param::new(array![bias]) }
}

/// The gradient of `weight · slope + bias · last`: constants.
fn slopes(model: &mut Pair<f64>, slope: [f64; 2], last: f64) -> Gradients<f64> {
    let tape = Tape::new();
    nn::watch(model, &tape);
    let slope = Tensor::constant(array![slope[0], slope[1]]);
    ((model.weight.tensor() * &slope).sum() + (model.bias.tensor() * last).sum()).backward()
}

/// A step along constant slopes.
fn step(optimizer: &mut impl Optimizer<f64>, model: &mut Pair<f64>, slope: [f64; 2], last: f64) -> nn::Result<()> {
    let tape = Tape::new();
    nn::watch(model, &tape);
    let slope = Tensor::constant(array![slope[0], slope[1]]);
    let error = (model.weight.tensor() * &slope).sum() + (model.bias.tensor() * last).sum();
    optimizer.step(model, &error.backward())
}

fn values(model: &impl Layer<f64>) -> Vec<f64> {
    let mut all = Vec::new();
    nn::parameters(model, |_, p| all.extend(p.value().to_array()));
    all
}

mod own {
    //! A transform of one's own, from outside the crate.

    use super::*;

    /// Lion (Chen et al. 2023): the sign of a mixture of gradient and velocity.
    struct Lion {
        beta1: f64,
        beta2: f64,
    }

    impl<T: Real> Transform<T> for Lion {
        fn arrays(&self) -> &'static [&'static str] {
            &["velocity"]
        }

        fn apply(&self, update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
            let (b1, b2, one) = (T::of(self.beta1), T::of(self.beta2), T::one());
            let gradient = update.clone();
            let [velocity] = at.arrays();
            update.update(velocity, |g, v| (b1 * v + (one - b1) * g).signum());
            velocity.update(&gradient, |v, g| b2 * v + (one - b2) * g);
        }
    }

    #[test]
    fn a_transform_is_a_struct_and_two_short_methods() {
        let mut model = pair([1.0, 1.0], 0.0);
        let mut lion = Sgd::new(0.5).after(Lion { beta1: 0.9, beta2: 0.99 });
        step(&mut lion, &mut model, [3.0, -0.1], 2.0).unwrap();
        assert_eq!(values(&model), [0.5, 1.5, -0.5]);
        // 0.9 · 0.03 - 0.1 · 0.2 > 0: the velocity still wins.
        step(&mut lion, &mut model, [-0.2, -0.1], -1.0).unwrap();
        assert_eq!(values(&model), [0.0, 2.0, 0.0]);
        let state = lion.state();
        assert_eq!(state.arrays[0].0, "weight/after.0/velocity");
        close("velocity", state.arrays[0].1.to_array()[0], 0.99 * 0.03 - 0.01 * 0.2, 1e-15);
    }
}

/// `½ Σ h w²` of the weight and the bias.
fn bowl<T: Real>(model: &Pair<T>, h: [f64; 2]) -> Tensor<T> {
    let h = Tensor::constant(array![T::of(h[0]), T::of(h[1])]);
    ((model.weight.tensor().square() * &h).sum() + model.bias.tensor().square().sum()) * T::of(0.5)
}

fn roll<T: Real>(model: &mut Pair<T>, optimizer: &mut impl Optimizer<T>, h: [f64; 2], steps: usize) -> f64 {
    let tape = Tape::new();
    for _ in 0..steps {
        tape.reset();
        nn::watch(model, &tape);
        let gradients = bowl(model, h).backward();
        optimizer.step(model, &gradients).unwrap();
    }
    bowl(model, h).item().primal()
}

#[test]
fn every_optimizer_finds_the_bottom_of_a_bowl() {
    fn all<T: Real>() -> Vec<Box<dyn Optimizer<T>>> {
        let fading = || warm_up(10, 0.1).then(10, cosine(590, 0.0));
        vec![
            Box::new(Sgd::new(0.1)),
            Box::new(Sgd::new(0.02).momentum(0.9)),
            Box::new(Sgd::new(0.02).momentum(0.9).nesterov()),
            Box::new(Sgd::new(0.1).clip_norm(0.5).clip_value(0.4)),
            Box::new(Adagrad::new(0.5)),
            Box::new(RmsProp::new(0.05).schedule(fading())),
            Box::new(RmsProp::new(0.02).centered().momentum(0.5).schedule(fading())),
            Box::new(Adam::new(0.05).schedule(fading())),
            Box::new(AdamW::new(0.05).decoupled_weight_decay(0.1).schedule(fading())),
        ]
    }
    for mut optimizer in all::<f64>() {
        let left = roll(&mut pair([2.0, -1.5], 1.0), &mut optimizer, [8.0, 1.0], 600);
        assert!(left < 1e-9, "{left:e} is left");
    }
    for mut optimizer in all::<f32>() {
        let mut model = Pair { weight: Param::new(array![2.0_f32, -1.5]), bias: Param::new(array![1.0_f32]) };
        let left = roll(&mut model, &mut optimizer, [8.0, 1.0], 600);
        assert!(left < 1e-9, "{left:e} is left in f32");
    }
}

#[test]
fn the_inverse_second_derivative_is_the_best_rate() {
    let left = |eta: f64, steps| roll(&mut pair([2.0, 0.0], 0.0), &mut Sgd::new(eta), [4.0, 4.0], steps);
    assert_eq!(left(0.25, 1), 0.0);
    let start = bowl(&pair([2.0, 0.0], 0.0), [4.0, 4.0]).item();
    // The weight is multiplied by 1 - 4 η in a step.
    for (eta, factor) in [(0.05, 0.8), (0.2, 0.2), (0.3, -0.2), (0.49, -0.96), (0.51, -1.04)] {
        close(eta, left(eta, 20), start * f64::powi(factor, 40), 1e-12);
    }
    assert!(left(0.49, 2000) < 1e-30 && left(0.51, 2000) > 1e30);
}

#[test]
fn groups_have_their_own_rate_and_decay() {
    let mut model = pair([1.0, -2.0], 4.0);
    let sgd = Sgd::new(0.5).weight_decay(0.1).group(Group::new(is_bias).rate(0.25).weight_decay(0.0));
    let mut sgd = sgd.schedule(|t| 1.0 / (1 + t) as f64);
    step(&mut sgd, &mut model, [1.0, 1.0], 1.0).unwrap();
    assert_eq!(values(&model), [1.0 - 0.5 * 1.1, -2.0 - 0.5 * 0.8, 3.75]);
    // The schedule halves both rates.
    step(&mut sgd, &mut model, [0.0, 0.0], 1.0).unwrap();
    assert_eq!(model.bias.value().item(), 3.75 - 0.125);
    // A group's decay counts even where the optimiser has none, and in the optimiser's form.
    let mut model = pair([1.0, -2.0], 4.0);
    let mut adam = AdamW::new(0.5).decoupled_weight_decay(0.0).group(Group::new(is_bias).weight_decay(0.5));
    step(&mut adam, &mut model, [0.0, 0.0], 0.0).unwrap();
    assert_eq!(values(&model), [1.0, -2.0, 3.0]);
}

#[test]
fn a_frozen_group_keeps_its_values_and_needs_no_gradient() {
    let mut model = pair([1.0, -2.0], 4.0);
    let freeze = |sgd: Sgd<f64>| sgd.group(Group::new(is_bias).rate(0.0));
    let mut sgd = freeze(Sgd::new(0.5).momentum(0.9).weight_decay(0.1));
    let tape = Tape::new();
    for _ in 0..2 {
        tape.reset();
        nn::watch(&mut model, &tape);
        let gradients = model.weight.tensor().sum().backward();
        sgd.step(&mut model, &gradients).unwrap();
    }
    assert_eq!(model.bias.value().item(), 4.0);
    assert_eq!(sgd.state().arrays.len(), 1);
    // It does not count in the norm either: 5 is the weight's.
    let mut clipped = freeze(Sgd::new(1.0).before(ClipNorm::new(0.5)));
    let mut model = pair([0.0, 0.0], 0.0);
    step(&mut clipped, &mut model, [3.0, 4.0], 1e9).unwrap();
    close("clipped", values(&model)[1], -4.0 / 10.0, 1e-6);
}

#[test]
fn clipping() {
    let clip = |link: Box<dyn Fn(Sgd<f64>) -> Sgd<f64>>, slope: [f64; 2], last: f64| {
        let mut model = pair([0.0, 0.0], 0.0);
        step(&mut link(Sgd::new(1.0)), &mut model, slope, last).map(|()| values(&model))
    };
    let by_value = |most: f64| Box::new(move |sgd: Sgd<f64>| sgd.before(ClipValue::new(most)));
    let by_norm = |most: f64| Box::new(move |sgd: Sgd<f64>| sgd.clip_norm(most));
    assert_eq!(clip(by_value(2.0), [3.0, -4.0], 1.0).unwrap(), [-2.0, 2.0, -1.0]);
    // The norm is that of all parameters together.
    let clipped = clip(by_norm(1.3), [3.0, -4.0], 12.0).unwrap();
    for (got, want) in clipped.iter().zip([-0.3, 0.4, -1.2]) {
        close("clipped", *got, want, 1e-6);
    }
    assert_eq!(clip(by_norm(13.1), [3.0, -4.0], 12.0).unwrap(), [-3.0, 4.0, -12.0]);
    // Squares that leave the number range do not matter.
    for scale in [1e200, 1e-200] {
        let clipped = clip(by_norm(0.5 * scale), [0.6 * scale, 0.0], 0.8 * scale).unwrap();
        let want = if scale > 1.0 { 0.3 * scale } else { 0.6 * scale * (0.5 * scale / 1e-6) };
        close("clipped", -clipped[0] / scale, want / scale, 1e-12);
    }
    assert_eq!(clip(by_norm(1.0), [0.0, 0.0], 0.0).unwrap(), [0.0, 0.0, 0.0]);
    // NaN is not hidden by a bound, and no norm comes of it.
    assert!(clip(by_value(1.0), [f64::NAN, 0.0], 0.0).unwrap()[0].is_nan());
    let message = |slope, last| clip(by_norm(1.0), slope, last).unwrap_err().to_string();
    let text = "the gradient of `weight` holds NaN, expected finite numbers; no parameter was changed";
    assert_eq!(message([1.0, f64::NAN], 1.0), text);
    let text = "the gradient of `bias` holds -inf, expected finite numbers; no parameter was changed";
    assert_eq!(message([1.0, 1.0], -f64::INFINITY), text);
}

/// Optimisers with all that has a memory, built alike each time.
fn with_memory() -> Vec<Box<dyn Optimizer<f64>>> {
    let plateau = || Plateau::new(0.5, 1).cooldown(1);
    vec![
        Box::new(Sgd::new(0.01)),
        Box::new(Sgd::new(0.01).momentum(0.9).schedule(cosine(30, 0.1)).plateau(plateau())),
        Box::new(Adagrad::new(0.1).plateau(plateau())),
        Box::new(RmsProp::new(0.01).momentum(0.5).centered().clip_norm(1.0)),
        Box::new(Adam::new(0.01).group(Group::new(is_bias).rate(0.0)).weight_decay(0.1)),
        Box::new(AdamW::new(0.01).schedule(warm_up(10, 0.1))),
    ]
}

fn train(model: &mut Mlp<f64>, optimizer: &mut dyn Optimizer<f64>, steps: std::ops::Range<usize>) {
    let x = Tensor::constant(array![[0.0, 0.5], [1.0, -1.0], [-0.5, 2.0]]);
    let t = Tensor::constant(array![[0.5], [-1.0], [2.0]]);
    let tape = Tape::new();
    for k in steps {
        tape.reset();
        nn::watch(model, &tape);
        let error = loss::squared_error(&model.forward(&x), &t);
        optimizer.step(model, &error.backward()).unwrap();
        optimizer.observe(1.0 + (k % 3) as f64);
    }
}

fn network(seed: u64) -> Mlp<f64> {
    Mlp::new(&[2, 3, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(seed))
}

fn bits(model: &Mlp<f64>, optimizer: &dyn Optimizer<f64>) -> Vec<u64> {
    let numbers = values(model).into_iter().chain([optimizer.rate()]);
    let state = optimizer.state();
    let numbers = numbers.chain(state.numbers.into_iter().map(|(_, number)| number));
    numbers.chain(state.arrays.into_iter().flat_map(|(_, array)| array.to_array())).map(f64::to_bits).collect()
}

#[test]
fn a_restored_optimizer_goes_on_with_the_same_bits() {
    for (k, mut whole) in with_memory().into_iter().enumerate() {
        for cut in [0, 1, 7] {
            let mut model = network(3);
            train(&mut model, &mut *whole, 0..cut);
            let (state, weights) = (whole.state(), values(&model));
            train(&mut model, &mut *whole, cut..20);
            // A new optimiser and a new model go on from there.
            let mut second = with_memory().swap_remove(k);
            let mut resumed = network(4);
            let mut weights = weights.into_iter();
            nn::parameters_mut(&mut resumed, |_, p| p.set(p.value().to_array().mapv(|_| weights.next().unwrap())));
            second.restore(&resumed, &state).unwrap();
            train(&mut resumed, &mut *second, cut..20);
            assert_eq!(bits(&resumed, &*second), bits(&model, &*whole), "optimiser {k} cut at {cut}");
            whole = with_memory().swap_remove(k);
        }
    }
}

#[test]
fn a_state_that_does_not_fit_is_refused_in_words() {
    let mut model = network(3);
    let build = || Sgd::new(0.01).momentum(0.9).plateau(Plateau::new(0.5, 1));
    let mut sgd = build();
    train(&mut model, &mut sgd, 0..3);
    let good = sgd.state();
    assert_eq!(good.numbers[0], ("step".to_owned(), 3.0));
    let refused = |change: &dyn Fn(&mut State<f64>)| {
        let mut state = good.clone();
        change(&mut state);
        let mut other = build();
        train(&mut network(5), &mut other, 0..1);
        let before = bits(&model, &other);
        let message = other.restore(&model, &state).unwrap_err().to_string();
        assert_eq!(bits(&model, &other), before, "a refused state changes nothing");
        message.strip_prefix("optimiser state: ").unwrap().to_owned()
    };
    let number = |k: usize, value: f64| refused(&move |state| state.numbers[k].1 = value);
    assert_eq!(number(0, 2.5), "`step` is 2.5, expected a whole number, 0 or above");
    assert_eq!(number(0, -1.0), "`step` is -1, expected a whole number, 0 or above");
    assert_eq!(number(0, f64::NAN), "`step` is NaN, expected a whole number, 0 or above");
    assert_eq!(number(1, 1.5), "`plateau/factor` is 1.5, expected a number from 0 to 1");
    assert_eq!(number(2, f64::NAN), "`plateau/best` is NaN, expected a loss");
    assert_eq!(number(3, 0.5), "`plateau/waited` is 0.5, expected a whole number, 0 or above");
    assert_eq!(refused(&|state| state.numbers.clear()), "`step` is missing, expected a number");
    let foreign = "`layers.0.weight/rule/velocity` is not part of this optimiser on this model, or is there twice";
    assert_eq!(refused(&|state| state.arrays.push(state.arrays[0].clone())), foreign);
    // At the start there are no velocities.
    assert_eq!(number(0, 0.0), foreign);
    let missing = "`layers.1.bias/rule/velocity` is missing, expected an array of shape [1]";
    assert_eq!(refused(&|state| drop(state.arrays.pop())), missing);
    let shape = "`layers.0.bias/rule/velocity` is an array of shape [2], expected shape [3]";
    assert_eq!(refused(&|state| state.arrays[1].1 = Tensor::zeros(&[2])), shape);

    let mut adam = Adam::new(0.1);
    let message = adam.restore(&model, &good).unwrap_err().to_string();
    assert_eq!(message, "optimiser state: `layers.0.weight/rule/mean` is missing, expected an array of shape [3, 2]");
    let mut plain = Sgd::new(0.1).momentum(0.9);
    let message = plain.restore(&model, &good).unwrap_err().to_string();
    let text = "optimiser state: `plateau/factor` is not part of this optimiser on this model, or is there twice";
    assert_eq!(message, text);
}

#[test]
fn an_optimizer_stays_with_its_model() {
    let mut sgd = Sgd::new(0.1);
    train(&mut network(1), &mut sgd, 0..1);
    let mut other = pair([1.0, 2.0], 3.0);
    let message = step(&mut sgd, &mut other, [1.0, 1.0], 1.0).unwrap_err().to_string();
    assert_eq!(
        message,
        "the optimiser's steps so far were on `layers.0.weight` of shape [3, 2] where this model has `weight` of shape \
         [2]; each model needs an optimiser of its own"
    );
    let mut sgd = Sgd::new(0.1);
    step(&mut sgd, &mut other, [1.0, 1.0], 1.0).unwrap();
    let tape = Tape::new();
    let mut shorter = Linear::from_weights(array![[1.0, 1.0]], array![0.0]);
    nn::watch(&mut shorter, &tape);
    let error = shorter.weight().tensor().sum() + shorter.bias().tensor().sum();
    let message = sgd.step(&mut shorter, &error.backward()).unwrap_err().to_string();
    assert!(
        message.contains("were on `weight` of shape [2] where this model has `weight` of shape [1, 2];"),
        "{message}"
    );
    assert_eq!(values(&shorter), [1.0, 1.0, 0.0]);
}

#[test]
fn a_group_without_parameters_and_a_bad_factor_stop_the_step() {
    let mut model = pair([1.0, 2.0], 3.0);
    let mut sgd =
        Sgd::new(0.1).group(Group::new(is_bias).rate(0.2)).group(Group::new(|name| name == "layers.0.weight"));
    let message = step(&mut sgd, &mut model, [1.0, 1.0], 1.0).unwrap_err().to_string();
    assert_eq!(
        message,
        "group 2 of the optimiser holds no parameter, or none that an earlier group does not hold; the model has \
         `weight`, `bias`"
    );
    let mut sgd = Sgd::new(0.1).momentum(0.5).schedule(|t| if t == 1 { f64::NAN } else { 1.0 });
    step(&mut sgd, &mut model, [1.0, 1.0], 1.0).unwrap();
    let before = values(&model);
    let message = step(&mut sgd, &mut model, [1.0, 1.0], 1.0).unwrap_err().to_string();
    assert_eq!(
        message,
        "the factor of the learning rate after 1 steps is NaN, expected a finite number, 0 or above; no parameter was \
         changed"
    );
    assert_eq!(values(&model), before);
    let mut sgd = Sgd::new(0.1).schedule(|_| -0.5);
    let message = step(&mut sgd, &mut model, [1.0, 1.0], 1.0).unwrap_err().to_string();
    assert!(message.starts_with("the factor of the learning rate after 0 steps is -0.5, expected "), "{message}");
    // A refused step is none: after the message the optimiser goes on as if it had not been asked.
    let mut clipped = Sgd::new(0.1).clip_norm(1.0).momentum(0.5);
    assert!(step(&mut clipped, &mut model, [f64::NAN, 1.0], 1.0).is_err());
    assert_eq!(clipped.state().numbers, [("step".to_owned(), 0.0)]);
    step(&mut clipped, &mut model, [1.0, 1.0], 1.0).unwrap();
}

#[test]
fn bad_settings_are_named() {
    let above = "expected a finite number above 0";
    let share = "expected a number from 0 up to, but not, 1";
    let positive = "expected a finite number, 0 or above";
    raises_here(|| Sgd::<f64>::new(0.0), &format!("Sgd: the learning rate is 0, {above}"));
    raises_here(|| Sgd::<f64>::new(-0.1), &format!("Sgd: the learning rate is -0.1, {above}"));
    raises_here(|| Adam::<f64>::new(f64::NAN), &format!("Adam: the learning rate is NaN, {above}"));
    raises_here(|| AdamW::<f64>::new(f64::INFINITY), &format!("AdamW: the learning rate is inf, {above}"));
    raises_here(|| RmsProp::<f64>::new(-1.0), &format!("RmsProp: the learning rate is -1, {above}"));
    raises_here(|| Adagrad::<f64>::new(-1.0), &format!("Adagrad: the learning rate is -1, {above}"));
    raises_here(|| Sgd::<f64>::new(0.1).momentum(1.0), &format!("Sgd: the momentum is 1, {share}"));
    raises_here(|| Sgd::<f64>::new(0.1).momentum(f64::NAN), &format!("Sgd: the momentum is NaN, {share}"));
    raises_here(|| Adam::<f64>::new(0.1).betas(1.2, 0.9), &format!("Adam: beta1 is 1.2, {share}"));
    raises_here(|| AdamW::<f64>::new(0.1).betas(0.9, -0.1), &format!("AdamW: beta2 is -0.1, {share}"));
    raises_here(|| Adam::<f64>::new(0.1).epsilon(0.0), &format!("Adam: epsilon is 0, {above}"));
    raises_here(|| Adagrad::<f64>::new(0.1).epsilon(-1.0), &format!("Adagrad: epsilon is -1, {above}"));
    raises_here(|| RmsProp::<f64>::new(0.1).alpha(1.0), &format!("RmsProp: alpha is 1, {share}"));
    raises_here(|| RmsProp::<f64>::new(0.1).epsilon(f64::NAN), &format!("RmsProp: epsilon is NaN, {above}"));
    raises_here(|| RmsProp::<f64>::new(0.1).momentum(-0.5), &format!("RmsProp: the momentum is -0.5, {share}"));
    raises_here(|| Sgd::<f64>::new(0.1).weight_decay(-1.0), &format!("the weight decay is -1, {positive}"));
    raises_here(|| Sgd::<f64>::new(0.1).clip_norm(0.0), &format!("ClipNorm: the largest norm is 0, {above}"));
    raises_here(|| Sgd::<f64>::new(0.1).clip_value(-2.0), &format!("ClipValue: the largest value is -2, {above}"));
    raises_here(|| Group::new(is_bias).rate(-1.0), &format!("Group: the learning rate is -1, {positive}"));
    raises_here(|| Group::new(is_bias).weight_decay(f64::NAN), &format!("Group: the weight decay is NaN, {positive}"));

    let whole = "expected a number from 0 to 1";
    raises_here(|| schedule::step(0, 0.5), "step: the number of steps in a block is 0, expected 1 or more");
    raises_here(|| schedule::step(1, -0.5), &format!("step: gamma is -0.5, {positive}"));
    raises_here(|| schedule::milestones(&[1], -0.5), &format!("milestones: gamma is -0.5, {positive}"));
    raises_here(|| schedule::exponential(f64::NAN), &format!("exponential: gamma is NaN, {positive}"));
    raises_here(|| schedule::constant(-1.0), &format!("constant: the factor is -1, {positive}"));
    raises_here(|| schedule::polynomial(0, 1.0), "polynomial: the number of steps is 0, expected 1 or more");
    raises_here(|| schedule::polynomial(1, -1.0), &format!("polynomial: the power is -1, {positive}"));
    raises_here(|| cosine(0, 0.0), "cosine: the number of steps is 0, expected 1 or more");
    raises_here(|| cosine(5, 1.5), &format!("cosine: the floor is 1.5, {whole}"));
    raises_here(|| warm_up(0, 0.0), "warm_up: the number of steps is 0, expected 1 or more");
    raises_here(|| warm_up(5, -1.0), &format!("warm_up: the first factor is -1, {whole}"));
    let share = "one_cycle: a share of 1 of 10 steps goes up, expected more than one step and fewer than all";
    raises_here(|| schedule::one_cycle(10, 1.0, 0.1, 0.1), share);
    raises_here(|| schedule::one_cycle(10, 0.5, 2.0, 0.1), &format!("one_cycle: the first factor is 2, {whole}"));
    raises_here(|| cosine(5, 0.0).every(0), "every: the number of steps in a block is 0, expected 1 or more");
    let cut = "Plateau: the cut is 1, expected a number from 0 up to, but not, 1";
    raises_here(|| Plateau::new(1.0, 3), cut);
    raises_here(|| Plateau::new(0.5, 3).floor(2.0), &format!("Plateau: the floor is 2, {whole}"));
    let growth = "growing_batches: the growth is 0.5, expected a finite number, 1 or above";
    raises_here(|| schedule::growing_batches(8, 0.5, 1, 64), growth);
    raises_here(
        || schedule::growing_batches(0, 2.0, 1, 64),
        "growing_batches: the first size is 0, expected 1 or more",
    );
}

#[test]
fn a_transform_that_asks_for_other_arrays_is_told() {
    struct Careless;
    impl<T: Real> Transform<T> for Careless {
        fn apply(&self, _update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
            let [_velocity] = at.arrays();
        }
    }
    let mut sgd = Sgd::new(0.1).before(Careless);
    let mut model = pair([1.0, 1.0], 1.0);
    let message = "At::arrays: 1 arrays are asked for, the transform's `arrays` names 0";
    raises(|| step(&mut sgd, &mut model, [1.0, 1.0], 1.0), message);
}

#[test]
fn links_are_told_where_they_are() {
    /// Replaces the update by what it is told.
    struct Told;
    impl<T: Real> Transform<T> for Told {
        fn survey(&self, updates: &nn::optim::Updates<'_, T>) -> nn::Result<T> {
            Ok(updates.iter().map(|(_, update)| update.sum().item()).sum())
        }

        fn apply(&self, update: &mut Tensor<T>, value: &Tensor<T>, at: &mut At<'_, T>) {
            assert_eq!(at.weight_decay(), is_bias(at.name()).then_some(0.5));
            let told = T::of(at.step() as f64) + at.survey() * at.rate();
            update.update(value, |_, w| told + w);
        }
    }
    let told = |sgd: Sgd<f64>| sgd.group(Group::new(is_bias).rate(0.25).weight_decay(0.5));
    let mut sgd = told(Sgd::new(1.0).before(Told)).schedule(|_| 0.5);
    let mut model = pair([10.0, 20.0], 30.0);
    step(&mut sgd, &mut model, [1.0, 2.0], 4.0).unwrap();
    // Survey 7; the first step; rates 0.5 and 0.125; the bias decays after the link.
    let bias = 1.0 + 7.0 * 0.125 + 30.0 + 0.5 * 30.0;
    assert_eq!(values(&model), [10.0 - 0.5 * 14.5, 20.0 - 0.5 * 24.5, 30.0 - 0.125 * bias]);
}

#[test]
fn the_trainer_runs_schedules() {
    let data = Dataset::new(array![[0.0], [1.0], [2.0], [3.0]], array![[1.0], [3.0], [5.0], [7.0]]).unwrap();
    let line = || Linear::from_weights(array![[0.0]], array![0.0]);
    let mut sgd = Sgd::new(0.1).schedule(cosine(3, 0.0).every(2));
    Trainer::new(line(), loss::squared_error, &mut sgd).epochs(2).batch_size(2).fit(&data, &data).unwrap();
    // Four steps of two an epoch.
    assert_eq!(sgd.rate(), 0.1 * cosine(3, 0.0)(2));
    // A rate far too small: the loss stands still, and the plateau cuts after every other epoch.
    let mut sgd = Sgd::new(1e-9).plateau(Plateau::new(0.5, 1));
    Trainer::new(line(), loss::squared_error, &mut sgd).epochs(5).batch_size(4).fit(&data, &data).unwrap();
    assert_eq!(sgd.rate(), 0.25e-9);
}

#[test]
fn batches_grow() {
    let data = Dataset::new(ndarray::Array2::<f64>::zeros((20, 1)), ndarray::Array2::zeros((20, 1))).unwrap();
    let size = schedule::growing_batches(2, 2.0, 1, 20);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let steps: Vec<usize> = (0..5).map(|epoch| Batches::new(&data, size(epoch), &mut rng).len()).collect();
    assert_eq!(steps, [10, 5, 3, 2, 1]);
    assert_eq!(schedule::growing_batches(3, 1.5, 2, usize::MAX)(usize::MAX), usize::MAX);
}

#[test]
fn a_warm_step_allocates_no_arrays() {
    let allocated = |units: usize, optimizer: &mut dyn Optimizer<f64>| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut model = Mlp::new(&[units, units], Activation::Identity, &mut rng);
        let x = Tensor::ones(&[1, units]);
        let tape = Tape::new();
        let mut bytes = 0;
        for _ in 0..4 {
            tape.reset();
            nn::watch(&mut model, &tape);
            let gradients = model.forward(&x).square().sum().backward();
            let counted = allocation_counter::measure(|| optimizer.step(&mut model, &gradients).unwrap());
            bytes = counted.bytes_total;
        }
        bytes
    };
    for (k, (mut small, mut large)) in with_memory().into_iter().zip(with_memory()).enumerate() {
        let (small, large) = (allocated(10, &mut *small), allocated(100, &mut *large));
        // Names of parameters, of which there are as many.
        assert!(small == large && large < 500, "optimiser {k}: {small} and {large} bytes");
    }
}

#[test]
fn gradients_stay_as_they_are() {
    let mut model = pair([1.0, 2.0], 3.0);
    let gradients = slopes(&mut model, [5.0, 6.0], 7.0);
    let before = model.weight.gradient(&gradients).unwrap().clone();
    let copy = before.to_array();
    let chain = Sgd::new(0.1).clip_value(1.0).momentum(0.9).nesterov().weight_decay(0.1).clip_norm(0.1);
    { chain }.step(&mut model, &gradients).unwrap();
    assert_eq!(before.to_array(), copy);
}
