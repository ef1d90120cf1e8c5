//! Norms over axes.

use super::Tensor;
use super::reduce::Reduced;
use super::rule::Rule;
use super::written::Term::{X, Y};
use super::written::{Written, scaled};
use crate::Real;
use crate::error::Error;
use crate::kernels::reduce::larger;
use crate::rules::notation::sign::{B, BY_ELEMENT, In, Item, Piece, Prefix, Round, Same, Sign, Up, Word};

impl<T: Real> Tensor<T> {
    /// The norm of all elements as one vector; see [`norm_axes`](Self::norm_axes).
    ///
    /// # Panics
    /// If `p < 1` or NaN.
    #[doc(alias("vector_norm", "linalg.norm"))]
    #[track_caller]
    pub fn norm(&self, p: f64) -> Self {
        self.norm_axes(p, &self.all_axes(), false)
    }

    /// The norm `(Σ |x_i|^p)^{1/p}` over some axes, without overflow; for `p = ∞` it is `max |x_i|`, and of nothing it is 0.
    /// With `keep` the axes stay, with length 1.
    ///
    /// At kinks the gradient is the least-norm one: 0 where all elements are 0, 0 for an element that is 0 (`p = 1`), and
    /// even shares for elements of equal size (`p = ∞`). Second derivatives are 0 there, even of the norm's square: those of a sum
    /// of squares are right.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[3.0, -4.0], [0.0, 0.0]]);
    /// let y = x.norm_axes(2.0, &[1], false);
    /// assert_eq!(y.to_array(), array![5.0, 0.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[0.6, -0.8], [0.0, 0.0]].into_dyn());
    /// assert_eq!(x.norm(1.0).item(), 7.0);
    /// assert_eq!(x.norm(f64::INFINITY).item(), 4.0);
    /// ```
    ///
    /// # Panics
    /// If `p < 1` or NaN, or if an axis does not exist or is named twice.
    #[doc(alias("vector_norm", "linalg.norm"))]
    #[track_caller]
    pub fn norm_axes(&self, p: f64, axes: &[usize], keep: bool) -> Self {
        if p < 1.0 || p.is_nan() {
            Error::custom(format!("norm: p is {p}; a norm needs p of at least 1, infinity included")).raise();
        }
        let kept = self.kept("norm", axes);
        if p == f64::INFINITY {
            return self.abs().reduced_by("norm", axes, keep, (T::zero(), larger));
        }
        let sizes = self.untracked().abs();
        let output = if p == 1.0 {
            sizes.sum_axes(axes, true)
        } else {
            let top = sizes.folded(&kept, T::zero(), larger);
            // The unit in which the powers are summed up; 0, infinities and NaN come out of it as they are.
            let unit = Self::select(&top.mask(|x| x.is_finite() && x > T::zero()), &top, 1.0);
            let ratio = sizes / &unit;
            let sum = if p == 2.0 { ratio.square() } else { ratio.powf(p) }.sum_axes(axes, true);
            (if p == 2.0 { sum.sqrt() } else { sum.powf(1.0 / p) }) * unit
        };
        let output = output.dropped(keep, axes);
        Rule {
            name: "norm",
            with: (p, Reduced { axes: axes.into(), kept, keep }),
            forward: |x, (p, over)| Ok(x[0].norm_axes(*p, &over.axes, over.keep)),
            // `sgn(x_i) (|x_i| / y)^{p-1}`, 0 where the norm is 0.
            vjp: |cx, &(p, ref over)| {
                let (x, y) = (cx.input(0), cx.output().reshape(&over.kept));
                let zero = y.mask(|y| y == T::zero());
                let ratio = x / Self::select(&zero, 1.0, &y);
                let slope = if p == 2.0 {
                    ratio
                } else {
                    let sign = x.mask(|x| x > T::zero()) - x.mask(|x| x < T::zero());
                    sign * ratio.abs().powf(p - 1.0)
                };
                let slope = Self::select(&zero, 0.0, &slope);
                cx.grad().reshape(&over.kept).chain(&slope).into()
            },
            notation: |_, _| {
                const RATIO: Piece = In(Round, &[Same("|"), Item(0), Same("|/"), B]);
                let slope: &[Piece] =
                    &[Word("sgn"), In(Round, &[Item(0)]), BY_ELEMENT, RATIO, Up(&[Sign("p−1", "p-1")])];
                Written::named([scaled(Prefix(slope), [X(0), Y])])
            },
        }
        .record(&[self], output)
    }
}
