//! Optimisers: an own transform, groups, clipping, state, schedules in use, what is said of mistakes.

use autodiff::{Gradients, Real, Tape, Tensor};
use ndarray::array;
use nn::optim::{At, ClipNorm, ClipValue, Group, Survey, Transform, Updates};
use nn::schedule::{self, Plateau, Schedule, cosine, warm_up};
use nn::{
    Activation, Adagrad, Adam, AdamW, Batches, Dataset, Layer, Linear, Mlp, Optimizer, Param, RmsProp, Sgd, Trainer,
    Visit, is_bias, loss,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{close, raises, raises_here, values_of};

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
    assert_eq!(values_of(&model), [1.0 - 0.5 * 1.1, -2.0 - 0.5 * 0.8, 3.75]);
    // The schedule halves both rates.
    step(&mut sgd, &mut model, [0.0, 0.0], 1.0).unwrap();
    assert_eq!(model.bias.value().item(), 3.75 - 0.125);
    // A group's decay counts even where the optimiser has none, and in the optimiser's form.
    let mut model = pair([1.0, -2.0], 4.0);
    let mut adam = AdamW::new(0.5).decoupled_weight_decay(0.0).group(Group::new(is_bias).weight_decay(0.5));
    step(&mut adam, &mut model, [0.0, 0.0], 0.0).unwrap();
    assert_eq!(values_of(&model), [1.0, -2.0, 3.0]);
}

#[test]
fn a_frozen_group_keeps_its_values_and_needs_no_gradient() {
    let model = pair([1.0, -2.0], 4.0);
    let freeze = |sgd: Sgd<f64>| sgd.group(Group::new(is_bias).rate(0.0));
    let mut sgd = freeze(Sgd::new(0.5).momentum(0.9).weight_decay(0.1));
    let tape = Tape::new();
    for _ in 0..2 {
        tape.reset();
        nn::watch(&model, &tape);
        let gradients = model.weight.tensor().sum().backward();
        sgd.step(&model, &gradients).unwrap();
    }
    assert_eq!(model.bias.value().item(), 4.0);
    assert_eq!(sgd.state().arrays.len(), 1);
    // It does not count in the norm either: 5 is the weight's.
    let mut clipped = freeze(Sgd::new(1.0).before(ClipNorm::new(0.5)));
    let mut model = pair([0.0, 0.0], 0.0);
    step(&mut clipped, &mut model, [3.0, 4.0], 1e9).unwrap();
    close("clipped", values_of(&model)[1], -4.0 / 10.0, 1e-6);
}

