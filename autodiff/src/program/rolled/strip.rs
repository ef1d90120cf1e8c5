//! Operations over a strip of trips.

use super::form::Operation;
use crate::kernels::element::Element;
use crate::kernels::reduce;
use crate::rules::{Binary, Unary};

/// So many trips at a time: a body's strips stay in the first cache.
pub(super) const STRIP: usize = 256;

/// The values of an operand: one a trip, or one for all.
#[derive(Clone, Copy)]
pub(super) enum Side<'a, T> {
    Many(&'a [T]),
    One(T),
}

/// `out = f(a, b)`.
#[inline(always)]
pub(super) fn value<T: Element>(op: Operation, [a, b]: [Side<'_, T>; 2], out: &mut [T]) {
    match op {
        Operation::Binary(Binary::Add) => zip(a, b, out, |_, a, b| a + b),
        Operation::Binary(Binary::Sub) => zip(a, b, out, |_, a, b| a - b),
        Operation::Binary(Binary::Mul) => zip(a, b, out, |_, a, b| a * b),
        Operation::Binary(Binary::Div) => apart(a, b, out, |_, a, b| a / b),
        Operation::Binary(Binary::Chain) => zip(a, b, out, |_, a: T, b| a.chain(b)),
        Operation::Binary(f) => each(out, a, b, &|a, b| a.binary(f, b)),
        Operation::Unary(Unary::Neg) => zip(a, b, out, |_, a: T, _| -a),
        Operation::Unary(Unary::Square) => zip(a, b, out, |_, a: T, _| a.unary(Unary::Square)),
        Operation::Unary(Unary::Sqrt) => apart(a, b, out, |_, a: T, _| a.unary(Unary::Sqrt)),
        Operation::Unary(f) => each(out, a, b, &|a, _| a.unary(f)),
        Operation::Sum | Operation::Dot => unreachable!("of any number of operands"),
    }
}

/// `terms = g ∂f/∂x_i(a, b)`, where `y` is the result.
#[inline(always)]
pub(super) fn terms<T: Element>(op: Operation, i: usize, g: &[T], [a, b]: [Side<'_, T>; 2], y: &[T], terms: &mut [T]) {
    use Binary::{Add, Chain, Div, Mul, Sub};
    let (g, y) = (&g[..terms.len()], &y[..terms.len()]);
    match (op, i) {
        (Operation::Binary(Add), _) | (Operation::Binary(Sub), 0) => terms.copy_from_slice(g),
        (Operation::Binary(Sub), _) | (Operation::Unary(Unary::Neg), _) => {
            terms.iter_mut().zip(g).for_each(|(term, &g)| *term = -g);
        }
        (Operation::Binary(Mul | Chain), 0) => times(g, b, terms),
        (Operation::Binary(Mul), _) => times(g, a, terms),
        (Operation::Binary(Div), 0) => apart(b, b, terms, |k, _, b| g[k].chain(Div.derivative_a(b, b, y[k]))),
        (Operation::Binary(Div), _) => apart(b, b, terms, |k, _, b| g[k].chain(Div.derivative_b(b, b, y[k]))),
        (Operation::Binary(Chain), _) => zip(a, a, terms, |k, a: T, _| if g[k] == T::zero() { g[k] } else { a.chain(g[k]) }),
        (Operation::Binary(f), 0) => slopes(terms, g, a, b, &|k, a, b| f.derivative_a(a, b, y[k])),
        (Operation::Binary(f), _) => slopes(terms, g, a, b, &|k, a, b| f.derivative_b(a, b, y[k])),
        (Operation::Unary(Unary::Square), _) => {
            zip(a, a, terms, |k, a, _| g[k].chain(Unary::Square.derivative(a, y[k])));
        }
        (Operation::Unary(Unary::Sqrt), _) => apart(a, a, terms, |k, a, _| g[k].chain(Unary::Sqrt.derivative(a, y[k]))),
        (Operation::Unary(f), _) => slopes(terms, g, a, a, &|k, a, _| f.derivative(a, y[k])),
        (Operation::Sum | Operation::Dot, _) => unreachable!("of any number of operands"),
    }
}

/// `sums += a`, or `sums = a` for the first one.
#[inline(always)]
pub(super) fn plus<T: Element>(sums: &mut [T], a: Side<'_, T>, first: bool) {
    if first {
        zip(a, a, sums, |_, a, _| a);
    } else {
        onto(sums, a, a, |sum, a, _| sum + a);
    }
}

/// `sums += a b`, or `sums = a b` for the first ones.
#[inline(always)]
pub(super) fn plus_product<T: Element>(sums: &mut [T], a: Side<'_, T>, b: Side<'_, T>, first: bool) {
    if first {
        zip(a, b, sums, |_, a, b| a * b);
    } else {
        onto(sums, a, b, |sum, a, b| sum + a * b);
    }
}

/// `sums += g x`.
#[inline(always)]
pub(super) fn add_times<T: Element>(sums: &mut [T], g: &[T], x: Side<'_, T>) {
    onto(sums, Side::Many(g), x, |sum, g, x| sum + g.chain(x));
}

/// `sums -= g`.
#[inline(always)]
pub(super) fn subtract<T: Element>(sums: &mut [T], g: &[T]) {
    sums.iter_mut().zip(g).for_each(|(sum, &g)| *sum -= g);
}

/// `terms = g x`.
#[inline(always)]
pub(super) fn times<T: Element>(g: &[T], x: Side<'_, T>, terms: &mut [T]) {
    let g = &g[..terms.len()];
    zip(x, x, terms, |k, x, _| g[k].chain(x));
}

/// The sum so far and further terms, in order.
pub(super) fn in_order<T: Element>(sum: Option<T>, len: usize, a: Side<'_, T>, b: Option<Side<'_, T>>) -> T {
    let at = |side: Side<'_, T>, k: usize| match side {
        Side::Many(x) => x[k],
        Side::One(x) => x,
    };
    let term = |k: usize| b.map_or_else(|| at(a, k), |b| at(a, k) * at(b, k));
    match sum {
        Some(sum) => (0..len).fold(sum, |sum, k| sum + term(k)),
        None => (1..len).fold(term(0), |sum, k| sum + term(k)),
    }
}

/// Adds terms to adjoints.
#[inline(always)]
pub(super) fn add<T: Element>(sums: &mut [T], terms: &[T]) {
    sums.iter_mut().zip(terms).for_each(|(sum, &term)| *sum += term);
}

/// The sum of terms, in an order that depends on their number alone.
pub(super) fn total<T: Element>(terms: &[T]) -> T {
    reduce::sum(terms)
}

/// A loop that is compiled for the processor at hand.
#[inline(always)]
fn zip<T: Element>(a: Side<'_, T>, b: Side<'_, T>, out: &mut [T], f: impl Fn(usize, T, T) -> T) {
    let n = out.len();
    match (a, b) {
        (Side::Many(a), Side::Many(b)) => {
            let (a, b) = (&a[..n], &b[..n]);
            (0..n).for_each(|k| out[k] = f(k, a[k], b[k]));
        }
        (Side::Many(a), Side::One(b)) => {
            let a = &a[..n];
            (0..n).for_each(|k| out[k] = f(k, a[k], b));
        }
        (Side::One(a), Side::Many(b)) => {
            let b = &b[..n];
            (0..n).for_each(|k| out[k] = f(k, a, b[k]));
        }
        (Side::One(a), Side::One(b)) => (0..n).for_each(|k| out[k] = f(k, a, b)),
    }
}

/// A loop of divisions or roots, which wide instructions do not make faster. Inlined, the compiler would divide by what an
/// operand happens to hold where it is none.
#[inline(never)]
fn apart<T: Element>(a: Side<'_, T>, b: Side<'_, T>, out: &mut [T], f: impl Fn(usize, T, T) -> T) {
    zip(a, b, out, f);
}

/// A loop onto what is there.
#[inline(always)]
fn onto<T: Element>(sums: &mut [T], a: Side<'_, T>, b: Side<'_, T>, f: impl Fn(T, T, T) -> T) {
    let n = sums.len();
    match (a, b) {
        (Side::Many(a), Side::Many(b)) => {
            let (a, b) = (&a[..n], &b[..n]);
            (0..n).for_each(|k| sums[k] = f(sums[k], a[k], b[k]));
        }
        (Side::Many(a), Side::One(b)) => {
            let a = &a[..n];
            (0..n).for_each(|k| sums[k] = f(sums[k], a[k], b));
        }
        (Side::One(a), Side::Many(b)) => {
            let b = &b[..n];
            (0..n).for_each(|k| sums[k] = f(sums[k], a, b[k]));
        }
        (Side::One(a), Side::One(b)) => sums.iter_mut().for_each(|sum| *sum = f(*sum, a, b)),
    }
}

/// A loop whose time goes into its function.
#[inline(never)]
fn each<T: Element>(out: &mut [T], a: Side<'_, T>, b: Side<'_, T>, f: &dyn Fn(T, T) -> T) {
    zip(a, b, out, |_, a, b| f(a, b));
}

/// The same for slopes, which an adjoint of 0 does not ask for.
#[inline(never)]
fn slopes<T: Element>(
    terms: &mut [T],
    g: &[T],
    a: Side<'_, T>,
    b: Side<'_, T>,
    slope: &dyn Fn(usize, T, T) -> T,
) {
    zip(a, b, terms, |k, a, b| if g[k] == T::zero() { g[k] } else { g[k] * slope(k, a, b) });
}
