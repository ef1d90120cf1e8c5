//! Linear systems, inverses and determinants, from one factorisation.
//!
//! In the rules `G` is the gradient of the result (M. Giles, "Collected matrix derivative results", 2008). A sweep that is
//! not recorded uses the factors again.

use super::layout::Dims;
use super::rule::Rule;
use super::written::Term::{Array, G, Own, Times, X, Y};
use super::written::{Term, Written, solve_gradients};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Error, Kind, Result, mismatch, sure};
use crate::kernels::factor::{BadPivot, Lu};
use crate::rules::notation::sign::{A, B, INVERSE, INVERSE_TRANSPOSED, MINUS, Power, Prefix, SPACE, TRANSPOSED};

/// The gradient `-B Xᵀ` of the matrix of a linear system, where `b` is that of the right side and `x` the solution.
pub(super) fn left_gradient<T: Real>(b: &Tensor<T>, x: &Tensor<T>) -> Tensor<T> {
    -if b.ndim() == 1 { b.outer(x) } else { b.matmul(&x.transpose()) }
}

/// The inverse of the first input, transposed.
fn inverse_transposed<T: Real>(op: &str, cx: &Vjp<'_, T>, lu: &Lu<T>) -> Tensor<T> {
    let a = cx.input(0);
    if let Some(pivot) = lu.singular() {
        singular(op, a, pivot, ", where the rule for the gradient, det(A) A⁻ᵀ, does not hold").raise();
    }
    if cx.recording() { sure(a.inverse()).transpose() } else { identity(a.shape()[0]).through(lu, true) }
}

/// `A⁻ᵀ`, as it is written.
fn written_inverse() -> Term {
    Array(Power(&[A, INVERSE_TRANSPOSED]), vec![X(0)])
}

fn singular<T: Real>(op: &str, a: &Tensor<T>, BadPivot { index, value }: BadPivot, so: &str) -> Error {
    let rule = format!(
        "the matrix is singular: pivot {index} of its elimination is {value:e}, nothing but rounding beside the terms it is the \
         difference of; a row is a combination of others{so}"
    );
    Kind::Shape { op: op.into(), shape: a.shape().to_vec(), rule }.into()
}

pub(crate) fn identity<T: Real>(n: usize) -> Tensor<T> {
    Tensor::build(&[n, n], |out| {
        out.fill(T::zero());
        out.iter_mut().step_by(n + 1).for_each(|x| *x = T::one());
    })
}

impl<T: Real> Tensor<T> {
    /// The solution `X` of the linear system `A X = B`, `A` being this square matrix: by elimination with partial
    /// pivoting, without the inverse. `b` is a vector or a matrix whose columns are right sides.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let a = tape.tensor(array![[2.0, 0.0], [1.0, 4.0]]);
    /// let x = a.solve(&Tensor::constant(array![2.0, 9.0]))?;
    /// assert_eq!(x.to_array(), array![1.0, 2.0].into_dyn());
    /// // dx/dA = -A⁻ᵀ g xᵀ
    /// assert_eq!(x.sum().backward().wrt(&a), array![[-0.375, -0.75], [-0.25, -0.5]].into_dyn());
    /// let none = Tensor::constant(array![[1.0, 2.0], [2.0, 4.0]]).solve(&x).unwrap_err().to_string();
    /// assert!(none.starts_with("solve: shape [2, 2]: the matrix is singular: pivot 1 "));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the matrix is singular: a pivot is 0, or no larger than the rounding of the terms that it is the difference of.
    ///
    /// # Panics
    /// If this is not square, or `b` has another number of rows.
    #[doc(alias = "linalg.solve")]
    #[track_caller]
    pub fn solve(&self, b: &Self) -> Result<Self> {
        self.fits(b, "solve");
        let lu = self.regular("solve")?;
        let output = b.through(&lu, false);
        let rule = Rule {
            name: "solve",
            with: lu,
            forward: |x, _| x[0].solve(&x[1]),
            // `X = A⁻¹ B`: `dL/dB = A⁻ᵀ G`, `dL/dA = -dL/dB Xᵀ`.
            vjp: |cx, lu| {
                let (a, g) = (cx.input(0), cx.grad());
                let b = if cx.recording() { sure(a.transpose().solve(g)) } else { g.through(lu, true) };
                let of_a = cx.needs(0).then(|| left_gradient(&b, cx.output()));
                Grads::from([of_a, cx.needs(1).then_some(b)])
            },
            notation: |_, _| Written::new(Array(Power(&[A, INVERSE, SPACE, B]), vec![X(0), X(1)]), solve_gradients()),
        };
        Ok(rule.record(&[self, b], output))
    }

