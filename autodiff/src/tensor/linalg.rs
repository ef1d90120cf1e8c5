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

impl<T: Real> Tensor<T> {
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
        // An operand whose elements stand for several is written out: the library wants distinct addresses.
        let plain = |t: &Self| if t.layout().repeats() { t.row_major() } else { t.detach() };
        let (a, b) = (plain(self), plain(other));
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
