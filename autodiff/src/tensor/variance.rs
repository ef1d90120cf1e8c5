//! Variance and standard deviation.

use super::layout::Dims;
use super::op::{Op, on_tensors};
use super::reduce::Reduced;
use super::written::Term::{X, Y};
use super::written::{Operands, Written, scaled};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;
use crate::kernels::reduce::larger;
use crate::rules::Binary;
use crate::rules::notation::sign::{A, Atom, B, In, LESS, Piece, Round, SPACE, Same, Sum, TWO, Word};
use ndarray::{ArrayD, ArrayViewD};

struct Variance {
    name: &'static str,
    over: Reduced,
    correction: usize,
    /// What the sum of squares is divided by.
    freedom: f64,
    /// Whether the result is the root of it.
    root: bool,
}

impl<T: Real> Op<T> for Variance {
    fn name(&self) -> &'static str {
        self.name
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].variance(self.name, &self.over.axes, self.correction, self.over.keep, self.root)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        const LESS_MEAN: Piece = In(Round, &[A, LESS, Word("mean"), SPACE, A]);
        Some(Written::named([if self.root {
            scaled(Atom(&[LESS_MEAN, Same("/"), In(Round, &[Same("f "), B])]), [X(0), Y])
        } else {
            scaled(Sum(&[TWO, LESS_MEAN, Same("/f")]), [X(0)])
        }]))
    }

    /// With `d = x - mean(x)`: `2 d / f` for the variance, `d / (f y)` for its root, 0 where that is 0.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (x, g) = (cx.input(0), cx.grad().reshape(&self.over.kept));
        let less_mean = x.less_mean(&self.over.axes, &self.over.kept);
        let slope = if self.root {
            let y = cx.output().reshape(&self.over.kept);
            let zero = y.mask(|y| y == T::zero());
            let slope = less_mean / (y * T::of(self.freedom));
            Tensor::select(&zero, &Tensor::scalar(T::zero()), &slope)
        } else {
            less_mean * T::of(2.0 / self.freedom)
        };
        g.binary(Binary::Chain, &slope).into()
    }
}

impl<T: Real> Tensor<T> {
    /// The variance of all elements; see [`var_axes`](Self::var_axes).
    ///
    /// # Panics
    /// If there are not more elements than the correction.
    #[track_caller]
    pub fn var(&self, correction: usize) -> Self {
        let axes: Dims = (0..self.ndim()).collect();
        self.var_axes(&axes, correction, false)
    }

    /// The standard deviation of all elements; see [`std_axes`](Self::std_axes).
    ///
    /// # Panics
    /// If there are not more elements than the correction.
    #[track_caller]
    pub fn std(&self, correction: usize) -> Self {
        let axes: Dims = (0..self.ndim()).collect();
        self.std_axes(&axes, correction, false)
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
    #[track_caller]
    pub fn var_axes(&self, axes: &[usize], correction: usize, keep: bool) -> Self {
        self.variance("var", axes, correction, keep, false)
    }

    /// The standard deviation over some axes, the root of [`var_axes`](Self::var_axes). Where all elements are the same it
    /// is 0 with gradient 0, the least-norm subgradient.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::{ArrayD, ArrayViewD, array};
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 3.0], [2.0, 2.0]]);
    /// let y = x.std_axes(&[1], 0, false);
    /// assert_eq!(y.to_array(), array![1.0, 0.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[-0.5, 0.5], [0.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice, or if there are not more elements than the correction.
    #[track_caller]
    pub fn std_axes(&self, axes: &[usize], correction: usize, keep: bool) -> Self {
        self.variance("std", axes, correction, keep, true)
    }

    #[track_caller]
    fn variance(&self, name: &'static str, axes: &[usize], correction: usize, keep: bool, root: bool) -> Self {
        let kept = self.kept(name, axes);
        let count = self.reduced_len(&kept);
        if count <= correction && !kept.contains(&0) {
            let rule =
                format!("axes {axes:?} hold {count} elements; more than the correction, {correction}, are needed");
            self.refuse(name, rule);
        }
        let freedom = count as f64 - correction as f64;
        let squares = self.untracked().less_mean(axes, &kept).square();
        let variance = squares.sum_axes(axes, keep) / T::of(freedom);
        let output = if root { variance.sqrt() } else { variance };
        let op = Variance { name, over: Reduced { axes: axes.into(), kept, keep }, correction, freedom, root };
        Self::record(op, &[self], output)
    }

    /// `x - mean(x)`, to full accuracy however far from 0 the elements lie: an exact 0 where they are all the same.
    #[track_caller]
    fn less_mean(&self, axes: &[usize], kept: &[usize]) -> Self {
        let shifted = self - self.folded(kept, T::neg_infinity(), larger);
        &shifted - shifted.mean_axes(axes, true)
    }
}
