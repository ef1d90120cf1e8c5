//! Linear systems and inverses, from one factorisation. Axes before the last two count matrices.
//!
//! In the rules `G` is the gradient of the result (M. Giles, "Collected matrix derivative results", 2008). A sweep that is
//! not recorded uses the factors again.

use super::layout::{Dims, Layout, broadcast, index_of};
use super::matmul::leading;
use super::rule::Rule;
use super::written::Term::{Array, G, Own, X, Y};
use super::written::{Term, Written, solve_gradients};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::{Kind, Result, mismatch, sure};
use crate::kernels::factor::{BadPivot, Lu};
use crate::kernels::storage::Storage;
use crate::kernels::walk::in_turn;
use crate::rules::notation::sign::{A, B, INVERSE, INVERSE_TRANSPOSED, MINUS, Power, Prefix, SPACE, TRANSPOSED};

/// Whether the right sides `b` of systems with the matrices `a` are vectors: one for all, or one for each.
pub(super) fn are_vectors(a: &[usize], b: &[usize]) -> bool {
    b.len() == 1 || *b == a[..a.len() - 1]
}

/// The gradient `-B Xᵀ` of the matrices `a` of linear systems, where `b` is that of the right side and `x` the solution,
/// an adjoint if it `sweeps`.
pub(super) fn left_gradient<T: Real>(
    b: &Tensor<T>,
    x: &Tensor<T>,
    a: &[usize],
    vectors: bool,
    sweeps: bool,
) -> Tensor<T> {
    let (lead, wins) = (leading(a), [true, sweeps]);
    -if vectors {
        b.expand(b.ndim()).product(&x.expand(x.ndim() - 1), lead, wins)
    } else {
        b.product(&x.transposed(), lead, wins)
    }
}

/// The inverses of the matrices in the first input, transposed.
pub(super) fn inverse_transposed<T: Real>(cx: &Vjp<'_, T>, lus: &[Lu<T>]) -> Tensor<T> {
    let a = cx.input(0);
    if cx.recording() {
        return sure(a.inverse()).transposed();
    }
    identity(a.shape()[a.ndim() - 1]).through(lus, leading(a.shape()), true, false)
}

/// Numbers, one for each matrix, as they are multiplied with matrices.
pub(super) fn over_matrices<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let shape: Dims = x.shape().iter().copied().chain([1; 2]).collect();
    if x.ndim() == 0 { x.clone() } else { x.reshape(&shape) }
}

/// `A⁻ᵀ`, as it is written.
pub(super) fn written_inverse() -> Term {
    Array(Power(&[A, INVERSE_TRANSPOSED]), vec![X(0)])
}

