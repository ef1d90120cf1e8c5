//! The likelihood of counts.

use autodiff::{Real, Tensor};

use super::reduction::Reduction;
use super::term::{Loss, same, weighted};

/// The negative log-likelihood of counts `t` of a Poisson distribution of rate `y`, or of `y = e^a`: `y - t ln y` for each
/// element.
///
/// ```
/// use autodiff::Tensor;
/// use nn::loss::{Loss, Poisson};
/// use ndarray::array;
/// let (a, t) = (Tensor::constant(array![0.0]), Tensor::constant(array![2.0]));
/// assert_eq!(Poisson::from_log_rates().loss(&a, &t).item(), 1.0);
/// let probability = (-Poisson::from_log_rates().with_constant().loss(&a, &t)).exp().item(); // e^-1 / 2!
/// assert!((probability - (-1.0_f64).exp() / 2.0).abs() < 1e-15);
/// ```
///
/// # Panics
/// `loss`, if the shapes differ.
#[doc(alias("PoissonNLLLoss", "poisson_nll_loss"))]
#[derive(Clone, Copy, Debug)]
pub struct Poisson {
    log: bool,
    constant: bool,
    reduction: Reduction,
}

impl Poisson {
    /// The loss of logarithms of rates, with the mean over all elements, without the constant `ln t!`. One of `-inf` costs
    /// nothing where the count is 0, and infinity elsewhere.
    pub fn from_log_rates() -> Self {
        Self { log: true, constant: false, reduction: Reduction::default() }
    }

    /// The loss of rates, with the mean over all elements, without the constant `ln t!`. A rate of 0 costs nothing where the
    /// count is 0, and infinity elsewhere.
    pub fn from_rates() -> Self {
        Self { log: false, ..Self::from_log_rates() }
    }

    /// Adds the constant `ln t!` for each element, which makes it the likelihood itself.
    pub fn with_constant(self) -> Self {
        Self { constant: true, ..self }
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }
}

impl<T: Real> Loss<T> for Poisson {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        same("Poisson", y, t);
        let (rate, logs) = if self.log { (y.exp(), weighted(t, y)) } else { (y.clone(), t.xlogy(y)) };
        // An infinite rate is more than its logarithm times any count.
        let losses = Tensor::select(&rate.mask(|rate| rate == T::infinity()), &rate, &(&rate - logs));
        let losses = if self.constant { losses + (t + T::one()).ln_gamma() } else { losses };
        self.reduction.apply(&losses)
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.reduction.weight(t)
    }
}
