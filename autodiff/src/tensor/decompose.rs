//! The Cholesky factor, and systems with triangular matrices.

use super::linalg::left_gradient;
use super::rule::Rule;
use super::written::Term::{G, Own, Y};
use super::written::{Written, solve_gradients};
use super::{Grads, Tensor};
use crate::Real;
use crate::error::{Kind, Result, sure};
use crate::kernels::factor::{self, BadPivot, Triangle};
use crate::rules::notation::sign::{
    A, Atom, B, INVERSE, INVERSE_TRANSPOSED, In, Piece, Round, SPACE, Sign, TRANSPOSED, Word,
};

impl Triangle {
    /// The half that this one becomes when the matrix is transposed.
    fn transposed(self) -> Self {
        if self == Self::Lower { Self::Upper } else { Self::Lower }
    }
}

impl<T: Real> Tensor<T> {
    /// The Cholesky factor: the lower triangular `L` with positive diagonal and `L Lᵀ = A`, for a symmetric positive
    /// definite `A`.
    ///
    /// The matrix is taken as symmetric: what is factored is `(A + Aᵀ) / 2`, so the gradient is a symmetric matrix, in which an
    /// element and its mirror image have equal parts.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let a = tape.tensor(array![[4.0, 2.0], [2.0, 10.0]]);
    /// let l = a.cholesky()?;
    /// assert_eq!(l.to_array(), array![[2.0, 0.0], [1.0, 3.0]].into_dyn());
    /// let gradient = l.at([1, 0]).backward().wrt(&a); // a₂₁ / √a₁₁
    /// assert_eq!(gradient, array![[-0.125, 0.25], [0.25, 0.0]].into_dyn());
    /// let indefinite = Tensor::constant(array![[1.0, 2.0], [2.0, 1.0]]).cholesky().unwrap_err().to_string();
    /// assert!(indefinite.starts_with("cholesky: shape [2, 2]: the matrix is not positive definite: pivot 1 is -3e0"));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the matrix is not positive definite: a pivot is not above 0, or above it by rounding alone.
    ///
    /// # Panics
    /// If this is not square.
    #[doc(alias = "linalg.cholesky")]
    #[track_caller]
    pub fn cholesky(&self) -> Result<Self> {
        let n = self.side("cholesky");
        self.live();
        let view = self.view();
        let mut found = Ok(());
        let output = Self::build(&[n, n], |out| {
            let mean = |i: usize, j: usize| (view[[i, j]] + view[[j, i]]) / T::of(2.0);
            out.iter_mut()
                .enumerate()
                .for_each(|(k, x)| *x = if k % n > k / n { T::zero() } else { mean(k / n, k % n) });
            found = factor::cholesky(out, n, n, 0);
        });
        if let Err(BadPivot { index, value }) = found {
            let rule = format!(
                "the matrix is not positive definite: pivot {index} is {value:e}, and each must be above 0 by more than \
                 rounding; a covariance that should be definite needs a small multiple of the identity added"
            );
            return Err(Kind::Shape { op: "cholesky".into(), shape: self.shape().to_vec(), rule }.into());
        }
        let rule = &Rule {
            name: "cholesky",
            with: (),
            forward: |x, ()| x[0].cholesky(),
            // With `Φ` the lower half with its diagonal halved: `S = L⁻ᵀ Φ(Lᵀ G) L⁻¹`, `dL/dA = (S + Sᵀ) / 2`
            // (I. Murray, "Differentiation of the Cholesky decomposition", 2016).
            vjp: |cx, ()| {
                let (lt, g) = (cx.output().transpose(), cx.grad());
                let n = lt.shape()[0];
                let phi = Self::build(&[n, n], |out| {
                    out.fill(T::one());
                    out.iter_mut().step_by(n + 1).for_each(|x| *x = T::of(0.5));
                });
                let inner = lt.matmul(&g.tril(0)).tril(0) * phi;
                let back = |x: &Self| sure(lt.solve_triangular(x, Triangle::Upper));
                let s = back(&back(&inner).transpose());
                ((&s + s.transpose()) * T::of(0.5)).into()
            },
            notation: |_, ()| {
                const INNER: Piece = In(Round, &[A, TRANSPOSED, SPACE, B]);
                const LOWER: &[Piece] = &[A, INVERSE_TRANSPOSED, SPACE, Sign("Φ", r"\Phi"), INNER, SPACE, A, INVERSE];
                Written::named([Own(Atom(&[Word("sym"), In(Round, LOWER)]), vec![Y, G])])
            },
        };
        Ok(Self::record_static(rule, &[self], output))
    }

    /// The solution `X` of `A X = B`, `A` being a half of this square matrix; the other half is not looked at. `b` is a vector
    /// or a matrix whose columns are right sides.
    ///
    /// ```
    /// use autodiff::{Tensor, tensor::Triangle};
    /// use ndarray::array;
    /// // ln N(y; 0, K), as in a Gaussian process, without constants: -½ |L⁻¹ y|² - Σ ln L_ii.
    /// let l = Tensor::constant(array![[4.0, 2.0], [2.0, 10.0]]).cholesky()?;
    /// let z = l.solve_triangular(&Tensor::constant(array![2.0, 7.0]), Triangle::Lower)?;
    /// assert_eq!(z.to_array(), array![1.0, 2.0].into_dyn());
    /// let ln_diagonal = Tensor::einsum("ii->i", &[&l]).ln().sum();
    /// let ln_density: f64 = (z.square().sum() / -2.0 - ln_diagonal).item();
    /// assert!((ln_density + 2.5 + 6.0_f64.ln()).abs() < 1e-14);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an element of the diagonal is 0 or not finite.
    ///
    /// # Panics
    /// If this is not square, or `b` has another number of rows.
    #[doc(alias = "triangular_solve")]
    #[track_caller]
    pub fn solve_triangular(&self, b: &Self, half: Triangle) -> Result<Self> {
        let op = "solve_triangular";
        let n = self.side(op);
        self.fits(b, op);
        let view = self.view();
        for i in 0..n {
            let value = view[[i, i]];
            if !value.is_finite() || value.primal() == 0.0 {
                let rule =
                    format!("the matrix is singular: pivot {i}, the element of the diagonal, is {:e}", value.primal());
                return Err(Kind::Shape { op: op.into(), shape: self.shape().to_vec(), rule }.into());
            }
        }
        let (a, cols) = (self.untracked(), b.shape()[1..].iter().product());
        let mut output = b.row_major();
        factor::triangular(a.matrix(), half, false, output.make_mut(), cols, cols);
        let rule = Rule {
            name: op,
            with: half,
            forward: |x, &half| x[0].solve_triangular(&x[1], half),
            // `dL/dB = A⁻ᵀ G`, `dL/dA = -dL/dB Xᵀ` within the half that is read.
            vjp: |cx, &half| {
                let b = sure(cx.input(0).transpose().solve_triangular(cx.grad(), half.transposed()));
                let of_a = || {
                    let whole = left_gradient(&b, cx.output());
                    if half == Triangle::Lower { whole.tril(0) } else { whole.triu(0) }
                };
                Grads::from([cx.needs(0).then(of_a), cx.needs(1).then(|| b.clone())])
            },
            notation: |_, _| Written::named(solve_gradients()),
        };
        Ok(rule.record(&[self, b], output))
    }
}
