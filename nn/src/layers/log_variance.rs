//! A learnt variance that does not depend on the input.

use autodiff::{Real, Tensor};

use crate::layer::{Layer, Visit};
use crate::param::Param;

/// Appends a learnt log-variance for each output: from items × outputs to items × 2 outputs, for
/// [`GaussianNll`](crate::loss::GaussianNll) where the noise is the same everywhere (L9).
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Layer, LogVariance};
/// let y = LogVariance::<f64>::new(1).forward(&Tensor::constant(ndarray::array![[3.0], [4.0]]));
/// assert_eq!(y.to_array(), ndarray::array![[3.0, 0.0], [4.0, 0.0]].into_dyn());
/// ```
///
/// # Panics
/// `forward`, if the input is not items × outputs.
#[derive(Clone, Debug)]
pub struct LogVariance<T: Real> {
    log_variance: Param<T>,
}

impl<T: Real> LogVariance<T> {
    /// A layer for this number of outputs, with variances of 1.
    pub fn new(outputs: usize) -> Self {
        Self { log_variance: Param::new(Tensor::zeros(&[outputs])) }
    }

    /// The logarithms of the variances.
    pub fn log_variance(&self) -> &Param<T> {
        &self.log_variance
    }
}

impl<T: Real> Layer<T> for LogVariance<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let outputs = self.log_variance.value().len();
        assert!(
            x.ndim() == 2 && x.shape()[1] == outputs,
            "LogVariance: the input has shape {:?}, expected [items, {outputs}]",
            x.shape()
        );
        Tensor::concat(&[x, &self.log_variance.tensor().broadcast_to(x.shape())], 1)
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("log_variance", &self.log_variance);
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
