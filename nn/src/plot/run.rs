//! A training run in pictures.

use super::chart::LineChart;
use super::figure::Figure;
use super::map::HeatMap;
use crate::train::history::{Curve, Epoch, GradientNorm, History};

/// Draws learning curves: the loss and every metric, on the training and the validation set, over the epochs. The axis of the
/// losses is logarithmic if all are above 0; the epoch whose weights were kept is marked.
///
/// ```
/// use nn::{Activation, Adam, Mlp, Trainer, data::generate, loss, plot};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let moons = generate::moons::<f64>(60, 0.1, &mut rng);
/// let (train, valid) = moons.split(0.7, &mut rng)?;
/// let model = Mlp::new(&[2, 8, 1], Activation::Tanh, &mut rng);
/// let history = Trainer::new(model, loss::bce_with_logits, Adam::new(0.05)).epochs(5).fit(&train, &valid)?;
/// let folder = tempfile::tempdir()?;
/// plot::learning_curves("Moons", &history).save(folder.path().join("curves.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn learning_curves(title: impl Into<String>, history: &History) -> Figure {
    let losses = |of: fn(&Epoch) -> f64| history.epochs.iter().map(of).collect::<Vec<f64>>();
    let (train, valid) = (losses(|epoch| epoch.train_loss), losses(|epoch| epoch.valid_loss));
    let chart = LineChart::new("Loss").y_label("loss");
    let chart = if train.iter().chain(&valid).all(|&loss| loss > 0.0) { chart.log_y() } else { chart };
    let mut figure = Figure::new(title).panel(both(chart, history, &train, &valid));
    for Curve { name, train, valid } in &history.metrics {
        figure = figure.panel(both(LineChart::new(capital(name)).y_label(name), history, train, valid));
    }
    figure
}

fn both(chart: LineChart, history: &History, train: &[f64], valid: &[f64]) -> LineChart {
    let chart = chart.x_label("epoch").series("training", counted(train)).series("validation", counted(valid));
    match history.best_epoch.and_then(|epoch| Some((epoch as f64, *valid.get(epoch.checked_sub(1)?)?))) {
        Some(best) => chart.points("weights kept", [best]),
        None => chart,
    }
}

/// Draws the norm of each layer's gradient over the epochs, on a logarithmic axis: in deep networks it shows gradients that
/// vanish or explode (L20). For many layers see [`gradient_norm_map`]; for steps in place of epochs, collect
/// [`Step::layer_norms`](crate::Step::layer_norms).
///
/// ```
/// use nn::{GradientNorm, plot};
///
/// let norms = [("layers.0", vec![1e-3, 2e-3]), ("layers.1", vec![0.1, 0.05])];
/// let layers = norms.map(|(name, norms)| GradientNorm { name: name.to_owned(), norms });
/// let chart = plot::gradient_norms("Gradients", &layers).x_label("step");
/// ```
pub fn gradient_norms(title: impl Into<String>, layers: &[GradientNorm]) -> LineChart {
    let chart = LineChart::new(title).x_label("epoch").y_label("norm of the gradient").log_y();
    layers.iter().fold(chart, |chart, layer| chart.series(name(layer), counted(&layer.norms)))
}

/// Draws the same as colours, a row for each layer from the first on top to the last: for deep networks, step by step.
///
/// ```
/// use nn::{Activation, GradientNorm, Mlp, Sgd, Trainer, data::generate, loss, plot};
/// use rand::SeedableRng;
/// use std::{cell::RefCell, ops::ControlFlow, rc::Rc};
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let moons = generate::moons::<f64>(60, 0.1, &mut rng);
/// let model = Mlp::new(&[2, 8, 8, 8, 8, 1], Activation::Sigmoid, &mut rng);
/// let steps = Rc::new(RefCell::new(Vec::new()));
/// let kept = Rc::clone(&steps);
/// let trainer = Trainer::new(model, loss::bce_with_logits, Sgd::new(0.1)).epochs(5).on_step(move |step, _| {
///     kept.borrow_mut().push(step.layer_norms.clone());
///     ControlFlow::Continue(())
/// });
/// let mut trainer = trainer.batch_size(10);
/// let history = trainer.fit(&moons, &moons)?;
/// let layers: Vec<GradientNorm> = history.layers.iter().enumerate().map(|(k, layer)| {
///     let norms = steps.borrow().iter().map(|norms| norms[k]).collect();
///     GradientNorm { name: layer.name.clone(), norms }
/// }).collect();
/// let map = plot::gradient_norm_map("Gradients vanish from layer to layer", &layers).x_label("step");
/// assert_eq!(map.values().dim(), (5, 30));
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Panics
/// If the layers have different numbers of norms.
#[track_caller]
pub fn gradient_norm_map(title: impl Into<String>, layers: &[GradientNorm]) -> HeatMap {
    let columns = layers.first().map_or(0, |layer| layer.norms.len());
    for layer in layers {
        let found = layer.norms.len();
        assert!(found == columns, "gradient_norm_map: {found} norms of `{}`, {columns} of the first layer", layer.name);
    }
    let norms = ndarray::Array2::from_shape_fn((layers.len(), columns), |(row, column)| layers[row].norms[column]);
    let map = HeatMap::new(title, norms).log().y_names(layers.iter().map(name)).x_label("epoch");
    let map = if columns > 0 { map.x_range(0.5..=columns as f64 + 0.5) } else { map };
    map.value_label("norm of the gradient").size(1200, 500)
}

fn name(layer: &GradientNorm) -> String {
    if layer.name.is_empty() { "the model".to_owned() } else { layer.name.clone() }
}

/// With the epochs from 1.
fn counted(values: &[f64]) -> impl Iterator<Item = (f64, f64)> + '_ {
    values.iter().enumerate().map(|(k, &value)| (k as f64 + 1.0, value))
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
