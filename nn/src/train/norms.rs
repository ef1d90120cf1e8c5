//! Norms of gradients, and whether they are finite.

use autodiff::{Gradients, Real, Tensor};

use crate::layer::Layer;
use crate::visit::parameters;

/// The gradient's norms: of all parameters, then of each layer.
pub(super) struct Norms {
    pub(super) layers: Vec<String>,
    /// The layer of each parameter.
    places: Vec<usize>,
}

impl Norms {
    pub(super) fn new<T: Real>(model: &impl Layer<T>) -> Self {
        let (mut layers, mut places) = (Vec::<String>::new(), Vec::new());
        parameters(model, |name, _| {
            let layer = name.rsplit_once('.').map_or("", |(layer, _)| layer);
            places.push(layers.iter().position(|known| known == layer).unwrap_or_else(|| {
                layers.push(layer.to_owned());
                layers.len() - 1
            }));
        });
        Self { layers, places }
    }

    /// The norms, or the name of the first parameter whose gradient is not finite and what that gradient holds.
    pub(super) fn measure<T: Real>(
        &self,
        model: &impl Layer<T>,
        gradients: &Gradients<T>,
    ) -> Result<Vec<f64>, (String, f64)> {
        let mut norms = vec![0.0_f64; 1 + self.layers.len()];
        let (mut places, mut result) = (self.places.iter(), Ok(()));
        parameters(model, |name, param| {
            let layer = 1 + places.next().expect("a place for each parameter");
            if let (true, Some(gradient)) = (result.is_ok(), param.gradient(gradients)) {
                match norm(gradient) {
                    Ok(norm) => {
                        norms[0] = norms[0].hypot(norm);
                        norms[layer] = norms[layer].hypot(norm);
                    }
                    Err(value) => result = Err((name.to_owned(), value)),
                }
            }
        });
        result.map(|()| norms)
    }
}

/// The Euclidean norm, also where squares are beyond the number range; an element that is not finite, if there is one.
fn norm<T: Real>(gradient: &Tensor<T>) -> Result<f64, f64> {
    let squares = gradient.square().sum().item().primal();
    if squares.is_finite() {
        return Ok(squares.sqrt());
    }
    let view = gradient.view();
    if let Some(bad) = view.iter().find(|x| !x.is_finite()) {
        return Err(bad.primal());
    }
    Ok(view.iter().fold(0.0, |norm, x| norm.hypot(x.primal())))
}
