//! Initial weights, drawn from a generator that is passed in.

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn};
use rand::Rng;
use rand_distr::{Distribution, Normal, Uniform};

/// The distribution of initial weights. `fan_in` and `fan_out` are a unit's numbers of inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// All zero.
    Zeros,
    /// Uniform on `[-a, a]`.
    Uniform(f64),
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Uniform with variance `2 / (fan_in + fan_out)`: for sigmoid and tanh (Glorot and Bengio 2010).
    #[doc(alias("glorot_uniform", "xavier_uniform_"))]
    XavierUniform,
    /// Normal with variance `2 / (fan_in + fan_out)`.
    #[doc(alias("glorot_normal", "xavier_normal_"))]
    XavierNormal,
    /// Uniform with variance `2 / fan_in`: for rectifiers (He et al. 2015).
    #[doc(alias("kaiming_uniform", "kaiming_uniform_"))]
    HeUniform,
    /// Normal with variance `2 / fan_in`.
    #[doc(alias("kaiming_normal", "kaiming_normal_"))]
    HeNormal,
}

impl Init {
    /// Draws a tensor of weights. Elements are drawn one by one in row-major order, in `f64` whatever `T` is.
    ///
    /// ```
    /// use nn::Init;
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let w = Init::HeUniform.sample::<f64>(&[100, 50], 50, 100, &mut rng);
    /// assert!(w.to_array().iter().all(|w| w.abs() <= (6.0_f64 / 50.0).sqrt()));
    /// ```
    ///
    /// # Panics
    /// If the limit or the deviation is negative or not finite.
    #[track_caller]
    pub fn sample<T: Real>(self, shape: &[usize], fan_in: usize, fan_out: usize, rng: &mut impl Rng) -> Tensor<T> {
        let he = 2.0 / fan_in.max(1) as f64;
        let xavier = 2.0 / (fan_in + fan_out).max(1) as f64;
        // A uniform distribution on [-a, a] has variance a² / 3.
        match self {
            Self::Zeros => Tensor::zeros(shape),
            Self::Uniform(a) => uniform(shape, a, rng),
            Self::Normal(deviation) => normal(shape, deviation, rng),
            Self::XavierUniform => uniform(shape, (3.0 * xavier).sqrt(), rng),
            Self::XavierNormal => normal(shape, xavier.sqrt(), rng),
            Self::HeUniform => uniform(shape, (3.0 * he).sqrt(), rng),
            Self::HeNormal => normal(shape, he.sqrt(), rng),
        }
    }
}

#[track_caller]
fn uniform<T: Real>(shape: &[usize], a: f64, rng: &mut impl Rng) -> Tensor<T> {
    let Ok(distribution) = Uniform::new_inclusive(-a, a) else {
        panic!("Init::Uniform: the limit is {a}, expected a finite number that is not negative")
    };
    draw(shape, distribution, rng)
}

#[track_caller]
fn normal<T: Real>(shape: &[usize], deviation: f64, rng: &mut impl Rng) -> Tensor<T> {
    let Some(distribution) = Normal::new(0.0, deviation).ok().filter(|_| deviation >= 0.0) else {
        panic!("Init::Normal: the standard deviation is {deviation}, expected a finite number that is not negative")
    };
    draw(shape, distribution, rng)
}

fn draw<T: Real>(shape: &[usize], distribution: impl Distribution<f64>, rng: &mut impl Rng) -> Tensor<T> {
    Tensor::constant(ArrayD::from_shape_simple_fn(IxDyn(shape), || T::of(distribution.sample(rng))))
}
