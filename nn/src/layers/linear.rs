//! The affine map.

use autodiff::{Real, Tensor};
use rand::Rng;

use crate::init::Init;
use crate::layer::{Layer, Visit};
use crate::param::Param;

/// `y = x Wᵀ + b`, with `W` of shape outputs × inputs, for a batch `x` of shape items × inputs, or one item, or any
/// number of leading axes.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Layer, Linear};
/// use ndarray::array;
/// let layer = Linear::from_weights(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], array![0.0, 0.0, 1.0]);
/// let y = layer.forward(&Tensor::constant(array![[1.0, 1.0]]));
/// assert_eq!(y.to_array(), array![[3.0, 7.0, 12.0]].into_dyn());
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "Dense")]
pub struct Linear<T: Real> {
    weight: Param<T>,
    /// Stays 0 and is not listed where the layer has no bias.
    bias: Param<T>,
    has_bias: bool,
}

impl<T: Real> Linear<T> {
    /// Draws weights by `init`; the bias is 0.
    pub fn new(inputs: usize, outputs: usize, init: Init, rng: &mut impl Rng) -> Self {
        let weight = init.sample(&[outputs, inputs], inputs, outputs, rng);
        Self { weight: Param::new(weight), bias: Param::new(Tensor::zeros(&[outputs])), has_bias: true }
    }

    /// Takes weights (outputs × inputs) and a bias (outputs).
    ///
    /// # Panics
    /// If the shapes do not go together.
    #[track_caller]
    pub fn from_weights(weight: impl Into<Tensor<T>>, bias: impl Into<Tensor<T>>) -> Self {
        let (weight, bias) = (weight.into(), bias.into());
        let fits = matches!((weight.shape(), bias.shape()), (&[outputs, _], &[n]) if n == outputs);
        assert!(
            fits,
            "Linear: weight {:?} and bias {:?} do not fit: expected [outputs, inputs] and [outputs]",
            weight.shape(),
            bias.shape()
        );
        Self { weight: Param::new(weight), bias: Param::new(bias), has_bias: true }
    }

    /// Removes the bias, which leaves `x Wᵀ`: none is trained, saved or counted.
    ///
    /// ```
    /// use nn::{Init, Linear};
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let layer = Linear::<f64>::new(2, 3, Init::XavierUniform, &mut rng).without_bias();
    /// assert_eq!(nn::names(&layer), ["weight"]);
    /// ```
    pub fn without_bias(self) -> Self {
        let zero = Tensor::zeros(self.bias.value().shape());
        Self { bias: Param::new(zero), has_bias: false, ..self }
    }

    /// The weights, outputs × inputs.
    pub fn weight(&self) -> &Param<T> {
        &self.weight
    }

    pub(crate) fn has_bias(&self) -> bool {
        self.has_bias
    }

    /// The bias, one number for each output; zeros if the layer has none.
    pub fn bias(&self) -> &Param<T> {
        &self.bias
    }
}

impl<T: Real> Layer<T> for Linear<T> {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let bias = if self.has_bias { self.bias.tensor() } else { self.bias.value() };
        x.linear(&self.weight.tensor(), &bias)
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("weight", &self.weight);
        if self.has_bias {
            v.param("bias", &self.bias);
        }
    }

    fn describe(&self) -> String {
        let (weight, bias) = (self.weight.value(), if self.has_bias { "" } else { ", no bias" });
        let shape = weight.shape();
        format!("Linear({} -> {}{bias})", shape[1], shape[0])
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
