//! Matrix products.

use ndarray::{ArrayD, ArrayViewD};
use smallvec::SmallVec;

use super::layout::{Dims, broadcast, row_major_strides};
use super::op::{Op, on_tensors};
use super::written::Term::{G, Times, X};
use super::written::{Operands, Written};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Result, mismatch};
use crate::kernels::batched::batched;
use crate::kernels::gemm::{self, Operand, Output, Wins};
use crate::kernels::product::{self, Axis};
use crate::kernels::storage::Storage;
use crate::kernels::{once, transpose};

/// A product of matrices; of several, with the leading axes that it keeps. In those of a sweep zeros of adjoints win.
struct MatMul(Option<Dims>, Wins);

static OF_TWO: [[MatMul; 2]; 2] = {
    const fn of_two(wins: Wins) -> MatMul {
        MatMul(None, wins)
    }
    [[of_two([false, false]), of_two([false, true])], [of_two([true, false]), of_two([true, true])]]
};

impl<T: Real> Op<T> for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].product(&x[1], self.0.as_deref().unwrap_or_default(), self.1)))
    }

    fn notation(&self, of: &Operands) -> Option<Written> {
        let (a, b) = (X(0), X(1));
        let (value, gradients) = match (of.shapes[0].len(), of.shapes[1].len()) {
            (1, 1) => (a.clone().transposed().dot(b.clone()), [Times(vec![G, b]), Times(vec![G, a])]),
            (1, _) => (a.clone().transposed().dot(b.clone()), [b.dot(G), a.outer(G)]),
            (_, 1) => (a.clone().dot(b.clone()), [G.outer(b), a.transposed().dot(G)]),
            _ => (a.clone().dot(b.clone()), [G.dot(b.transposed()), a.transposed().dot(G)]),
        };
        Some(Written::new(value, gradients))
    }

    /// `dL/dA = dL/dY · Bᵀ`, `dL/dB = Aᵀ · dL/dY`, added up over the matrices that an operand was multiplied with.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (g, [left, right]) = (cx.grad(), self.1);
        cx.each(|i| match i {
            0 => g.product(&cx.input(1).transposed(), leading(cx.input(0).shape()), [true, right]),
            _ => cx.input(0).transposed().product(g, leading(cx.input(1).shape()), [left, true]),
        })
    }

    /// `Σ (dL/dY · Bᵀ) · V = Σ dL/dY · (V B)`, `Σ (Aᵀ · dL/dY) · V = Σ dL/dY · (A V)`.
    fn along(&self, cx: &Vjp<'_, T>, i: usize, v: &Tensor<T>) -> Option<Tensor<T>> {
        let (a, b) = (cx.input(0), cx.input(1));
        let matrices = a.ndim() == 2 && b.ndim() == 2;
        matrices.then(|| {
            let change =
                if i == 0 { v.product(b, &[], [false, self.1[1]]) } else { a.product(v, &[], [self.1[0], false]) };
            cx.grad().chain(change).sum()
        })
    }

    fn vjp_rows(&self, cx: &Vjp<'_, T>) -> Option<Grads<T>> {
        let left = cx.needs(0) && !cx.needs(1) && cx.input(0).ndim() == 2 && cx.input(1).ndim() == 2;
        left.then(|| Grads::from([Some(cx.grad().product(&cx.input(1).transposed(), &[], [true, self.1[1]])), None]))
    }
}

struct Linear;

