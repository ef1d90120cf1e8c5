//! Matrix products through the tuned library, on strided operands.
//!
//! GFLOP/s in f32 on one thread (AMD EPYC, AVX-512; medians of 15 interleaved rounds, row-major):
//!
//! | m × k × n | gemm 0.19 `x86-v4` | matrixmultiply 0.3 | faer 0.24 |
//! |---|---|---|---|
//! | 4 × 2 × 2 | **1.82** | 0.29 | 1.62 |
//! | 16³ | 62 | 37 | **77** |
//! | 256³ | **236** | 191 | 225 |
//! | 1024³ | **233** | 191 | 225 |
//! | 1024³, Aᵀ B | **217** | 200 | 182 |
//! | 32 × 784 × 128 | **223** | 147 | 219 |
//! | 32 × 784 × 128, A Bᵀ | 148 | 104 | **202** |
//! | 128 × 784 × 512 | **224** | 188 | 215 |
//! | 1 × 784 × 128 | 21 | 8 | **31** |
//! | 784 × 128 × 512, Aᵀ B | **238** | 222 | 229 |
//!
//! `gemm` is the fastest on most shapes and builds in half the time of faer. Its crates for `f32` and `f64` are taken alone: those
//! for complex numbers take longer to build than all others. Without `x86-v4` it falls to half speed.

#![allow(unsafe_code, reason = "the library takes pointers and strides")]

use super::element::Element;
use super::threads;
use crate::Real;

/// A matrix in memory: element `(i, j)` is `data[i * row_stride + j * col_stride]`.
#[derive(Clone, Copy)]
pub(crate) struct Operand<'a, T> {
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

    /// The transpose.
    pub(crate) fn transposed(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
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

/// What becomes of the numbers that stand where a product goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onto {
    /// They are overwritten.
    Write,
    /// The product is added to them.
    Add,
    /// The product is taken from them.
    Subtract,
}

/// Where a product goes: element `(i, j)` at `data[i * row_stride + j]`.
pub(crate) struct Output<'a, T> {
    pub(crate) data: &'a mut [T],
    pub(crate) row_stride: usize,
    pub(crate) onto: Onto,
}

impl<'a, T> Output<'a, T> {
    /// Rows of `cols` elements without gaps, to be overwritten.
    pub(crate) fn rows(data: &'a mut [T], cols: usize) -> Self {
        Self { data, row_stride: cols, onto: Onto::Write }
    }
}

/// Where a product, or a part of one, is written: `(i, j)` at `i * row_stride + j`.
#[derive(Clone, Copy)]
struct Target<T> {
    start: *mut T,
    row_stride: usize,
    onto: Onto,
}

// SAFETY: a target is used by one thread at a time, on elements that no other target covers (see `split`).
unsafe impl<T: Send> Send for Target<T> {}

/// Plain loops, for number types that the library does not know.
pub(crate) fn plain<T: Real>(a: Operand<'_, T>, b: Operand<'_, T>, c: Output<'_, T>) {
    by_terms(a, b, c, |x, y| x * y);
}

/// Which operand's zeros win over infinities and NaN of the other: those of adjoints, which pass nothing on.
pub(crate) type Wins = [bool; 2];

/// Plain loops in which zeros win.
pub(crate) fn winning<T: Real>(wins: Wins, a: Operand<'_, T>, b: Operand<'_, T>, c: Output<'_, T>) {
    by_terms(a, b, c, |x, y| match wins {
        [_, true] if y.is_exact_zero() => y,
        [true, _] => x.chain(y),
        _ => x * y,
    });
}

