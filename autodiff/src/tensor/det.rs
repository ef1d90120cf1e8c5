//! Determinants, and the cofactors that are their gradients.
//!
//! In the rules `G` is the gradient of the result. Where a matrix is regular its cofactors are `det(A) A⁻ᵀ`. Where it is
//! singular, or near that and to be differentiated again, they are computed from the part that is regular and a remainder.

use super::linalg::{identity, inverse_transposed, over_matrices, written_inverse};
use super::matmul::leading;
use super::rule::Rule;
use super::shape::inverse;
use super::written::Term::{G, Times};
use super::written::{Written, of_input};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Result, sure};
use crate::kernels::factor::Lu;
use crate::kernels::rank::Ranked;
use crate::rules::notation::sign::Word;

impl<T: Real> Tensor<T> {
    /// The determinant of a square matrix. The gradient is the matrix of cofactors, also where the matrix is singular, and
    /// so are further derivatives. Products of many pivots overflow: see [`logdet`](Self::logdet).
    ///
    /// Axes before the last two count matrices: `[…, n, n]` gives `[…]`.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let a = tape.tensor(array![[2.0, 1.0], [0.0, 3.0]]);
    /// assert_eq!(a.det().item(), 6.0);
    /// assert_eq!(a.det().backward().wrt(&a), array![[3.0, 0.0], [-1.0, 2.0]].into_dyn());
    /// let singular = tape.tensor(array![[1.0, 2.0], [2.0, 4.0]]);
    /// assert_eq!(singular.det().backward().wrt(&singular), array![[4.0, -2.0], [-2.0, 1.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If this is not square.
    #[doc(alias = "linalg.det")]
    #[track_caller]
    pub fn det(&self) -> Self {
        self.side("det");
        let lus = self.factored();
        let output = of_pivots(self.shape(), &lus, T::one(), |product, pivot| product * pivot);
        Rule {
            name: "det",
            with: lus,
            forward: |x, _| Ok(x[0].det()),
            vjp: |cx, lus| det_gradient(cx, lus),
            // `cof(A)`, which is `det(A) A⁻ᵀ` where `A` is regular.
            notation: |_, _| Written::named([Times(vec![G, of_input(Word("cof"))])]),
        }
        .record(&[self], output)
    }

    /// `ln |det A|` of a square matrix; its gradient is `A⁻ᵀ`. Of a covariance matrix,
    /// [`cholesky`](Self::cholesky) gives it with half of the work: twice the sum of the logarithms of `L`'s diagonal.
    ///
    /// Axes before the last two count matrices: `[…, n, n]` gives `[…]`.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// let a = Tensor::constant(ndarray::array![[0.0, 2.0], [3.0, 0.0]]);
    /// assert!((a.logdet()?.item() - 6.0_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a matrix is singular, as for [`solve`](Self::solve).
    ///
    /// # Panics
    /// If this is not square.
    #[track_caller]
    #[doc(alias("slogdet", "linalg.slogdet"))]
    pub fn logdet(&self) -> Result<Self> {
        self.side("logdet");
        let lus = self.regular("logdet")?;
        let output = of_pivots(self.shape(), &lus, T::zero(), |sum, pivot| sum + pivot.abs().ln());
        let rule = Rule {
            name: "logdet",
            with: lus,
            forward: |x, _| x[0].logdet(),
            // `dL/dA = G A⁻ᵀ`.
            vjp: |cx, lus| over_matrices(cx.grad()).chain(inverse_transposed(cx, lus)).into(),
            notation: |_, _| Written::named([Times(vec![G, written_inverse()])]),
        };
        Ok(rule.record(&[self], output))
    }
}

/// A number for each matrix, from its pivots.
fn of_pivots<T: Real>(shape: &[usize], lus: &[Lu<T>], start: T, fold: impl Fn(T, T) -> T) -> Tensor<T> {
    Tensor::build(leading(shape), |out| {
        out.iter_mut().zip(lus).for_each(|(y, lu)| *y = lu.pivots().fold(start, &fold));
    })
}

/// `dL/dA = G cof(A)`.
fn det_gradient<T: Real>(cx: &Vjp<'_, T>, lus: &[Lu<T>]) -> Grads<T> {
    let a = cx.input(0);
    if lus.iter().any(|lu| if cx.recording() { lu.is_steep() } else { lu.singular().is_some() }) {
        return over_matrices(cx.grad()).chain(all_cofactors(a)).into();
    }
    let slope = inverse_transposed(cx, lus);
    over_matrices(&cx.grad().chain(cx.output())).chain(slope).into()
}

