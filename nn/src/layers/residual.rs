//! Residual connections.

use autodiff::{Real, Tensor};

use crate::layer::{Layer, Visit};
use crate::trace::Trace;

/// `y = x + inner(x)` (He et al. 2016), or `y = shortcut(x) + inner(x)` where the shapes differ.
///
/// ```
/// use nn::{Activation, Init, Linear, Residual, Sequential};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let block = Sequential::new().then(Linear::new(4, 4, Init::HeUniform, &mut rng)).then(Activation::Relu);
/// let model = Residual::<f64>::new(block);
/// assert_eq!(nn::names(&model), ["inner.layers.0.weight", "inner.layers.0.bias"]);
/// ```
///
/// # Panics
/// `forward`, if the two branches' outputs differ in shape.
#[derive(Clone)]
#[doc(alias("skip connection", "ResNet"))]
pub struct Residual<T: Real> {
    inner: Box<dyn Layer<T>>,
    shortcut: Option<Box<dyn Layer<T>>>,
}

impl<T: Real> Residual<T> {
    /// Adds a layer's output to its input: `x + inner(x)`.
    pub fn new(inner: impl Layer<T> + 'static) -> Self {
        Self { inner: Box::new(inner), shortcut: None }
    }

    /// Adds it to `shortcut(x)` instead of `x`: a projection to another width.
    pub fn shortcut(self, shortcut: impl Layer<T> + 'static) -> Self {
        Self { shortcut: Some(Box::new(shortcut)), ..self }
    }

    fn run(&self, x: &Tensor<T>, mut layer: impl FnMut(&str, &dyn Layer<T>, &Tensor<T>) -> Tensor<T>) -> Tensor<T> {
        let inner = layer("inner", &*self.inner, x);
        let past = self.shortcut.as_ref().map_or_else(|| x.clone(), |shortcut| layer("shortcut", &**shortcut, x));
        assert!(
            inner.shape() == past.shape(),
            "Residual: the inner layer's output has shape {:?} and what goes past it {:?}; they need the same shape, which a \
             `shortcut` can bring about",
            inner.shape(),
            past.shape()
        );
        past + inner
    }
}

impl<T: Real> Layer<T> for Residual<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        self.run(x, |_, layer, x| layer.forward(x))
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.layer("inner", &*self.inner);
        if let Some(shortcut) = &self.shortcut {
            v.layer("shortcut", &**shortcut);
        }
    }

    fn trace(&self, x: &Tensor<T>, trace: &mut Trace) -> Tensor<T> {
        self.run(x, |name, layer, x| trace.layer(name, layer, x))
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
