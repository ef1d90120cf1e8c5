//! Optimisers and schedules against PyTorch's numbers, written by `tests/data/optimizers.py`.

use autodiff::{Tape, Tensor};
use ndarray::array;
use nn::optim::Group;
use nn::schedule::{self, Plateau, Schedule, constant, cosine, exponential, one_cycle, warm_up};
use nn::{Activation, Adagrad, Adam, AdamW, Layer, Linear, Mlp, Optimizer, RmsProp, Sgd, loss};
use tests::close;

/// The rows of a table whose first field is `name`: the step, and the numbers.
fn rows(table: &str, name: &str) -> Vec<(usize, Vec<f64>)> {
    let fields = table.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let rows = fields.filter(|fields| fields[0] == name).map(|fields| {
        (fields[1].parse().expect("a step"), fields[2..].iter().map(|x| x.parse().expect("a number")).collect())
    });
    rows.collect()
}

fn names(table: &str) -> Vec<&str> {
    let mut names: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    names.dedup();
    names
}

const OPTIMIZERS: &str = include_str!("../data/optimizers.csv");
const SCHEDULES: &str = include_str!("../data/schedules.csv");

/// The network that the script trains.
fn model() -> Mlp<f64> {
    let first = Linear::from_weights(array![[0.5, -0.25], [0.75, 0.125]], array![0.1, -0.2]);
    let last = Linear::from_weights(array![[1.0, -0.5]], array![0.3]);
    Mlp::from_layers(vec![(first, Activation::Tanh), (last, Activation::Identity)])
}

fn agrees(name: &str, mut optimizer: impl Optimizer<f64>) {
    let x = Tensor::constant(array![[0.0, 0.5], [1.0, -1.0], [-0.5, 2.0], [1.5, 1.0], [-2.0, -0.25]]);
    let t = Tensor::constant(array![[0.5], [-1.0], [2.0], [0.25], [1.0]]);
    let (tape, model, mut step) = (Tape::new(), model(), 0);
    let rows = rows(OPTIMIZERS, name);
    assert_eq!(rows.last().map(|row| row.0), Some(50), "{name}");
    for (at, want) in rows {
        while step < at {
            tape.reset();
            nn::watch(&model, &tape);
            let error = loss::squared_error(&model.forward(&x), &t);
            optimizer.step(&model, &error.backward()).unwrap();
            step += 1;
        }
        let mut got = Vec::new();
        nn::parameters(&model, |_, p| got.extend(p.value().to_array()));
        assert_eq!(got.len(), want.len());
        for (k, (got, want)) in got.into_iter().zip(want).enumerate() {
            close(format_args!("{name}, weight {k} after step {step}"), got, want, 1e-12);
        }
    }
}

fn first_layer(name: &str) -> bool {
    name.starts_with("layers.0.")
}

#[test]
fn optimizers_reproduce_pytorch() {
    let momentum = || Sgd::new(0.05).momentum(0.9);
    let groups = || {
        let adam = AdamW::new(0.05).decoupled_weight_decay(0.2).group(Group::new(first_layer).rate(0.005));
        adam.group(Group::new(nn::is_bias).weight_decay(0.0))
    };
    let sgd = Sgd::new(0.1).momentum(0.5).weight_decay(0.05).group(Group::new(first_layer).rate(0.01));
    let all: Vec<(&str, Box<dyn Optimizer<f64>>)> = vec![
        ("sgd", Box::new(Sgd::new(0.1))),
        ("sgd momentum", Box::new(momentum())),
        ("sgd nesterov", Box::new(momentum().nesterov())),
        ("sgd decay", Box::new(Sgd::new(0.1).weight_decay(0.05))),
        ("sgd nesterov decay", Box::new(Sgd::new(0.05).momentum(0.8).nesterov().weight_decay(0.05))),
        ("adagrad", Box::new(Adagrad::new(0.1))),
        ("adagrad decay", Box::new(Adagrad::new(0.1).weight_decay(0.05).epsilon(1e-6))),
        ("rmsprop", Box::new(RmsProp::new(0.01))),
        ("rmsprop momentum", Box::new(RmsProp::new(0.01).alpha(0.9).momentum(0.5))),
        ("rmsprop centered", Box::new(RmsProp::new(0.01).centered().epsilon(1e-6))),
        ("rmsprop all", Box::new(RmsProp::new(0.01).alpha(0.9).momentum(0.5).centered().weight_decay(0.05))),
        ("adam", Box::new(Adam::new(0.05))),
        ("adam betas", Box::new(Adam::new(0.05).betas(0.8, 0.95).epsilon(1e-6))),
        ("adam decay", Box::new(Adam::new(0.05).weight_decay(0.05))),
        ("adamw", Box::new(AdamW::new(0.05))),
        ("adamw decay", Box::new(AdamW::new(0.05).betas(0.8, 0.95).decoupled_weight_decay(0.2))),
        ("sgd groups", Box::new(sgd.group(Group::new(nn::is_bias).weight_decay(0.0)))),
        ("adamw groups", Box::new(groups())),
        ("clip value", Box::new(momentum().clip_value(0.2))),
        ("clip norm", Box::new(momentum().clip_norm(0.3))),
        ("sgd cosine", Box::new(momentum().schedule(cosine(50, 0.0)))),
        ("adamw groups step", Box::new(groups().schedule(schedule::step(20, 0.5)))),
    ];
    assert_eq!(all.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names(OPTIMIZERS));
    for (name, optimizer) in all {
        agrees(name, optimizer);
    }
}

/// The losses that the script's plateau schedulers see.
fn losses(step: usize) -> f64 {
    (step * 7 % 11) as f64 / 11.0 + 5.0 / (1 + step) as f64
}

type Factor = Box<dyn FnMut(usize) -> f64>;

fn watching(mut plateau: Plateau) -> Factor {
    Box::new(move |step| {
        let factor = plateau.factor();
        plateau.observe(losses(step));
        factor
    })
}

#[test]
fn schedules_reproduce_pytorch() {
    let second = Plateau::new(0.3, 2).threshold(0.05).cooldown(4).floor(0.02);
    let all: Vec<(&str, Factor)> = vec![
        ("constant", Box::new(constant(0.25).then(10, constant(1.0)))),
        ("step", Box::new(schedule::step(7, 0.5))),
        ("milestones", Box::new(schedule::milestones(&[5, 6, 30], 0.3))),
        ("exponential", Box::new(exponential(0.93))),
        ("polynomial", Box::new(schedule::polynomial(40, 1.5))),
        ("cosine", Box::new(cosine(59, 0.1))),
        ("warm up", Box::new(warm_up(12, 0.2))),
        ("one cycle", Box::new(one_cycle(61, 0.3, 1.0 / 25.0, 4e-6))),
        ("one cycle 2", Box::new(one_cycle(61, 0.4, 0.1, 0.002))),
        ("warm up then cosine", Box::new(warm_up(10, 0.1).then(10, cosine(50, 0.0)))),
        ("warm up times exponential", Box::new(warm_up(10, 0.1).times(exponential(0.95)))),
        ("plateau", watching(Plateau::new(0.5, 3))),
        ("plateau 2", watching(second)),
    ];
    assert_eq!(all.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names(SCHEDULES));
    for (name, mut factor) in all {
        let rows = rows(SCHEDULES, name);
        assert_eq!(rows.len(), 60, "{name}");
        for (step, want) in rows {
            close(format_args!("{name}, step {step}"), factor(step), want[0], 1e-12);
        }
    }
}