/// The cofactors of each matrix.
fn all_cofactors<T: Real>(a: &Tensor<T>) -> Tensor<T> {
    let (shape, n) = (a.shape(), a.shape()[a.ndim() - 1]);
    if shape.len() == 2 {
        return cofactors(a);
    }
    let count = leading(shape).iter().product();
    let stack = a.reshape(&[count, n, n]);
    let each = |k: usize| cofactors(&stack.narrow(0, k..k + 1).squeeze(0));
    let all: Vec<Tensor<T>> = (0..count).map(each).collect();
    Tensor::stack(&all.iter().collect::<Vec<_>>(), 0).reshape(shape)
}

/// The cofactors of a matrix, `∂det/∂a_ij`, with derivatives to any order, whatever the rank; NaN if it is not finite.
fn cofactors<T: Real>(a: &Tensor<T>) -> Tensor<T> {
    let elements = a.view().iter().map(|x| x.primal()).collect();
    let Some(ranked) = Ranked::new(elements, a.shape()[0], T::epsilon().primal()) else {
        return Tensor::full(a.shape(), T::nan());
    };
    let sorted = a.index_select(0, &ranked.rows).index_select(1, &ranked.cols);
    let found = by_blocks(&sorted, &ranked.groups);
    let found = if ranked.odd { -found } else { found };
    found.index_select(0, &inverse(&ranked.rows)).index_select(1, &inverse(&ranked.cols))
}

/// The cofactors of a matrix whose pivots come in groups of one size, and what is left is nothing but rounding.
///
/// With `M` the block of the first group and `S = D - C M⁻¹ B` the remainder, `det A = det M · det S`. Its derivative by the
/// blocks is `[-C M⁻¹, 1]ᵀ K [-(M⁻¹ B)ᵀ, 1]` with `K = det M · cof S`, and `det A · M⁻ᵀ` besides in place of `M`. So only what
/// is far from singular is divided by.
fn by_blocks<T: Real>(a: &Tensor<T>, groups: &[usize]) -> Tensor<T> {
    let n = a.shape()[0];
    let (k, others) = match groups {
        &[k, ref others @ ..] if n > 2 => (k, others),
        _ => return by_powers(a),
    };
    if k == n {
        return a.det() * sure(a.inverse()).transpose();
    }
    let block = |rows, cols| a.narrow(0, rows).narrow(1, cols);
    let (m, b, c, d) = (block(0..k, 0..k), block(0..k, k..n), block(k..n, 0..k), block(k..n, k..n));
    let reciprocal = sure(m.inverse());
    let (right, left) = (reciprocal.matmul(&b), c.matmul(&reciprocal));
    let rest = d - left.matmul(&b);
    let slope = by_blocks(&rest, others) * m.det();
    // Each row of the remainder gives its determinant once.
    let det = (rest * &slope).sum() * (T::one() / T::of((n - k) as f64));
    let one = identity(n - k);
    let rows = Tensor::concat(&[&-left.transpose(), &one], 0);
    let cols = Tensor::concat(&[&-right.transpose(), &one], 1);
    rows.matmul(&slope).matmul(&cols) + (reciprocal.transpose() * det).pad(&[(0, n - k), (0, n - k)], T::zero())
}

/// The cofactors as polynomials of the elements, without a division by any of them.
///
/// For more than two rows by the recursion of Le Verrier and Faddeev, `X ← Sᵀ X - tr(Sᵀ X) / k`, whose errors are of the size of
/// rounding in the largest products of elements: it is for matrices that are nothing but rounding themselves.
fn by_powers<T: Real>(s: &Tensor<T>) -> Tensor<T> {
    let n = s.shape()[0];
    if n < 2 {
        return Tensor::ones(&[n, n]);
    }
    if n == 2 {
        let signs = identity(2) * T::of(2.0) - Tensor::ones(&[2, 2]);
        return s.flip(&[0, 1]) * signs;
    }
    let (transposed, one) = (s.transpose(), identity(n));
    let step = |x: Tensor<T>, k: usize| {
        let trace = x.trace() * (T::one() / T::of(k as f64));
        x - &one * trace
    };
    let mut x = step(transposed.clone(), 1);
    for k in 2..n {
        // Zeros stay, unless there are derivatives to come.
        if !x.is_tracked() && x.view().iter().all(|x| x.is_exact_zero()) {
            return x;
        }
        x = step(transposed.matmul(&x), k);
    }
    if n.is_multiple_of(2) { -x } else { x }
}
