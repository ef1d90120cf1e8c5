//! Dropout.

use std::cell::Cell;

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn};
use rand::Rng;
use rand_distr::{Bernoulli, Distribution};

use crate::expect;
use crate::layer::{Layer, Visit};
use crate::mode::Mode;
use crate::random::Random;

/// Dropout (Srivastava et al. 2014): in training each element is set to 0 with probability `p` and divided by `1 - p`
/// otherwise, so that the mean stays what it was. In evaluation, the identity.
///
/// The masks come from the layer's own generator, seeded from the one passed in: the same seed gives the same masks, in
/// `f32` as in `f64`. To continue a training run bit for bit, see [`random_states`](crate::random_states).
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Dropout, Layer};
/// use rand::SeedableRng;
/// let mut layer = Dropout::new(0.25, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
/// let x = Tensor::<f64>::full(&[4, 100], 3.0);
/// assert_eq!(layer.forward(&x).view(), x.view());
/// nn::train_mode::<f64>(&mut layer);
/// assert!(layer.forward(&x).view().iter().all(|&y| y == 0.0 || y == 4.0));
/// ```
#[derive(Clone, Debug)]
pub struct Dropout {
    p: f64,
    mode: Cell<Mode>,
    random: Random,
}

impl Dropout {
    /// A layer that drops each element with probability `p`.
    ///
    /// # Panics
    /// If `p` is not in `[0, 1)`.
    #[track_caller]
    pub fn new(p: f64, rng: &mut impl Rng) -> Self {
        expect::below_one("dropout probability", p);
        Self { p, mode: Cell::default(), random: Random::new(rng) }
    }
}

impl<T: Real> Layer<T> for Dropout {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        if self.mode.get() == Mode::Eval || self.p == 0.0 {
            return x.clone();
        }
        let kept = Bernoulli::new(1.0 - self.p).expect("a probability");
        let scale = T::of(1.0 / (1.0 - self.p));
        let mask = self.random.draw(|rng| {
            ArrayD::from_shape_simple_fn(IxDyn(x.shape()), || if kept.sample(rng) { scale } else { T::zero() })
        });
        x * Tensor::constant(mask)
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.mode(&self.mode);
        v.random("random", &self.random);
    }

    fn describe(&self) -> String {
        format!("Dropout({})", self.p)
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