/// Loops over terms `term(a_ik, b_kj)`.
#[inline(always)]
fn by_terms<T: Real>(a: Operand<'_, T>, b: Operand<'_, T>, c: Output<'_, T>, term: impl Fn(T, T) -> T) {
    check(&a, &b, &c);
    let Output { data, row_stride, onto } = c;
    for i in 0..a.rows {
        for j in 0..b.cols {
            let [x, y] = [i * a.row_stride, j * b.col_stride];
            let term = |k: usize| term(a.data[x + k * a.col_stride], b.data[y + k * b.row_stride]);
            let sum = (0..a.cols).fold(T::zero(), |sum, k| sum + term(k));
            let c_ij = &mut data[i * row_stride + j];
            *c_ij = match onto {
                Onto::Write => sum,
                Onto::Add => *c_ij + sum,
                Onto::Subtract => *c_ij - sum,
            };
        }
    }
}

/// Up to this many multiplications the library's preparations take longer than plain loops.
const TINY: usize = 64;

/// A column times a row that lies in order: nothing to pack.
fn outer<T: Real>(a: Operand<'_, T>, b: Operand<'_, T>, c: Output<'_, T>) {
    check(&a, &b, &c);
    let Output { data, row_stride, .. } = c;
    for (i, row) in data.chunks_mut(row_stride.max(1)).take(a.rows).enumerate() {
        let x = a.data[i * a.row_stride];
        row[..b.cols].iter_mut().zip(&b.data[..b.cols]).for_each(|(y, &b)| *y = x * b);
    }
}

/// From this many multiplications a product is worth a second thread (some 40 µs of work on one).
const PARALLEL: usize = 1 << 22;

/// The library's product.
pub(crate) fn tuned<T: Element>(a: Operand<'_, T>, b: Operand<'_, T>, c: Output<'_, T>) {
    if (a.rows * a.cols).saturating_mul(b.cols) <= TINY {
        return plain(a, b, c);
    }
    if a.cols == 1 && b.col_stride == 1 && c.onto == Onto::Write {
        return outer(a, b, c);
    }
    check(&a, &b, &c);
    let Output { data, row_stride, onto } = c;
    if a.rows == 0 || b.cols == 0 {
        return;
    }
    if a.cols == 0 {
        if onto == Onto::Write {
            data.chunks_mut(row_stride).take(a.rows).for_each(|row| row[..b.cols].fill(T::zero()));
        }
        return;
    }
    let target = Target { start: data.as_mut_ptr(), row_stride, onto };
    // SAFETY: `data` is borrowed mutably, and `check` made sure that it reaches as far as the product.
    unsafe { split(a, b, target) };
}

/// Halves a large product along its longer side, whatever the number of threads, so that the bits do not depend on it.
/// The half of the longer side is packed once; only the shorter operand is packed twice.
///
/// # Safety
/// `c` must be valid for reading and writing `a.rows × b.cols` elements that nobody else uses meanwhile.
unsafe fn split<T: Element>(a: Operand<'_, T>, b: Operand<'_, T>, c: Target<T>) {
    let (rows, cols) = (a.rows, b.cols);
    if rows.max(cols) < 2 * TILE || rows * a.cols * cols < threads::worth(PARALLEL) {
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
        threads::both(move || job(first_part, c), move || job(second_part, second));
    } else {
        job(first_part, c);
        job(second_part, second);
    }
}

/// Products are split at a multiple of the library's tile.
const TILE: usize = 64;

/// # Safety
/// As for [`split`].
unsafe fn call<T: Element>(a: Operand<'_, T>, b: Operand<'_, T>, c: Target<T>) {
    debug_assert!(a.fits() && b.fits());
    let (read, keep) = if c.onto == Onto::Write { (false, T::zero()) } else { (true, T::one()) };
    let scale = if c.onto == Onto::Subtract { -T::one() } else { T::one() };
    // The library writes columns: rows are written as the transposed product.
    let rows = c.row_stride > 1;
    let (a, b) = if rows { (b.transposed(), a.transposed()) } else { (a, b) };
    let (col_stride, row_stride) = if rows { (c.row_stride as isize, 1) } else { (1, c.row_stride as isize) };
    // SAFETY: `check` made sure that every element of `a` and `b` that the strides reach lies in its slice; the caller
    // vouches for `c`, which is only read if something stands there. No stride is negative.
    unsafe {
        T::gemm()(
            a.rows,
            b.cols,
            a.cols,
            c.start,
            col_stride,
            row_stride,
            read,
            a.data.as_ptr(),
            a.col_stride as isize,
            a.row_stride as isize,
            b.data.as_ptr(),
            b.col_stride as isize,
            b.row_stride as isize,
            keep,
            scale,
            false,
            false,
            false,
            gemm_common::Parallelism::None,
        );
    }
}

