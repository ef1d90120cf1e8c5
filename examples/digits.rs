//! Trains a multilayer perceptron on handwritten digits (L25).
//!
//! `cargo run --release -p examples --example digits` checks the model's gradient against the numerical one, trains on
//! 80 % of 1797 digits, reports the accuracy on the others, and writes learning curves, a picture of predictions and the
//! weights to `target/digits/`. `--help` lists the options.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use autodiff::Tensor;
use clap::Parser;
use examples::with_shifts;
use ndarray::Axis;
use nn::plot::{Figure, ImageGrid, LineChart};
use nn::{Activation, Dataset, History, Layer, Mlp, Sgd, Trainer, loss, metrics};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Trains a multilayer perceptron on handwritten digits.
#[derive(Parser)]
struct Options {
    /// Passes through the training set.
    #[arg(long, default_value_t = 40)]
    epochs: usize,
    /// Seed of the split, the initial weights and the order of the digits.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Digits in a step.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Learning rate.
    #[arg(long, default_value_t = 0.05)]
    rate: f64,
    /// Units of the hidden layers, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "64", value_parser = clap::value_parser!(u32).range(1..))]
    hidden: Vec<u32>,
    /// Rows of 64 grey values from 0 to 16 and a label from 0 to 9.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits.csv"))]
    data: PathBuf,
    /// Start from these weights, for a model with the same hidden layers.
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Where pictures and weights are written.
    #[arg(long, default_value = "target/digits")]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("digits: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if !(options.rate.is_finite() && options.rate > 0.0) {
        return Err(format!("--rate {}: expected a finite number above 0", options.rate).into());
    }
    let data = examples::digits(&options.data)?;
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let (train, test) = data.split(0.8, &mut rng)?;
    let hidden = options.hidden.iter().map(|&n| n as usize);
    let units: Vec<usize> = [64].into_iter().chain(hidden).chain([10]).collect();
    let model = Mlp::new(&units, Activation::Tanh, &mut rng);
    if let Some(file) = &options.weights {
        nn::load(&model, file)?;
    }
    let shape = units.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    println!(
        "{} digits to train on, {} to test on; network {shape}, {} weights",
        train.len(),
        test.len(),
        nn::count(&model)
    );

    let (x, t) = train.items(&[0, 1, 2, 3]);
    let check = nn::check::model(&model, |model| loss::softmax_cross_entropy(&model.forward(&x), &t));
    println!("gradient check: {}", check.to_string().lines().next().unwrap_or_default());
    if !check.is_pass() {
        return Err(format!("the gradient does not agree with the numerical one\n{check}").into());
    }

    let sgd = Sgd::new(options.rate).momentum(0.9);
    let train = with_shifts(&train)?;
    let trainer = Trainer::new(model, loss::softmax_cross_entropy, sgd).epochs(options.epochs);
    let mut trainer = trainer.batch_size(options.batch as usize).seed(options.seed);
    let history = trainer.fit(&train, &test)?;
    let model = trainer.into_model();

    let (x, t) = test.all();
    let y = model.forward(&x);
    println!("trained {} epochs in {:.1} s", history.epochs.len(), history.elapsed.as_secs_f64());
    if let Some(last) = history.last() {
        println!("final loss {:.17} (train), {:.17} (test)", last.train_loss, last.valid_loss);
    }
    println!("test accuracy {:.2} %", 100.0 * metrics::accuracy(&y, &t));
    let output = write(&options.out, &model, &history, &test, &y);
    output.map_err(|error| format!("{}: {error}", options.out.display()))?;
    println!("curves, predictions and weights are in {}", options.out.display());
    Ok(())
}

fn write(
    out: &Path,
    model: &Mlp<f64>,
    history: &History,
    test: &Dataset<f64>,
    y: &Tensor<f64>,
) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(out)?;
    let curve = |value: fn(&nn::Epoch) -> f64| {
        history.epochs.iter().enumerate().map(move |(k, epoch)| (k as f64 + 1.0, value(epoch)))
    };
    let losses = LineChart::new("Cross-entropy").x_label("epoch").y_label("loss").log_y();
    let losses = losses.series("training", curve(|e| e.train_loss)).series("test", curve(|e| e.valid_loss));
    let rates = LineChart::new("Accuracy").x_label("epoch").y_label("digits classified rightly, %");
    let rates = rates
        .series("training", curve(|e| 100.0 * e.train_accuracy))
        .series("test", curve(|e| 100.0 * e.valid_accuracy));
    let figure = Figure::new("Handwritten digits").panel(losses).panel(rates);

    // The first digits of the test set, and all that the network gets wrong among the others, up to 60.
    let (seen, labels) = (metrics::classes(y), metrics::classes(&Tensor::constant(test.targets().clone())));
    let wrong = (40..test.len()).filter(|&i| seen[i] != labels[i]);
    let mut grid = ImageGrid::new("Test digits and what the network sees; errors are marked", 10);
    for i in (0..test.len().min(40)).chain(wrong).take(60) {
        let pixels: Vec<f64> = test.inputs().index_axis(Axis(0), i).iter().copied().collect();
        let is_wrong = seen[i] != labels[i];
        let caption = if is_wrong { format!("{}, is {}", seen[i], labels[i]) } else { seen[i].to_string() };
        grid = grid.image(8, 8, pixels, caption, is_wrong);
    }
    for extension in ["svg", "png"] {
        figure.save(out.join("curves").with_extension(extension))?;
        grid.save(out.join("predictions").with_extension(extension))?;
    }
    history.save_csv(out.join("history.csv"))?;
    nn::save(model, out.join("weights.safetensors"))?;
    Ok(())
}
