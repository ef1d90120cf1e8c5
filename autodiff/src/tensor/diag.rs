//! Diagonals and triangles of matrices.

use smallvec::smallvec;

use super::Tensor;
use super::layout::{Dims, Layout, checked_len};
use super::rule::Rule;
use super::written::Written;
use crate::Real;
use crate::rules::notation::sign::Word;

impl<T: Real> Tensor<T> {
    /// The diagonal of a matrix as a vector, without a copy; of a vector, the square matrix with this diagonal and 0
    /// elsewhere.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.diag().to_array(), array![1.0, 5.0].into_dyn());
    /// assert_eq!(x.diag().diag().to_array(), array![[1.0, 0.0], [0.0, 5.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there are not one or two axes, or if the number of elements overflows.
    #[doc(alias("diagonal", "diag_embed"))]
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
        let rule = &Rule {
            name: "diag",
            with: (),
            forward: |x, ()| Ok(x[0].diagonal()),
            vjp: |cx, ()| cx.grad().on_diagonal(cx.input(0).shape()).into(),
            notation: |_, ()| Written::linear(Word("diag")),
        };
        Self::record_static(rule, &[self], self.with_layout(layout))
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
        Rule {
            name: "diag",
            with: Dims::from(shape),
            forward: |x, shape| Ok(x[0].on_diagonal(shape)),
            vjp: |cx, _| cx.grad().diagonal().into(),
            notation: |_, _| Written::linear(Word("diag")),
        }
        .record(&[self], output)
    }

    #[track_caller]
    fn triangle(&self, upper: bool, k: isize) -> Self {
        let name = if upper { "triu" } else { "tril" };
        let &[.., rows, cols] = self.shape() else { self.refuse(name, "a matrix is needed, or several") };
        let mut output = self.row_major();
        for (row, elements) in output.make_mut().chunks_exact_mut(cols.max(1)).enumerate() {
            // Where the first element stands that is beyond diagonal `k`, or for the upper triangle on it.
            let start = ((row % rows) as isize).saturating_add(k).saturating_add(isize::from(!upper));
            let start = usize::try_from(start).unwrap_or(0).min(cols);
            elements[if upper { 0..start } else { start..cols }].fill(T::zero());
        }
        Rule {
            name,
            with: (upper, k),
            forward: |x, &(upper, k)| Ok(x[0].triangle(upper, k)),
            vjp: |cx, &(upper, k)| cx.grad().triangle(upper, k).into(),
            notation: |_, &(upper, _)| Written::linear(Word(if upper { "triu" } else { "tril" })),
        }
        .record(&[self], output)
    }
}
