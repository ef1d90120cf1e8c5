//! Matrix products.

use super::entry::{Backward, OpRef};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Error, Kind};
use crate::kernels::gemm::Operand;

struct MatMul;

impl<T: Real> Backward<T> for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    /// `dL/dA = dL/dY · Bᵀ`, `dL/dB = Aᵀ · dL/dY`.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let g = cx.grad();
        cx.each(|i| match i {
            0 => g.matmul(&cx.input(1).transpose()),
            _ => cx.input(0).transpose().matmul(g),
        })
    }
}

struct Linear;

impl<T: Real> Backward<T> for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    /// `dL/dx = dL/dy · W`, `dL/dW = dL/dyᵀ · x`, `dL/db = Σ dL/dy` over the items (L18).
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let g = cx.grad();
        cx.each(|i| match i {
            0 => g.matmul(cx.input(1)),
            1 => g.transpose().matmul(cx.input(0)),
            // The engine sums over the items.
            _ => g.clone(),
        })
    }
}

impl<T: Real> Tensor<T> {
    /// The affine map `x Wᵀ + b` in one operation: `x` is items × inputs or one item, `W` outputs × inputs, `b` outputs.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0, 1.0]]);
    /// let w = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let b = Tensor::constant(array![0.0, 0.0, 1.0]);
    /// assert_eq!(x.linear(&w, &b).to_array(), array![[3.0, 7.0, 12.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the shapes are others.
    #[track_caller]
    pub fn linear(&self, w: &Self, b: &Self) -> Self {
        let (&[outputs, inputs], true) = (w.shape(), b.shape() == &w.shape()[..w.ndim().min(1)]) else {
            let (a, b) = (w.shape().to_vec(), b.shape().to_vec());
            let rule = "the weights need the shape [outputs, inputs] and the bias [outputs]";
            Error::from(Kind::Shapes { op: "linear".into(), a, b, rule }).raise()
        };
        let items = match *self.shape() {
            [items, k] if k == inputs => items,
            [k] if k == inputs => return self.reshape(&[1, k]).linear(w, b).reshape(&[outputs]),
            _ => {
                let (a, b) = (self.shape().to_vec(), w.shape().to_vec());
                let rule = "the input's last length must equal the second length of the weights";
                Error::from(Kind::Shapes { op: "linear".into(), a, b, rule }).raise()
            }
        };
        let (x, weights, bias) = (self.plain(), w.plain().turned(), b.row_major());
        let output = Self::build(&[items, outputs], |out| {
            T::gemm(x.matrix(), weights.matrix(), out);
            let bias = bias.as_slice().expect("row-major");
            for row in out.chunks_exact_mut(outputs.max(1)) {
                for (y, &b) in row.iter_mut().zip(bias) {
                    *y += b;
                }
            }
        });
        Self::record(OpRef::Static(&Linear), &[self, w, b], output)
    }

    /// The axes in reverse order, as a constant.
    fn turned(&self) -> Self {
        self.with_layout(self.layout().permuted(&[1, 0]))
    }

    /// A constant for the matrix library, which wants distinct addresses: an operand whose elements stand for several is
    /// written out.
    fn plain(&self) -> Self {
        if self.layout().repeats() { self.row_major() } else { self.untracked() }
    }

    /// Matrix product of `m × k` by `k × n`. A vector on the left is a row, one on the right a column, and its axis is
    /// dropped from the result. Transposed operands are read in place.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let a = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let v = Tensor::constant(array![1.0, 1.0]);
    /// assert_eq!(a.matmul(&v).to_array(), array![3.0, 7.0].into_dyn());
    /// assert_eq!(v.matmul(&v).item(), 2.0);
    /// ```
    ///
    /// # Panics
    /// If an operand has no or more than two axes, or the inner lengths differ.
    #[track_caller]
    pub fn matmul(&self, other: &Self) -> Self {
        let rule = match (self.ndim(), other.ndim()) {
            (1 | 2, 1 | 2) if self.shape().last() == other.shape().first() => None,
            (1 | 2, 1 | 2) => Some("the first operand's last length must equal the second's first"),
            _ => Some("each operand needs one or two axes"),
        };
        if let Some(rule) = rule {
            let (a, b) = (self.shape().to_vec(), other.shape().to_vec());
            Error::from(Kind::Shapes { op: "matmul".into(), a, b, rule }).raise();
        }
        let (m, n) = match (self.shape(), other.shape()) {
            (&[k], &[_]) => return self.reshape(&[1, k]).matmul(other).reshape(&[]),
            (&[k], &[_, n]) => return self.reshape(&[1, k]).matmul(other).reshape(&[n]),
            (&[m, _], &[l]) => return self.matmul(&other.reshape(&[l, 1])).reshape(&[m]),
            (a, b) => (a[0], b[1]),
        };
        let (a, b) = (self.plain(), other.plain());
        let output = Self::build(&[m, n], |out| T::gemm(a.matrix(), b.matrix(), out));
        Self::record(OpRef::Static(&MatMul), &[self, other], output)
    }

    /// The elements of a matrix, for the kernels.
    fn matrix(&self) -> Operand<'_, T> {
        let layout = self.layout();
        let data = if self.is_empty() { &[] } else { &self.strided().data[layout.offset..] };
        let (rows, cols) = (layout.shape[0], layout.shape[1]);
        Operand { data, rows, cols, row_stride: layout.strides[0], col_stride: layout.strides[1] }
    }
}
