//! Convolution.

use autodiff::tensor::Conv;
use autodiff::{Real, Tensor};
use rand::Rng;

use crate::init::Init;
use crate::layer::{Layer, Visit};
use crate::param::Param;

/// Convolution of images: items × channels × rows × columns, see
/// [`Tensor::conv2d`](autodiff::Tensor::conv2d). The parameters are `weight`, outputs × channels × kernel rows × kernel
/// columns, and `bias`.
///
/// ```
/// use autodiff::{Tensor, tensor::Conv};
/// use nn::{Conv2d, Init, Layer};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let layer = Conv2d::<f32>::new(3, 8, [5, 5], Init::HeUniform, &mut rng).how(Conv::new().stride(2).padding(2));
/// assert_eq!(layer.forward(&Tensor::zeros(&[10, 3, 32, 32])).shape(), [10, 8, 16, 16]);
/// ```
///
/// # Panics
/// `forward`, if the input has another number of axes or channels, or is smaller than the kernel.
#[derive(Clone, Debug)]
#[doc(alias = "Conv")]
pub struct Conv2d<T: Real> {
    weight: Param<T>,
    bias: Option<Param<T>>,
    how: Conv,
}

impl<T: Real> Conv2d<T> {
    /// Draws weights by `init`; the bias is 0. `channels` are those that an output reads: all of the image's, or with groups
    /// those of one group.
    pub fn new(channels: usize, outputs: usize, kernel: [usize; 2], init: Init, rng: &mut impl Rng) -> Self {
        let [rows, columns] = kernel;
        let (fan_in, fan_out) = (channels * rows * columns, outputs * rows * columns);
        let weight = init.sample(&[outputs, channels, rows, columns], fan_in, fan_out, rng);
        Self { weight: Param::new(weight), bias: Some(Param::new(Tensor::zeros(&[outputs]))), how: Conv::new() }
    }

    /// Takes weights (outputs × channels × kernel rows × kernel columns) and a bias (outputs).
    ///
    /// # Panics
    /// If the shapes do not go together.
    #[track_caller]
    pub fn from_weights(weight: impl Into<Tensor<T>>, bias: impl Into<Tensor<T>>) -> Self {
        let (weight, bias) = (weight.into(), bias.into());
        let fits = matches!((weight.shape(), bias.shape()), (&[outputs, _, _, _], &[n]) if n == outputs);
        assert!(
            fits,
            "Conv2d: weight {:?} and bias {:?} do not fit: expected [outputs, channels, rows, columns] and [outputs]",
            weight.shape(),
            bias.shape()
        );
        Self { weight: Param::new(weight), bias: Some(Param::new(bias)), how: Conv::new() }
    }

    /// Sets stride, padding, dilation and groups.
    pub fn how(self, how: Conv) -> Self {
        Self { how, ..self }
    }

    /// Removes the bias.
    pub fn without_bias(self) -> Self {
        Self { bias: None, ..self }
    }

    /// The weights, outputs × channels × kernel rows × kernel columns.
    pub fn weight(&self) -> &Param<T> {
        &self.weight
    }
}

impl<T: Real> Layer<T> for Conv2d<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        x.conv2d(&self.weight.tensor(), self.bias.as_ref().map(Param::tensor).as_ref(), self.how)
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("weight", &self.weight);
        if let Some(bias) = &self.bias {
            v.param("bias", bias);
        }
    }

    fn describe(&self) -> String {
        let weight = self.weight.value();
        let shape = weight.shape();
        let bias = if self.bias.is_some() { "" } else { ", no bias" };
        format!("Conv2d({} -> {}, {} x {}{bias})", shape[1], shape[0], shape[2], shape[3])
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
