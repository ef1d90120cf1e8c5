//! Feature `nalgebra`: code generic over [`RealField`](::nalgebra::RealField) runs on [`Dual`](crate::Dual) as it is, and on
//! recorded variables as [`SendVar`], because the trait asks for `Send` and `Sync`, which [`Var`] is not.
//!
//! That is LU, QR and Cholesky, eigenvalues and singular values, determinants, inverses and linear systems, rotations and
//! whatever others have built on it. nalgebra's algorithms run unchanged, step by step, on the table's functions.
//!
//! Forward mode: the derivative of a determinant along the identity matrix.
//!
//! ```
//! use autodiff::Dual;
//! use nalgebra::Matrix2;
//! let a = Matrix2::new(2.0, 1.0, 1.0, 3.0).map(Dual::constant) + Matrix2::identity() * Dual::new(0.0, [1.0]);
//! let d = a.determinant();
//! assert_eq!((d.value(), d.tangent()), (5.0, &[5.0]));
//! ```
//!
//! Reverse mode: the gradient of the sum of `A⁻¹ b` with respect to `b`, which is `A⁻ᵀ 1`.
//!
//! ```
//! use autodiff::{Tape, Var};
//! use autodiff::interop::nalgebra::{send, vars};
//! use nalgebra::{Matrix2, Vector2};
//! let tape = Tape::<f64>::new();
//! let a = Matrix2::new(4.0, 1.0, 1.0, 3.0);
//! let b = Vector2::new(1.0, 2.0).map(|b| tape.var(b));
//! let solution = send(&a.map(Var::constant)).cholesky().expect("positive definite").solve(&send(&b));
//! let g = vars(&solution).sum().backward();
//! assert!((b.map(|b| g.wrt(b)) - Vector2::new(2.0, 3.0) / 11.0).norm() < 1e-15);
//! ```
//!
//! # What branches on values means here
//!
//! An algorithm's branches look at values alone, as everywhere. What it passes over because it is zero, or small beside
//! rounding, it passes over together with its derivative. So derivatives are exact for
//!
//! - determinants, inverses and solutions of regular systems, by LU, QR or Cholesky, to any order;
//! - eigenvalues of symmetric matrices and singular values that are not repeated, to first order;
//! - eigenvectors, singular vectors, Schur forms, eigenvalues of general matrices, and second derivatives, if the matrix
//!   does not fall apart into blocks to begin with (diagonal, triangular).
//!
//! And derivatives are missing, without a message,
//!
//! - for the zeros that separate such blocks. Turning the matrix first by a constant orthogonal matrix, `Q A Qᵀ`, mixes the
//!   blocks and changes no eigenvalue;
//! - for the determinant of a matrix with a column of zeros, from size 4 on;
//! - for rotations from a scaled axis of length 0.
//!
//! At a repeated eigenvalue or singular value there is no derivative; what comes out is one branch's, infinite, or NaN.

mod field;
mod send;

use ::nalgebra::allocator::Allocator;
use ::nalgebra::{DefaultAllocator, Dim, Matrix, OMatrix, RawStorage};

use crate::{Real, Var};

pub use send::SendVar;

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
