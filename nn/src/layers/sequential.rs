//! Layers one after the other.

use autodiff::{Real, Tensor};

use crate::layer::{Layer, Visit};
use crate::trace::Trace;

/// Layers of any kind one after the other; their parameters are named `layers.0.…`, `layers.1.…`.
///
/// ```
/// use nn::{Activation, Init, Linear, Sequential};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let model = Sequential::<f64>::new()
///     .then(Linear::new(2, 3, Init::XavierUniform, &mut rng))
///     .then(Activation::Tanh)
///     .then(Linear::new(3, 1, Init::XavierUniform, &mut rng));
/// assert_eq!(nn::names(&model), ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"]);
/// ```
#[derive(Clone, Default)]
#[doc(alias = "serial")]
pub struct Sequential<T: Real> {
    layers: Vec<Box<dyn Layer<T>>>,
}

impl<T: Real> Sequential<T> {
    /// Starts without layers: the identity.
    pub fn new() -> Self {
        Self { layers: Vec::new() }
    }

    /// Appends a layer.
    pub fn then(mut self, layer: impl Layer<T> + 'static) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

impl<T: Real> Layer<T> for Sequential<T> {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let mut x = x.clone();
        for layer in &self.layers {
            x = layer.forward(&x);
        }
        x
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        for (i, layer) in self.layers.iter().enumerate() {
            v.layer_at("layers", i, &**layer);
        }
    }

    fn trace(&self, x: &Tensor<T>, trace: &mut Trace) -> Tensor<T> {
        let layers = self.layers.iter().enumerate();
        layers.fold(x.clone(), |x, (i, layer)| trace.layer(&format!("layers.{i}"), &**layer, &x))
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
