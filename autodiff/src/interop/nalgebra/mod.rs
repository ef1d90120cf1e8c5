//! Feature `nalgebra`: code generic over [`RealField`](::nalgebra::RealField) runs on [`Dual`](crate::Dual) as it is, and on
//! recorded variables as [`SendVar`], because the trait asks for `Send` and `Sync`, which [`Var`](crate::Var) is not.
//!
//! That is LU, QR and Cholesky, eigenvalues and singular values, determinants, inverses and linear systems, rotations and
//! whatever others have built on it. nalgebra's algorithms run unchanged, step by step, on the table's functions.
//!
//! # Which nalgebra
//!
//! nalgebra 0.35 with simba 0.10, and no other: traits are implemented for one version of a crate, and to the compiler those of another
//! are other traits. Where a program has two (`cargo tree -d` shows them), it says that the trait bound `RealField` is not satisfied
//! though it seems to be. The rule: ask for `nalgebra = "0.35"`; a release of this crate that goes over to another one is a breaking
//! one and says so.
//!
//! # Numbers in and out
//!
//! `Tensor::from(&matrix)`, `tape.tensor(&matrix)` and `DMatrix::try_from(&tensor)` copy values, as [`array()`] and [`matrix()`] do for
//! ndarray. nalgebra stores columns one after another and a tensor rows; elements keep their row and column.
//!
//! # Derivatives of decompositions
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
mod matrices;
mod send;

pub use matrices::{array, matrix, send, vars};
pub use send::SendVar;
