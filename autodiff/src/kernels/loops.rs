//! Loops that compute `M` results from `K` operands at each place, compiled for the processor at hand and split over
//! threads.
//!
//! Helpers that are generic over numbers alone, and plain loops in place of closures: what is generic over kernels is compiled
//! for each of them, some two hundred times.

#![allow(unsafe_code, reason = "buffers of which the part that is written is read; arrays seen as what they are")]
#![allow(clippy::needless_range_loop, reason = "a place is one in several arrays")]

use std::any::TypeId;
use std::mem::{ManuallyDrop, MaybeUninit, transmute_copy};

use super::cpu::{Path, Work};
use super::dims::Dims;
use super::element::Element;
use super::lane::{Fast, Lane, Plain};
use super::threads;
use super::walk::Walk;
use crate::Real;
use crate::rules::Algebra;

/// What a loop computes at each place.
pub(crate) trait Kernel<const K: usize, const M: usize>: Sync {
    /// How much work an element is, in elements copied: loops with more are worth a second thread sooner.
    const WEIGHT: usize = 1;
    /// Whether there is anything to gain from vector instructions. A function call in the loop keeps it scalar.
    const WIDE: bool = true;
    /// Whether there are sines or cosines in it.
    const ANGLES: bool = false;

    /// The results; `inline(always)`, with all that it calls, or the loop stays scalar.
    fn eval<A: Algebra>(&self, x: [A; K]) -> [A; M];
}

/// Computes the results of a piece of a loop that lies in order. Loops share all code but this.
type Piece<'a, T, const K: usize, const M: usize> = dyn Fn([&[T]; K], [&mut [T]; M]) + Sync + 'a;

/// An operand: its elements, strides and starting offset.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) strides: &'a [usize],
    pub(crate) offset: usize,
}

/// What a loop goes over: arrays of one shape; the results are row-major.
pub(crate) struct Arrays<'a, T, const K: usize, const M: usize> {
    pub(crate) shape: &'a [usize],
    pub(crate) operands: [Strided<'a, T>; K],
    pub(crate) out: [&'a mut [T]; M],
}

/// Elements that are computed before it is asked whether an argument was beyond the fast functions' reach, and gathered
/// from operands that do not lie in order.
const STRIP: usize = 256;

/// From so many elements, times the kernel's weight, a loop is worth a second thread; from so many on its parts are halved again.
const PARALLEL: [usize; 2] = [1 << 17, 1 << 18];

/// Runs a loop: compiled for the processor at hand, and on several threads if it is long, for `f32` and `f64`; as it stands for
/// other numbers. The conditions are constants, so that it is compiled for no type but the one.
pub(crate) fn run<T: Real, F: Kernel<K, M>, const K: usize, const M: usize>(kernel: &F, arrays: Arrays<'_, T, K, M>) {
    if const { !T::MACHINE } {
        serial(&|x, out| _ = pass::<T, Plain<T>, F, K, M>(kernel, x, out), arrays);
    } else if const { size_of::<T>() == size_of::<f32>() } {
        fast::<f32, F, K, M>(kernel, cast(arrays));
    } else {
        fast::<f64, F, K, M>(kernel, cast(arrays));
    }
}

/// Arrays of `T` as what they are, arrays of `E`.
pub(super) fn cast<T: 'static, E: 'static, const K: usize, const M: usize>(
    arrays: Arrays<'_, T, K, M>,
) -> Arrays<'_, E, K, M> {
    assert_eq!(TypeId::of::<T>(), TypeId::of::<E>(), "numbers of another type");
    // SAFETY: `T` and `E` are one type, and so are the arrays of both, which are moved.
    unsafe { transmute_copy(&ManuallyDrop::new(arrays)) }
}

fn fast<T: Element, F: Kernel<K, M>, const K: usize, const M: usize>(kernel: &F, arrays: Arrays<'_, T, K, M>) {
    let least = PARALLEL.map(threads::worth);
    if const { F::WIDE } {
        let path = Path::current();
        split(&|x, out| path.run(Strips { kernel, x, out }), F::WEIGHT, arrays, least);
    } else {
        // Function calls: some ten times the work of a copy.
        split(&|x, out| _ = pass::<T, Fast<T, true>, F, K, M>(kernel, x, out), 8, arrays, least);
    }
}

