//! Softmax and its logarithm along an axis, logsumexp over any.

use super::Tensor;
use super::reduce::Reduced;
use super::rule::Rule;
use super::written::Term::{G, Own, X, Y};
use super::written::{Written, scaled};
use crate::Real;
use crate::kernels::{loops, once, reduce};
use crate::rules::notation::sign::{A, Atom, B, BY_ELEMENT, Call, In, Item, LESS, Piece, Round, SIGMA, Sum, Word};

impl<T: Real> Tensor<T> {
    /// `e^{x_i} / Σ e^{x_j}` along an axis, shifted so that nothing overflows. Elements of `+inf` share 1 evenly, with gradient 0;
    /// of `-inf` only it is NaN.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn softmax(&self, axis: usize) -> Self {
        // Not in a closure: a panic is to point at the caller.
        let (output, endless) = if let Some(output) = self.softmax_of_rows(axis) {
            (output, None)
        } else {
            let top = self.tops("softmax", &[axis]);
            let endless = (!top.is_finite()).then(|| top.mask(|top| top == T::infinity()));
            let powers = self.less_top(&top).exp();
            (&powers / powers.sum_axes(&[axis], true), endless)
        };
        Rule {
            name: "softmax",
            with: (axis, endless),
            forward: |x, &(axis, _)| Ok(x[0].softmax(axis)),
            // With `y = softmax(x)`: `dL/dx = y (dL/dy - Σ dL/dy y)` (L11).
            vjp: |cx, (axis, endless)| {
                let (y, g) = (cx.output(), cx.grad());
                if let (None, Some(y), Some(g)) = (endless, cx.output().rows(*axis), cx.grad().rows(*axis))
                    && !cx.recording()
                {
                    let (shape, n) = (cx.output().shape(), cx.output().shape()[*axis]);
                    return Self::build(shape, |out| once::softmax_slope(y, g, n, out)).into();
                }
                let total = g.chain(y).sum_axes(&[*axis], true);
                let slope = (g - total).chain(y);
                match endless {
                    Some(endless) => Self::select(endless, 0.0, slope).into(),
                    None => slope.into(),
                }
            },
            notation: |_, _| {
                let slope = Atom(&[B, BY_ELEMENT, In(Round, &[A, LESS, SIGMA, A, BY_ELEMENT, B])]);
                Written::named([Own(slope, vec![G, Y])])
            },
        }
        .record(&[self], output)
    }

    /// `x_i - ln Σ e^{x_j}` along an axis: the logarithm of the softmax, finite however large the differences.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::constant(ndarray::array![0.0, 1e4]);
    /// assert_eq!(x.log_softmax(0).to_array(), ndarray::array![-1e4, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn log_softmax(&self, axis: usize) -> Self {
        let shifted = self.shifted("log_softmax", &[axis]);
        let output = &shifted - shifted.exp().sum_axes(&[axis], true).ln();
        Rule {
            name: "log_softmax",
            with: axis,
            forward: |x, &axis| Ok(x[0].log_softmax(axis)),
            // With `y = ln softmax(x)`: `dL/dx = dL/dy - softmax(x) Σ dL/dy`.
            vjp: |cx, &axis| {
                let (y, g) = (cx.output(), cx.grad());
                let total = g.sum_axes(&[axis], true);
                (g - total.chain(y.exp())).into()
            },
            notation: |_, _| {
                let softmax: &[Piece] = &[A, LESS, Word("softmax"), In(Round, &[Item(1)]), BY_ELEMENT, SIGMA, A];
                Written::named([Own(Sum(softmax), vec![G, X(0)])])
            },
        }
        .record(&[self], output)
    }

    /// `ln Σ e^{x_j}` along an axis, which disappears. Of nothing, or of `-inf` only, it is `-inf` with gradient 0; elements of
    /// `+inf` share the gradient evenly.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn logsumexp(&self, axis: usize) -> Self {
        self.logsumexp_axes(&[axis], false)
    }

    /// `ln Σ e^{x_j}` over some axes. With `keep` they stay, with length 1. Of nothing, or of `-inf` only, it is `-inf` with
    /// gradient 0; elements of `+inf` share the gradient evenly.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let x = Tensor::constant(ndarray::array![[1e4, 1e4], [1e4, 1e4]]);
    /// assert_eq!(x.logsumexp_axes(&[0, 1], false).item(), 1e4 + 4.0_f64.ln());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[track_caller]
    pub fn logsumexp_axes(&self, axes: &[usize], keep: bool) -> Self {
        let top = self.tops("logsumexp", axes);
        let are_last = (self.ndim() - axes.len()..self.ndim()).all(|axis| axes.contains(&axis));
        let powers = match self.as_slice() {
            // Rows that lie in order take one pass and no memory.
            Some(x) if are_last && !x.is_empty() => {
                let (rows, tops) = (x.chunks_exact(x.len() / top.len()), top.as_slice().expect("just built"));
                Self::build(top.shape(), |out| {
                    for ((out, row), &top) in out.iter_mut().zip(rows).zip(tops) {
                        *out = once::sum_exp(row, top);
                    }
                })
            }
            _ => (self.untracked() - &top).exp().sum_axes(axes, true),
        };
        let finite = top.mask(T::is_finite);
        let sum = powers.ln() + &top;
        let output = Self::select(&finite, &sum, &top).dropped(keep, axes);
        Rule {
            name: "logsumexp",
            with: Reduced { axes: axes.into(), kept: top.layout().shape.clone(), keep },
            forward: |x, over| Ok(x[0].logsumexp_axes(&over.axes, over.keep)),
            // `dL/dx = dL/dy softmax(x)`, 0 where all of `x` is `-inf`. Dividing `e^(x - y)` by its sum takes out the
            // rounding of `y`.
            vjp: |cx, over| {
                let (x, y) = (cx.input(0), cx.output().reshape(&over.kept));
                let (shares, total) = if y.is_finite() {
                    let shares = (x - y).exp();
                    let total = shares.sum_axes(&over.axes, true);
                    (shares, total)
                } else {
                    let infinite = y.mask(T::is_infinite);
                    let tops = x.mask(|x| x == T::infinity());
                    let shares = Self::select(&infinite, tops, (x - Self::select(&infinite, 0.0, &y)).exp());
                    let empty = y.mask(|y| y == T::neg_infinity());
                    let total = Self::select(&empty, 1.0, shares.sum_axes(&over.axes, true));
                    (shares, total)
                };
                cx.grad().reshape(&over.kept).chain(shares / total).into()
            },
            notation: |_, _| Written::named([scaled(Call(Word("softmax")), [X(0)])]),
        }
        .record(&[self], output)
    }

    /// The elements, if they lie in order and the axis is the last one, with elements.
    fn rows(&self, axis: usize) -> Option<&[T]> {
        self.as_slice().filter(|x| axis + 1 == self.ndim() && !x.is_empty())
    }

    /// The softmax of rows that lie in order and whose largest elements are finite; a constant.
    #[track_caller]
    fn softmax_of_rows(&self, axis: usize) -> Option<Self> {
        self.live();
        let (x, mut finite) = (self.rows(axis)?, true);
        let output = Self::build(self.shape(), |out| finite = once::softmax(x, self.shape()[axis], out));
        finite.then_some(output)
    }

    /// The maxima over some axes (kept, with length 1); constants.
    #[track_caller]
    fn tops(&self, op: &str, axes: &[usize]) -> Self {
        self.live();
        self.folded(&self.kept(op, axes), T::neg_infinity(), reduce::larger)
    }

    /// The elements less their maxima over some axes; constants.
    #[track_caller]
    pub(super) fn shifted(&self, op: &str, axes: &[usize]) -> Self {
        self.less_top(&self.tops(op, axes))
    }

    /// The elements less these maxima; constants. Infinity less itself is 0: it leaves the others behind, as a large number does.
    #[track_caller]
    fn less_top(&self, top: &Self) -> Self {
        let (shape, top) = (self.shape(), top.broadcast_to(self.shape()));
        Self::build(shape, |out| {
            let less = |x: T, top| if x == T::infinity() { T::zero() } else { x - top };
            loops::map2(shape, self.strided(), top.strided(), out, less);
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::kernels::cpu::{Path, limited_to};
    use crate::kernels::threads::small_parts;
    use crate::{Dual, Real, Tape, Tensor};

    /// Rows, some of them with elements of `-inf`.
    fn scores<T: Real>(rows: usize, n: usize) -> Tensor<T> {
        let score = |(i, j): (usize, usize)| {
            let masked = j > 0 && (i + j) % 5 == 3;
            T::of(if masked { f64::NEG_INFINITY } else { ((i * 37 + j * 61) % 101) as f64 / 8.0 - 6.0 })
        };
        ndarray::Array2::from_shape_fn((rows, n), score).into()
    }

    /// Value and gradient are, to the bit, those of the passes over the whole array.
    fn rows_are_the_passes<T: Real>(bits: fn(T) -> u64) {
        for n in [1, 7, 16, 64, 300] {
            let (tape, g) = (Tape::new(), scores::<T>(9, n).exp());
            let x = tape.tensor(scores(9, n));
            let y = x.softmax(1);
            let powers = x.less_top(&x.tops("softmax", &[1])).exp();
            let passes = &powers / powers.sum_axes(&[1], true);
            let slope = (&g - g.chain(&passes).sum_axes(&[1], true)).chain(&passes);
            let gradients = (&y * &g).sum().backward();
            let slopes = gradients.tensor(&x).expect("of a sum with it");
            for (found, expected) in [(&y, &passes), (slopes, &slope)] {
                let (found, expected) = (found.to_array().mapv(bits), expected.to_array().mapv(bits));
                assert_eq!(found, expected, "{n}");
            }
        }
    }

    #[test]
    fn rows() {
        for path in [Path::Portable, Path::Avx2, Path::Avx512] {
            limited_to(path, || {
                for split in [|work: fn()| work(), |work: fn()| small_parts(work)] {
                    split(|| rows_are_the_passes::<f32>(|x| u64::from(x.to_bits())));
                    split(|| rows_are_the_passes::<f64>(f64::to_bits));
                }
            });
        }
        rows_are_the_passes::<Dual<f64>>(|x| x.value().to_bits());
    }

    #[test]
    fn rows_without_a_finite_top() {
        let x: Tensor<f64> =
            Tensor::constant(ndarray::array![[0.0, f64::INFINITY], [f64::NEG_INFINITY; 2], [1.0, 1.0]]);
        let y = x.softmax(1).to_array();
        assert_eq!(y.as_slice().map(|y| (y[0], y[1], y[2].is_nan(), y[4])), Some((0.0, 1.0, true, 0.5)));
    }
}
