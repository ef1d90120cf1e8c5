//! Where a number stopped being finite.

use autodiff::{Real, Tensor};

use crate::Layer;
use crate::layer::{Outputs, parameters};

/// The first thing in a model that is not finite, on the way from the parameters through the layers to the loss.
pub(super) fn cause<T: Real>(model: &impl Layer<T>, x: &Tensor<T>) -> String {
    let mut found = None;
    parameters(model, |name, param| {
        if found.is_none() && !param.value().is_finite() {
            found = Some(format!("the parameter `{name}` was not finite"));
        }
    });
    let mut shown = |name: &str, y: &Tensor<T>| {
        if found.is_none() && !y.is_finite() {
            found = Some(format!("`{name}` was the first layer whose output was not finite"));
        }
    };
    let y = model.forward_shown(x, &mut Outputs::new(&mut shown));
    found.unwrap_or_else(|| {
        let finite = if y.is_finite() { "finite" } else { "not finite" };
        format!("the model's output was {finite}")
    })
}