fn serial<T: Real, const K: usize, const M: usize>(piece: &Piece<'_, T, K, M>, arrays: Arrays<'_, T, K, M>) {
    let Arrays { shape, operands, mut out } = arrays;
    let walk = Walk::new(shape, operands.map(|x| x.strides), operands.map(|x| x.offset));
    let len = out.first().map_or(0, |out| out.len());
    if len == 0 {
        return;
    }
    if walk.len == len && walk.step == [1; K] {
        let x = operands.map(|x| &x.data[x.offset..x.offset + len]);
        return piece(x, out);
    }
    let mut gathered = [[const { MaybeUninit::<T>::uninit() }; STRIP]; K];
    if walk.len >= STRIP || walk.len == len && len >= STRIP / 4 {
        return stretches(piece, &walk, operands, out, &mut gathered);
    }
    // Operands that lie in order are read where they lie, unless finding out takes longer than the loop.
    let straight = operands.map(|x| {
        if len <= STRIP {
            return None;
        }
        let alone = Walk::new(shape, [x.strides], [x.offset]);
        (alone.len == len && alone.step == [1]).then(|| &x.data[x.offset..x.offset + len])
    });
    let (mut filled, mut done) = (0, 0);
    let mut flush = |gathered: &[[MaybeUninit<T>; STRIP]; K], filled: usize| {
        let mut x: [&[T]; K] = [&[]; K];
        for k in 0..K {
            x[k] = match straight[k] {
                Some(data) => &data[done..done + filled],
                // SAFETY: the first `filled` elements of the buffer have been written.
                None => unsafe { std::slice::from_raw_parts(gathered[k].as_ptr().cast::<T>(), filled) },
            };
        }
        let part = out.each_mut().map(|out| &mut out[done..done + filled]);
        piece(x, part);
        done += filled;
    };
    walk.for_each(|offsets| {
        let mut from = 0;
        while from < walk.len {
            let count = (walk.len - from).min(STRIP - filled);
            for k in (0..K).filter(|&k| straight[k].is_none()) {
                let (target, step) = (&mut gathered[k][filled..filled + count], walk.step[k]);
                let data = &operands[k].data[offsets[k] + from * step..];
                match step {
                    0 => target.fill(MaybeUninit::new(data[0])),
                    1 => target.iter_mut().zip(&data[..count]).for_each(|(t, &x)| *t = MaybeUninit::new(x)),
                    _ => target.iter_mut().zip(data.iter().step_by(step)).for_each(|(t, &x)| *t = MaybeUninit::new(x)),
                }
            }
            (from, filled) = (from + count, filled + count);
            if filled == STRIP {
                flush(&gathered, filled);
                filled = 0;
            }
        }
    });
    if filled > 0 {
        flush(&gathered, filled);
    }
}

