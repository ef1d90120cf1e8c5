//! Values of a model that are not trained.

use std::cell::RefCell;

use autodiff::{Real, Tensor};

/// Values that belong to a model but are not parameters: running statistics, fixed centres.
///
/// A buffer has a name and is saved and loaded with the weights. It is not optimised and not counted among the parameters,
/// and no gradient flows to it. A layer may change it in its `forward`, which has `&self`.
///
/// ```
/// use nn::Buffer;
/// let mean = Buffer::new(ndarray::array![0.0, 0.0]);
/// mean.set(ndarray::array![1.0, 2.0]);
/// assert_eq!(mean.value().to_array(), ndarray::array![1.0, 2.0].into_dyn());
/// ```
pub struct Buffer<T: Real>(RefCell<Tensor<T>>);

impl<T: Real> Buffer<T> {
    /// A buffer with these values.
    pub fn new(value: impl Into<Tensor<T>>) -> Self {
        Self(RefCell::new(value.into().detach()))
    }

    /// Returns the values as a constant that shares its elements with the buffer.
    pub fn value(&self) -> Tensor<T> {
        self.0.borrow().clone()
    }

    /// Replaces the values.
    ///
    /// # Panics
    /// If the shape differs.
    #[track_caller]
    pub fn set(&self, value: impl Into<Tensor<T>>) {
        let value = value.into().detach();
        let mut old = self.0.borrow_mut();
        assert!(
            value.shape() == old.shape(),
            "Buffer: the new values have shape {:?}, the buffer {:?}; a buffer keeps its shape",
            value.shape(),
            old.shape()
        );
        *old = value;
    }
}

/// The values alone.
impl<T: Real> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self::new(self.value())
    }
}

impl<T: Real> std::fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Buffer({:?})", self.0.borrow().shape())
    }
}
