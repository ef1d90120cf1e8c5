//! Matrix products through the tuned library, on strided operands.

#![allow(unsafe_code, reason = "the library takes pointers and strides")]

use crate::Real;

/// A matrix in memory: element `(i, j)` is `data[i * row_stride + j * col_stride]`.
#[derive(Clone, Copy)]
pub struct Operand<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl<T> Operand<'_, T> {
    /// Whether every element lies inside `data`.
    fn fits(&self) -> bool {
        self.rows == 0
            || self.cols == 0
            || (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride < self.data.len()
    }

    /// The rows from `start` on, `rows` of them.
    fn rows_from(self, start: usize, rows: usize) -> Self {
        Self { rows, data: self.data.get(start * self.row_stride..).unwrap_or(&[]), ..self }
    }

    /// The columns from `start` on, `cols` of them.
    fn cols_from(self, start: usize, cols: usize) -> Self {
        Self { cols, data: self.data.get(start * self.col_stride..).unwrap_or(&[]), ..self }
    }
}

/// Where a product, or a part of one, is written: `(i, j)` at `i * row_stride + j`.
#[derive(Clone, Copy)]
struct Target<T> {
    start: *mut T,
    row_stride: usize,
}

// SAFETY: a target is used by one thread at a time, on elements that no other target covers (see `split`).
unsafe impl<T: Send> Send for Target<T> {}

/// Plain loops, for number types that the library does not know.
pub(crate) fn plain<T: Real>(a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T]) {
    check(&a, &b, c);
    for i in 0..a.rows {
        for j in 0..b.cols {
            let term =
                |k: usize| a.data[i * a.row_stride + k * a.col_stride] * b.data[k * b.row_stride + j * b.col_stride];
            c[i * b.cols + j] = (0..a.cols).fold(T::zero(), |sum, k| sum + term(k));
        }
    }
}

/// From this many multiplications a product is worth a second thread (about 0.3 ms of work on one).
const PARALLEL: usize = 1 << 25;

/// The library's product; row-major result, overwritten.
pub(crate) fn tuned<T: Real + Send + Sync>(a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T]) {
    check(&a, &b, c);
    if a.cols == 0 {
        c.fill(T::zero());
    } else if a.rows > 0 && b.cols > 0 {
        let target = Target { start: c.as_mut_ptr(), row_stride: b.cols };
        // SAFETY: `c` is borrowed mutably and has `rows * cols` elements.
        unsafe { split(a, b, target) };
    }
}

/// Halves a large product along its longer side, whatever the number of threads, so that the bits do not depend on it.
/// The half of the longer side is packed once; only the shorter operand is packed twice.
///
/// # Safety
/// `c` must be valid for writing `a.rows × b.cols` elements that nobody else uses meanwhile.
unsafe fn split<T: Real + Send + Sync>(a: Operand<'_, T>, b: Operand<'_, T>, c: Target<T>) {
    let (rows, cols) = (a.rows, b.cols);
    if rows.max(cols) < 2 * TILE || rows * a.cols * cols < PARALLEL {
        // SAFETY: as the caller promises.
        return unsafe { call(a, b, c) };
    }
    let at = (rows.max(cols) / 2).next_multiple_of(TILE);
    let (parts, beyond) = if cols >= rows {
        ([(a, b.cols_from(0, at)), (a, b.cols_from(at, cols - at))], at)
    } else {
        ([(a.rows_from(0, at), b), (a.rows_from(at, rows - at), b)], at * c.row_stride)
    };
    // SAFETY: `at` lies inside the result, so the second half begins inside it.
    let second = Target { start: unsafe { c.start.add(beyond) }, ..c };
    let [first_part, second_part] = parts;
    let job = |(a, b): (Operand<'_, T>, Operand<'_, T>), c: Target<T>| {
        // SAFETY: as the caller promises; the halves have no element in common.
        unsafe { call(a, b, c) }
    };
    if rayon::current_num_threads() > 1 {
        rayon::join(move || job(first_part, c), move || job(second_part, second));
    } else {
        job(first_part, c);
        job(second_part, second);
    }
}

/// Products are split at a multiple of the library's tile.
const TILE: usize = 64;

/// # Safety
/// As for [`split`].
unsafe fn call<T: Real>(a: Operand<'_, T>, b: Operand<'_, T>, c: Target<T>) {
    debug_assert!(a.fits() && b.fits());
    // SAFETY: `check` made sure that every element of `a` and `b` that the strides reach lies in its slice; the caller
    // vouches for `c`. `read_dst` is false: `c` is written only. `T` is `f32` or `f64`, which the library knows.
    unsafe {
        gemm::gemm(
            a.rows,
            b.cols,
            a.cols,
            c.start,
            1,
            c.row_stride as isize,
            false,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            T::zero(),
            T::one(),
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

fn check<T>(a: &Operand<'_, T>, b: &Operand<'_, T>, c: &[T]) {
    assert!(a.fits() && b.fits(), "a matrix reaches beyond its buffer");
    assert_eq!(a.cols, b.rows, "inner dimensions");
    assert_eq!(c.len(), a.rows * b.cols, "size of the result");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(data: &[f64], rows: usize, cols: usize, transposed: bool) -> Operand<'_, f64> {
        let (row_stride, col_stride) = if transposed { (1, rows) } else { (cols, 1) };
        Operand { data, rows, cols, row_stride, col_stride }
    }

    #[test]
    fn tuned_equals_plain() {
        // The last shapes are large enough to be split over threads; results start as NaN to show that they are written.
        for (m, k, n) in
            [(0, 3, 2), (2, 0, 3), (3, 2, 0), (1, 1, 1), (5, 7, 3), (33, 17, 65), (300, 400, 310), (310, 400, 300)]
        {
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let a: Vec<f64> = (0..m * k).map(|i| ((i * 37 % 101) as f64) / 50.0 - 1.0).collect();
                let b: Vec<f64> = (0..k * n).map(|i| ((i * 53 % 97) as f64) / 48.0 - 1.0).collect();
                let (a, b) = (matrix(&a, m, k, ta), matrix(&b, k, n, tb));
                let (mut fast, mut slow) = (vec![f64::NAN; m * n], vec![f64::NAN; m * n]);
                tuned(a, b, &mut fast);
                plain(a, b, &mut slow);
                for (fast, slow) in fast.iter().zip(&slow) {
                    assert!((fast - slow).abs() <= 1e-12 * (1.0 + slow.abs()), "{m}x{k}x{n}: {fast} {slow}");
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (m, k, n) = (300, 400, 310);
        let a: Vec<f64> = (0..m * k).map(|i| ((i * 37 % 101) as f64) / 50.0 - 1.0).collect();
        let b: Vec<f64> = (0..k * n).map(|i| ((i * 53 % 97) as f64) / 48.0 - 1.0).collect();
        assert!(m * k * n >= PARALLEL, "the product must be large enough to be split");
        let on = |threads| {
            let mut c = vec![f64::NAN; m * n];
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| tuned(matrix(&a, m, k, false), matrix(&b, k, n, false), &mut c));
            c.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(on(1), on(2));
        assert_eq!(on(1), on(4));
    }

    #[test]
    #[should_panic(expected = "a matrix reaches beyond its buffer")]
    fn refuses_to_reach_beyond_the_buffer() {
        let a = [0.0; 5];
        tuned(matrix(&a, 2, 3, false), matrix(&a, 3, 1, false), &mut [0.0; 2]);
    }
}
