//! Pictures as rows.

use autodiff::{Real, Tensor};

use crate::layer::{Layer, Visit, VisitMut};

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

    fn visit_mut(&mut self, _: &mut VisitMut<'_, T>) {}
}
