//! What optimisers remember: state out and in, bit for bit, and what a step allocates.

use autodiff::{Tape, Tensor};
use ndarray::array;
use nn::optim::{Group, State};
use nn::schedule::{Plateau, cosine, warm_up};
use nn::{Activation, Adagrad, Adam, AdamW, Layer, Mlp, Optimizer, RmsProp, Sgd, is_bias, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::values_of;

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
    let numbers = values_of(model).into_iter().chain([optimizer.rate()]);
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
            let (state, weights) = (whole.state(), values_of(&model));
            train(&mut model, &mut *whole, cut..20);
            // A new optimiser and a new model go on from there.
            let mut second = with_memory().swap_remove(k);
            let mut resumed = network(4);
            let mut weights = weights.into_iter();
            nn::parameters(&resumed, |_, p| p.set(p.value().to_array().mapv(|_| weights.next().unwrap())));
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
fn a_warm_step_allocates_no_arrays() {
    let allocated = |units: usize, optimizer: &mut dyn Optimizer<f64>| {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let model = Mlp::new(&[units, units], Activation::Identity, &mut rng);
        let x = Tensor::ones(&[1, units]);
        let tape = Tape::new();
        let mut bytes = 0;
        for _ in 0..4 {
            tape.reset();
            nn::watch(&model, &tape);
            let gradients = model.forward(&x).square().sum().backward();
            let counted = allocation_counter::measure(|| optimizer.step(&model, &gradients).unwrap());
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
