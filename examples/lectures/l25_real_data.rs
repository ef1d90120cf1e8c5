//! L25 Real data: an MLP classifies handwritten digits, another fits a regression set.
//!
//! Digits: 64 grey values, softmax over ten classes, cross-entropy. Diabetes: ten measurements, the disease's progression one year
//! later, squared error with weight decay (L13) and early stopping: 442 patients are few, so the validation error turns
//! before the training error does. Inputs and targets are standardised by the training part alone.

use std::fmt::Write;

use autodiff::Tensor;
use examples::{Outcome, Page};
use nn::plot::{self, Figure, LineChart};
use nn::{Activation, Adam, Csv, Dataset, Epoch, History, Layer, Mlp, Regularizer, Sgd, Standardizer, Trainer};
use nn::{is_bias, loss, metrics};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data");

fn curve(history: &History, value: fn(&Epoch) -> f64) -> Vec<(f64, f64)> {
    history.epochs.iter().enumerate().map(|(k, epoch)| (k as f64 + 1.0, value(epoch))).collect()
}

fn losses(title: &str, label: &str, history: &History) -> LineChart {
    let chart = LineChart::new(title).x_label("epoch").y_label(label).log_y();
    chart.series("training", curve(history, |e| e.train_loss)).series("held out", curve(history, |e| e.valid_loss))
}

fn digits(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let all = examples::digits(format!("{DATA}/digits.csv"))?;
    let (train, test) = all.stratified_split(0.8, &mut rng)?;
    let train = train.subset(&(0..page.size(600, train.len())).collect::<Vec<_>>());
    let model = Mlp::new(&[64, page.size(16, 48), 10], Activation::Tanh, &mut rng);
    let (x, t) = train.items(&[0, 1, 2]);
    if page.size(false, true) {
        let check = nn::check::model(&model, |model| loss::softmax_cross_entropy(&model.forward(&x), &t));
        let shown = check.to_string();
        page.holds(format_args!("digits, {}", shown.lines().next().unwrap_or_default()), check.is_pass());
    }
    let sgd = Sgd::new(0.05).momentum(0.9);
    let trainer = Trainer::new(model, loss::softmax_cross_entropy, sgd).epochs(page.size(6, 30)).batch_size(16);
    let mut trainer = trainer.seed(1).progress(false);
    let history = trainer.fit(&train, &test)?;
    let (x, t) = test.all();
    let y = trainer.model().forward(&x);
    let accuracy = 100.0 * metrics::accuracy(&y, &t);
    let bound = page.size(80.0, 96.0);
    page.holds(format_args!("digits: {accuracy:.2} % of {} held-out ones right", test.len()), accuracy >= bound);
    let chart = LineChart::new("Accuracy").x_label("epoch").y_label("digits classified rightly, %");
    let chart = chart.series("training", curve(&history, |e| 100.0 * e.train_accuracy));
    let chart = chart.series("held out", curve(&history, |e| 100.0 * e.valid_accuracy));
    let figure = Figure::new("Handwritten digits").panel(losses("Loss", "cross-entropy", &history)).panel(chart);
    page.figure("l25_digits", &figure)?;
    let confusion = plot::confusion_matrix("Held-out digits", &metrics::Confusion::of(&y, &t)).size(1200, 900);
    page.save("l25_confusion", |path| Ok(confusion.save(path)?))
}

fn diabetes(page: &mut Page) -> Outcome {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let all: Dataset<f64> = Csv::new().read(format!("{DATA}/diabetes.csv"))?.dataset("progression")?;
    let (rest, test) = all.split(0.8, &mut rng)?;
    let (train, valid) = rest.split(0.85, &mut rng)?;
    let (inputs, targets) = (Standardizer::fit(train.inputs())?, Standardizer::fit(train.targets())?);
    let scaled = |data: &Dataset<f64>| inputs.dataset(data)?.with_targets(targets.apply(data.targets())?);
    let model = Mlp::<f64>::new(&[10, 8, 1], Activation::Tanh, &mut rng);
    let trainer = Trainer::new(model, loss::squared_error, Adam::new(3e-3)).epochs(page.size(60, 300)).batch_size(32);
    let decay = Regularizer::l2(4.0, train.len()).except(is_bias);
    let mut trainer = trainer.regularizer(decay).early_stopping(40).metric("r2", metrics::r2).seed(2).progress(false);
    let history = trainer.fit(&scaled(&train)?, &scaled(&valid)?)?;
    let y = trainer.model().forward(&inputs.apply(test.inputs())?.into());
    let y = Tensor::from(targets.invert(&y.to_array())?);
    let (r2, error) =
        (metrics::r2(&y, &test.targets().clone().into()), metrics::mae(&y, &test.targets().clone().into()));
    writeln!(page, "best of {} epochs: {:?}", history.epochs.len(), history.best_epoch)?;
    let all = test.len();
    page.holds(
        format_args!("diabetes: R² {r2:.3}, mean absolute error {error:.1} on {all} held-out patients"),
        r2 >= 0.45,
    );
    let points = test.targets().iter().copied().zip(y.to_array());
    let chart =
        LineChart::new("Held-out patients").x_label("progression").y_label("prediction").points("patients", points);
    let chart = chart.series("exact", [(25.0, 25.0), (350.0, 350.0)]);
    let figure = Figure::new("Diabetes").panel(losses("Loss", "squared error, standardised", &history)).panel(chart);
    page.figure("l25_diabetes", &figure)
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    digits(page)?;
    diabetes(page)
}