/// How an error calls matrix `k` of those of a shape.
pub(super) fn name_of(shape: &[usize], k: usize) -> String {
    match leading(shape) {
        [] => "the matrix".to_owned(),
        lead => format!("matrix {:?} of the batch", index_of(lead, k)),
    }
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
    /// Axes before the last two count matrices, and broadcast as in [`matmul`](Self::matmul). For matrices `[…, n, n]` the right
    /// side is one vector `[n]` for all, or one for each, `[…, n]` with the very same leading axes; whatever else it is,
    /// its last two axes are a matrix. So `[n, n, n]` takes `[n, n]` as `n` vectors, as in PyTorch.
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
    /// assert_eq!(Tensor::stack(&[&a, &a, &a], 0).solve(&x)?.shape(), [3, 2]);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a matrix is singular: a pivot is 0, or no larger than the rounding of the terms that it is the difference of. The
    /// message says which one of several.
    ///
    /// # Panics
    /// If this is not square, if `b` has another number of rows, or if the leading axes do not broadcast.
    #[doc(alias = "linalg.solve")]
    #[track_caller]
    pub fn solve(&self, b: &Self) -> Result<Self> {
        self.solved(b, false)
    }

    /// The solution, an adjoint if it `sweeps`.
    #[track_caller]
    fn solved(&self, b: &Self, sweeps: bool) -> Result<Self> {
        let vectors = self.fits(b, "solve");
        let lus = self.regular("solve")?;
        let output = b.through(&lus, leading(self.shape()), false, vectors);
        let rule = Rule {
            name: "solve",
            with: (lus, sweeps),
            forward: |x, &(_, sweeps)| x[0].solved(&x[1], sweeps),
            // `X = A⁻¹ B`: `dL/dB = A⁻ᵀ G`, `dL/dA = -dL/dB Xᵀ`.
            vjp: |cx, &(ref lus, sweeps)| {
                let (a, g) = (cx.input(0), cx.grad());
                let vectors = are_vectors(a.shape(), cx.input(1).shape());
                let b = if cx.recording() {
                    sure(a.transposed().solved(g, true))
                } else {
                    g.through(lus, leading(a.shape()), true, vectors)
                };
                let of_a = cx.needs(0).then(|| left_gradient(&b, cx.output(), a.shape(), vectors, sweeps));
                Grads::from([of_a, cx.needs(1).then_some(b)])
            },
            notation: |_, _| Written::new(Array(Power(&[A, INVERSE, SPACE, B]), vec![X(0), X(1)]), solve_gradients()),
        };
        Ok(rule.record(&[self, b], output))
    }

    /// The inverse of a square matrix. To apply it to something, [`solve`](Self::solve) is faster and more accurate.
    /// Axes before the last two count matrices.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let a = Tensor::constant(array![[[2.0, 0.0], [0.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]]);
    /// assert_eq!(a.inverse()?.to_array(), array![[[0.5, 0.0], [0.0, 0.25]], [[0.0, 1.0], [1.0, 0.0]]].into_dyn());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a matrix is singular, as for [`solve`](Self::solve).
    ///
    /// # Panics
    /// If this is not square.
    #[doc(alias("inv", "linalg.inv"))]
    #[track_caller]
    pub fn inverse(&self) -> Result<Self> {
        let n = self.side("inverse");
        let output = identity(n).through(&self.regular("inverse")?, leading(self.shape()), false, false);
        let rule = &Rule {
            name: "inverse",
            with: (),
            forward: |x, ()| x[0].inverse(),
            // `Y = A⁻¹`: `dL/dA = -Yᵀ G Yᵀ`.
            vjp: |cx, ()| {
                let y = cx.output();
                (-(y.transposed().matmul(cx.grad()).matmul(&y.transposed()))).into()
            },
            notation: |_, ()| {
                let gradient = Own(Prefix(&[MINUS, A, TRANSPOSED, SPACE, B, SPACE, A, TRANSPOSED]), vec![Y, G]);
                Written::new(Array(Power(&[A, INVERSE]), vec![X(0)]), [gradient])
            },
        };
        Ok(Self::record_static(rule, &[self], output))
    }

    /// The length of the sides of a square matrix, or of several.
    #[track_caller]
    pub(super) fn side(&self, op: &str) -> usize {
        match *self.shape() {
            [.., rows, cols] if rows == cols => rows,
            [_, _] => self.refuse(op, "the matrix must be square"),
            [.., rows, cols] => {
                let rule = "the matrices must be square; they lie in the last two axes, which have the lengths";
                self.refuse(op, format!("{rule} {rows} and {cols}"))
            }
            _ => self.refuse(op, "a square matrix is needed, or several"),
        }
    }

    /// Panics unless `b` is a right side of systems with these square matrices; says whether it consists of vectors.
    #[track_caller]
    pub(super) fn fits(&self, b: &Self, op: &str) -> bool {
        let n = self.side(op);
        let (a, shape) = (self.shape(), b.shape());
        let vectors = are_vectors(a, shape);
        let lead = shape.len().checked_sub(if vectors { 1 } else { 2 });
        let Some(lead) = lead.filter(|&lead| shape[lead] == n) else {
            let rule = "the right side needs as many rows as the matrix, as a vector or in columns";
            mismatch(op, a, shape, rule)
        };
        if broadcast(leading(a), &shape[..lead]).is_none() {
            let rule = "matched from the right, the lengths before the last two must be equal or 1";
            mismatch(op, a, shape, rule);
        }
        vectors
    }

    /// The factors of each matrix.
    #[track_caller]
    pub(super) fn factored(&self) -> Vec<Lu<T>> {
        self.live();
        let (elements, shape) = (self.row_major(), self.shape());
        let (elements, n) = (elements.as_slice().expect("row-major"), shape[shape.len() - 1]);
        let count: usize = leading(shape).iter().product();
        (0..count).map(|k| Lu::new(elements[k * n * n..][..n * n].to_vec(), n)).collect()
    }

    /// The factors of matrices none of which is singular.
    #[track_caller]
    pub(super) fn regular(&self, op: &str) -> Result<Vec<Lu<T>>> {
        let lus = self.factored();
        let found = lus.iter().enumerate().find_map(|(k, lu)| Some((k, lu.singular()?)));
        let Some((k, BadPivot { index, value })) = found else { return Ok(lus) };
        let rule = format!(
            "{} is singular: pivot {index} of its elimination is {value:e}, nothing but rounding beside the terms it is the \
             difference of; a row is a combination of others",
            name_of(self.shape(), k)
        );
        Err(Kind::Shape { op: op.into(), shape: self.shape().to_vec(), rule }.into())
    }

    /// These right sides, vectors or matrices, solved for, where `lead` counts the factored matrices; a constant.
    fn through(&self, lus: &[Lu<T>], lead: &[usize], transposed: bool, vectors: bool) -> Self {
        let (b, shape) = (self.row_major(), self.shape());
        let b = b.as_slice().expect("row-major");
        let (own, core) = shape.split_at(shape.len() - if vectors { 1 } else { 2 });
        let (size, cols) = (core.iter().product::<usize>(), core[1..].iter().product());
        let all = broadcast(lead, own).expect("leading axes that broadcast");
        let places = |lead: &[usize]| Layout::row_major(lead).broadcast_to(&all).expect("broadcasts").strides;
        let shape: Dims = all.iter().chain(core).copied().collect();
        let mut x = Vec::with_capacity(shape.iter().product());
        in_turn(&all, &places(lead), &places(own), |i, j| {
            x.extend(lus[i].solve(transposed, &b[j * size..][..size], cols));
        });
        Self::from_storage(Storage::from_vec(x), &shape)
    }
}