    /// The inverse of a square matrix. To apply it to something, [`solve`](Self::solve) is faster and more accurate.
    ///
    /// # Errors
    /// If the matrix is singular, as for [`solve`](Self::solve).
    ///
    /// # Panics
    /// If this is not square.
    #[doc(alias = "inv")]
    #[track_caller]
    pub fn inverse(&self) -> Result<Self> {
        let n = self.side("inverse");
        let output = identity(n).through(&self.regular("inverse")?, false);
        let rule = &Rule {
            name: "inverse",
            with: (),
            forward: |x, ()| x[0].inverse(),
            // `Y = A⁻¹`: `dL/dA = -Yᵀ G Yᵀ`.
            vjp: |cx, ()| {
                let y = cx.output();
                (-(y.transpose().matmul(cx.grad()).matmul(&y.transpose()))).into()
            },
            notation: |_, ()| {
                let gradient = Own(Prefix(&[MINUS, A, TRANSPOSED, SPACE, B, SPACE, A, TRANSPOSED]), vec![Y, G]);
                Written::new(Array(Power(&[A, INVERSE]), vec![X(0)]), [gradient])
            },
        };
        Ok(Self::record_static(rule, &[self], output))
    }

    /// The determinant of a square matrix. The gradient `det(A) A⁻ᵀ` is for regular matrices: a sweep through the
    /// determinant of a singular one panics. Products of many pivots overflow: see [`logdet`](Self::logdet).
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let a = tape.tensor(array![[2.0, 1.0], [0.0, 3.0]]);
    /// assert_eq!(a.det().item(), 6.0);
    /// assert_eq!(a.det().backward().wrt(&a), array![[3.0, 0.0], [-1.0, 2.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If this is not square.
    #[track_caller]
    pub fn det(&self) -> Self {
        self.side("det");
        let lu = self.factored();
        let output = Self::scalar(lu.pivots().fold(T::one(), |product, pivot| product * pivot));
        Rule {
            name: "det",
            with: lu,
            forward: |x, _| Ok(x[0].det()),
            // `dL/dA = G det(A) A⁻ᵀ`.
            vjp: |cx, lu| {
                let slope = inverse_transposed("det", cx, lu);
                (cx.output() * cx.grad() * slope).into()
            },
            notation: |_, _| Written::named([Times(vec![G, Y, written_inverse()])]),
        }
        .record(&[self], output)
    }

    /// `ln |det A|` of a square matrix; its gradient is `A⁻ᵀ`. Of a covariance matrix,
    /// [`cholesky`](Self::cholesky) gives it with half of the work: twice the sum of the logarithms of `L`'s diagonal.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let a = Tensor::constant(ndarray::array![[0.0, 2.0], [3.0, 0.0]]);
    /// assert!((a.logdet()?.item() - 6.0_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the matrix is singular, as for [`solve`](Self::solve).
    ///
    /// # Panics
    /// If this is not square.
    #[doc(alias = "slogdet")]
    #[track_caller]
    pub fn logdet(&self) -> Result<Self> {
        self.side("logdet");
        let lu = self.regular("logdet")?;
        let output = Self::scalar(lu.pivots().fold(T::zero(), |sum, pivot| sum + pivot.abs().ln()));
        let rule = Rule {
            name: "logdet",
            with: lu,
            forward: |x, _| x[0].logdet(),
            // `dL/dA = G A⁻ᵀ`.
            vjp: |cx, lu| {
                let slope = inverse_transposed("logdet", cx, lu);
                (cx.grad() * slope).into()
            },
            notation: |_, _| Written::named([Times(vec![G, written_inverse()])]),
        };
        Ok(rule.record(&[self], output))
    }

    /// The length of a square matrix's sides.
    #[track_caller]
    pub(super) fn side(&self, op: &str) -> usize {
        match *self.shape() {
            [rows, cols] if rows == cols => rows,
            _ => self.refuse(op, "the matrix must be square"),
        }
    }

    /// Panics unless `b` is a right side of a system with this square matrix.
    #[track_caller]
    pub(super) fn fits(&self, b: &Self, op: &str) {
        let n = self.side(op);
        if !(1..=2).contains(&b.ndim()) || b.shape()[0] != n {
            let rule = "the right side needs as many rows as the matrix, as a vector or in columns";
            mismatch(op, self.shape(), b.shape(), rule);
        }
    }

    #[track_caller]
    fn factored(&self) -> Lu<T> {
        self.live();
        Lu::new(self.row_major().as_slice().expect("row-major").to_vec(), self.shape()[0])
    }

    /// The factors of a matrix that is not singular.
    #[track_caller]
    fn regular(&self, op: &str) -> Result<Lu<T>> {
        let lu = self.factored();
        match lu.singular() {
            Some(pivot) => Err(singular(op, self, pivot, "")),
            None => Ok(lu),
        }
    }

    /// This right side, solved for; a constant.
    fn through(&self, lu: &Lu<T>, transposed: bool) -> Self {
        let (b, shape) = (self.row_major(), self.shape());
        let cols = shape[1..].iter().product();
        let x = lu.solve(transposed, b.as_slice().expect("row-major"), cols);
        let shape: Dims = shape.iter().copied().collect();
        Self::from_storage(crate::kernels::storage::Storage::from_vec(x), &shape)
    }
}