impl<T: Real> Op<T> for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].linear(&x[1], &x[2])))
    }

    fn notation(&self, of: &Operands) -> Option<Written> {
        // The same bias for every item.
        let bias = if of.shape.iter().product::<usize>() == of.shapes[2][0] { G } else { of.summed(2, G) };
        let (product, gradients) = if of.one_item() {
            (X(1).dot(X(0)), [X(1).transposed().dot(G), G.outer(X(0)), bias])
        } else {
            (X(0).dot(X(1).transposed()), [G.dot(X(1)), G.transposed().dot(X(0)), bias])
        };
        Some(Written::new(if of.zeros[2] { product } else { product.plus(X(2)) }, gradients))
    }

    /// `dL/dx = dL/dy · W`, `dL/dW = dL/dyᵀ · x`, `dL/db = Σ dL/dy` over the items (L18).
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        const WINS: Wins = [true, false];
        let g = cx.grad();
        if cx.recording() {
            return cx.each(|i| match i {
                0 => g.product(cx.input(1), &[], WINS),
                1 => g.transpose().product(cx.input(0), &[], WINS),
                // The engine sums over the items.
                _ => g.clone(),
            });
        }
        // The same without views and records, which cost as much as a small product.
        let g = g.plain();
        cx.each(|i| match i {
            0 => Tensor::of_matrices(g.matrix(), cx.input(1).plain().matrix(), WINS),
            1 => Tensor::of_matrices(g.matrix().transposed(), cx.input(0).plain().matrix(), WINS),
            _ => Tensor::build(&g.shape()[1..], |out| once::sum_into(g.shape(), g.strided(), out, &[0, 1])),
        })
    }

    /// `Σ (dL/dyᵀ · x) · V = Σ dL/dy · (x Vᵀ)`.
    fn along(&self, cx: &Vjp<'_, T>, i: usize, v: &Tensor<T>) -> Option<Tensor<T>> {
        let (x, w) = (cx.input(0), cx.input(1));
        let change = match i {
            0 => v.matmul(&w.transpose()),
            1 => x.matmul(&v.transpose()),
            _ => return None,
        };
        Some(cx.grad().chain(change).sum())
    }

    fn vjp_rows(&self, cx: &Vjp<'_, T>) -> Option<Grads<T>> {
        let left = cx.needs(0) && !cx.needs(1) && !cx.needs(2);
        left.then(|| Grads::from([Some(cx.grad().product(cx.input(1), &[], [true, false])), None, None]))
    }
}

impl<T: Real> Tensor<T> {
    /// The affine map `x Wᵀ + b` in one operation: the last axis of `x` holds the inputs, axes before it count items;
    /// `W` is outputs × inputs, `b` outputs.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0, 1.0]]);
    /// let w = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let b = Tensor::constant(array![0.0, 0.0, 1.0]);
    /// assert_eq!(x.linear(&w, &b).to_array(), array![[3.0, 7.0, 12.0]].into_dyn());
    /// assert_eq!(x.broadcast_to(&[4, 5, 2]).linear(&w, &b).shape(), [4, 5, 3]);
    /// ```
    ///
    /// # Panics
    /// If the shapes are others.
    #[doc(alias("addmm", "dense"))]
    #[track_caller]
    pub fn linear(&self, w: &Self, b: &Self) -> Self {
        let (&[outputs, inputs], true) = (w.shape(), b.shape() == &w.shape()[..w.ndim().min(1)]) else {
            let rule = "the weights need the shape [outputs, inputs] and the bias [outputs]";
            mismatch("linear", w.shape(), b.shape(), rule)
        };
        let items = match *self.shape() {
            [items, k] if k == inputs => items,
            [ref lead @ .., k] if k == inputs => {
                let items = lead.iter().product();
                let shape: Dims = lead.iter().copied().chain([outputs]).collect();
                return self.reshape(&[items, k]).linear(w, b).reshape(&shape);
            }
            _ => {
                let rule = "the input's last length must equal the second length of the weights";
                mismatch("linear", self.shape(), w.shape(), rule)
            }
        };
        let (x, weights, bias) = (self.plain(), w.plain(), b.row_major());
        let bias = bias.as_slice().expect("row-major");
        let output = Self::build(&[items, outputs], |out| {
            let (x, w) = (x.matrix(), weights.matrix());
            if is_better_transposed(x, w.transposed()) {
                return transposed_product(x, w.transposed(), out, |j, y| y + bias[j]);
            }
            once::gemm(x, w.transposed(), Output::rows(out, outputs));
            for row in out.chunks_exact_mut(outputs.max(1)) {
                for (y, &b) in row.iter_mut().zip(bias) {
                    *y += b;
                }
            }
        });
        Self::record_static(&Linear, &[self, w, b], output)
    }