fn check<T>(a: &Operand<'_, T>, b: &Operand<'_, T>, c: &Output<'_, T>) {
    assert!(a.fits() && b.fits(), "a matrix reaches beyond its buffer");
    assert_eq!(a.cols, b.rows, "inner dimensions");
    let reach = if a.rows == 0 || b.cols == 0 { 0 } else { (a.rows - 1) * c.row_stride + b.cols };
    assert!(b.cols <= c.row_stride && reach <= c.data.len(), "the result reaches beyond its buffer");
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
        for (m, k, n) in [
            (0, 3, 2),
            (2, 0, 3),
            (3, 2, 0),
            (1, 1, 1),
            (12, 1, 7),
            (5, 7, 3),
            (33, 17, 65),
            (300, 400, 310),
            (310, 400, 300),
        ] {
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let a: Vec<f64> = (0..m * k).map(|i| ((i * 37 % 101) as f64) / 50.0 - 1.0).collect();
                let b: Vec<f64> = (0..k * n).map(|i| ((i * 53 % 97) as f64) / 48.0 - 1.0).collect();
                let (a, b) = (matrix(&a, m, k, ta), matrix(&b, k, n, tb));
                let (mut fast, mut slow) = (vec![f64::NAN; m * n], vec![f64::NAN; m * n]);
                for onto in [Onto::Write, Onto::Add, Onto::Subtract] {
                    tuned(a, b, Output { onto, ..Output::rows(&mut fast, n) });
                    plain(a, b, Output { onto, ..Output::rows(&mut slow, n) });
                    for (fast, slow) in fast.iter().zip(&slow) {
                        assert!((fast - slow).abs() <= 1e-12 * (1.0 + slow.abs()), "{m}x{k}x{n}: {fast} {slow}");
                    }
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
            pool.install(|| tuned(matrix(&a, m, k, false), matrix(&b, k, n, false), Output::rows(&mut c, n)));
            c.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(on(1), on(2));
        assert_eq!(on(1), on(4));
    }

    #[test]
    #[should_panic(expected = "a matrix reaches beyond its buffer")]
    fn refuses_to_reach_beyond_the_buffer() {
        let a = [0.0; 5];
        tuned(matrix(&a, 2, 3, false), matrix(&a, 3, 1, false), Output::rows(&mut [0.0; 2], 1));
    }

    #[test]
    fn writes_into_a_part_of_a_larger_matrix() {
        let a = [1.0, 2.0, 3.0, 4.0];
        for product in [tuned, plain] {
            let mut c = [9.0; 6];
            let a = matrix(&a, 2, 2, false);
            product(a, a, Output { data: &mut c[1..], row_stride: 3, onto: Onto::Subtract });
            assert_eq!(c, [9.0, 2.0, -1.0, 9.0, -6.0, -13.0]);
            product(matrix(&[], 2, 0, false), matrix(&[], 0, 2, false), Output::rows(&mut c[1..], 3));
            assert_eq!(c, [9.0, 0.0, 0.0, 9.0, 0.0, 0.0], "an empty product is zero");
        }
    }

    #[test]
    #[should_panic(expected = "the result reaches beyond its buffer")]
    fn refuses_to_write_beyond_the_buffer() {
        let a = matrix(&[0.0; 4], 2, 2, false);
        tuned(a, a, Output { data: &mut [0.0; 4], row_stride: 3, onto: Onto::Write });
    }
}
