//! Losses that are computed in one pass from logits.

use super::Tensor;
use super::rule::Rule;
use super::written::Term::{Array, Constant, G, Row, Times, X};
use super::written::{SUM, Written, of_input};
use crate::Real;
use crate::error::mismatch;
use crate::kernels::loops::{self, Arrays, Kernel, run};
use crate::rules::notation::sign::{Sign, Word};
use crate::rules::{Algebra, Binary, Unary};

/// `(e^{ln y} Σ t - t) g`.
struct LogitSlope;

impl Kernel<4, 1> for LogitSlope {
    #[inline(always)]
    fn eval<A: Algebra>(&self, [ln, total, t, g]: [A; 4]) -> [A; 1] {
        [g.chained(total.chained(ln.apply1(Unary::Exp)) - t)]
    }
}

struct BceWithLogits;

impl Kernel<2, 1> for BceWithLogits {
    #[inline(always)]
    fn eval<A: Algebra>(&self, [a, t]: [A; 2]) -> [A; 1] {
        let (zero, one) = (A::constant(0.0), A::constant(1.0));
        // What a target of 0 multiplies may be infinite.
        let wrong = t * (-a).apply2(Binary::Max, zero);
        let hit = (one - t) * a.apply2(Binary::Max, zero);
        let wrong = A::select(t.equals(zero), zero, wrong);
        let hit = A::select(t.equals(one), zero, hit);
        [wrong + hit + (-a.apply1(Unary::Abs)).apply1(Unary::Softplus)]
    }
}

impl<T: Real> Tensor<T> {
    /// Cross-entropy from logits `a` along an axis, which disappears: `-Σ_k t_k ln softmax(a)_k`, a number for each item.
    /// Targets are one-hot or probabilities. Finite for logits of any size; a class with target 0 costs nothing, even
    /// where its logit is `-inf`. A logit of `+inf` is a certainty.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let a = tape.tensor(array![[0.0, 0.0], [1e4, -1e4]]);
    /// let t = Tensor::constant(array![[1.0, 0.0], [0.0, 1.0]]);
    /// let losses = a.softmax_cross_entropy(&t, 1);
    /// assert_eq!(losses.to_array(), array![2.0_f64.ln(), 2e4].into_dyn());
    /// assert_eq!(losses.sum().backward().wrt(&a), array![[-0.5, 0.5], [1.0, -1.0]].into_dyn()); // y - t
    /// ```
    ///
    /// # Panics
    /// If the shapes differ, or there is no such axis.
    #[doc(alias("cross_entropy", "CrossEntropyLoss"))]
    #[track_caller]
    pub fn softmax_cross_entropy(&self, targets: &Self, axis: usize) -> Self {
        self.same_as(targets, "softmax_cross_entropy");
        let shifted = self.shifted("softmax_cross_entropy", &[axis]);
        let log_sum = shifted.exp().sum_axes(&[axis], true).ln();
        let (shape, t) = (self.shape(), targets.untracked());
        let ln = shifted - log_sum;
        let terms = Self::build(shape, |out| {
            loops::map2(shape, t.strided(), ln.strided(), out, |t, ln| if t.is_exact_zero() { t } else { -(t * ln) });
        });
        let output = terms.sum_axes(&[axis], false);
        Rule {
            name: "softmax_cross_entropy",
            // `ln softmax(a)` is for sweeps that are not recorded.
            with: (axis, ln),
            forward: |x, &(axis, _)| Ok(x[0].softmax_cross_entropy(&x[1], axis)),
            // With `y = softmax(a)` and the gradient `g` of an item's loss: `dL/da = g (y Σ t - t)` (L11),
            // `dL/dt = -g ln y`.
            vjp: |cx, &(axis, ref ln)| {
                let (a, t, g) = (cx.input(0), cx.input(1), cx.grad().expand(axis));
                let total = t.sum_axes(&[axis], true);
                if cx.recording() {
                    return cx.each(|i| match i {
                        0 => g.chain(total.chain(a.softmax(axis)) - t),
                        _ => -g.chain(a.log_softmax(axis)),
                    });
                }
                let shape = a.shape();
                let [g, total] = [g, total].map(|x| x.broadcast_to(shape));
                cx.each(|i| {
                    Self::build(shape, |out| match i {
                        0 => {
                            let operands = [ln.strided(), total.strided(), t.strided(), g.strided()];
                            run(&LogitSlope, Arrays { shape, operands, out: [out] });
                        }
                        _ => loops::map2(shape, ln.strided(), g.strided(), out, |ln, g: T| -g.chain(ln)),
                    })
                })
            },
            notation: |of, _| {
                let softmax = of_input(Word("softmax"));
                let first = if of.unit_targets { softmax } else { Times(vec![softmax, Array(SUM, vec![X(1)])]) };
                let ln = of_input(Sign("ln softmax", r"\ln \operatorname{softmax}"));
                Written::named([Times(vec![G, first.minus(X(1))]), Times(vec![G, ln, Constant(-1.0)])])
            },
        }
        .record(&[self, targets], output)
    }

    /// Binary cross-entropy from logits `a`, element by element: `-(t ln y + (1 - t) ln(1 - y))` with `y = sigmoid(a)`.
    /// Computed as `t max(-a, 0) + (1 - t) max(a, 0) + ln(1 + e^{-|a|})`, which is finite for logits of any size and keeps
    /// its relative accuracy where the loss is small.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let a = tape.tensor(array![0.0, 1e4, -1e4, 50.0]);
    /// let losses = a.bce_with_logits(&Tensor::constant(array![1.0, 1.0, 1.0, 1.0]));
    /// assert_eq!(losses.to_array(), array![2.0_f64.ln(), 0.0, 1e4, (-50.0_f64).exp()].into_dyn());
    /// assert_eq!(losses.sum().backward().wrt(&a)[[2]], -1.0); // y - t
    /// ```
    ///
    /// # Panics
    /// If the shapes differ.
    #[doc(alias("binary_cross_entropy_with_logits", "sigmoid_binary_cross_entropy"))]
    #[track_caller]
    pub fn bce_with_logits(&self, targets: &Self) -> Self {
        self.same_as(targets, "bce_with_logits");
        let shape = self.shape();
        let output = Self::build(shape, |out| {
            let operands = [self.strided(), targets.strided()];
            run(&BceWithLogits, Arrays { shape, operands, out: [out] });
        });
        let rule = &Rule {
            name: "bce_with_logits",
            with: (),
            forward: |x, ()| Ok(x[0].bce_with_logits(&x[1])),
            // `dL/da = g (sigmoid(a) - t)` (L10), `dL/dt = -g a`.
            vjp: |cx, ()| {
                let (a, t, g) = (cx.input(0), cx.input(1), cx.grad());
                cx.each(|i| if i == 0 { g.chain(a.sigmoid() - t) } else { -g.chain(a) })
            },
            notation: |_, ()| {
                let sigmoid = Row(Unary::Sigmoid, X(0).into());
                Written::named([Times(vec![G, sigmoid.minus(X(1))]), Times(vec![G, X(0), Constant(-1.0)])])
            },
        };
        Self::record_static(rule, &[self, targets], output)
    }

    /// Logits and targets of one shape: broadcasting here would hide a mistake.
    #[track_caller]
    fn same_as(&self, targets: &Self, op: &'static str) {
        if self.shape() != targets.shape() {
            mismatch(op, self.shape(), targets.shape(), "logits and targets need the same shape");
        }
    }
}
