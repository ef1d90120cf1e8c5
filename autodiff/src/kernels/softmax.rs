//! Softmax row by row: the passes over a row meet it in the cache.

use std::sync::atomic::{AtomicBool, Ordering};

use super::cpu::{Path, Work};
use super::element::Element;
use super::lane::{Fast, Lane, Plain};
use super::planes::over_planes;
use super::{reduce, threads};
use crate::Real;
use crate::rules::Unary;

/// From this many elements softmax is worth a second thread.
const PARALLEL: usize = 1 << 16;

/// `e^(x_i - top) / Σ e^(x_j - top)` for rows of `n` elements, where `top` is the largest of the row. Gives whether all of
/// these are finite.
pub(super) fn plain<T: Real>(x: &[T], n: usize, out: &mut [T]) -> bool {
    Rows::<T, Plain<T>>::of(x, n, out).run()
}

/// The same, compiled for the processor at hand and on several threads.
pub(super) fn tuned<T: Element>(x: &[T], n: usize, out: &mut [T]) -> bool {
    let (path, finite) = (Path::current(), AtomicBool::new(true));
    over_planes([(x, n)], (out, n), threads::worth(PARALLEL), &|[x], out| {
        if !path.run(Rows::<T, Fast<T, false>>::of(x, n, out)) {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}

/// From the softmax `y` and the gradient `g`, rows of `n` elements, `y_i (g_i - Σ g_j y_j)`; zeros of gradients win.
pub(super) fn plain_slope<T: Real>(y: &[T], g: &[T], n: usize, out: &mut [T]) {
    Slopes::<T, Plain<T>>::of(y, g, n, out).run();
}

/// The same, compiled for the processor at hand and on several threads.
pub(super) fn tuned_slope<T: Element>(y: &[T], g: &[T], n: usize, out: &mut [T]) {
    let path = Path::current();
    over_planes([(y, n), (g, n)], (out, n), threads::worth(PARALLEL), &|[y, g], out| {
        path.run(Slopes::<T, Fast<T, false>>::of(y, g, n, out));
    });
}

struct Rows<'a, T, L> {
    x: &'a [T],
    n: usize,
    out: &'a mut [T],
    lane: std::marker::PhantomData<L>,
}

impl<'a, T, L> Rows<'a, T, L> {
    fn of(x: &'a [T], n: usize, out: &'a mut [T]) -> Self {
        Self { x, n, out, lane: std::marker::PhantomData }
    }
}

impl<T: Real, L: Lane<T>> Work for Rows<'_, T, L> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut finite = true;
        for (x, out) in self.x.chunks_exact(self.n).zip(self.out.chunks_exact_mut(self.n)) {
            let top = reduce::largest(x);
            finite &= top.is_finite();
            for (out, &x) in out.iter_mut().zip(x) {
                let less = if x == T::infinity() { T::zero() } else { x - top };
                *out = L::new(less).apply1(Unary::Exp).done().0;
            }
            let total = reduce::sum(out);
            for out in out {
                *out /= total;
            }
        }
        finite
    }
}

struct Slopes<'a, T, L> {
    y: &'a [T],
    rows: Rows<'a, T, L>,
}

impl<'a, T, L> Slopes<'a, T, L> {
    fn of(y: &'a [T], g: &'a [T], n: usize, out: &'a mut [T]) -> Self {
        Self { y, rows: Rows::of(g, n, out) }
    }
}

impl<T: Real, L: Lane<T>> Work for Slopes<'_, T, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Rows { x: g, n, out, .. } = self.rows;
        let chained = |g: T, y: T| L::new(g).chained(L::new(y)).done().0;
        for ((y, g), out) in self.y.chunks_exact(n).zip(g.chunks_exact(n)).zip(out.chunks_exact_mut(n)) {
            for ((out, &y), &g) in out.iter_mut().zip(y).zip(g) {
                *out = chained(g, y);
            }
            let total = reduce::sum(out);
            for ((out, &y), &g) in out.iter_mut().zip(y).zip(g) {
                *out = chained(g - total, y);
            }
        }
    }
}
