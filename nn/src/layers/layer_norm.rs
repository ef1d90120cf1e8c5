//! Layer normalisation.

use autodiff::{Real, Tensor, elementwise};

use crate::expect;
use crate::layer::{Layer, Visit};
use crate::param::Param;

elementwise!(sum squares(c) => c.square());
elementwise!(normalised(c, deviation, weight, bias) => c / deviation * weight + bias);

/// Layer normalisation (Ba, Kiros and Hinton 2016): each item is brought to mean 0 and variance 1 over its last axes, then
/// scaled and shifted element by element, `y = weight ⊙ (x - mean) / √(var + ε) + bias`. Training and evaluation are the
/// same.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Layer, LayerNorm};
/// use ndarray::array;
/// let layer = LayerNorm::<f64>::new(&[2]).eps(0.0);
/// let y = layer.forward(&Tensor::constant(array![[1.0, 3.0], [10.0, 0.0]]));
/// assert_eq!(y.to_array(), array![[-1.0, 1.0], [1.0, -1.0]].into_dyn());
/// ```
///
/// # Panics
/// `forward`, if the input does not end in the layer's shape.
#[derive(Clone, Debug)]
pub struct LayerNorm<T: Real> {
    weight: Param<T>,
    bias: Param<T>,
    eps: f64,
}

impl<T: Real> LayerNorm<T> {
    /// A layer over the last axes, which have the lengths `shape`: weight 1, bias 0, ε 1e-5.
    ///
    /// # Panics
    /// If `shape` is empty or holds a 0.
    #[track_caller]
    pub fn new(shape: &[usize]) -> Self {
        assert!(
            !shape.is_empty() && !shape.contains(&0),
            "LayerNorm: shape {shape:?}, expected the lengths of the last axes, each 1 or more"
        );
        Self { weight: Param::new(Tensor::ones(shape)), bias: Param::new(Tensor::zeros(shape)), eps: 1e-5 }
    }

    /// Sets `ε`, which is added to variances.
    ///
    /// # Panics
    /// If it is negative or not finite.
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        Self { eps: expect::not_negative("LayerNorm: ε", eps), ..self }
    }
}

impl<T: Real> Layer<T> for LayerNorm<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let weight = self.weight.value();
        let shape = weight.shape();
        assert!(
            x.shape().ends_with(shape),
            "LayerNorm: the input has shape {:?}, which must end in {shape:?}",
            x.shape()
        );
        let axes: Vec<usize> = (x.ndim() - shape.len()..x.ndim()).collect();
        let centred = x - x.mean_axes(&axes, true);
        let var = squares(&centred, &axes, true) / T::of(weight.len() as f64);
        normalised(&centred, &(var + T::of(self.eps)).sqrt(), &self.weight.tensor(), &self.bias.tensor())
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("weight", &self.weight);
        v.param("bias", &self.bias);
    }

    fn describe(&self) -> String {
        format!("LayerNorm{:?}", self.weight.value().shape())
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