/// Runs a loop stretch by stretch: what lies in order there is read where it lies, what stays the same is repeated once.
fn stretches<T: Real, const K: usize, const M: usize>(
    piece: &Piece<'_, T, K, M>,
    walk: &Walk<K>,
    operands: [Strided<'_, T>; K],
    mut out: [&mut [T]; M],
    gathered: &mut [[MaybeUninit<T>; STRIP]; K],
) {
    let mut done = 0;
    let mut repeated = [usize::MAX; K];
    walk.for_each(|offsets| {
        for k in 0..K {
            if walk.step[k] == 0 && repeated[k] != offsets[k] {
                gathered[k].fill(MaybeUninit::new(operands[k].data[offsets[k]]));
                repeated[k] = offsets[k];
            }
        }
        for from in (0..walk.len).step_by(STRIP) {
            let count = (walk.len - from).min(STRIP);
            let mut x: [&[T]; K] = [&[]; K];
            for (k, (x, gathered)) in x.iter_mut().zip(gathered.iter_mut()).enumerate() {
                let step = walk.step[k];
                let data = &operands[k].data[offsets[k] + from * step..];
                if step == 1 {
                    *x = &data[..count];
                    continue;
                }
                if step > 1 {
                    let elements = data.iter().step_by(step);
                    gathered[..count].iter_mut().zip(elements).for_each(|(t, &x)| *t = MaybeUninit::new(x));
                }
                // SAFETY: the first `count` elements have been written.
                *x = unsafe { std::slice::from_raw_parts(gathered.as_ptr().cast::<T>(), count) };
            }
            piece(x, out.each_mut().map(|out| &mut out[done..done + count]));
            done += count;
        }
    });
}

/// Runs a loop, halved along the first axis while it is long. Every element stands for itself, so the bits do not depend
/// on the split.
fn split<T: Real + Send + Sync, const K: usize, const M: usize>(
    piece: &Piece<'_, T, K, M>,
    weight: usize,
    arrays: Arrays<'_, T, K, M>,
    [least, halves]: [usize; 2],
) {
    let len = arrays.out.first().map_or(0, |out| out.len());
    let first = arrays.shape.first().copied().unwrap_or(1);
    if len.saturating_mul(weight) < least || first < 2 || rayon::current_num_threads() < 2 {
        return serial(piece, arrays);
    }
    let inner = len / first;
    // The edge between the halves falls on a cache line where it can.
    let at = if inner == 1 { (first / 2).next_multiple_of(64).min(first - 1) } else { first / 2 };
    let (mut low, mut high) = (Dims::from_slice(arrays.shape), Dims::from_slice(arrays.shape));
    (low[0], high[0]) = (at, first - at);
    let (mut low_out, mut high_out) = (arrays.out.map(Some), [const { None }; M]);
    for (low, high) in low_out.iter_mut().zip(&mut high_out) {
        let (a, b) = low.take().expect("one slice a result").split_at_mut(at * inner);
        (*low, *high) = (Some(a), Some(b));
    }
    let [low_out, high_out] = [low_out, high_out].map(|out| out.map(|out| out.expect("just split")));
    let beyond = arrays.operands.map(|x| Strided { offset: x.offset + at * x.strides[0], ..x });
    let low = Arrays { shape: &low, operands: arrays.operands, out: low_out };
    let high = Arrays { shape: &high, operands: beyond, out: high_out };
    let least = [halves; 2];
    threads::both(|| split(piece, weight, low, least), || split(piece, weight, high, least));
}

struct Strips<'a, T, F, const K: usize, const M: usize> {
    kernel: &'a F,
    x: [&'a [T]; K],
    out: [&'a mut [T]; M],
}

impl<T: Element, F: Kernel<K, M>, const K: usize, const M: usize> Work for Strips<'_, T, F, K, M> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { kernel, x, mut out } = self;
        let len = out[0].len();
        let mut from = 0;
        // With several results the compiler does not see that none of them overlaps an operand.
        let mut apart = [[const { MaybeUninit::<T>::uninit() }; STRIP]; M];
        while from < len {
            let to = (from + STRIP).min(len);
            let x = parts(&x, from, to);
            let beyond = if const { M == 1 } {
                pass::<T, Fast<T, false>, F, K, M>(kernel, x, parts_mut(&mut out, from, to))
            } else {
                let beyond = pass_apart(kernel, x, &mut apart, to - from);
                for (out, apart) in out.iter_mut().zip(&apart) {
                    // SAFETY: `pass_apart` wrote the first `to - from` elements.
                    let written = unsafe { std::slice::from_raw_parts(apart.as_ptr().cast::<T>(), to - from) };
                    out[from..to].copy_from_slice(written);
                }
                beyond
            };
            if const { F::ANGLES } && beyond {
                again(kernel, x, parts_mut(&mut out, from, to));
            }
            from = to;
        }
    }
}

// `parts`, `parts_mut` and `at` are not `inline(always)`: simplified by themselves first, their arrays become registers in the
// loop. With all in one function from the start, formulas take 1.6 times as long.

/// A piece of every operand.
#[inline]
fn parts<'a, T, const K: usize>(x: &[&'a [T]; K], from: usize, to: usize) -> [&'a [T]; K] {
    let mut parts: [&[T]; K] = [&[]; K];
    for k in 0..K {
        parts[k] = &x[k][from..to];
    }
    parts
}

/// A piece of every result.
#[inline]
fn parts_mut<'a, T, const M: usize>(out: &'a mut [&mut [T]; M], from: usize, to: usize) -> [&'a mut [T]; M] {
    out.each_mut().map(|out| &mut out[from..to])
}

/// Computes a strip once more, with the standard library's functions where the fast ones end.
#[cold]
#[inline(never)]
fn again<T: Element, F: Kernel<K, M>, const K: usize, const M: usize>(kernel: &F, x: [&[T]; K], out: [&mut [T]; M]) {
    pass::<T, Fast<T, true>, F, K, M>(kernel, x, out);
}

/// The loop itself. Gives whether an argument was beyond the fast functions' reach.
#[inline(always)]
fn pass<T: Real, L: Lane<T>, F: Kernel<K, M>, const K: usize, const M: usize>(
    kernel: &F,
    x: [&[T]; K],
    mut out: [&mut [T]; M],
) -> bool {
    let n = out[0].len();
    let x = parts(&x, 0, n);
    let out = parts_mut(&mut out, 0, n);
    let mut beyond = false;
    for i in 0..n {
        let y = kernel.eval(at(&x, i));
        for m in 0..M {
            let (value, missed): (T, bool) = L::done(y[m]);
            out[m][i] = value;
            beyond |= missed;
        }
    }
    beyond
}

