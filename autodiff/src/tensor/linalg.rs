//! Linear systems, inverses and determinants, from one factorisation.

use ndarray::{ArrayD, ArrayViewD};
use std::rc::Rc;

use super::layout::Dims;
use super::op::{Op, on_tensors};
use super::written::Term::{Array, G, Own, Times, X, Y};
use super::written::{Operands, Written, solve_gradients};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Error, Kind, Result};
use crate::kernels::factor::{BadPivot, Lu};
use crate::rules::notation::sign::{A, B, INVERSE, INVERSE_TRANSPOSED, MINUS, Power, Prefix, SPACE, TRANSPOSED};

/// An operation that has factored its first input.
struct Factored<T> {
    what: What,
    lu: Rc<Lu<T>>,
}

#[derive(Clone, Copy)]
enum What {
    Solve,
    Inverse,
    Det,
    LogDet,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Solve => "solve",
            Self::Inverse => "inverse",
            Self::Det => "det",
            Self::LogDet => "logdet",
        }
    }
}

impl<T: Real> Op<T> for Factored<T> {
    fn name(&self) -> &'static str {
        self.what.name()
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| match self.what {
            What::Solve => x[0].solve(&x[1]),
            What::Inverse => x[0].inverse(),
            What::Det => Ok(x[0].det()),
            What::LogDet => x[0].logdet(),
        })
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        let inverse = || Array(Power(&[A, INVERSE_TRANSPOSED]), vec![X(0)]);
        Some(match self.what {
            What::Solve => Written::new(Array(Power(&[A, INVERSE, SPACE, B]), vec![X(0), X(1)]), solve_gradients()),
            What::Inverse => Written::new(
                Array(Power(&[A, INVERSE]), vec![X(0)]),
                [Own(Prefix(&[MINUS, A, TRANSPOSED, SPACE, B, SPACE, A, TRANSPOSED]), vec![Y, G])],
            ),
            What::Det => Written::named([Times(vec![G, Y, inverse()])]),
            What::LogDet => Written::named([Times(vec![G, inverse()])]),
        })
    }

    /// With `G` the gradient of the result (M. Giles, "Collected matrix derivative results", 2008):
    /// `X = A⁻¹ B`: `dL/dB = A⁻ᵀ G`, `dL/dA = -dL/dB Xᵀ`; `Y = A⁻¹`: `-Yᵀ G Yᵀ`; `det A`: `G det(A) A⁻ᵀ`; `ln |det A|`:
    /// `G A⁻ᵀ`. A sweep that is not recorded uses the factors again.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (a, y, g) = (cx.input(0), cx.output(), cx.grad());
        match self.what {
            What::Solve => {
                let b = if cx.recording() { sure(a.transpose().solve(g)) } else { g.through(&self.lu, true) };
                let of_a = cx.needs(0).then(|| -if b.ndim() == 1 { b.outer(y) } else { b.matmul(&y.transpose()) });
                Grads::from([of_a, cx.needs(1).then_some(b)])
            }
            What::Inverse => (-(y.transpose().matmul(g).matmul(&y.transpose()))).into(),
            What::Det | What::LogDet => {
                let slope = if let Some(pivot) = self.lu.singular() {
                    singular(self.what.name(), a, pivot, ", where the rule for the gradient, det(A) A⁻ᵀ, does not hold")
                        .raise()
                } else if cx.recording() {
                    sure(a.inverse()).transpose()
                } else {
                    identity(a.shape()[0]).through(&self.lu, true)
                };
                let scale = if matches!(self.what, What::Det) { y * g } else { g.clone() };
                (scale * slope).into()
            }
        }
    }
}

/// What a factorisation that went well before must give again.
fn sure<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| error.raise())
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
    /// use ndarray::{ArrayD, ArrayViewD, array};
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
    #[track_caller]
    pub fn solve(&self, b: &Self) -> Result<Self> {
        let n = self.side("solve");
        if !(1..=2).contains(&b.ndim()) || b.shape()[0] != n {
            let (a, b) = (self.shape().to_vec(), b.shape().to_vec());
            let rule = "the right side needs as many rows as the matrix, as a vector or in columns";
            Error::from(Kind::Shapes { op: "solve".into(), a, b, rule }).raise();
        }
        let lu = self.regular(What::Solve)?;
        let output = b.through(&lu, false);
        Ok(Self::record(Factored { what: What::Solve, lu }, &[self, b], output))
    }

    /// The inverse of a square matrix. To apply it to something, [`solve`](Self::solve) is faster and more accurate.
    ///
    /// # Errors
    /// If the matrix is singular, as for [`solve`](Self::solve).
    ///
    /// # Panics
    /// If this is not square.
    #[track_caller]
    pub fn inverse(&self) -> Result<Self> {
        let n = self.side("inverse");
        let lu = self.regular(What::Inverse)?;
        let output = identity(n).through(&lu, false);
        Ok(Self::record(Factored { what: What::Inverse, lu }, &[self], output))
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
        Self::record(Factored { what: What::Det, lu: Rc::new(lu) }, &[self], output)
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
    #[track_caller]
    pub fn logdet(&self) -> Result<Self> {
        self.side("logdet");
        let lu = self.regular(What::LogDet)?;
        let output = Self::scalar(lu.pivots().fold(T::zero(), |sum, pivot| sum + pivot.abs().ln()));
        Ok(Self::record(Factored { what: What::LogDet, lu }, &[self], output))
    }

    /// The length of a square matrix's sides.
    #[track_caller]
    pub(super) fn side(&self, op: &str) -> usize {
        match *self.shape() {
            [rows, cols] if rows == cols => rows,
            _ => self.refuse(op, "the matrix must be square"),
        }
    }

    #[track_caller]
    fn factored(&self) -> Lu<T> {
        self.live();
        Lu::new(self.row_major().as_slice().expect("row-major").to_vec(), self.shape()[0])
    }

    /// The factors of a matrix that is not singular.
    #[track_caller]
    fn regular(&self, what: What) -> Result<Rc<Lu<T>>> {
        let lu = self.factored();
        match lu.singular() {
            Some(pivot) => Err(singular(what.name(), self, pivot, "")),
            None => Ok(Rc::new(lu)),
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
