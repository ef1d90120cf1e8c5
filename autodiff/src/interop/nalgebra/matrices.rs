//! Matrices of variables, there and back.

use ::nalgebra::allocator::Allocator;
use ::nalgebra::{DefaultAllocator, Dim, Matrix, OMatrix, RawStorage};

use super::send::SendVar;
use crate::{Real, Var};

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
