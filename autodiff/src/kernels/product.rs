//! Matrix products over leading axes: one call of the library for each matrix, or one for as many as lie suitably.

use smallvec::SmallVec;

use super::gemm::{self, Onto, Operand, Output, Wins};
use super::once;
use super::walk::Walk;
use crate::Real;

/// An axis along which matrices are multiplied in turn: from one to the next the operands and the result move by these
/// strides. Where the result's is 0, the products are added up.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) len: usize,
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) c: usize,
}

/// All products of the matrices `a` and `b` along the axes, into `c`, whose matrices have no gaps; zeros win as `wins` says.
pub(crate) fn batched<T: Real>(axes: &[Axis], a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T], wins: Wins) {
    if wins == [false; 2] {
        return in_turn(axes, a, b, c, once::gemm);
    }
    if T::MACHINE {
        in_turn(axes, a, b, c, once::gemm);
        if is_finite_at_edges(c, a.rows, b.cols) {
            return;
        }
    }
    in_turn(axes, a, b, c, |a, b, c| gemm::winning(wins, a, b, c));
}

/// Whether the first row and the first column of each matrix are finite. A number that is not, in a row of the left operand or
/// in a column of the right one, spoils the whole row or column of their product.
pub(crate) fn is_finite_at_edges<T: Real>(c: &[T], rows: usize, cols: usize) -> bool {
    let matrix = |c: &[T]| c[..cols].iter().chain(c.iter().step_by(cols)).all(|x| x.is_finite());
    rows * cols == 0 || c.chunks_exact(rows * cols).all(matrix)
}

/// The products, each by `multiply`.
fn in_turn<T: Real>(
    axes: &[Axis],
    mut a: Operand<'_, T>,
    mut b: Operand<'_, T>,
    c: &mut [T],
    multiply: impl Fn(Operand<'_, T>, Operand<'_, T>, Output<'_, T>),
) {
    let mut rest: SmallVec<[Axis; 4]> = SmallVec::new();
    for &axis in axes.iter().rev() {
        if !(axis.len == 1 || absorb(axis, &mut a, &mut b)) {
            rest.insert(0, axis);
        }
    }
    let cols = b.cols;
    if rest.is_empty() {
        return multiply(a, b, Output::rows(c, cols));
    }
    let onto = if rest.iter().any(|axis| axis.c == 0) {
        c.fill(T::zero());
        Onto::Add
    } else {
        Onto::Write
    };
    let strides = |of: fn(&Axis) -> usize| rest.iter().map(of).collect::<SmallVec<[usize; 4]>>();
    let (shape, sa, sb, sc) = (strides(|x| x.len), strides(|x| x.a), strides(|x| x.b), strides(|x| x.c));
    let walk = Walk::new(&shape, [&sa, &sb, &sc], [0; 3]);
    let [ta, tb, tc] = walk.step;
    walk.for_each(|[i, j, l]| {
        for k in 0..walk.len {
            let a = Operand { data: a.data.get(i + k * ta..).unwrap_or(&[]), ..a };
            let b = Operand { data: b.data.get(j + k * tb..).unwrap_or(&[]), ..b };
            let data = c.get_mut(l + k * tc..).unwrap_or(&mut []);
            multiply(a, b, Output { onto, ..Output::rows(data, cols) });
        }
    });
}

/// Takes an axis into the matrices if it goes on where they end: further rows of `a` and the result, or a longer inner product.
fn absorb<T>(axis: Axis, a: &mut Operand<'_, T>, b: &mut Operand<'_, T>) -> bool {
    if axis.b == 0 && axis.c == a.rows * b.cols && axis.c != 0 {
        if a.rows == 1 {
            a.row_stride = axis.a;
        }
        let continues = axis.a == a.rows * a.row_stride;
        if continues {
            a.rows *= axis.len;
        }
        return continues;
    }
    if a.cols == 1 {
        (a.col_stride, b.row_stride) = (axis.a, axis.b);
    }
    let continues = axis.c == 0 && a.cols > 0 && axis.a == a.cols * a.col_stride && axis.b == b.rows * b.row_stride;
    if continues {
        a.cols *= axis.len;
        b.rows *= axis.len;
    }
    continues
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Wins = [false; 2];

    fn matrix(data: &[f64], rows: usize, cols: usize) -> Operand<'_, f64> {
        Operand { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    #[test]
    fn products_in_turn_and_absorbed() {
        let a: Vec<f64> = (0..12).map(f64::from).collect();
        let b: Vec<f64> = (0..12).map(|x| f64::from(x * x % 7)).collect();
        let one = |a: &[f64], b: &[f64]| {
            let mut c = vec![f64::NAN; 4];
            once::gemm(matrix(a, 2, 2), matrix(b, 2, 2), Output::rows(&mut c, 2));
            c
        };
        let products: Vec<Vec<f64>> = (0..3).map(|k| one(&a[4 * k..], &b[4 * k..])).collect();
        let axis = |a, b, c| [Axis { len: 3, a, b, c }];
        let mut c = vec![f64::NAN; 12];
        batched(&axis(4, 4, 4), matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c, NONE);
        assert_eq!(c, products.concat());
        // One matrix on the right: three times two rows are six.
        batched(&axis(4, 0, 4), matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c, NONE);
        assert_eq!(c, (0..3).flat_map(|k| one(&a[4 * k..], &b)).collect::<Vec<_>>());
        let sum: Vec<f64> = (0..4).map(|i| products.iter().map(|c| c[i]).sum()).collect();
        batched(&axis(4, 4, 0), matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c[..4], NONE);
        assert_eq!(c[..4], sum);
        // The sum over products of columns by rows is one longer inner product.
        let transposed = Operand { row_stride: 1, col_stride: 2, ..matrix(&a, 2, 2) };
        let mut longer = vec![f64::NAN; 4];
        batched(&axis(4, 4, 0), transposed, matrix(&b, 2, 2), &mut longer, NONE);
        let whole = Operand { row_stride: 1, col_stride: 2, ..matrix(&a, 2, 6) };
        batched(&[], whole, matrix(&b, 6, 2), &mut c[..4], NONE);
        assert_eq!(longer, c[..4]);
        // A sum over nothing.
        batched(&[Axis { len: 0, a: 4, b: 4, c: 0 }], matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c[..4], NONE);
        assert_eq!(c[..4], [0.0; 4]);
    }
}
