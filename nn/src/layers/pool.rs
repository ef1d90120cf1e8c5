//! Pooling.

use autodiff::tensor::Pool;
use autodiff::{Real, Tensor};

use crate::layer::{Layer, Visit};

/// The largest element in each place of a moving window: [`Tensor::max_pool2d`](autodiff::Tensor::max_pool2d).
///
/// ```
/// use autodiff::{Tensor, tensor::Pool};
/// use nn::{Layer, MaxPool2d};
/// assert_eq!(MaxPool2d(Pool::new(2)).forward(&Tensor::<f32>::zeros(&[10, 3, 8, 8])).shape(), [10, 3, 4, 4]);
/// ```
#[doc(alias = "max_pool")]
#[derive(Clone, Copy, Debug)]
pub struct MaxPool2d(pub Pool);

impl<T: Real> Layer<T> for MaxPool2d {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        x.max_pool2d(self.0)
    }

    fn visit(&self, _: &mut Visit<'_, T>) {}

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(*self))
    }
}

/// The mean in each place of a moving window: [`Tensor::avg_pool2d`](autodiff::Tensor::avg_pool2d).
///
/// ```
/// use autodiff::{Tensor, tensor::Pool};
/// use nn::{AvgPool2d, Layer};
/// assert_eq!(AvgPool2d(Pool::new([8, 8])).forward(&Tensor::<f32>::zeros(&[10, 3, 8, 8])).shape(), [10, 3, 1, 1]);
/// ```
#[doc(alias = "avg_pool")]
#[derive(Clone, Copy, Debug)]
pub struct AvgPool2d(pub Pool);

impl<T: Real> Layer<T> for AvgPool2d {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        x.avg_pool2d(self.0)
    }

    fn visit(&self, _: &mut Visit<'_, T>) {}

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(*self))
    }
}
