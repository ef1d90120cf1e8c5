//! Operations over a strip of trips.

use super::body::Operation;
use crate::kernels::element::Element;
use crate::kernels::loops::{Arrays, Strided};
use crate::kernels::once;
use crate::rules::{Binary, Unary};

/// So many trips at a time: a body's strips stay in the first cache.
pub(super) const STRIP: usize = 256;

/// The values of an argument: one a trip, or one for all.
#[derive(Clone, Copy)]
pub(super) enum Side<'a, T> {
    Many(&'a [T]),
    One(T),
}

impl<T: Copy> Side<'_, T> {
    #[inline(always)]
    pub(super) fn at(self, k: usize) -> T {
        match self {
            Side::Many(x) => x[k],
            Side::One(x) => x,
        }
    }
}

/// `out = f(a)`.
#[inline(always)]
pub(super) fn unary<T: Element>(f: Unary, exact: bool, a: Side<'_, T>, out: &mut [T]) {
    match f {
        Unary::Neg => zip(a, a, out, |a, _| -a),
        Unary::Square => zip(a, a, out, |a, _| a.unary(Unary::Square)),
        Unary::Sqrt => apart(a, a, out, |a, _| a.unary(Unary::Sqrt)),
        _ if exact => each(a, a, out, &|a, _| a.unary(f)),
        _ => whole([a], |operands, shape| once::unary(f, Arrays { shape, operands, out: [out] })),
    }
}

/// `out = f(a, b)`.
#[inline(always)]
pub(super) fn binary<T: Element>(f: Binary, exact: bool, a: Side<'_, T>, b: Side<'_, T>, out: &mut [T]) {
    match f {
        Binary::Add => zip(a, b, out, |a, b| a + b),
        Binary::Sub => zip(a, b, out, |a, b| a - b),
        Binary::Mul => zip(a, b, out, |a, b| a * b),
        Binary::Div => apart(a, b, out, |a, b| a / b),
        Binary::Chain => zip(a, b, out, |a: T, b| a.chain(b)),
        _ if exact => each(a, b, out, &|a, b| a.binary(f, b)),
        _ => whole([a, b], |operands, shape| once::binary(f, Arrays { shape, operands, out: [out] })),
    }
}

/// `out = a b + …`, or `out = a + …` with no second factors.
#[inline(always)]
pub(super) fn term<T: Element>(first: bool, a: Side<'_, T>, b: Option<Side<'_, T>>, out: &mut [T]) {
    match (first, b) {
        (true, None) => zip(a, a, out, |a, _| a),
        (true, Some(b)) => zip(a, b, out, |a, b| a * b),
        (false, None) => onto(a, a, out, |sum, a, _| sum + a),
        (false, Some(b)) => onto(a, b, out, |sum, a, b| sum + a * b),
    }
}

/// `sums += M v` in order, or `sums = M v`; a row for each trip.
#[inline(always)]
pub(super) fn rows<T: Element>(first: bool, matrix: &[T], stride: usize, vector: &[T], sums: &mut [T]) {
    // Sums in order wait for one another: several at once.
    const SIDE: usize = 8;
    let skip = usize::from(first);
    let row = |trip: usize| &matrix[trip * stride..][..vector.len()];
    for start in (0..sums.len()).step_by(SIDE) {
        let sums = &mut sums[start..];
        let begin = |row: &[T], sum: T| if first { row[0] * vector[0] } else { sum };
        if let Some(sums) = sums.first_chunk_mut::<SIDE>() {
            let rows: [&[T]; SIDE] = std::array::from_fn(|k| row(start + k));
            let mut found: [T; SIDE] = std::array::from_fn(|k| begin(rows[k], sums[k]));
            for j in skip..vector.len() {
                for k in 0..SIDE {
                    found[k] += rows[k][j] * vector[j];
                }
            }
            *sums = found;
        } else {
            for (k, sum) in sums.iter_mut().enumerate() {
                let row = row(start + k);
                let terms = row.iter().zip(vector).skip(skip);
                *sum = terms.fold(begin(row, *sum), |sum, (&m, &v)| sum + m * v);
            }
        }
    }
}

/// `sums += g x`.
#[inline(always)]
pub(super) fn add_times<T: Element>(g: T, x: &[T], sums: &mut [T]) {
    for (sum, &x) in sums.iter_mut().zip(x) {
        *sum += g.chain(x);
    }
}