/// [`pass`] into buffers of its own.
#[inline(always)]
fn pass_apart<T: Element, F: Kernel<K, M>, const K: usize, const M: usize>(
    kernel: &F,
    x: [&[T]; K],
    out: &mut [[MaybeUninit<T>; STRIP]; M],
    n: usize,
) -> bool {
    let n = n.min(STRIP);
    let x = parts(&x, 0, n);
    let mut beyond = false;
    for i in 0..n {
        let y = kernel.eval(at::<T, Fast<T, false>, K>(&x, i));
        for m in 0..M {
            let (value, missed) = y[m].done();
            out[m][i] = MaybeUninit::new(value);
            beyond |= missed;
        }
    }
    beyond
}

/// The operands' elements at a place.
#[inline]
fn at<T: Real, L: Lane<T>, const K: usize>(x: &[&[T]; K], i: usize) -> [L; K] {
    let mut lanes = [L::new(T::zero()); K];
    for k in 0..K {
        lanes[k] = L::new(x[k][i]);
    }
    lanes
}

/// `out[i] = f(a[i])`, `out` contiguous.
#[inline]
pub(crate) fn map1<T: Copy>(shape: &[usize], a: Strided<'_, T>, out: &mut [T], f: impl Fn(T) -> T) {
    let walk = Walk::new(shape, [a.strides], [a.offset]);
    let mut out = out.chunks_exact_mut(walk.len.max(1));
    walk.for_each(|[i]| {
        let out = out.next().expect("one stretch of the result for each of the operand");
        if walk.step == [1] {
            for (out, &x) in out.iter_mut().zip(&a.data[i..i + walk.len]) {
                *out = f(x);
            }
        } else {
            for (k, out) in out.iter_mut().enumerate() {
                *out = f(a.data[i + k * walk.step[0]]);
            }
        }
    });
}

/// `out[i] = f(a[i], b[i])`, `out` contiguous.
#[inline]
pub(crate) fn map2<T: Copy>(
    shape: &[usize],
    a: Strided<'_, T>,
    b: Strided<'_, T>,
    out: &mut [T],
    f: impl Fn(T, T) -> T,
) {
    let walk = Walk::new(shape, [a.strides, b.strides], [a.offset, b.offset]);
    let n = walk.len;
    let mut out = out.chunks_exact_mut(n.max(1));
    walk.for_each(|[i, j]| {
        let out = out.next().expect("one stretch of the result for each of the operands");
        match walk.step {
            [1, 1] => {
                for ((out, &x), &y) in out.iter_mut().zip(&a.data[i..i + n]).zip(&b.data[j..j + n]) {
                    *out = f(x, y);
                }
            }
            [1, 0] => {
                let y = b.data[j];
                for (out, &x) in out.iter_mut().zip(&a.data[i..i + n]) {
                    *out = f(x, y);
                }
            }
            [0, 1] => {
                let x = a.data[i];
                for (out, &y) in out.iter_mut().zip(&b.data[j..j + n]) {
                    *out = f(x, y);
                }
            }
            [s, t] => {
                for (k, out) in out.iter_mut().enumerate() {
                    *out = f(a.data[i + k * s], b.data[j + k * t]);
                }
            }
        }
    });
}

/// `target[i] = f(target[i], a[i])` with `target` strided too, for writing into a part of a larger array.
pub(crate) fn update<T: Copy>(
    shape: &[usize],
    target: &mut [T],
    strides: &[usize],
    offset: usize,
    a: Strided<'_, T>,
    f: impl Fn(T, T) -> T,
) {
    let walk = Walk::new(shape, [strides, a.strides], [offset, a.offset]);
    let n = walk.len;
    walk.for_each(|[i, j]| {
        if walk.step == [1, 1] {
            for (t, &x) in target[i..i + n].iter_mut().zip(&a.data[j..j + n]) {
                *t = f(*t, x);
            }
        } else {
            let [s, u] = walk.step;
            for k in 0..n {
                target[i + k * s] = f(target[i + k * s], a.data[j + k * u]);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_cast_as_a_whole() {
        let (x, mut y) = ([1.0_f32, 2.0, 3.0], [0.0_f32; 2]);
        let operands = [Strided { data: &x, strides: &[2], offset: 1 }];
        let cast: Arrays<'_, f32, 1, 1> = cast(Arrays::<f32, 1, 1> { shape: &[2], operands, out: [&mut y] });
        let [operand] = cast.operands;
        assert_eq!((cast.shape, operand.data, operand.strides, operand.offset), (&[2][..], &x[..], &[2][..], 1));
        cast.out[0].fill(7.0);
        assert_eq!(y, [7.0; 2]);
    }

    #[test]
    #[should_panic(expected = "numbers of another type")]
    fn refuses_numbers_of_another_type() {
        let operands = [Strided { data: &[1_u64], strides: &[1], offset: 0 }];
        cast::<u64, f64, 1, 0>(Arrays { shape: &[1], operands, out: [] });
    }
}