    /// Matrix product over the last two axes: `m × k` by `k × n` gives `m × n`. Axes before them count matrices: a
    /// batch of products, with broadcast lengths. A vector on the left is a row, one on the right a column, and its
    /// axis is dropped from the result. Transposed operands are read in place.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let a = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let v = Tensor::constant(array![1.0, 1.0]);
    /// assert_eq!(a.matmul(&v).to_array(), array![3.0, 7.0].into_dyn());
    /// assert_eq!(v.matmul(&v).item(), 2.0);
    /// assert_eq!(Tensor::<f64>::ones(&[8, 1, 4, 3]).matmul(&Tensor::ones(&[5, 3, 2])).shape(), [8, 5, 4, 2]);
    /// ```
    ///
    /// # Panics
    /// If an operand has no axes, the inner lengths differ, or the axes before the last two do not broadcast.
    #[doc(alias("bmm", "batch matmul", "mm", "mv"))]
    #[track_caller]
    pub fn matmul(&self, other: &Self) -> Self {
        let (a, b) = (self.shape(), other.shape());
        let inner = other.ndim().saturating_sub(2);
        if a.is_empty() || b.is_empty() {
            mismatch("matmul", a, b, "each operand needs at least one axis");
        }
        if a[a.len() - 1] != b[inner] {
            let rule = "the first operand's last length must equal the second's last but one, or a vector's only one";
            mismatch("matmul", a, b, rule);
        }
        match (a, b) {
            (&[k], _) => {
                let y = self.reshape(&[1, k]).matmul(other);
                let row = y.ndim() - if b.len() == 1 { 1 } else { 2 };
                y.squeeze(row)
            }
            (_, &[k]) => {
                let y = self.matmul(&other.reshape(&[k, 1]));
                y.squeeze(y.ndim() - 1)
            }
            _ => {
                let Some(batch) = broadcast(leading(a), leading(b)) else {
                    mismatch(
                        "matmul",
                        a,
                        b,
                        "matched from the right, the lengths before the last two must be equal or 1",
                    )
                };
                self.product(other, &batch, [false; 2])
            }
        }
    }

    /// The inner product of two vectors, `Σ a_i b_i`; a tensor without axes.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let a = Tensor::constant(ndarray::array![1.0, 2.0]);
    /// assert_eq!(a.dot(&a).item(), 5.0);
    /// ```
    ///
    /// # Panics
    /// If an operand is not a vector, or the lengths differ.
    #[doc(alias("vdot", "inner"))]
    #[track_caller]
    pub fn dot(&self, other: &Self) -> Self {
        if self.ndim() != 1 || self.shape() != other.shape() {
            let rule = "both must be vectors of one length; `matmul` multiplies matrices";
            mismatch("dot", self.shape(), other.shape(), rule);
        }
        self.matmul(other)
    }

    /// The outer product of two vectors: the matrix of all `a_i b_j`.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let (a, b) = (Tensor::constant(array![1.0, 2.0]), Tensor::constant(array![3.0, 4.0]));
    /// assert_eq!(a.outer(&b).to_array(), array![[3.0, 4.0], [6.0, 8.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an operand is not a vector.
    #[doc(alias = "ger")]
    #[track_caller]
    pub fn outer(&self, other: &Self) -> Self {
        let (&[m], &[n]) = (self.shape(), other.shape()) else {
            let rule = "both must be vectors; `einsum` has products of more axes";
            mismatch("outer", self.shape(), other.shape(), rule)
        };
        self.reshape(&[m, 1]).matmul(&other.reshape(&[1, n]))
    }