/// Comparisons and choices.
#[inline(always)]
pub(super) fn choice<T: Element>(op: Operation, [a, b, c]: [Side<'_, T>; 3], out: &mut [T]) {
    match op {
        Operation::Less => zip(a, b, out, |a, b| if a < b { T::one() } else { T::zero() }),
        Operation::Equals => zip(a, b, out, |a, b| if a == b { T::one() } else { T::zero() }),
        _ => {
            zip(a, b, out, |mask, b| if mask == T::zero() { T::zero() } else { b });
            onto(a, c, out, |b, mask, c| if mask == T::zero() { c } else { b });
        }
    }
}

/// The sum so far and further terms, in order.
pub(super) fn in_order<T: Element>(sum: T, len: usize, a: Side<'_, T>, b: Option<Side<'_, T>>) -> T {
    match (a, b) {
        (Side::Many(a), None) => a.iter().fold(sum, |sum, &a| sum + a),
        _ => (0..len).fold(sum, |sum, k| sum + b.map_or_else(|| a.at(k), |b| a.at(k) * b.at(k))),
    }
}

/// Whether this holds in all of so many trips; without a branch for each.
#[inline(always)]
pub(super) fn all<T: Element>(len: usize, a: Side<'_, T>, b: Side<'_, T>, holds: impl Fn(T, T) -> bool) -> bool {
    match (a, b) {
        (Side::Many(a), Side::Many(b)) => a.iter().zip(b).fold(true, |all, (&a, &b)| all & holds(a, b)),
        (Side::Many(a), Side::One(b)) => a.iter().fold(true, |all, &a| all & holds(a, b)),
        (Side::One(a), Side::Many(b)) => b.iter().fold(true, |all, &b| all & holds(a, b)),
        (Side::One(a), Side::One(b)) => len == 0 || holds(a, b),
    }
}

/// Adds terms to adjoints.
#[inline(always)]
pub(super) fn add<T: Element>(sums: &mut [T], terms: &[T]) {
    for (sum, &term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

/// `terms = g x`.
#[inline(always)]
pub(super) fn times<T: Element>(g: Side<'_, T>, x: Side<'_, T>, terms: &mut [T]) {
    zip(g, x, terms, |g: T, x| g.chain(x));
}

/// A loop that is compiled for the processor at hand.
#[inline(always)]
fn zip<T: Element>(a: Side<'_, T>, b: Side<'_, T>, out: &mut [T], f: impl Fn(T, T) -> T) {
    onto(a, b, out, |_, a, b| f(a, b));
}

/// A loop onto what is there.
#[inline(always)]
fn onto<T: Element>(a: Side<'_, T>, b: Side<'_, T>, out: &mut [T], f: impl Fn(T, T, T) -> T) {
    let n = out.len();
    match (a, b) {
        (Side::Many(a), Side::Many(b)) => {
            let (a, b) = (&a[..n], &b[..n]);
            for k in 0..n {
                out[k] = f(out[k], a[k], b[k]);
            }
        }
        (Side::Many(a), Side::One(b)) => {
            let a = &a[..n];
            for k in 0..n {
                out[k] = f(out[k], a[k], b);
            }
        }
        (Side::One(a), Side::Many(b)) => {
            let b = &b[..n];
            for k in 0..n {
                out[k] = f(out[k], a, b[k]);
            }
        }
        (Side::One(a), Side::One(b)) => {
            for x in out {
                *x = f(*x, a, b);
            }
        }
    }
}

/// A loop of divisions or roots, which wide instructions do not make faster. Inlined, the compiler would divide by what an
/// operand happens to hold where it is none.
#[inline(never)]
fn apart<T: Element>(a: Side<'_, T>, b: Side<'_, T>, out: &mut [T], f: impl Fn(T, T) -> T) {
    zip(a, b, out, f);
}

/// A loop whose time goes into its function.
#[inline(never)]
fn each<T: Element>(a: Side<'_, T>, b: Side<'_, T>, out: &mut [T], f: &dyn Fn(T, T) -> T) {
    zip(a, b, out, f);
}

/// The loops of tensors, with vector functions.
#[inline(never)]
fn whole<T: Element, const K: usize>(sides: [Side<'_, T>; K], run: impl FnOnce([Strided<'_, T>; K], &[usize])) {
    let len = sides.iter().map(|side| if let Side::Many(x) = side { x.len() } else { 1 }).max().unwrap_or(0);
    let ones = sides.map(|side| if let Side::One(x) = side { [x] } else { [T::zero()] });
    let operand = |k: usize| match sides[k] {
        Side::Many(data) => Strided { data, strides: &[1], offset: 0 },
        Side::One(_) => Strided { data: &ones[k], strides: &[0], offset: 0 },
    };
    run(std::array::from_fn(operand), &[len]);
}
