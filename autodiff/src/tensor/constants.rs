//! Constants made by a rule: sequences, the identity, random numbers, classes as rows.

use std::f64::consts::SQRT_2;

use num_traits::ToPrimitive;
use rand::distr::{Open01, StandardUniform};
use rand::{Rng, RngExt};

use super::Tensor;
use super::layout::checked_len;
use crate::Real;

impl<T: Real> Tensor<T> {
    /// The identity matrix of `n` rows.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// assert_eq!(Tensor::<f64>::eye(2).to_array(), ndarray::array![[1.0, 0.0], [0.0, 1.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the number of elements overflows.
    #[doc(alias = "identity")]
    #[track_caller]
    pub fn eye(n: usize) -> Self {
        Self::scalar(T::one()).broadcast_to(&[n]).diag()
    }

    /// `start`, `start + step`, `start + 2 step`, … as long as `end` is not reached; nothing if the step leads away from it.
    ///
    /// Rounding decides whether an element is counted that is `end` but for rounding; [`linspace`](Self::linspace) takes their
    /// number instead.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// assert_eq!(Tensor::arange(1.0, 4.0, 1.0).to_array(), ndarray::array![1.0, 2.0, 3.0].into_dyn());
    /// assert_eq!(Tensor::arange(0.0, -1.0, -0.5).to_array(), ndarray::array![0.0, -0.5].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If a number is not finite or the step is 0, or if there are too many elements.
    #[doc(alias = "range")]
    #[track_caller]
    pub fn arange(start: T, end: T, step: T) -> Self {
        let finite = start.is_finite() && end.is_finite() && step.is_finite();
        assert!(
            finite && !step.is_zero(),
            "arange: from {start} to {end} in steps of {step}; the numbers must be finite and the step not 0"
        );
        let count = ((end - start) / step).primal().ceil().max(0.0).to_usize();
        let Some(count) = count.filter(|&count| checked_len(&[count]).is_some()) else {
            panic!("arange: from {start} to {end} in steps of {step} there are too many elements")
        };
        Self::numbered(count, |k| start + step * T::of(k as f64))
    }

    /// `count` numbers at equal distances, the first `start` and the last `end`; of one, `start`.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// assert_eq!(Tensor::linspace(0.0, 1.0, 3).to_array(), ndarray::array![0.0, 0.5, 1.0].into_dyn());
    /// ```
    pub fn linspace(start: T, end: T, count: usize) -> Self {
        let last = count.max(2) - 1;
        let step = (end - start) / T::of(last as f64);
        Self::numbered(count, |k| if k == last { end } else { start + step * T::of(k as f64) })
    }

    fn numbered(count: usize, f: impl FnMut(usize) -> T) -> Self {
        Self::from((0..count).map(f).collect::<Vec<_>>())
    }

    /// Numbers from the normal distribution of mean 0 and deviation 1, drawn in row-major order, in `f64` whatever `T` is.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let x = Tensor::<f64>::randn(&[100, 100], &mut rng);
    /// assert!(x.mean().item().abs() < 0.03 && (x.flatten().std(0).item() - 1.0).abs() < 0.03);
    /// ```
    ///
    /// # Panics
    /// If the number of elements overflows.
    #[doc(alias("normal", "standard_normal"))]
    #[track_caller]
    pub fn randn(shape: &[usize], rng: &mut impl Rng) -> Self {
        // The distribution function's inverse, at a number between 0 and 1.
        Self::drawn(shape, || T::of(SQRT_2 * (2.0 * rng.sample::<f64, _>(Open01) - 1.0).inv_erf()))
    }

    /// Numbers from the uniform distribution between `low` and `high`, drawn in row-major order, in `f64` whatever `T` is.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let x = Tensor::rand_uniform(&[100], -1.0, 1.0, &mut rng);
    /// assert!(x.to_array().iter().all(|x| (-1.0..=1.0).contains(x)));
    /// ```
    ///
    /// # Panics
    /// If `low > high` or the distance between them is not finite, or if the number of elements overflows.
    #[doc(alias("rand", "uniform"))]
    #[track_caller]
    pub fn rand_uniform(shape: &[usize], low: T, high: T, rng: &mut impl Rng) -> Self {
        let width = high - low;
        assert!(
            low <= high && width.is_finite(),
            "rand_uniform: from {low} to {high}; both must be finite, and the lower not above the upper"
        );
        Self::drawn(shape, || low + width * T::of(rng.sample(StandardUniform)))
    }

    #[track_caller]
    fn drawn(shape: &[usize], draw: impl FnMut() -> T) -> Self {
        let mut x = Self::zeros(shape);
        x.make_mut().fill_with(draw);
        x
    }

    /// Numbers of classes as rows: 1 at the class, 0 elsewhere, along a new last axis of length `classes`. A constant.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let rows = Tensor::from(vec![1.0, 0.0]).one_hot(3);
    /// assert_eq!(rows.to_array(), array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an element is no whole number from 0 to `classes - 1`.
    #[track_caller]
    pub fn one_hot(&self, classes: usize) -> Self {
        for (i, class) in self.view().iter().map(|x| x.primal()).enumerate() {
            if class.fract() != 0.0 || !(0.0..classes as f64).contains(&class) {
                let rule =
                    format!("element {i} is {class}; the number of a class is whole, from 0 on, and below {classes}");
                self.refuse("one_hot", rule);
            }
        }
        let numbers = Self::numbered(classes, |k| T::of(k as f64));
        self.untracked().unsqueeze(self.ndim()).equal(numbers).noted("one_hot", &[self])
    }
}
