//! Variance and standard deviation.

use super::Tensor;
use super::reduce::Reduced;
use super::rule::Rule;
use super::written::Term::{X, Y};
use super::written::{Written, scaled};
use crate::Real;
use crate::kernels::loops;
use crate::kernels::reduce::{self, larger};
use crate::rules::notation::sign::{A, Atom, B, In, LESS, Piece, Round, SPACE, Same, Sum, TWO, Word};

impl<T: Real> Tensor<T> {
    /// The variance of all elements; see [`var_axes`](Self::var_axes).
    ///
    /// # Panics
    /// If there are not more elements than the correction.
    #[track_caller]
    pub fn var(&self, correction: usize) -> Self {
        self.var_axes(&self.all_axes(), correction, false)
    }

    /// The standard deviation of all elements; see [`std_axes`](Self::std_axes).
    ///
    /// # Panics
    /// If there are not more elements than the correction.
    #[track_caller]
    pub fn std(&self, correction: usize) -> Self {
        self.std_axes(&self.all_axes(), correction, false)
    }

    /// The variance over some axes, `Σ (x_i - mean)² / (n - correction)`, in two passes. With `keep` the axes stay, with
    /// length 1. `correction` is 1 for an estimate from a sample, 0 for the elements themselves.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::constant(ndarray::array![1.0, 2.0, 3.0, 6.0]);
    /// assert_eq!(x.var(0).item(), 3.5);
    /// assert_eq!(x.var_axes(&[0], 1, true).to_array(), ndarray::array![14.0 / 3.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice, or if there are not more elements than the correction.
    #[doc(alias = "var_axis")]
    #[track_caller]
    pub fn var_axes(&self, axes: &[usize], correction: usize, keep: bool) -> Self {
        self.variance(false, axes, correction, keep)
    }

    /// The standard deviation over some axes, the root of [`var_axes`](Self::var_axes), without overflow or underflow of the
    /// squares. Where all elements are the same it is 0 with gradient 0, the least-norm subgradient; so is the second derivative
    /// there, even of its square: that of the variance is right.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 3.0], [2.0, 2.0]]);
    /// let y = x.std_axes(&[1], 0, false);
    /// assert_eq!(y.to_array(), array![1.0, 0.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[-0.5, 0.5], [0.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice, or if there are not more elements than the correction.
    #[doc(alias = "std_axis")]
    #[track_caller]
    pub fn std_axes(&self, axes: &[usize], correction: usize, keep: bool) -> Self {
        self.variance(true, axes, correction, keep)
    }

    /// The variance or its root.
    #[track_caller]
    fn variance(&self, root: bool, axes: &[usize], correction: usize, keep: bool) -> Self {
        let name = if root { "std" } else { "var" };
        let kept = self.kept(name, axes);
        let count = self.reduced_len(&kept);
        if count <= correction && !kept.contains(&0) {
            let rule =
                format!("axes {axes:?} hold {count} elements; more than the correction, {correction}, are needed");
            self.refuse(name, rule);
        }
        // What the sum of squares is divided by.
        let freedom = count as f64 - correction as f64;
        let less_mean = self.untracked().less_mean(axes, &kept);
        let variance = less_mean.square().sum_axes(axes, keep) / T::of(freedom);
        let output = match root {
            false => variance,
            true if variance.view().iter().all(|y| y.is_normal()) => variance.sqrt(),
            // The squares are 0, or beyond the number type's range, where the root need not be.
            true => {
                let top = less_mean.abs().folded(&kept, T::zero(), larger);
                let unit = Self::build(&kept, |out| loops::map1(&kept, top.strided(), out, reduce::unit));
                let squares = (less_mean / &unit).square().sum_axes(axes, true);
                ((squares / T::of(freedom)).sqrt() * unit).dropped(keep, axes)
            }
        };
        Rule {
            name,
            with: (root, Reduced { axes: axes.into(), kept, keep }, correction, freedom),
            forward: |x, &(root, ref over, correction, _)| Ok(x[0].variance(root, &over.axes, correction, over.keep)),
            // With `d = x - mean(x)`: `2 d / f` for the variance, `d / (f y)` for its root, 0 where that is 0.
            vjp: |cx, &(root, Reduced { ref axes, ref kept, .. }, _, freedom)| {
                let g = cx.grad().reshape(kept);
                let less_mean = cx.input(0).less_mean(axes, kept);
                if !root {
                    return g.chain(less_mean * T::of(2.0 / freedom)).into();
                }
                let y = cx.output().reshape(kept);
                let zero = y.mask(|y| y == T::zero());
                let slope = Self::select(&zero, 0.0, less_mean / Self::select(&zero, 1.0, y));
                (g / T::of(freedom)).chain(slope).into()
            },
            notation: |_, &(root, ..)| {
                const LESS_MEAN: Piece = In(Round, &[A, LESS, Word("mean"), SPACE, A]);
                Written::named([if root {
                    scaled(Atom(&[LESS_MEAN, Same("/"), In(Round, &[Same("f "), B])]), [X(0), Y])
                } else {
                    scaled(Sum(&[TWO, LESS_MEAN, Same("/f")]), [X(0)])
                }])
            },
        }
        .record(&[self], output)
    }

    /// `x - mean(x)`, to full accuracy however far from 0 the elements lie: an exact 0 where they are all the same.
    #[track_caller]
    fn less_mean(&self, axes: &[usize], kept: &[usize]) -> Self {
        let shifted = self - self.folded(kept, T::neg_infinity(), larger);
        &shifted - shifted.mean_axes(axes, true)
    }
}
