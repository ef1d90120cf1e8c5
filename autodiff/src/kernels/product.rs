//! Matrix products over leading axes: one call of the library for each matrix, or one for as many as lie suitably.

use smallvec::SmallVec;

use super::element::Element;
use super::gemm::{self, Onto, Operand, Output, Wins};
use super::storage::Storage;
use super::threads;
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

/// The products, by plain loops in which zeros win.
pub(super) fn winning<T: Real>(axes: &[Axis], a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T], wins: Wins) {
    in_turn(axes, a, b, c, |rest, a, b, c, onto| over(rest, a, b, c, onto, |a, b, c| gemm::winning(wins, a, b, c)));
}

/// The products, by plain loops.
pub(super) fn plain<T: Real>(axes: &[Axis], a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T]) {
    in_turn(axes, a, b, c, |rest, a, b, c, onto| over(rest, a, b, c, onto, gemm::plain));
}

/// The products, by the library and on several threads.
pub(super) fn tuned<T: Element>(axes: &[Axis], a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T]) {
    let least = threads::worth(PARALLEL[0]);
    in_turn(axes, a, b, c, |rest, a, b, c, onto| halves(rest, a, b, c, onto, least));
}

/// From so many multiplications products one after the other are worth a second thread; from so many on their parts are halved
/// again.
const PARALLEL: [usize; 2] = [1 << 20, 1 << 23];

/// The products along the first axis in two halves while they are many, whatever the number of threads: where they are added
/// up, that fixes the bits.
fn halves<T: Element>(rest: &[Axis], a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T], onto: Onto, least: usize) {
    let many = rest.iter().map(|axis| axis.len).product::<usize>();
    let work = many.saturating_mul(a.rows * a.cols).saturating_mul(b.cols);
    let Some(&axis) = rest.first().filter(|axis| axis.len > 1 && work >= least) else {
        return over(rest, a, b, c, onto, gemm::tuned);
    };
    let at = axis.len / 2;
    let (mut low, mut high) = (SmallVec::<[Axis; 4]>::from_slice(rest), SmallVec::<[Axis; 4]>::from_slice(rest));
    (low[0].len, high[0].len) = (at, axis.len - at);
    let (a_high, b_high) = (beyond(a, at * axis.a), beyond(b, at * axis.b));
    let mut apart = (axis.c == 0).then(|| Storage::scratch(c.len()));
    let (c_low, c_high) = match &mut apart {
        None => c.split_at_mut(at * axis.c),
        Some(apart) => {
            let apart = apart.make_mut();
            apart.fill(T::zero());
            (&mut *c, apart)
        }
    };
    let least = threads::worth(PARALLEL[1]);
    let mut first = || halves(&low, a, b, c_low, onto, least);
    let mut second = || halves(&high, a_high, b_high, c_high, onto, least);
    if rayon::current_num_threads() > 1 {
        threads::both(first, second);
    } else {
        first();
        second();
    }
    if let Some(apart) = apart {
        c.iter_mut().zip(apart.as_slice()).for_each(|(sum, &x)| *sum += x);
    }
}

/// Whether the first row and the first column of each matrix are finite. A number that is not, in a row of the left operand or
/// in a column of the right one, spoils the whole row or column of their product.
pub(crate) fn is_finite_at_edges<T: Real>(c: &[T], rows: usize, cols: usize) -> bool {
    let matrix = |c: &[T]| c[..cols].iter().chain(c.iter().step_by(cols)).all(|x| x.is_finite());
    rows * cols == 0 || c.chunks_exact(rows * cols).all(matrix)
}

/// The matrix so many elements on.
fn beyond<T: Copy>(x: Operand<'_, T>, elements: usize) -> Operand<'_, T> {
    Operand { data: x.data.get(elements..).unwrap_or(&[]), ..x }
}

/// Takes what axes it can into the matrices, and has the products along the others computed.
fn in_turn<'a, T: Real>(
    axes: &[Axis],
    mut a: Operand<'a, T>,
    mut b: Operand<'a, T>,
    c: &mut [T],
    products: impl Fn(&[Axis], Operand<'a, T>, Operand<'a, T>, &mut [T], Onto),
) {
    let mut rest: SmallVec<[Axis; 4]> = SmallVec::new();
    for &axis in axes.iter().rev() {
        if !(axis.len == 1 || absorb(axis, &mut a, &mut b)) {
            rest.insert(0, axis);
        }
    }
    let onto = if rest.iter().any(|axis| axis.c == 0) {
        c.fill(T::zero());
        Onto::Add
    } else {
        Onto::Write
    };
    products(&rest, a, b, c, onto);
}

/// The products along the axes, each by `multiply`.
fn over<T: Real>(
    rest: &[Axis],
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    c: &mut [T],
    onto: Onto,
    multiply: impl Fn(Operand<'_, T>, Operand<'_, T>, Output<'_, T>),
) {
    let cols = b.cols;
    if rest.is_empty() {
        return multiply(a, b, Output { onto, ..Output::rows(c, cols) });
    }
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

    fn matrix(data: &[f64], rows: usize, cols: usize) -> Operand<'_, f64> {
        Operand { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    #[test]
    fn products_in_turn_and_absorbed() {
        let a: Vec<f64> = (0..12).map(f64::from).collect();
        let b: Vec<f64> = (0..12).map(|x| f64::from(x * x % 7)).collect();
        let one = |a: &[f64], b: &[f64]| {
            let mut c = vec![f64::NAN; 4];
            gemm::tuned(matrix(a, 2, 2), matrix(b, 2, 2), Output::rows(&mut c, 2));
            c
        };
        let products: Vec<Vec<f64>> = (0..3).map(|k| one(&a[4 * k..], &b[4 * k..])).collect();
        let axis = |a, b, c| [Axis { len: 3, a, b, c }];
        let mut c = vec![f64::NAN; 12];
        tuned(&axis(4, 4, 4), matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c);
        assert_eq!(c, products.concat());
        // One matrix on the right: three times two rows are six.
        tuned(&axis(4, 0, 4), matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c);
        assert_eq!(c, (0..3).flat_map(|k| one(&a[4 * k..], &b)).collect::<Vec<_>>());
        let sum: Vec<f64> = (0..4).map(|i| products.iter().map(|c| c[i]).sum()).collect();
        tuned(&axis(4, 4, 0), matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c[..4]);
        assert_eq!(c[..4], sum);
        // The sum over products of columns by rows is one longer inner product.
        let transposed = Operand { row_stride: 1, col_stride: 2, ..matrix(&a, 2, 2) };
        let mut longer = vec![f64::NAN; 4];
        tuned(&axis(4, 4, 0), transposed, matrix(&b, 2, 2), &mut longer);
        let whole = Operand { row_stride: 1, col_stride: 2, ..matrix(&a, 2, 6) };
        tuned(&[], whole, matrix(&b, 6, 2), &mut c[..4]);
        assert_eq!(longer, c[..4]);
        // A sum over nothing.
        tuned(&[Axis { len: 0, a: 4, b: 4, c: 0 }], matrix(&a, 2, 2), matrix(&b, 2, 2), &mut c[..4]);
        assert_eq!(c[..4], [0.0; 4]);
    }
}
