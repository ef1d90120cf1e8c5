//! Triangular systems and factorisations, by halves, so that nearly all of the work is matrix products.

use super::gemm::{Onto, Operand, Output};
use super::once;
use super::rank::are_steep;
use crate::Real;

/// Up to this size plain loops are used.
const SMALL: usize = 32;

/// A half of a square matrix, diagonal included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// The diagonal and what is below it.
    Lower,
    /// The diagonal and what is above it.
    Upper,
}

/// A pivot that does not allow the factorisation to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BadPivot {
    /// Which one.
    pub(crate) index: usize,
    /// Its value.
    pub(crate) value: f64,
}

impl<'a, T> Operand<'a, T> {
    /// Rows of `cols` elements, `row_stride` apart.
    fn rows(data: &'a [T], rows: usize, cols: usize, row_stride: usize) -> Self {
        Self { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The block from `(row, col)` on.
    fn block(self, row: usize, col: usize, rows: usize, cols: usize) -> Self {
        let data = self.data.get(row * self.row_stride + col * self.col_stride..).unwrap_or(&[]);
        Self { data, rows, cols, ..self }
    }
}

impl<T: Copy> Operand<'_, T> {
    fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.row_stride + j * self.col_stride]
    }

    /// The elements, column by column.
    fn columns(&self) -> Vec<T> {
        (0..self.cols).flat_map(|j| (0..self.rows).map(move |i| self.at(i, j))).collect()
    }
}

/// Solves `A X = B` in place, `A` being a half of a matrix, with ones on its diagonal if `unit`; the rows of `B` have `cols`
/// elements and lie `row_stride` apart.
pub(crate) fn triangular<T: Real>(
    a: Operand<'_, T>,
    half: Triangle,
    unit: bool,
    b: &mut [T],
    row_stride: usize,
    cols: usize,
) {
    let n = a.rows;
    if n <= SMALL {
        for step in 0..n {
            let (i, known) = match half {
                Triangle::Lower => (step, 0..step),
                Triangle::Upper => (n - 1 - step, n - step..n),
            };
            for k in known {
                let (low, high) = b.split_at_mut(i.max(k) * row_stride);
                let (x, y) = if k < i {
                    (&low[k * row_stride..][..cols], &mut high[..cols])
                } else {
                    (&high[..cols], &mut low[i * row_stride..][..cols])
                };
                let factor = a.at(i, k);
                y.iter_mut().zip(x).for_each(|(y, &x)| *y -= factor * x);
            }
            if !unit {
                let pivot = a.at(i, i);
                b[i * row_stride..][..cols].iter_mut().for_each(|x| *x /= pivot);
            }
        }
        return;
    }
    let h = n / 2;
    let (top, bottom) = b.split_at_mut(h * row_stride);
    let (first, last) = (a.block(0, 0, h, h), a.block(h, h, n - h, n - h));
    match half {
        Triangle::Lower => {
            triangular(first, half, unit, top, row_stride, cols);
            let rest = Output { data: &mut *bottom, row_stride, onto: Onto::Subtract };
            once::gemm(a.block(h, 0, n - h, h), Operand::rows(top, h, cols, row_stride), rest);
            triangular(last, half, unit, bottom, row_stride, cols);
        }
        Triangle::Upper => {
            triangular(last, half, unit, bottom, row_stride, cols);
            let rest = Output { data: &mut *top, row_stride, onto: Onto::Subtract };
            once::gemm(a.block(0, h, h, n - h), Operand::rows(bottom, n - h, cols, row_stride), rest);
            triangular(first, half, unit, top, row_stride, cols);
        }
    }
}

/// `L` of `A = L Lᵀ` in the lower half of `a`, which has `n` columns and rows `row_stride` apart; its upper half is left
/// alone. `first` is the number of its first row in the whole matrix.
pub(crate) fn cholesky<T: Real>(a: &mut [T], row_stride: usize, n: usize, first: usize) -> Result<(), BadPivot> {
    if n > SMALL {
        let (h, m) = (n / 2, n - n / 2);
        cholesky(a, row_stride, h, first)?;
        let (top, bottom) = a.split_at_mut(h * row_stride);
        let mut below = Operand::rows(bottom, m, h, row_stride).columns();
        let corner = Operand::rows(top, h, h, row_stride);
        triangular(corner, Triangle::Lower, false, &mut below, m, m);
        for i in 0..m {
            (0..h).for_each(|j| bottom[i * row_stride + j] = below[j * m + i]);
        }
        let below = Operand::rows(&below, h, m, m);
        once::gemm(below.transposed(), below, Output { data: &mut bottom[h..], row_stride, onto: Onto::Subtract });
        return cholesky(&mut bottom[h..], row_stride, m, first + h);
    }
    for j in 0..n {
        for i in j..n {
            let (above, row) = a.split_at_mut(i * row_stride);
            let pivot_row = if i == j { &row[..j] } else { &above[j * row_stride..][..j] };
            let dot = pivot_row.iter().zip(&row[..j]).fold(T::zero(), |sum, (&x, &y)| sum + x * y);
            let rest = row[j] - dot;
            row[j] = if i > j {
                rest / above[j * row_stride + j]
            } else {
                // What is left of a number of this size by rounding alone is not positive.
                let rounding = (T::epsilon() * row[j].abs()).primal();
                if !(rest.primal() > rounding && rest.is_finite()) {
                    return Err(BadPivot { index: first + j, value: rest.primal() });
                }
                rest.sqrt()
            };
        }
    }
    Ok(())
}

