//! Activation functions.

use std::fmt;
use std::str::FromStr;

use autodiff::{Real, Tensor};

use crate::{Init, Layer, Visit, VisitMut};

/// A unit's nonlinearity `z = h(a)`, applied element by element; softmax along the last axis (L4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activation {
    /// `a`.
    Identity,
    /// 1 for `a >= 0`, else 0. The derivative is 0 everywhere: a network of such units decides, but cannot learn (L3).
    Heaviside,
    /// `1 / (1 + e^-a)`.
    Sigmoid,
    /// `tanh a`.
    Tanh,
    /// `a` for `a > 0`, else 0; derivative 0 at 0.
    Relu,
    /// `ln(1 + e^a)`.
    Softplus,
    /// `e^{a_k} / Σ e^{a_j}` over the last axis.
    Softmax,
}

impl Activation {
    /// Applies the function.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use nn::Activation;
    /// let a = Tensor::constant(ndarray::array![-1.0, 0.0, 2.0]);
    /// assert_eq!(Activation::Relu.apply(&a).to_array(), ndarray::array![0.0, 0.0, 2.0].into_dyn());
    /// assert_eq!(Activation::Heaviside.apply(&a).to_array(), ndarray::array![0.0, 1.0, 1.0].into_dyn());
    /// ```
    #[track_caller]
    pub fn apply<T: Real>(self, a: &Tensor<T>) -> Tensor<T> {
        match self {
            Self::Identity => a.clone(),
            // The table's step is 0 at 0; 1 - step(-a) is 1 there, as the perceptron's convention wants.
            Self::Heaviside => -(-a).step() + T::one(),
            Self::Sigmoid => a.sigmoid(),
            Self::Tanh => a.tanh(),
            Self::Relu => a.relu(),
            Self::Softplus => a.softplus(),
            Self::Softmax => a.softmax(a.ndim().saturating_sub(1)),
        }
    }

    /// The initialisation that keeps the variance from layer to layer.
    pub fn init(self) -> Init {
        match self {
            Self::Relu | Self::Softplus => Init::HeUniform,
            _ => Init::XavierUniform,
        }
    }
}

impl<T: Real> Layer<T> for Activation {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        self.apply(x)
    }

    fn visit(&self, _: &mut Visit<'_, T>) {}

    fn visit_mut(&mut self, _: &mut VisitMut<'_, T>) {}
}

const NAMES: [(&str, Activation); 7] = [
    ("identity", Activation::Identity),
    ("heaviside", Activation::Heaviside),
    ("sigmoid", Activation::Sigmoid),
    ("tanh", Activation::Tanh),
    ("relu", Activation::Relu),
    ("softplus", Activation::Softplus),
    ("softmax", Activation::Softmax),
];

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, activation)| activation == self).map_or("", |(name, _)| name);
        f.pad(name)
    }
}

impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, activation)| *activation).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            format!("{text:?} is no activation; expected one of {}", names.join(", "))
        })
    }
}
