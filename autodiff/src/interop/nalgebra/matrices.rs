//! Matrices of variables and of numbers, there and back.

use ::nalgebra::allocator::Allocator;
use ::nalgebra::{DMatrix, DefaultAllocator, Dim, Matrix, OMatrix, RawStorage, Scalar};
use ndarray::{Array2, ArrayRef2};

use super::send::SendVar;
use crate::error::{Error, Kind};
use crate::{Real, Tensor, Var};

/// A matrix as an array, of the same rows and columns; of numbers, [`Dual`](crate::Dual)s, variables or anything else.
///
/// ```
/// use autodiff::interop::nalgebra::{array, matrix};
/// let m = nalgebra::DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(array(&m), ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!(matrix(&array(&m)), m);
/// ```
pub fn array<T: Scalar, R: Dim, C: Dim, S: RawStorage<T, R, C>>(matrix: &Matrix<T, R, C, S>) -> Array2<T> {
    Array2::from_shape_fn(matrix.shape(), |at| matrix[at].clone())
}

/// The way back from [`array()`], whatever the array's layout.
pub fn matrix<T: Scalar>(array: &ArrayRef2<T>) -> DMatrix<T> {
    DMatrix::from_fn(array.nrows(), array.ncols(), |i, k| array[[i, k]].clone())
}

/// A constant of the same rows and columns; `tape.tensor(&matrix)` makes it a variable.
///
/// ```
/// use autodiff::Tape;
/// use nalgebra::DMatrix;
/// let tape = Tape::new();
/// let matrix = DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0]);
/// let x = tape.tensor(&matrix);
/// let gradient = x.square().sum().backward().wrt(&x);
/// assert_eq!(gradient, ndarray::array![[2.0, 4.0], [6.0, 8.0]].into_dyn());
/// assert_eq!(DMatrix::try_from(&x)?, matrix);
/// # Ok::<(), autodiff::Error>(())
/// ```
impl<T: Real, R: Dim, C: Dim, S: RawStorage<T, R, C>> From<&Matrix<T, R, C, S>> for Tensor<T> {
    fn from(matrix: &Matrix<T, R, C, S>) -> Self {
        Self::constant(array(matrix))
    }
}

/// The values of a tensor with two axes, or of one with a single axis as a column.
impl<T: Real> TryFrom<&Tensor<T>> for DMatrix<T> {
    type Error = Error;

    /// # Errors
    /// If the tensor has no axes or more than two.
    fn try_from(x: &Tensor<T>) -> Result<Self, Error> {
        let (rows, columns) = match *x.shape() {
            [rows, columns] => (rows, columns),
            [rows] => (rows, 1),
            _ => {
                let rule = "a matrix needs one axis, as a column, or two".to_owned();
                return Err(Kind::Shape { op: "DMatrix::try_from".into(), shape: x.shape().to_vec(), rule }.into());
            }
        };
        Ok(Self::from_row_iterator(rows, columns, x.view().iter().copied()))
    }
}

/// A matrix of variables as nalgebra's decompositions take it.
///
/// ```
/// use autodiff::interop::nalgebra::send;
/// use autodiff::{Var, grad};
/// use nalgebra::Matrix2;
/// let det = |x: &[Var<f64>]| send(&Matrix2::from_row_slice(x)).determinant().var();
/// assert_eq!(grad(det, &[1.0, 2.0, 3.0, 4.0]), [4.0, -3.0, -2.0, 1.0]);
/// ```
pub fn send<T: Real, R: Dim, C: Dim, S: RawStorage<Var<T>, R, C>>(
    matrix: &Matrix<Var<T>, R, C, S>,
) -> OMatrix<SendVar<T>, R, C>
where
    DefaultAllocator: Allocator<R, C>,
{
    matrix.map(Var::send)
}

/// The way back from [`send`].
///
/// ```
/// use autodiff::interop::nalgebra::{send, vars};
/// use autodiff::{Var, jacobian};
/// use nalgebra::Matrix2;
/// let inverse = |x: &[Var<f64>]| {
///     let a = send(&Matrix2::from_row_slice(x)).try_inverse().expect("regular");
///     vars(&a.transpose()).as_slice().to_vec()
/// };
/// let j = jacobian(inverse, &[1.0, 2.0, 3.0, 5.0]);
/// // d A⁻¹ = -A⁻¹ dA A⁻¹
/// assert!((j[[0, 3]] - -(2.0 * 3.0)).abs() < 1e-12);
/// ```
///
/// # Panics
/// As [`SendVar::var`].
pub fn vars<T: Real, R: Dim, C: Dim, S: RawStorage<SendVar<T>, R, C>>(
    matrix: &Matrix<SendVar<T>, R, C, S>,
) -> OMatrix<Var<T>, R, C>
where
    DefaultAllocator: Allocator<R, C>,
{
    matrix.map(SendVar::var)
}
