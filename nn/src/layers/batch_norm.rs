//! Batch normalisation.

use std::cell::Cell;

use autodiff::{Real, Tensor};

use crate::buffer::Buffer;
use crate::expect;
use crate::layer::{Layer, Visit};
use crate::mode::Mode;
use crate::param::Param;

/// Batch normalisation (Ioffe and Szegedy 2015): each feature is brought to mean 0 and variance 1, then scaled and shifted,
/// `y = weight (x - mean) / √(var + ε) + bias`.
///
/// The input is items × features, items × features × places, or items × features × rows × columns; mean and variance are taken over all axes but the second. In
/// training they are the batch's, with the variance divided by the number of values `n`; the buffers `running_mean` and
/// `running_var` then move towards them, `r ← (1 - momentum) r + momentum s`, where the variance is divided by `n - 1`. In
/// evaluation the running values take their place, and the layer is an affine map. Names and numbers are PyTorch's.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{BatchNorm1d, Layer};
/// use ndarray::array;
/// let mut layer = BatchNorm1d::<f64>::new(1).eps(0.0);
/// let x = Tensor::constant(array![[1.0], [3.0]]);
/// assert_eq!(layer.forward(&x).view(), x.view()); // running mean 0 and variance 1
/// nn::train_mode(&mut layer);
/// assert_eq!(layer.forward(&x).to_array(), array![[-1.0], [1.0]].into_dyn());
/// ```
///
/// # Panics
/// `forward`, if the input has another number of features, or in training with fewer than two values a feature.
#[derive(Clone, Debug)]
#[doc(alias = "BatchNorm")]
pub struct BatchNorm1d<T: Real> {
    weight: Param<T>,
    bias: Param<T>,
    running_mean: Buffer<T>,
    running_var: Buffer<T>,
    eps: f64,
    momentum: f64,
    mode: Cell<Mode>,
}

impl<T: Real> BatchNorm1d<T> {
    /// Creates a layer for this number of features: weight 1, bias 0, running mean 0, running variance 1, ε 1e-5, momentum 0.1.
    pub fn new(features: usize) -> Self {
        let (zeros, ones) = (Tensor::zeros(&[features]), Tensor::ones(&[features]));
        Self {
            weight: Param::new(ones.clone()),
            bias: Param::new(zeros.clone()),
            running_mean: Buffer::new(zeros),
            running_var: Buffer::new(ones),
            eps: 1e-5,
            momentum: 0.1,
            mode: Cell::default(),
        }
    }

    /// Sets `ε`, which is added to variances.
    ///
    /// # Panics
    /// If it is negative or not finite.
    #[track_caller]
    pub fn eps(self, eps: f64) -> Self {
        Self { eps: expect::not_negative("BatchNorm1d: ε", eps), ..self }
    }

    /// Sets the momentum: the share of a batch in the running statistics.
    ///
    /// # Panics
    /// If it is not in `[0, 1]`.
    #[track_caller]
    pub fn momentum(self, momentum: f64) -> Self {
        Self { momentum: expect::fraction("BatchNorm1d: momentum", momentum), ..self }
    }

    /// The mean that is used in evaluation.
    pub fn running_mean(&self) -> &Buffer<T> {
        &self.running_mean
    }

    /// The variance that is used in evaluation.
    pub fn running_var(&self) -> &Buffer<T> {
        &self.running_var
    }

    /// `old` moved towards a batch's statistic.
    fn track(&self, old: &Buffer<T>, new: &Tensor<T>) {
        let share = T::of(self.momentum);
        let new = new.detach().reshape(old.value().shape());
        old.set(old.value() * (T::one() - share) + new * share);
    }
}

impl<T: Real> Layer<T> for BatchNorm1d<T> {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let features = self.weight.value().len();
        assert!(
            matches!(x.ndim(), 2..=4) && x.shape()[1] == features,
            "BatchNorm1d: the input has shape {:?}, expected [items, {features}], [items, {features}, places] or [items, {features}, \
             rows, columns]",
            x.shape()
        );
        // One number a feature, in line with the second axis.
        let mut column = vec![1; x.ndim()];
        column[1] = features;
        let line = |values: Tensor<T>| values.reshape(&column);
        let (weight, bias, eps) = (line(self.weight.tensor()), line(self.bias.tensor()), T::of(self.eps));
        if self.mode.get() == Mode::Eval {
            let (mean, var) = (line(self.running_mean.value()), line(self.running_var.value()));
            let scale = weight / (var + eps).sqrt();
            return x * &scale + (bias - mean * scale);
        }
        let count = x.len() / features.max(1);
        assert!(
            count > 1,
            "BatchNorm1d: {count} value a feature in a batch of shape {:?}; in training the variance needs at least two \
             (`Trainer::drop_last` leaves out a last batch of one), in evaluation (`nn::eval_mode`) one is enough",
            x.shape()
        );
        let axes: Vec<usize> = (0..x.ndim()).filter(|&axis| axis != 1).collect();
        let mean = x.mean_axes(&axes, true);
        let centred = x - &mean;
        let var = centred.square().mean_axes(&axes, true);
        self.track(&self.running_mean, &mean);
        self.track(&self.running_var, &(var.detach() * T::of(count as f64 / (count - 1) as f64)));
        centred * (weight / (var + eps).sqrt()) + bias
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("weight", &self.weight);
        v.param("bias", &self.bias);
        v.buffer("running_mean", &self.running_mean);
        v.buffer("running_var", &self.running_var);
        v.mode(&self.mode);
    }

    fn describe(&self) -> String {
        format!("BatchNorm1d({})", self.weight.value().len())
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}

/// [`BatchNorm1d`] under its name for pictures, items × channels × rows × columns.
pub type BatchNorm2d<T> = BatchNorm1d<T>;
