//! Losses of single elements with nothing to set but the reduction.

use autodiff::{Real, Tensor};

use super::reduction::Reduction;
use super::term::{Loss, complement, same};

/// Defines losses by what each element of `y` and `t` costs.
macro_rules! elementwise {
    ($($(#[$doc:meta])* $name:ident($y:ident, $t:ident) => $losses:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $name(Reduction);

        impl $name {
            /// The loss, with the mean over all elements.
            pub fn new() -> Self {
                Self::default()
            }

            /// Sets how the elements' losses become one.
            pub fn reduction(self, reduction: Reduction) -> Self {
                Self(reduction)
            }
        }

        impl<T: Real> Loss<T> for $name {
            #[track_caller]
            fn loss(&self, $y: &Tensor<T>, $t: &Tensor<T>) -> Tensor<T> {
                same(stringify!($name), $y, $t);
                self.0.apply(&($losses))
            }
        }
    )* };
}

elementwise! {
    /// `½ (y - t)²` for each element: the negative log-likelihood of a normal distribution of variance 1, up to a constant
    /// (L9). The derivative is `y - t`.
    ///
    /// # Panics
    /// `loss`, if the shapes differ.
    HalfSquaredError(y, t) => (y - t).square() * T::of(0.5);

    /// `|y - t|` for each element; the derivative at 0 is 0.
    ///
    /// # Panics
    /// `loss`, if the shapes differ.
    AbsoluteError(y, t) => (y - t).abs();

    /// `[1 - t y]_+` for each element, with targets `t = ±1`: 0 beyond the margin, so that only points inside it or on the
    /// wrong side pull (L12). The derivative at the kink is 0.
    ///
    /// # Panics
    /// `loss`, if the shapes differ, or if a target is neither -1 nor 1.
    Hinge(y, t) => violation("Hinge", y, t);

    /// `[1 - t y]_+²` for each element, with targets `t = ±1`: as [`Hinge`], without a kink.
    ///
    /// # Panics
    /// `loss`, if the shapes differ, or if a target is neither -1 nor 1.
    SquaredHinge(y, t) => violation("SquaredHinge", y, t).square();
}

/// By how much each element misses the margin.
#[track_caller]
fn violation<T: Real>(op: &str, y: &Tensor<T>, t: &Tensor<T>) -> Tensor<T> {
    if let Some((at, wrong)) = t.view().iter().enumerate().find(|(_, t)| t.abs() != T::one()) {
        panic!("{op}: target {at} is {wrong}, expected -1 or 1");
    }
    complement(&(t * y)).relu()
}