    /// Products of matrices, added up over the leading axes that `batch` has not or has with length 1: a product and its
    /// adjoints are of this form.
    ///
    /// Where the operands do not have an axis of `batch`, the result has length 1 there. `wins` says whose zeros win over
    /// infinities and NaN of the other operand.
    #[track_caller]
    pub(super) fn product(&self, other: &Self, batch: &[usize], wins: Wins) -> Self {
        let ([.., m, _], [.., _, n]) = (self.shape(), other.shape()) else { unreachable!("both are matrices") };
        let (m, n) = (*m, *n);
        let (x, y) = (self.plain(), other.plain());
        if self.ndim() == 2 && other.ndim() == 2 {
            let op = &OF_TWO[usize::from(wins[0])][usize::from(wins[1])];
            return Self::record_static(op, &[self, other], Self::of_matrices(x.matrix(), y.matrix(), wins));
        }
        let (la, lb) = (leading(self.shape()), leading(other.shape()));
        let full = broadcast(la, lb).expect("leading axes that broadcast");
        let kept = batch.len().min(full.len());
        let lengths = batch[batch.len() - kept..].iter().zip(&full[full.len() - kept..]);
        let length = |(&want, &have): (&usize, &usize)| if want == 1 { 1 } else { have };
        let shape: Dims = lengths.map(length).chain([m, n]).collect();
        let steps = |shape: &[usize], strides: &[usize]| {
            let mut steps: Dims = SmallVec::from_elem(0, full.len());
            for ((step, &len), &stride) in steps.iter_mut().rev().zip(shape.iter().rev()).zip(strides.iter().rev()) {
                *step = if len == 1 { 0 } else { stride };
            }
            steps
        };
        let of = |t: &Self| steps(leading(t.shape()), leading(&t.layout().strides));
        let (a, b) = (of(&x), of(&y));
        let c = steps(&shape[..kept], &row_major_strides(&shape)[..kept]);
        let axis = |k: usize| Axis { len: full[k], a: a[k], b: b[k], c: c[k] };
        let axes: SmallVec<[Axis; 4]> = (0..full.len()).map(axis).collect();
        let output = Self::build(&shape, |out| batched(&axes, x.matrix(), y.matrix(), out, wins));
        Self::record(MatMul(Some(batch.into()), wins), &[self, other], output)
    }

    /// The product of two matrices; a constant.
    fn of_matrices(a: Operand<'_, T>, b: Operand<'_, T>, wins: Wins) -> Self {
        let (m, n) = (a.rows, b.cols);
        Self::build(&[m, n], |out| {
            if is_better_transposed(a, b) {
                transposed_product(a, b, out, |_, y| y);
            } else {
                once::gemm(a, b, Output::rows(out, n));
            }
            if wins != [false; 2] && !(T::MACHINE && product::is_finite_at_edges(out, m, n)) {
                gemm::winning(wins, a, b, Output::rows(out, n));
            }
        })
    }

    /// With the last two axes exchanged.
    #[track_caller]
    pub(super) fn transposed(&self) -> Self {
        let mut axes: Dims = (0..self.ndim()).collect();
        axes.swap(self.ndim() - 2, self.ndim() - 1);
        self.permute(&axes)
    }

    /// A constant for the matrix library, which wants distinct addresses: an operand whose elements stand for several
    /// within a matrix is written out.
    fn plain(&self) -> Self {
        if self.layout().repeats(2) { self.row_major() } else { self.untracked() }
    }

    /// The elements of a matrix, or of the first of several, for the kernels.
    pub(super) fn matrix(&self) -> Operand<'_, T> {
        let layout = self.layout();
        let data = if self.is_empty() { &[] } else { &self.strided().data[layout.offset..] };
        let ([.., rows, cols], [.., row_stride, col_stride]) = (&layout.shape[..], &layout.strides[..]) else {
            unreachable!("a matrix has two axes")
        };
        Operand { data, rows: *rows, cols: *cols, row_stride: *row_stride, col_stride: *col_stride }
    }
}

/// The lengths before the last two: how many matrices there are.
pub(super) fn leading(shape: &[usize]) -> &[usize] {
    &shape[..shape.len() - 2]
}

/// Whether `Bᵀ Aᵀ` and turning it is faster than `A B`. Where the columns of `B` lie in order, the library turns `B` while it
/// packs it: 112 µs for 73 at 32 × 784 × 128 with AVX2, 1177 for 1054 at 128 × 784 × 512, but 50 ms for 53 at 512 × 2048².
fn is_better_transposed<T: Real>(a: Operand<'_, T>, b: Operand<'_, T>) -> bool {
    (2..=256).contains(&a.rows) && a.rows < b.cols && b.row_stride == 1 && b.col_stride > 1
}

/// `out[i, j] = f(j, (A B)[i, j])`, by the transpose.
fn transposed_product<T: Real>(a: Operand<'_, T>, b: Operand<'_, T>, out: &mut [T], f: impl Fn(usize, T) -> T) {
    let mut transposed = Storage::scratch(out.len());
    once::gemm(b.transposed(), a.transposed(), Output::rows(transposed.make_mut(), a.rows));
    transpose::transpose(transposed.as_slice(), b.cols, out, f);
}
