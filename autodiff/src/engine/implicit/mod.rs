//! Derivatives of what an equation defines: roots, fixed points, minima, solutions of linear systems.
//!
//! Where `f(x, p) = 0`, the point `x` is a function of the parameters `p`, and by the implicit function theorem
//! `dx/dp = -(∂f/∂x)⁻¹ ∂f/∂p`. Whatever found the point, loops of one's own or another crate, it is plain numbers here, and no step
//! of the way to it is recorded. What is recorded is one entry, which has the point as its value:
//!
//! | | equation | |
//! |---|---|---|
//! | [`root`] | `f(x, p) = 0` | |
//! | [`fixed_point`] | `f(x, p) = x` | equilibria, deep equilibrium layers |
//! | [`argmin`] | `∂f/∂x (x, p) = 0` | hyper-parameters, bilevel problems |
//! | [`Implicit::argmin_subject_to`] | Karush, Kuhn and Tucker's, with `c(x, p) = 0` | |
//! | [`linear_solve`] | `A(p) x = b`, the matrix given by its product | |
//!
//! ```
//! use autodiff::{Tape, Tensor, implicit};
//! use ndarray::array;
//! // √p as the root of x² - p, found by hand.
//! let tape = Tape::new();
//! let p = tape.tensor(array![4.0, 9.0]);
//! let x = implicit::root(|x, p| x.square() - &p[0], array![2.0, 3.0], &[&p])?;
//! assert_eq!(x.sum().backward().wrt(&p), array![0.25, 1.0 / 6.0].into_dyn());               // 1 / (2 √p)
//! // The gradient is recorded like any other: -1 / (4 p^(3/2)).
//! let slope = &x.sum().grad(&[&p])[0];
//! assert_eq!(slope.sum().backward().wrt(&p), array![-1.0 / 32.0, -1.0 / 108.0].into_dyn());
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! A reverse sweep solves one linear system with the transposed matrix `∂f/∂x`: by elimination, or, with [`Implicit::gmres`] or
//! [`Implicit::conjugate_gradients`], from products with it alone. That solve is recorded where a derivative of the gradient is wanted,
//! so derivatives of all orders exist.
//!
//! All that gradients are to flow to must be among the parameters. Functions of scalars are written with [`scalars`].
//!
//! # That the point is a root
//!
//! Derivatives by the theorem hold at a root and nowhere else. So each function evaluates the equation at the point and returns an
//! error if what is left is larger than a tolerance; with [`Implicit::tolerance`] it is yours. The derivatives are as exact as the point:
//! an error of size `ε` in `x` makes one of about that size in them.

mod entry;
mod krylov;
mod scalars;
mod solve;

pub use self::scalars::scalars;
pub use self::solve::{Implicit, argmin, fixed_point, linear_solve, root};