/// `P A = L U`, with `L` (unit diagonal) and `U` in one square.
pub(crate) struct Lu<T> {
    n: usize,
    square: Vec<T>,
    /// Row `i` of `P A` is row `rows[i]` of `A`.
    rows: Vec<usize>,
    /// Whether rows were exchanged an odd number of times.
    odd: bool,
}

impl<T: Real> Lu<T> {
    /// The factors of a row-major square.
    pub(crate) fn new(square: Vec<T>, n: usize) -> Self {
        let mut lu = Self { n, square, rows: (0..n).collect(), odd: false };
        lu.factor(0, n);
        lu
    }

    /// Eliminates below the diagonal in columns `from..to`, whose rows from `from` on are up to date.
    fn factor(&mut self, from: usize, to: usize) {
        let n = self.n;
        if to - from <= SMALL {
            return (from..to).for_each(|j| self.eliminate(j, to));
        }
        let half = from + (to - from) / 2;
        self.factor(from, half);
        let whole = Operand::rows(&self.square, n, n, n);
        let size = half - from;
        let corner = whole.block(from, from, size, size).columns();
        let below = whole.block(half, from, n - half, size).columns();
        let (top, bottom) = self.square.split_at_mut(half * n);
        let right = &mut top[from * n + half..];
        triangular(Operand::rows(&corner, size, size, size).transposed(), Triangle::Lower, true, right, n, to - half);
        let below = Operand::rows(&below, size, n - half, n - half).transposed();
        once::gemm(
            below,
            Operand::rows(right, size, to - half, n),
            Output { data: &mut bottom[half..], row_stride: n, onto: Onto::Subtract },
        );
        self.factor(half, to);
    }

    /// One step: the largest element of column `j` becomes the pivot; whole rows are exchanged.
    fn eliminate(&mut self, j: usize, to: usize) {
        let (n, square) = (self.n, &mut self.square);
        let size = |i: usize, square: &[T]| square[i * n + j].abs().primal();
        let pivot = (j + 1..n).fold(j, |best, i| if size(i, square) > size(best, square) { i } else { best });
        if pivot != j {
            let (above, below) = square.split_at_mut(pivot * n);
            above[j * n..][..n].swap_with_slice(&mut below[..n]);
            self.rows.swap(j, pivot);
            self.odd = !self.odd;
        }
        if size(j, square) == 0.0 {
            return;
        }
        let (above, below) = square.split_at_mut((j + 1) * n);
        let pivot_row = &above[j * n..][..to];
        for row in below.chunks_exact_mut(n) {
            row[j] /= pivot_row[j];
            let factor = row[j];
            row[j + 1..to].iter_mut().zip(&pivot_row[j + 1..]).for_each(|(x, &y)| *x -= factor * y);
        }
    }

    /// The first pivot that is 0, not finite, or no larger than the rounding of the terms that it is the sum of: then the
    /// matrix is singular as far as its elements can tell.
    pub(crate) fn singular(&self) -> Option<BadPivot> {
        let size = |i: usize, j: usize| self.square[i * self.n + j].abs().primal();
        let rounding = T::epsilon().primal();
        (0..self.n).find_map(|j| {
            let pivot = size(j, j);
            let terms = (0..j).fold(pivot, |sum, k| sum + size(j, k) * size(k, j));
            let value = self.square[j * self.n + j].primal();
            (!(pivot > rounding * terms && pivot.is_finite())).then_some(BadPivot { index: j, value })
        })
    }

