//! Built-in operations, each a value that is written where it is recorded.

use ndarray::{ArrayD, ArrayViewD};

use super::op::{Op, on_tensors};
use super::written::{Operands, Written};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;

/// The value, on plain tensors.
type Forward<T, P> = fn(&[Tensor<T>], &P) -> Result<Tensor<T>>;

/// An operation made of functions of its inputs and of its parameters.
///
/// What needs more than a value, a gradient and a notation is a type of its own with an [`Op`].
pub(crate) struct Rule<T: Real, P = ()> {
    pub(crate) name: &'static str,
    /// The parameters.
    pub(crate) with: P,
    pub(crate) forward: Forward<T, P>,
    pub(crate) vjp: fn(&Vjp<'_, T>, &P) -> Grads<T>,
    pub(crate) notation: fn(&Operands, &P) -> Written,
}

impl<T: Real, P: 'static> Rule<T, P> {
    /// Records that the operation gave `output`.
    #[inline]
    #[track_caller]
    pub(crate) fn record(self, inputs: &[&Tensor<T>], output: Tensor<T>) -> Tensor<T> {
        Tensor::record(self, inputs, output)
    }
}

impl<T: Real, P> Op<T> for Rule<T, P> {
    fn name(&self) -> &str {
        self.name
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| (self.forward)(x, &self.with))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        (self.vjp)(cx, &self.with)
    }

    fn notation(&self, of: &Operands) -> Option<Written> {
        Some((self.notation)(of, &self.with))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use crate::tensor::entry::{OpRef, Source};
    use crate::tensor::table::Table;
    use crate::tensor::{Conv, Pool, Triangle};
    use crate::{Tape, Tensor};

    type Function = fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>;

    const FUNCTIONS: &[Function] = &[
        |x, w| x.matmul(w).linear(w, &w.narrow(0, 0..1).squeeze(0)),
        |x, w| (x / w.square().mean()).softmax(1) + x.log_softmax(0) + x.logsumexp_axes(&[1], true),
        |x, w| Tensor::concat(&[&x.flip(&[1]).roll(1, 0), &w.pad(&[(1, 0), (0, 2)], 0.5).narrow(1, 0..3)], 0),
        |x, _| x.var_axes(&[0], 1, true) * x.std(0) + x.norm_axes(3.0, &[1], true) + x.norm(f64::INFINITY),
        |x, _| x.max_axes(&[1], true) - x.min_axes(&[0], false) + x.prod_axes(&[1], true) + x.cumsum(0).cumprod(1),
        |x, w| x.index_select(0, &[2, 0, 2]).transpose() + w.diag().diag().tril(1).triu(-1) + w.trace(),
        |x, w| {
            x.narrow(0, 0..2) * x.narrow(0, 1..3)
                + w.index_select(0, &[2, 2]) * w.narrow(0, 0..2) * w.slice(ndarray::s![1, ..])
        },
        |x, w| Tensor::einsum("ii,jk->jk", &[w, x]) + x.slice(ndarray::s![.., ..;-1]) + x.reshape(&[9]).sum(),
        |x, w| {
            x.gather(1, &ndarray::array![[0, 2, 1], [1, 1, 0], [2, 0, 0]])
                + w.scatter_add(0, &ndarray::array![[0, 0, 1]], &x.narrow(0, 0..1))
        },
        |x, w| {
            Tensor::select(&x.greater(w), x, w.masked_fill(&x.less(w), 0.5))
                + x.clamp(0.4, 0.8).map_rows(|x| [x[0], x[1] * x[2], x[0]])
        },
        |x, w| {
            (x + w).solve(w).expect("regular") + w.inverse().expect("regular") * w.det() + w.logdet().expect("regular")
        },
        |x, w| {
            let definite = x.matmul(&x.transpose()) + w * 0.0 + Tensor::constant(Array2::<f64>::eye(3));
            let factor = definite.cholesky().expect("definite");
            factor.solve_triangular(x, Triangle::Lower).expect("regular") + factor
        },
        |x, w| {
            let images = x.reshape(&[1, 1, 3, 3]);
            let filtered = images.conv2d(&w.reshape(&[1, 1, 3, 3]), None, Conv::new().padding(1));
            (filtered.max_pool2d(Pool::new(2)) + images.avg_pool2d(Pool::new(2))).reshape(&[1])
        },
        |x, w| x.softmax_cross_entropy(&w.softmax(1), 1) + x.bce_with_logits(&w.sigmoid()).sum_axis(0) + x.mean_axis(1),
        |x, w| super::super::checkpoint(|t| t[0].tanh() * &t[1], &[x, w]).on_grad(|g| g * 2.0).broadcast_to(&[2, 3, 3]),
    ];

    /// What a tape keeps of an operation gives its value again, that of a recorded gradient's operations too.
    #[test]
    fn every_entry_runs_forward() {
        let x = Tensor::constant(ndarray::array![[0.3, 0.9, 0.5], [0.7, 0.4, 0.8], [0.6, 0.35, 0.45]]);
        let w = Tensor::constant(ndarray::array![[1.3, 0.2, 0.1], [0.4, 1.6, 0.3], [0.25, 0.15, 1.1]]);
        let mut names = std::collections::BTreeSet::new();
        for f in FUNCTIONS {
            let tape = Tape::new();
            let (x, w) = (tape.tensor(x.clone()), tape.tensor(w.clone()));
            tape.grad(f(&x, &w).sin().sum(), &[&x, &w]);
            for entry in Table::of(tape.cell()).entries.borrow().iter() {
                let Source::Op { op, inputs, output } = &entry.source else { continue };
                assert!(!matches!(op, OpRef::End(_)), "{}", op.name());
                let again = op.value(inputs).unwrap_or_else(|| panic!("{} refuses its inputs", op.name()));
                let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
                assert_eq!(again.shape(), output.shape(), "{}", op.name());
                assert!(again.view().iter().zip(output.view()).all(same), "{}: {again} and {output}", op.name());
                names.insert(op.name().to_owned());
            }
        }
        assert!(names.len() > 50, "{names:?}");
    }
}
