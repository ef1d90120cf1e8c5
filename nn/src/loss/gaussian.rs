//! The likelihood of a normal distribution whose variance is learnt.

use autodiff::tensor::Elem;
use autodiff::{Real, Tensor, elementwise};

use super::reduction::Reduction;
use super::term::Loss;

/// The negative log-likelihood of `t ~ N(y, σ²)` with a learnt variance: `½ (s + (y - t)² e^-s)` with `s = ln σ²` (L9).
///
/// The outputs are items × 2 D for targets of items × D: first the means, then the log-variances. A network has 2 D outputs
/// where the noise depends on the input; [`LogVariance`](crate::LogVariance) appends free parameters where it does not.
///
/// ```
/// use autodiff::Tensor;
/// use nn::loss::{GaussianNll, Loss};
/// use ndarray::array;
/// let y = Tensor::constant(array![[1.0, 0.0], [5.0, 0.0]]); // mean and log-variance
/// let loss = GaussianNll::new().loss(&y, &Tensor::constant(array![[0.0], [5.0]]));
/// assert_eq!(loss.item(), 0.25);
/// ```
///
/// A deviation of 0 costs nothing at any variance; the loss is NaN where an infinite deviation meets an `s` whose variance
/// is infinite.
///
/// # Panics
/// `loss`, if the shapes are others.
#[doc(alias("GaussianNLLLoss", "gaussian_nll_loss"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct GaussianNll {
    constant: bool,
    reduction: Reduction,
}

impl GaussianNll {
    /// The loss, with the mean over all elements of the targets, without the constant `½ ln 2π`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the constant `½ ln 2π` for each element, which makes it the likelihood itself.
    pub fn with_constant(self) -> Self {
        Self { constant: true, ..self }
    }

    /// Sets how the elements' losses become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }
}

elementwise!(gaussian_nll(y, s, t) => {
    // `e^(-s/4)` overflows only where the square of its own does with any deviation but 0.
    let (e, root) = (y - t, (-0.25 * s).exp());
    let deviations = e * root * root;
    let none = Elem::select(root.equals(f64::INFINITY), 0.0, deviations);
    let squares = 0.5 * Elem::select(e.equals(0.0), none, deviations).square();
    Elem::select(squares.equals(f64::INFINITY), squares, squares + 0.5 * s)
});

impl<T: Real> Loss<T> for GaussianNll {
    #[track_caller]
    fn loss(&self, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
        let fits = matches!((y.shape(), t.shape()), (&[n, two_d], &[m, d]) if n == m && two_d == 2 * d);
        assert!(
            fits,
            "GaussianNll: outputs have shape {:?} and targets {:?}; expected [items, 2 D], means and log-variances, and \
             [items, D]",
            y.shape(),
            t.shape()
        );
        let width = t.shape()[1];
        let (mean, s) = (y.narrow(1, 0..width), y.narrow(1, width..2 * width));
        let losses = gaussian_nll(&mean, &s, t);
        let constant = if self.constant { 0.5 * std::f64::consts::TAU.ln() } else { 0.0 };
        self.reduction.apply(&(losses + T::of(constant)))
    }

    fn weight(&self, t: &Tensor<T>) -> Option<f64> {
        self.reduction.weight(t)
    }
}