    /// Whether the pivots are of very different sizes, or the matrix is singular: then `det(A) A⁻ᵀ` loses digits when it is
    /// differentiated.
    pub(crate) fn is_steep(&self) -> bool {
        let sizes = self.square.iter().step_by(self.n + 1).map(|x| x.abs().primal());
        self.singular().is_some() || are_steep(sizes, T::epsilon().primal())
    }

    /// The pivots, the first with the sign of the exchanges: their product is the determinant.
    pub(crate) fn pivots(&self) -> impl Iterator<Item = T> {
        let sign = |j| if j == 0 && self.odd { -T::one() } else { T::one() };
        (0..self.n).map(move |j| sign(j) * self.square[j * self.n + j])
    }

    /// Solves `A X = B`, or `Aᵀ X = B`, for a row-major `b` of `cols` columns.
    pub(crate) fn solve(&self, transposed: bool, b: &[T], cols: usize) -> Vec<T> {
        let n = self.n;
        let a = Operand::rows(&self.square, n, n, n);
        let row = |i: usize| i * cols..(i + 1) * cols;
        let mut x = Vec::with_capacity(b.len());
        if !transposed {
            self.rows.iter().for_each(|&i| x.extend_from_slice(&b[row(i)]));
            triangular(a, Triangle::Lower, true, &mut x, cols, cols);
            triangular(a, Triangle::Upper, false, &mut x, cols, cols);
            return x;
        }
        let a = a.transposed();
        x.extend_from_slice(b);
        triangular(a, Triangle::Lower, false, &mut x, cols, cols);
        triangular(a, Triangle::Upper, true, &mut x, cols, cols);
        let mut sorted = x.clone();
        self.rows.iter().enumerate().for_each(|(from, &to)| sorted[row(to)].copy_from_slice(&x[row(from)]));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize) -> Vec<f64> {
        (0..len).map(|i| ((i * 7919 + 13) % 1009) as f64 / 1009.0 - 0.5).collect()
    }

    fn product(a: Operand<'_, f64>, b: Operand<'_, f64>) -> Vec<f64> {
        let mut c = vec![f64::NAN; a.rows * b.cols];
        once::gemm(a, b, Output::rows(&mut c, b.cols));
        c
    }

    fn close(a: &[f64], b: &[f64], n: usize) {
        let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(a.len() == b.len() && worst < 1e-11 * n as f64, "n = {n}: {worst:e}");
    }

    #[test]
    fn systems_of_all_sizes() {
        for n in [1, 2, 5, SMALL, SMALL + 1, 75, 150] {
            let mut a = numbers(n * n);
            (0..n).for_each(|i| a[i * n + (i + n / 2) % n] += 2.0);
            let x = numbers(n * 3);
            let lu = Lu::new(a.clone(), n);
            assert_eq!(lu.singular(), None);
            let upright = Operand::rows(&a, n, n, n);
            let transposed = upright.transposed();
            close(&lu.solve(false, &product(upright, Operand::rows(&x, n, 3, 3)), 3), &x, n);
            close(&lu.solve(true, &product(transposed, Operand::rows(&x, n, 3, 3)), 3), &x, n);

            let mut gram = product(upright, transposed);
            cholesky(&mut gram, n, n, 0).expect("a product with the transpose");
            let lower: Vec<f64> = (0..n * n).map(|k| if k % n <= k / n { gram[k] } else { 0.0 }).collect();
            let l = Operand::rows(&lower, n, n, n);
            close(&product(l, l.transposed()), &product(upright, transposed), n);
        }
    }

    #[test]
    fn bad_pivots() {
        let singular = |a: &[f64], n| Lu::new(a.to_vec(), n).singular().map(|bad| bad.index);
        assert_eq!(singular(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 3), Some(2));
        assert_eq!(singular(&[0.0; 4], 2), Some(0));
        assert_eq!(singular(&[1.0, f64::NAN, 0.0, 1.0], 2), Some(1));
        assert_eq!(singular(&[1.0, 0.0, 0.0, f64::NAN], 2), Some(1));
        // Small or far apart is not singular.
        assert_eq!(singular(&[1e-200, 0.0, 0.0, 1e200], 2), None);
        assert_eq!(singular(&[1.0, 1e20, 0.0, 1.0], 2), None);
        // The pivot is named by its place in the whole matrix, large or small.
        let n = 100;
        let mut a: Vec<f64> = (0..n * n).map(|k| if k / n == k % n { 2.0 } else { 1.0 }).collect();
        a[70 * n + 70] = -5.0;
        let bad = cholesky(&mut a, n, n, 0).expect_err("a negative pivot");
        assert!(bad.index == 70 && (bad.value + 6.0 - 1.0 / 71.0).abs() < 1e-12, "{bad:?}");
    }
}
