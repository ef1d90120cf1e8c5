//! Items in another shape.

use autodiff::{Real, Tensor};

use crate::layer::{Layer, Visit};

/// All axes after the first become one: a batch of pictures becomes a batch of rows.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Flatten, Layer};
/// assert_eq!(Flatten.forward(&Tensor::<f32>::zeros(&[5, 3, 8, 8])).shape(), [5, 192]);
/// ```
///
/// # Panics
/// `forward`, if the input has no axes.
#[doc(alias = "ravel")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flatten;

impl<T: Real> Layer<T> for Flatten {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let [items, item @ ..] = x.shape() else {
            panic!("Flatten: the input is a single number, expected a batch of items")
        };
        x.reshape(&[*items, item.iter().product()])
    }

    fn visit(&self, _: &mut Visit<'_, T>) {}

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(*self))
    }
}

/// Each item of a batch in another shape, in row-major order: a batch of rows becomes a batch of pictures.
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Layer, Reshape};
/// assert_eq!(Reshape::new(&[3, 8, 8]).forward(&Tensor::<f32>::zeros(&[5, 192])).shape(), [5, 3, 8, 8]);
/// ```
///
/// # Panics
/// `forward`, if an item has another number of elements.
#[doc(alias("Unflatten", "view"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshape {
    item: Vec<usize>,
}

impl Reshape {
    /// Creates a layer that gives each item this shape.
    pub fn new(item: &[usize]) -> Self {
        Self { item: item.to_vec() }
    }
}

impl<T: Real> Layer<T> for Reshape {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let wanted = self.item.iter().product::<usize>();
        let fits = x.shape().split_first().is_some_and(|(_, item)| item.iter().product::<usize>() == wanted);
        assert!(
            fits,
            "Reshape: the input has shape {:?}, expected items of {wanted} numbers to give them shape {:?}",
            x.shape(),
            self.item
        );
        let shape: Vec<usize> = x.shape()[..1].iter().chain(&self.item).copied().collect();
        x.reshape(&shape)
    }

    fn visit(&self, _: &mut Visit<'_, T>) {}

    fn describe(&self) -> String {
        format!("Reshape({:?})", self.item)
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