#[test]
fn clipping() {
    let clip = |link: Box<dyn Fn(Sgd<f64>) -> Sgd<f64>>, slope: [f64; 2], last: f64| {
        let mut model = pair([0.0, 0.0], 0.0);
        step(&mut link(Sgd::new(1.0)), &mut model, slope, last).map(|()| values_of(&model))
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
    // Squares beyond the number range do not matter.
    let clipped = clip(by_norm(0.5e200), [0.6e200, 0.0], 0.8e200).unwrap();
    close("clipped", clipped[0] / 1e200, -0.3, 1e-12);
    assert_eq!(clip(by_norm(1.0), [0.0, 0.0], 0.0).unwrap(), [0.0, 0.0, 0.0]);
    // NaN is not hidden by a bound, and no norm comes of it.
    assert!(clip(by_value(1.0), [f64::NAN, 0.0], 0.0).unwrap()[0].is_nan());
    let message = |slope, last| clip(by_norm(1.0), slope, last).unwrap_err().to_string();
    let text = "the gradient of `weight` holds NaN, expected finite numbers; no parameter was changed";
    assert_eq!(message([1.0, f64::NAN], 1.0), text);
    let text = "the gradient of `bias` holds -inf, expected finite numbers; no parameter was changed";
    assert_eq!(message([1.0, 1.0], -f64::INFINITY), text);
}

#[test]
fn an_optimizer_stays_with_its_model() {
    let steps_on_both = |first: &mut dyn Layer<f64>, second: &mut dyn Layer<f64>| {
        let mut sgd = Sgd::new(0.1);
        let mut step = |model: &mut dyn Layer<f64>| {
            let tape = Tape::new();
            nn::watch(model, &tape);
            let mut sum = Tensor::scalar(0.0);
            nn::parameters(model, |_, p| sum = &sum + p.tensor().sum());
            sgd.step(model, &sum.backward())
        };
        step(first).unwrap();
        let mut before = Vec::new();
        nn::parameters(second, |_, p| before.push(p.value().to_array()));
        let message = step(second).unwrap_err().to_string();
        nn::parameters(second, |name, p| assert_eq!(p.value().to_array(), before.remove(0), "{name}"));
        let end = "; each model needs an optimiser of its own";
        message.strip_prefix("the optimiser's steps so far were on ").unwrap().strip_suffix(end).unwrap().to_owned()
    };
    let linear = || Linear::from_weights(array![[1.0, 1.0]], array![0.0]);
    let deep = |n: usize| Mlp::from_layers((0..n).map(|_| (linear(), Activation::Identity)).collect());
    let message = steps_on_both(&mut deep(1), &mut linear());
    assert_eq!(message, "`layers.0.weight` of shape [1, 2] where this model has `weight` of shape [1, 2]");
    let message = steps_on_both(&mut linear(), &mut pair([1.0, 2.0], 3.0));
    assert_eq!(message, "`weight` of shape [1, 2] where this model has `weight` of shape [2]");
    let message = steps_on_both(&mut deep(1), &mut deep(2));
    assert_eq!(message, "no further parameter where this model has `layers.1.weight` of shape [1, 2]");
    let message = steps_on_both(&mut deep(2), &mut deep(1));
    assert_eq!(message, "`layers.1.weight` of shape [1, 2] where this model has no further parameter");
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
    let before = values_of(&model);
    let message = step(&mut sgd, &mut model, [1.0, 1.0], 1.0).unwrap_err().to_string();
    assert_eq!(
        message,
        "the factor of the learning rate after 1 steps is NaN, expected a finite number, 0 or above; no parameter was \
         changed"
    );
    assert_eq!(values_of(&model), before);
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
    impl<T: Real> Survey<T> for Told {
        fn survey(&self, updates: &Updates<'_, T>) -> nn::Result<T> {
            Ok(updates.iter().map(|(_, update)| update.sum().item()).sum())
        }
    }
    impl<T: Real> Transform<T> for Told {
        fn surveyor(&self) -> Option<&dyn Survey<T>> {
            Some(self)
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
    assert_eq!(values_of(&model), [10.0 - 0.5 * 14.5, 20.0 - 0.5 * 24.5, 30.0 - 0.125 * bias]);
}

#[test]
fn a_link_sees_the_parameter_after_its_step_and_keeps_its_own_arrays() {
    /// The mean of a parameter's values so far.
    struct Mean;
    impl<T: Real> Transform<T> for Mean {
        fn arrays(&self) -> &'static [&'static str] {
            &["mean"]
        }

        fn settle(&self, param: &Param<T>, at: &mut At<'_, T>) {
            let share = T::of(1.0 / at.step() as f64);
            let [mean] = at.arrays();
            mean.update(&param.value(), |m, w| m + share * (w - m));
        }
    }
    let mut sgd = Sgd::new(1.0).before(Mean).momentum(0.5).after(Mean);
    let mut model = pair([0.0, 0.0], 0.0);
    for _ in 0..3 {
        step(&mut sgd, &mut model, [1.0, 2.0], 0.0).unwrap();
    }
    // Velocities 1, 1.5, 1.75; values -1, -2.5, -4.25.
    assert_eq!(values_of(&model)[0], -4.25);
    let state = sgd.state();
    let array = |name: &str| state.arrays.iter().find(|(found, _)| found == name).unwrap().1.to_array()[0];
    assert_eq!(array("weight/rule/velocity"), 1.75);
    for name in ["weight/before.0/mean", "weight/after.0/mean"] {
        close(name, array(name), -7.75 / 3.0, 1e-15);
    }
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
fn gradients_stay_as_they_are() {
    let mut model = pair([1.0, 2.0], 3.0);
    let gradients = slopes(&mut model, [5.0, 6.0], 7.0);
    let before = model.weight.gradient(&gradients).unwrap().clone();
    let copy = before.to_array();
    let chain = Sgd::new(0.1).clip_value(1.0).momentum(0.9).nesterov().weight_decay(0.1).clip_norm(0.1);
    { chain }.step(&model, &gradients).unwrap();
    assert_eq!(before.to_array(), copy);
}
