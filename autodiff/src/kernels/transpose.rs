//! A matrix written out as its transpose.

use crate::Real;

/// Rows of the result that are written side by side: a cache line of numbers is read for each.
const BLOCK: usize = 16;

/// `out[i, j] = f(j, a[j, i])`, both row-major, `out` with `cols` columns.
pub(crate) fn transpose<T: Real>(a: &[T], cols: usize, out: &mut [T], f: impl Fn(usize, T) -> T) {
    let rows = out.len() / cols.max(1);
    for (first, block) in (0..rows).step_by(BLOCK).zip(out.chunks_mut(BLOCK * cols)) {
        let height = block.len() / cols;
        for j in 0..cols {
            for (i, &x) in a[j * rows + first..][..height].iter().enumerate() {
                block[i * cols + j] = f(j, x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_shape() {
        for (rows, cols) in [(1, 1), (3, 5), (16, 2), (35, 7), (64, 33)] {
            let a: Vec<f64> = (0..rows * cols).map(|k| k as f64).collect();
            let mut out = vec![f64::NAN; a.len()];
            transpose(&a, cols, &mut out, |j, x| x + 0.5 * j as f64);
            for (k, &y) in out.iter().enumerate() {
                let (i, j) = (k / cols, k % cols);
                assert_eq!(y, a[j * rows + i] + 0.5 * j as f64, "{rows} × {cols}");
            }
        }
    }
}
