//! Running sums, products and logarithms of sums of powers.

use super::rule::Rule;
use super::written::Term::{G, Own, X, Y};
use super::written::Written;
use super::{Grads, Tensor};
use crate::Real;
use crate::kernels::{loops, reduce};
use crate::rules::notation::Notation;
use crate::rules::notation::sign::{Argument, BY_ELEMENT, Call, In, Item, Piece, Product, Round, Same, Sign};

/// How a recurrence runs.
#[derive(Clone, Copy)]
struct Run {
    axis: usize,
    backward: bool,
    /// Whether 0 wins over infinite factors: an adjoint that is 0 passes nothing on.
    adjoint: bool,
}

impl<T: Real> Tensor<T> {
    /// Running sums along an axis, `y_k = Σ_{i≤k} x_i`.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 2.0, 3.0]);
    /// let y = x.cumsum(0);
    /// assert_eq!(y.to_array(), array![1.0, 3.0, 6.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![3.0, 2.0, 1.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[doc(alias("accumulate_axis_inplace", "cumulative_sum"))]
    #[track_caller]
    pub fn cumsum(&self, axis: usize) -> Self {
        self.length("cumsum", axis);
        self.running_sum(axis, false)
    }

    #[track_caller]
    fn running_sum(&self, axis: usize, backward: bool) -> Self {
        Rule {
            name: "cumsum",
            with: (axis, backward),
            forward: |x, &(axis, backward)| Ok(x[0].running_sum(axis, backward)),
            // An element is in all sums from its own on, so its gradient is the running sum from the other end.
            vjp: |cx, &(axis, backward)| cx.grad().running_sum(axis, !backward).into(),
            notation: |_, _| Written::linear(Sign("cumsum^←", r"\operatorname{cumsum}^{\leftarrow}")),
        }
        .record(&[self], self.running(axis, backward, |before, x, _| before + x))
    }

    /// Running products along an axis, `y_k = Π_{i≤k} x_i`. The gradient divides by nothing: it is right with zeros among the
    /// factors, at any order.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![2.0, 0.0, 3.0]);
    /// let y = x.cumprod(0);
    /// assert_eq!(y.to_array(), array![2.0, 0.0, 0.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![1.0, 8.0, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[doc(alias = "cumulative_prod")]
    #[track_caller]
    pub fn cumprod(&self, axis: usize) -> Self {
        let len = self.length("cumprod", axis);
        if len == 0 {
            return self.clone();
        }
        let (first, factors) = (self.narrow(axis, 0..1), self.narrow(axis, 1..len));
        // What is added to the product must not change the sign of a zero.
        let nothing = Self::full(factors.shape(), -T::zero());
        Self::concat(&[first, nothing], axis).recurrence(&factors, Run { axis, backward: false, adjoint: false })
    }

    /// `ln Σ_{i≤k} e^{x_i}` along an axis, which overflows nowhere. Of `-inf` only it is `-inf` with gradient 0.
    ///
    /// It takes as many passes as the length has binary digits.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![-1e4, 1e4, 1e4]);
    /// assert_eq!(x.logcumsumexp(0).to_array(), array![-1e4, 1e4, 1e4 + 2.0_f64.ln()].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[doc(alias = "cumlogsumexp")]
    #[track_caller]
    pub fn logcumsumexp(&self, axis: usize) -> Self {
        let len = self.length("logcumsumexp", axis);
        // Of one element too, so that the gradient is 0 at `-inf`.
        let (mut y, mut count) = (self.log_add_exp(f64::NEG_INFINITY), 1);
        // Each element stands for the last `count` elements up to its own; a pass doubles that.
        while count < len {
            let longer = y.narrow(axis, count..len).log_add_exp(y.narrow(axis, 0..len - count));
            y = Self::concat(&[y.narrow(axis, 0..count), longer], axis);
            count *= 2;
        }
        y
    }

    /// `y_k = x_k + a_k y_{k-1}` along an axis, from its other end if it runs backward; `a` has an element for each step.
    #[track_caller]
    fn recurrence(&self, a: &Self, run: Run) -> Self {
        let factors = a.row_major();
        let factors = factors.as_slice().expect("row-major");
        let output = if run.adjoint {
            self.running(run.axis, run.backward, |before, x, k| x + before.chain(factors[k]))
        } else {
            self.running(run.axis, run.backward, |before, x, k| x + before * factors[k])
        };
        Rule {
            name: "recurrence",
            with: run,
            forward: |x, &run| Ok(x[0].recurrence(&x[1], run)),
            // With `r` the same recurrence of the gradient from the other end: `r` for `x`, and `r_k y_{k-1}` for `a_k`.
            vjp: |cx, &Run { axis, backward, adjoint }| {
                let r = cx.grad().recurrence(cx.input(1), Run { axis, backward: !backward, adjoint: true });
                let n = r.shape()[axis];
                let (before, after) = if backward { (1..n, 0..n - 1) } else { (0..n - 1, 1..n) };
                let factor = cx.needs(1).then(|| {
                    let before = cx.output().narrow(axis, before);
                    let r = r.narrow(axis, after);
                    if adjoint { r.with_adjoint(&before) } else { r.chain(&before) }
                });
                Grads::from([cx.needs(0).then_some(r), factor])
            },
            notation: |_, _| {
                const NAME: Piece = Sign("recurrence^←", r"\operatorname{recurrence}^{\leftarrow}");
                const OTHERS: Notation =
                    Product(&[NAME, In(Round, &[Item(0), Same(", "), Item(1)]), BY_ELEMENT, Argument(2)]);
                Written::named([Own(Call(NAME), vec![G, X(1)]), Own(OTHERS, vec![G, X(1), Y])])
            },
        }
        .record(&[self, a], output)
    }

    /// The elements, each but the first replaced by `step` of what has become of the one before it, itself, and the number of
    /// the step.
    fn running(&self, axis: usize, backward: bool, step: impl Fn(T, T, usize) -> T) -> Self {
        let shape = self.shape();
        Self::build(shape, |out| {
            loops::map1(shape, self.strided(), out, |x| x);
            reduce::running(out, shape[axis], shape[axis + 1..].iter().product(), backward, step);
        })
    }
}
