//! Activation functions.

use std::fmt;
use std::str::FromStr;

use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Real, Tensor, elementwise};
use ndarray::{ArrayD, ArrayViewD};

use crate::init::Init;
use crate::layer::{Layer, Visit};

/// A unit's nonlinearity `z = h(a)`, applied element by element; softmax and its logarithm along the last axis (L4).
///
/// Each has a name, with its number in brackets where it has one: `relu`, `leaky_relu(0.2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// `a`.
    Identity,
    /// 1 for `a >= 0`, else 0. The derivative is 0 everywhere: a network of such units decides, but cannot learn (L3).
    #[doc(alias = "step")]
    Heaviside,
    /// As [`Heaviside`](Self::Heaviside), but gradients pass as if it were the identity, so that what comes before can learn:
    /// the straight-through estimator (Bengio, Léonard and Courville 2013). It is not a derivative of the function.
    #[doc(alias = "STE")]
    HeavisideStraightThrough,
    /// `1 / (1 + e^-a)`.
    #[doc(alias("expit", "logistic"))]
    Sigmoid,
    /// `tanh a`.
    Tanh,
    /// `a` for `a > 0`, else 0; derivative 0 at 0.
    Relu,
    /// `a` for `a > 0`, else this slope times `a`; at 0 the derivative is the slope.
    LeakyRelu(f64),
    /// `a` for `a > 0`, else `α (e^a - 1)` with this `α`; at 0 the derivative is `α`.
    Elu(f64),
    /// `ln(1 + e^a)`.
    Softplus,
    /// `a Φ(a)` with the normal distribution function `Φ`, exactly: `a (1 + erf(a/√2)) / 2`.
    Gelu,
    /// `a / (1 + e^-a)`, also known as swish.
    #[doc(alias = "swish")]
    Silu,
    /// `e^{a_k} / Σ e^{a_j}` over the last axis.
    Softmax,
    /// `a_k - ln Σ e^{a_j}` over the last axis.
    LogSoftmax,
}

// In one pass, and one back.
elementwise!(gelu(a) => a * a.normal_cdf());

impl Activation {
    /// Every activation, those with a number at the usual one: slope 0.01, `α = 1`.
    pub const ALL: [Self; 13] = [
        Self::Identity,
        Self::Heaviside,
        Self::HeavisideStraightThrough,
        Self::Sigmoid,
        Self::Tanh,
        Self::Relu,
        Self::LeakyRelu(0.01),
        Self::Elu(1.0),
        Self::Softplus,
        Self::Gelu,
        Self::Silu,
        Self::Softmax,
        Self::LogSoftmax,
    ];

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
        let last = a.ndim().saturating_sub(1);
        match self {
            Self::Identity => a.clone(),
            // The table's step is 0 at 0; 1 - step(-a) is 1 there, as the perceptron's convention wants.
            Self::Heaviside => -(-a).step() + T::one(),
            Self::HeavisideStraightThrough => Tensor::apply(StraightThrough, &[a]).expect("takes any input"),
            Self::Sigmoid => a.sigmoid(),
            Self::Tanh => a.tanh(),
            Self::Relu => a.relu(),
            Self::LeakyRelu(slope) => Tensor::select(&above_zero(a), a, &(a * T::of(slope))),
            Self::Elu(alpha) => {
                let above = above_zero(a);
                // Only what is below 0 goes into the exponential, which would overflow elsewhere.
                let below = Tensor::select(&above, 0.0, a);
                Tensor::select(&above, a, &(below.exp_m1() * T::of(alpha)))
            }
            Self::Softplus => a.softplus(),
            Self::Gelu => gelu(a),
            Self::Silu => a * a.sigmoid(),
            Self::Softmax => a.softmax(last),
            Self::LogSoftmax => a.log_softmax(last),
        }
    }

    /// Returns the initialisation that keeps the variance from layer to layer.
    pub fn init(self) -> Init {
        match self {
            Self::Relu | Self::LeakyRelu(_) | Self::Elu(_) | Self::Softplus | Self::Gelu | Self::Silu => {
                Init::HeUniform
            }
            _ => Init::XavierUniform,
        }
    }

    /// The name without a number.
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Heaviside => "heaviside",
            Self::HeavisideStraightThrough => "heaviside_straight_through",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::LeakyRelu(_) => "leaky_relu",
            Self::Elu(_) => "elu",
            Self::Softplus => "softplus",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log_softmax",
        }
    }

    /// The same function with another number; `None` if it has none.
    fn with_number(self, number: f64) -> Option<Self> {
        match self {
            Self::LeakyRelu(_) => Some(Self::LeakyRelu(number)),
            Self::Elu(_) => Some(Self::Elu(number)),
            _ => None,
        }
    }
}

fn above_zero<T: Real>(a: &Tensor<T>) -> Tensor<T> {
    a.mask(|a| a > T::zero())
}

/// The step forward, the identity backward.
struct StraightThrough;

impl<T: Real> Op<T> for StraightThrough {
    fn name(&self) -> &'static str {
        "heaviside_straight_through"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> autodiff::Result<ArrayD<T>> {
        let step = |a: T| if a >= T::zero() { T::one() } else { T::zero() };
        Ok(x[0].mapv(|a| if a.is_nan() { a } else { step(a) }))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().clone().into()
    }
}

impl<T: Real> Layer<T> for Activation {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        self.apply(x)
    }

    fn visit(&self, _: &mut Visit<'_, T>) {}

    fn describe(&self) -> String {
        self.to_string()
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(*self))
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeakyRelu(number) | Self::Elu(number) => f.pad(&format!("{}({number})", self.name())),
            _ => f.pad(self.name()),
        }
    }
}

/// Reads what `Display` writes; without brackets a number is the usual one of [`ALL`](Activation::ALL).
impl FromStr for Activation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, number)) => (name, Some(number)),
            None => (text, None),
        };
        let Some(found) = Self::ALL.into_iter().find(|activation| activation.name() == name) else {
            let names = Self::ALL.map(Self::name).join(", ");
            return Err(format!("{text:?} is no activation; expected one of {names}"));
        };
        let Some(number) = number else { return Ok(found) };
        let number = number.parse().ok().filter(|number: &f64| number.is_finite());
        number.and_then(|number| found.with_number(number)).ok_or_else(|| {
            let expected =
                found.with_number(0.0).map_or_else(String::new, |_| " and a finite number in brackets".to_owned());
            format!("{text:?} is no activation; expected {name}{expected}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Activation;

    #[test]
    fn names_are_read_back() {
        for activation in Activation::ALL {
            assert_eq!(activation.to_string().parse(), Ok(activation));
            assert_eq!(activation.name().parse(), Ok(activation));
        }
        assert_eq!("leaky_relu(0.2)".parse(), Ok(Activation::LeakyRelu(0.2)));
        let message = |text: &str| text.parse::<Activation>().unwrap_err();
        assert_eq!(message("elu(x)"), "\"elu(x)\" is no activation; expected elu and a finite number in brackets");
        assert_eq!(message("tanh(2)"), "\"tanh(2)\" is no activation; expected tanh");
        assert!(message("rely").starts_with("\"rely\" is no activation; expected one of identity, heaviside, "));
    }
}
