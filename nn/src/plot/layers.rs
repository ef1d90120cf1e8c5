//! What a model's layers hold.

use autodiff::{Real, Tensor};

use super::chart::LineChart;
use super::figure::Figure;
use crate::layer::Layer;
use crate::visit::{names, parameters, values};

const ROW: u32 = 380;

/// Draws histograms of a model's weights, a panel a layer: units that are saturated or dead show as weights far out or at 0.
///
/// ```
/// use nn::{Activation, Mlp, plot};
/// use rand::SeedableRng;
///
/// let model = Mlp::<f64>::new(&[4, 16, 3], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
/// let folder = tempfile::tempdir()?;
/// plot::weight_histograms("At the start", &model).save(folder.path().join("weights.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn weight_histograms<T: Real>(title: impl Into<String>, model: &impl Layer<T>) -> Figure {
    histograms(title.into(), "value", model, &values(model))
}

/// Draws histograms of a gradient, a panel a layer, as [`param_grad`](crate::param_grad) gives it: too small or too large
/// gradients show layer by layer (L20).
///
/// ```
/// use nn::{Activation, Layer, Mlp, data::generate, loss, plot};
/// use rand::SeedableRng;
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let (x, t) = generate::moons::<f64>(60, 0.1, &mut rng).all();
/// let mut model = Mlp::new(&[2, 8, 8, 1], Activation::Tanh, &mut rng);
/// let gradient = nn::param_grad(&mut model, |model| loss::bce_with_logits(&model.forward(&x), &t))?;
/// let figure = plot::gradient_histograms("At the start", &model, &gradient);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Panics
/// If there is not one tensor for each parameter.
#[track_caller]
pub fn gradient_histograms<T: Real>(title: impl Into<String>, model: &impl Layer<T>, gradient: &[Tensor<T>]) -> Figure {
    let expected = names(model).len();
    let found = gradient.len();
    assert!(found == expected, "gradient_histograms: {found} tensors for {expected} parameters");
    histograms(title.into(), "derivative of the loss", model, gradient)
}

/// A panel a layer, in it a histogram for each parameter.
fn histograms<T: Real>(title: String, x_label: &str, model: &impl Layer<T>, values: &[Tensor<T>]) -> Figure {
    let mut panels: Vec<(String, LineChart)> = Vec::new();
    let mut values = values.iter();
    parameters(model, |full, _| {
        let (layer, name) = full.rsplit_once('.').unwrap_or(("", full));
        if panels.last().is_none_or(|(known, _)| known != layer) {
            let chart = LineChart::new(layer).x_label(x_label).y_label("share, %");
            panels.push((layer.to_owned(), chart));
        }
        let (layer, chart) = panels.pop().expect("there is one");
        let values = values.next().expect("one for each parameter").view();
        let named = format!("{name} ({})", values.len());
        panels.push((layer, chart.histogram(named, values.iter().map(|x| x.primal()))));
    });
    let rows = u32::try_from(panels.len().div_ceil(3)).unwrap_or(u32::MAX);
    let figure = panels.into_iter().fold(Figure::new(title), |figure, (_, chart)| figure.panel(chart));
    figure.size(1200, ROW.saturating_mul(rows.max(1)).saturating_add(40))
}
