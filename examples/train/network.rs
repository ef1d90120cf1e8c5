//! The network, its training, and the options of both.

use autodiff::Tensor;
use nn::optim::Group;
use nn::schedule::cosine;
use nn::{
    Activation, AdamW, Dropout, Init, Linear, Optimizer, RmsProp, Sequential, Sgd, Trainer, is_bias, loss, metrics,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// What the targets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Task {
    /// Classes, as one-hot rows.
    Classify,
    /// Numbers.
    Regress,
}

impl Task {
    /// The name of the metric that counts.
    pub(crate) fn metric(self) -> &'static str {
        match self {
            Self::Classify => "accuracy",
            Self::Regress => "R²",
        }
    }

    pub(crate) fn measure(self, y: &Tensor<f64>, t: &Tensor<f64>) -> f64 {
        match self {
            Self::Classify => metrics::accuracy(y, t),
            Self::Regress => metrics::r2(y, t),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Rule {
    Adamw,
    Rmsprop,
    /// With momentum 0.9.
    Sgd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum Hidden {
    Tanh,
    Relu,
    Gelu,
    Sigmoid,
}

/// How a network is built and trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) hidden: Vec<usize>,
    pub(crate) activation: Hidden,
    pub(crate) dropout: f64,
    pub(crate) optimizer: Rule,
    pub(crate) rate: f64,
    pub(crate) decay: f64,
    pub(crate) batch: usize,
    pub(crate) epochs: usize,
    pub(crate) seed: u64,
}

/// Options that change a problem's settings.
#[derive(clap::Args)]
pub(crate) struct Flags {
    /// Units of the hidden layers, separated by commas; 0 for none.
    #[arg(long, value_delimiter = ',')]
    hidden: Option<Vec<usize>>,
    /// The hidden layers' activation.
    #[arg(long, value_enum)]
    activation: Option<Hidden>,
    /// Share of hidden units left out in a step, from 0 to less than 1.
    #[arg(long)]
    dropout: Option<f64>,
    /// How gradients change weights.
    #[arg(long, value_enum)]
    optimizer: Option<Rule>,
    /// Learning rate at the start; it falls to 0 along a cosine.
    #[arg(long)]
    rate: Option<f64>,
    /// Weight decay, by which a step shrinks weights but not biases, times the rate.
    #[arg(long)]
    decay: Option<f64>,
    /// Items in a step.
    #[arg(long)]
    batch: Option<usize>,
    /// Passes through the training set.
    #[arg(long)]
    epochs: Option<usize>,
    /// Seed of the split, the initial weights and the order of items.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

impl Flags {
    /// The settings with what was asked for.
    pub(crate) fn over(&self, defaults: &Settings) -> Outcome<Settings> {
        let settings = Settings {
            hidden: self.hidden.clone().unwrap_or_else(|| defaults.hidden.clone()),
            activation: self.activation.unwrap_or(defaults.activation),
            dropout: self.dropout.unwrap_or(defaults.dropout),
            optimizer: self.optimizer.unwrap_or(defaults.optimizer),
            rate: self.rate.unwrap_or(defaults.rate),
            decay: self.decay.unwrap_or(defaults.decay),
            batch: self.batch.unwrap_or(defaults.batch),
            epochs: self.epochs.unwrap_or(defaults.epochs),
            seed: self.seed,
        };
        settings.check()?;
        Ok(settings)
    }
}

pub(crate) type Network = Sequential<f64>;
type Loss = fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>;
pub(crate) type Training = Trainer<Network, Loss, Box<dyn Optimizer<f64>>>;

impl Settings {
    fn check(&self) -> Outcome {
        let wrong = |option: &str, found: f64, expected: &str| {
            let found = if found.abs() < 1e16 { found.to_string() } else { format!("{found:e}") };
            Err(format!("--{option} {found}: expected {expected}").into())
        };
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return wrong("rate", self.rate, "a finite number above 0");
        }
        if !(self.decay.is_finite() && self.decay >= 0.0) {
            return wrong("decay", self.decay, "a finite number, 0 or more");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return wrong("dropout", self.dropout, "a number from 0 to less than 1");
        }
        if self.batch == 0 {
            return wrong("batch", 0.0, "1 or more");
        }
        if self.hidden.contains(&0) && self.hidden != [0] {
            return Err("--hidden: expected 1 or more units in each layer, or 0 alone for no hidden layer".into());
        }
        Ok(())
    }

    fn activation(&self) -> Activation {
        match self.activation {
            Hidden::Tanh => Activation::Tanh,
            Hidden::Relu => Activation::Relu,
            Hidden::Gelu => Activation::Gelu,
            Hidden::Sigmoid => Activation::Sigmoid,
        }
    }

    /// A network with random weights: linear layers with activations and dropout in between; logits or numbers come out.
    pub(crate) fn network(&self, inputs: usize, outputs: usize) -> Network {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let init = if self.activation == Hidden::Tanh { Init::XavierUniform } else { Init::HeUniform };
        let (mut network, mut width) = (Sequential::new(), inputs);
        for &units in self.hidden.iter().filter(|&&units| units > 0) {
            network = network.then(Linear::new(width, units, init, &mut rng)).then(self.activation());
            if self.dropout > 0.0 {
                network = network.then(Dropout::new(self.dropout, &mut rng));
            }
            width = units;
        }
        network.then(Linear::new(width, outputs, Init::XavierUniform, &mut rng))
    }

    pub(crate) fn shape(&self, inputs: usize, outputs: usize) -> String {
        let hidden = self.hidden.iter().copied().filter(|&units| units > 0);
        let units = [inputs].into_iter().chain(hidden).chain([outputs]);
        let units = units.map(|units| units.to_string()).collect::<Vec<_>>().join("-");
        if self.hidden == [0] { format!("{units} without a hidden layer, a linear model") } else { units }
    }

    /// The training of a network on so many items.
    pub(crate) fn trainer(&self, task: Task, network: Network, items: usize) -> Training {
        let steps = self.epochs * items.div_ceil(self.batch.min(items).max(1));
        let (rate, falls) = (self.rate, cosine(steps.max(1), 0.0));
        let biases = || Group::new(is_bias).weight_decay(0.0);
        let optimizer: Box<dyn Optimizer<f64>> = match self.optimizer {
            Rule::Adamw => {
                Box::new(AdamW::new(rate).decoupled_weight_decay(self.decay).group(biases()).schedule(falls))
            }
            Rule::Rmsprop => {
                Box::new(RmsProp::new(rate).decoupled_weight_decay(self.decay).group(biases()).schedule(falls))
            }
            Rule::Sgd => {
                let sgd = Sgd::new(rate).momentum(0.9).decoupled_weight_decay(self.decay);
                Box::new(sgd.group(biases()).schedule(falls))
            }
        };
        let loss: Loss = match task {
            Task::Classify => loss::softmax_cross_entropy,
            Task::Regress => loss::squared_error,
        };
        let trainer = Trainer::new(network, loss, optimizer).epochs(self.epochs).batch_size(self.batch).seed(self.seed);
        trainer.metric(task.metric(), move |y, t| task.measure(y, t))
    }
}
