//! Jacobians, dense and sparse, and the steps from them.

use autodiff::{Real, Sparse};
use ndarray::Array2;

use super::super::line_search::dot;

/// The derivatives of residuals: a row for each, a column for each unknown.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Jacobian<T> {
    Dense(Array2<T>),
    Sparse(Sparse<T>),
}

impl<T: Real> Jacobian<T> {
    pub(super) fn cols(&self) -> usize {
        match self {
            Self::Dense(j) => j.ncols(),
            Self::Sparse(j) => j.shape.1,
        }
    }

    pub(super) fn is_finite(&self) -> bool {
        match self {
            Self::Dense(j) => j.iter().all(|x| x.is_finite()),
            Self::Sparse(j) => j.values.iter().all(|x| x.is_finite()),
        }
    }

    pub(super) fn to_dense(&self) -> Array2<T> {
        match self {
            Self::Dense(j) => j.clone(),
            Self::Sparse(j) => j.to_dense(),
        }
    }

    /// Calls with row, column and entry.
    fn each(&self, mut visit: impl FnMut(usize, usize, T)) {
        match self {
            Self::Dense(j) => j.indexed_iter().for_each(|((i, k), &x)| visit(i, k, x)),
            Self::Sparse(j) => j.iter().for_each(|(i, k, x)| visit(i, k, x)),
        }
    }

    pub(super) fn scale_rows(&mut self, factors: &[T]) {
        match self {
            Self::Dense(j) => j.indexed_iter_mut().for_each(|((i, _), x)| *x *= factors[i]),
            Self::Sparse(j) => j.values.iter_mut().zip(&j.rows).for_each(|(x, &i)| *x *= factors[i]),
        }
    }

    /// The length of each column.
    pub(super) fn lengths(&self) -> Vec<T> {
        // Relative to the largest entry, so that no square leaves the number range.
        let mut largest = vec![T::zero(); self.cols()];
        self.each(|_, k, x| largest[k] = largest[k].max(x.abs()));
        let mut squares = vec![T::zero(); self.cols()];
        self.each(|_, k, x| squares[k] += if x == T::zero() { x } else { (x / largest[k]).powi(2) });
        squares.iter().zip(&largest).map(|(s, &l)| s.sqrt() * l).collect()
    }

    /// `Jᵀ r`.
    pub(super) fn pull(&self, r: &[T]) -> Vec<T> {
        let mut g = vec![T::zero(); self.cols()];
        self.each(|i, k, x| g[k] += x * r[i]);
        g
    }

    /// `J v`.
    pub(super) fn push(&self, v: &[T], rows: usize) -> Vec<T> {
        let mut y = vec![T::zero(); rows];
        self.each(|i, k, x| y[i] += x * v[k]);
        y
    }

    /// The step `δ` that makes `|J δ + r|² + λ |D δ|²` least, 0 in what is not free.
    pub(super) fn step(&self, r: &[T], scales: &[T], lambda: T, free: &[bool]) -> Vec<T> {
        let columns: Vec<usize> = (0..free.len()).filter(|&k| free[k]).collect();
        let scaled = match self {
            Self::Dense(j) => {
                // In units of `D`, with the damping as further rows.
                let (m, n) = (r.len(), columns.len());
                let mut a = Array2::zeros((m + n, n));
                for (c, &k) in columns.iter().enumerate() {
                    a.column_mut(c).iter_mut().zip(j.column(k)).for_each(|(a, &x)| *a = x / scales[k]);
                    a[[m + c, c]] = lambda.sqrt();
                }
                let mut b: Vec<T> = r.iter().map(|&r| -r).collect();
                b.resize(m + n, T::zero());
                triangle(&mut a, &mut b);
                back(&a, &b)
            }
            Self::Sparse(_) => self.conjugate_gradients(r, scales, lambda, &columns),
        };
        let mut step = vec![T::zero(); free.len()];
        columns.iter().zip(scaled).for_each(|(&k, y)| step[k] = y / scales[k]);
        step
    }

    /// The same from products with `J` and its transpose (CGLS: Å. Björck, Numerical methods for least squares problems, 1996,
    /// section 7.4).
    fn conjugate_gradients(&self, r: &[T], scales: &[T], lambda: T, columns: &[usize]) -> Vec<T> {
        let spread = |y: &[T]| {
            let mut x = vec![T::zero(); scales.len()];
            columns.iter().zip(y).for_each(|(&k, &y)| x[k] = y / scales[k]);
            x
        };
        let gather = |g: &[T]| columns.iter().map(|&k| g[k] / scales[k]).collect::<Vec<T>>();
        let mut y = vec![T::zero(); columns.len()];
        let mut left: Vec<T> = r.iter().map(|&r| -r).collect();
        let mut s = gather(&self.pull(&left));
        let mut p = s.clone();
        let (mut size, start) = (dot(&s, &s), dot(&s, &s));
        for _ in 0..4 * columns.len() + 10 {
            // Columns are no longer than 1, so that smaller products than the second are rounding.
            let rounding = T::of(columns.len() as f64) * T::epsilon().powi(2) * dot(&left, &left);
            if size <= T::epsilon().powf(T::of(1.5)) * start || size <= rounding {
                break;
            }
            let q = self.push(&spread(&p), r.len());
            let length = size / (dot(&q, &q) + lambda * dot(&p, &p));
            y.iter_mut().zip(&p).for_each(|(y, &p)| *y += length * p);
            left.iter_mut().zip(&q).for_each(|(left, &q)| *left -= length * q);
            s = gather(&self.pull(&left));
            s.iter_mut().zip(&y).for_each(|(s, &y)| *s -= lambda * y);
            let next = dot(&s, &s);
            p.iter_mut().zip(&s).for_each(|(p, &s)| *p = s + next / size * *p);
            size = next;
        }
        y
    }
}

/// `A` becomes the triangle `R` of `A = Q R`, and `b` becomes `Qᵀ b`, by Householder's reflections.
pub(super) fn triangle<T: Real>(a: &mut Array2<T>, b: &mut [T]) {
    let (rows, cols) = a.dim();
    for k in 0..cols.min(rows) {
        let largest = a.column(k).iter().skip(k).fold(T::zero(), |most, x| most.max(x.abs()));
        if largest == T::zero() {
            continue;
        }
        let mut v: Vec<T> = a.column(k).iter().skip(k).map(|&x| x / largest).collect();
        let length = dot(&v, &v).sqrt();
        let target = if v[0] > T::zero() { -length } else { length };
        v[0] -= target;
        let square = dot(&v, &v);
        for c in k..cols {
            let share: T = v.iter().enumerate().map(|(i, &v)| v * a[[k + i, c]]).sum();
            let share = T::of(2.0) * share / square;
            v.iter().enumerate().for_each(|(i, &v)| a[[k + i, c]] -= share * v);
        }
        let share = T::of(2.0) * dot(&v, &b[k..]) / square;
        v.iter().zip(&mut b[k..]).for_each(|(&v, b)| *b -= share * v);
        a[[k, k]] = target * largest;
    }
}

/// Solves `R x = b` with the upper triangle of a matrix.
pub(super) fn back<T: Real>(r: &Array2<T>, b: &[T]) -> Vec<T> {
    let mut x = vec![T::zero(); r.ncols()];
    for k in (0..x.len()).rev() {
        let known: T = (k + 1..x.len()).map(|j| r[[k, j]] * x[j]).sum();
        x[k] = (b[k] - known) / r[[k, k]];
    }
    x
}
