//! The Cholesky factor, and systems with triangular matrices. Axes before the last two count matrices.

use super::layout::{Dims, Layout, broadcast};
use super::linalg::{are_vectors, left_gradient, name_of};
use super::matmul::leading;
use super::rule::Rule;
use super::written::Term::{G, Own, Y};
use super::written::{Written, solve_gradients};
use super::{Grads, Tensor};
use crate::Real;
use crate::error::{Kind, Result, sure};
use crate::kernels::factor::{self, BadPivot, Triangle};
use crate::kernels::gemm::Operand;
use crate::kernels::walk::in_turn;
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
    /// element and its mirror image have equal parts. Axes before the last two count matrices.
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
    /// If a matrix is not positive definite: a pivot is not above 0, or above it by rounding alone. The message says which one
    /// of several.
    ///
    /// # Panics
    /// If this is not square.
    #[doc(alias = "linalg.cholesky")]
    #[track_caller]
    pub fn cholesky(&self) -> Result<Self> {
        let n = self.side("cholesky");
        self.live();
        let (elements, shape) = (self.row_major(), self.shape());
        let elements = elements.as_slice().expect("row-major");
        let mut found = Ok(());
        let output = Self::build(shape, |out| {
            for k in 0..leading(shape).iter().product() {
                let (a, out) = (&elements[k * n * n..][..n * n], &mut out[k * n * n..][..n * n]);
                for (at, x) in out.iter_mut().enumerate() {
                    let (i, j) = (at / n, at % n);
                    *x = if j > i { T::zero() } else { (a[i * n + j] + a[j * n + i]) / T::of(2.0) };
                }
                if found.is_ok() {
                    found = factor::cholesky(out, n, n, 0).map_err(|bad| (k, bad));
                }
            }
        });
        if let Err((k, BadPivot { index, value })) = found {
            let rule = format!(
                "{} is not positive definite: pivot {index} is {value:e}, and each must be above 0 by more than \
                 rounding; a covariance that should be definite needs a small multiple of the identity added",
                name_of(shape, k)
            );
            return Err(Kind::Shape { op: "cholesky".into(), shape: shape.to_vec(), rule }.into());
        }
        let rule = &Rule {
            name: "cholesky",
            with: (),
            forward: |x, ()| x[0].cholesky(),
            // With `Φ` the lower half with its diagonal halved: `S = L⁻ᵀ Φ(Lᵀ G) L⁻¹`, `dL/dA = (S + Sᵀ) / 2`
            // (I. Murray, "Differentiation of the Cholesky decomposition", 2016).
            vjp: |cx, ()| {
                let (lt, g) = (cx.output().transposed(), cx.grad());
                let n = lt.shape()[lt.ndim() - 1];
                let phi = Self::build(&[n, n], |out| {
                    out.fill(T::one());
                    out.iter_mut().step_by(n + 1).for_each(|x| *x = T::of(0.5));
                });
                let inner = lt.matmul(&g.tril(0)).tril(0) * phi;
                let back = |x: &Self| sure(lt.solve_triangular(x, Triangle::Upper));
                let s = back(&back(&inner).transposed());
                ((&s + s.transposed()) * T::of(0.5)).into()
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
    /// or a matrix whose columns are right sides, or several, as for [`solve`](Self::solve).
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
    /// If this is not square, if `b` has another number of rows, or if the leading axes do not broadcast.
    #[doc(alias = "triangular_solve")]
    #[track_caller]
    pub fn solve_triangular(&self, b: &Self, half: Triangle) -> Result<Self> {
        self.solved_triangular(b, half, false)
    }

    /// The solution, an adjoint if it `sweeps`.
    #[track_caller]
    fn solved_triangular(&self, b: &Self, half: Triangle, sweeps: bool) -> Result<Self> {
        let op = "solve_triangular";
        let vectors = self.fits(b, op);
        let bad = |x: &T| !x.is_finite() || x.primal() == 0.0;
        if let Some((at, value)) = self.diagonals().view().iter().enumerate().find(|(_, x)| bad(x)) {
            let n = self.shape()[self.ndim() - 1];
            let rule = format!(
                "{} is singular: pivot {}, the element of the diagonal, is {:e}",
                name_of(self.shape(), at / n),
                at % n,
                value.primal()
            );
            return Err(Kind::Shape { op: op.into(), shape: self.shape().to_vec(), rule }.into());
        }
        let output = self.triangular(b, half, vectors);
        let rule = Rule {
            name: op,
            with: (half, sweeps),
            forward: |x, &(half, sweeps)| x[0].solved_triangular(&x[1], half, sweeps),
            // `dL/dB = A⁻ᵀ G`, `dL/dA = -dL/dB Xᵀ` within the half that is read.
            vjp: |cx, &(half, sweeps)| {
                let a = cx.input(0);
                let b = sure(a.transposed().solved_triangular(cx.grad(), half.transposed(), true));
                let of_a = || {
                    let vectors = are_vectors(a.shape(), cx.input(1).shape());
                    let whole = left_gradient(&b, cx.output(), a.shape(), vectors, sweeps);
                    if half == Triangle::Lower { whole.tril(0) } else { whole.triu(0) }
                };
                Grads::from([cx.needs(0).then(of_a), cx.needs(1).then(|| b.clone())])
            },
            notation: |_, _| Written::named(solve_gradients()),
        };
        Ok(rule.record(&[self, b], output))
    }

    /// The diagonal of each of these square matrices; a constant.
    fn diagonals(&self) -> Self {
        let Layout { mut shape, mut strides, offset } = self.layout().clone();
        shape.pop();
        let last = strides.pop().unwrap_or(0);
        strides.iter_mut().next_back().into_iter().for_each(|stride| *stride += last);
        self.with_layout(Layout { shape, strides, offset })
    }

    /// The solutions of triangular systems with right sides that fit; a constant.
    fn triangular(&self, b: &Self, half: Triangle, vectors: bool) -> Self {
        let (own, core) = b.shape().split_at(b.ndim() - if vectors { 1 } else { 2 });
        let lead = broadcast(leading(self.shape()), own).expect("leading axes that broadcast");
        let over = |core: &[usize]| lead.iter().chain(core).copied().collect::<Dims>();
        let (size, cols) = (core.iter().product::<usize>(), core[1..].iter().product());
        let a = self.untracked().broadcast_to(&over(&self.shape()[self.ndim() - 2..]));
        let mut x = b.untracked().broadcast_to(&over(core)).row_major();
        let (first, strides, mut k) = (a.matrix(), leading(&a.layout().strides), 0);
        let out = x.make_mut();
        in_turn(&lead, strides, strides, |offset, _| {
            let a = Operand { data: first.data.get(offset..).unwrap_or(&[]), ..first };
            factor::triangular(a, half, false, &mut out[k * size..][..size], cols, cols);
            k += 1;
        });
        x
    }
}
