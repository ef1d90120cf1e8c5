//! Diagonals and triangles of matrices.

use ndarray::{ArrayD, ArrayViewD};
use smallvec::smallvec;

use super::layout::{Dims, Layout, checked_len};
use super::op::{Op, on_tensors};
use super::written::{Operands, Written, of_gradient};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;
use crate::rules::notation::sign::Word;

/// The diagonal of a matrix.
struct Diagonal;

impl<T: Real> Op<T> for Diagonal {
    fn name(&self) -> &'static str {
        "diag"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].diagonal()))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Word("diag"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().on_diagonal(cx.input(0).shape()).into()
    }
}

/// A matrix with a given diagonal.
struct OnDiagonal(Dims);

impl<T: Real> Op<T> for OnDiagonal {
    fn name(&self) -> &'static str {
        "diag"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].on_diagonal(&self.0)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Word("diag"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().diagonal().into()
    }
}

struct Triangle {
    upper: bool,
    k: isize,
}

impl<T: Real> Op<T> for Triangle {
    fn name(&self) -> &'static str {
        if self.upper { "triu" } else { "tril" }
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].triangle(self.upper, self.k)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Word(if self.upper { "triu" } else { "tril" }))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().triangle(self.upper, self.k).into()
    }
}

impl<T: Real> Tensor<T> {
    /// The diagonal of a matrix as a vector, without a copy; of a vector, the square matrix with this diagonal and 0
    /// elsewhere.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::{ArrayD, ArrayViewD, array};
    /// let x = Tensor::constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.diag().to_array(), array![1.0, 5.0].into_dyn());
    /// assert_eq!(x.diag().diag().to_array(), array![[1.0, 0.0], [0.0, 5.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there are not one or two axes, or if the number of elements overflows.
    #[track_caller]
    pub fn diag(&self) -> Self {
        match *self.shape() {
            [_, _] => self.diagonal(),
            [n] if checked_len(&[n, n]).is_some() => self.on_diagonal(&[n, n]),
            [_] => self.refuse("diag", "a square matrix of this size has too many elements"),
            _ => self.refuse("diag", "a vector or a matrix is needed"),
        }
    }

    /// The sum of a matrix's diagonal, `Σ x_ii`.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.trace().backward().wrt(&x), array![[1.0, 0.0], [0.0, 1.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there are not two axes.
    #[track_caller]
    pub fn trace(&self) -> Self {
        if self.ndim() != 2 {
            self.refuse("trace", "a matrix is needed");
        }
        self.diagonal().sum()
    }

    /// The lower triangle of a matrix, 0 above: what lies on diagonal `k` and below. Diagonal 0 is the main one, positive
    /// ones lie above it. Axes before the last two count matrices.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.tril(0).to_array(), array![[1.0, 0.0], [3.0, 4.0]].into_dyn());
    /// assert_eq!(x.tril(-1).to_array(), array![[0.0, 0.0], [3.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn tril(&self, k: isize) -> Self {
        self.triangle(false, k)
    }

    /// The upper triangle of a matrix, 0 below: what lies on diagonal `k` and above, as for [`tril`](Self::tril).
    ///
    /// # Panics
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn triu(&self, k: isize) -> Self {
        self.triangle(true, k)
    }

    #[track_caller]
    fn diagonal(&self) -> Self {
        let layout = self.layout();
        let len = layout.shape[0].min(layout.shape[1]);
        let strides: Dims = smallvec![layout.strides[0] + layout.strides[1]];
        let layout = Layout { shape: smallvec![len], strides, offset: layout.offset };
        Self::record_static(&Diagonal, &[self], self.with_layout(layout))
    }

    /// A matrix of this shape with these elements on its diagonal.
    #[track_caller]
    fn on_diagonal(&self, shape: &[usize]) -> Self {
        let output = Self::build(shape, |out| {
            out.fill(T::zero());
            for (i, &x) in self.view().iter().enumerate() {
                out[i * (shape[1] + 1)] = x;
            }
        });
        Self::record(OnDiagonal(shape.into()), &[self], output)
    }

    #[track_caller]
    fn triangle(&self, upper: bool, k: isize) -> Self {
        let &[.., rows, cols] = self.shape() else {
            self.refuse(if upper { "triu" } else { "tril" }, "a matrix is needed, or several")
        };
        let mut output = self.row_major();
        for (row, elements) in output.make_mut().chunks_exact_mut(cols.max(1)).enumerate() {
            // Where the first element stands that is beyond diagonal `k`, or for the upper triangle on it.
            let start = ((row % rows) as isize).saturating_add(k).saturating_add(isize::from(!upper));
            let start = usize::try_from(start).unwrap_or(0).min(cols);
            elements[if upper { 0..start } else { start..cols }].fill(T::zero());
        }
        Self::record(Triangle { upper, k }, &[self], output)
    }
}
