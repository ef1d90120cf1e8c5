//! Loops that compute `M` results from `K` operands at each place, compiled for the processor at hand and split over
//! threads.

#![allow(unsafe_code, reason = "buffers of which the part that is written is read")]

use std::mem::MaybeUninit;

use super::cpu::{Path, Work};
use super::lane::Lane;
use super::lanes::Lanes;
use super::map::Strided;
use super::threads;
use crate::Real;
use crate::rules::Algebra;

/// What a loop computes at each place.
pub trait Kernel<const K: usize, const M: usize>: Sync {
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

/// A loop over arrays of one shape; the results are row-major.
pub struct Job<'a, T, const K: usize, const M: usize> {
    pub(crate) shape: &'a [usize],
    pub(crate) operands: [Strided<'a, T>; K],
    pub(crate) out: [&'a mut [T]; M],
}

/// Elements that are computed before it is asked whether an argument was beyond the fast functions' reach, and gathered
/// from operands that do not lie in order.
const STRIP: usize = 256;

/// From this many elements, times the kernel's weight, a loop is worth a second thread. Unit tests split small loops too.
pub(crate) const PARALLEL: usize = if cfg!(test) { 1 << 10 } else { 1 << 19 };
/// Parts are halved again down to half of this: from within the pool a split costs next to nothing.
const HALVES: usize = PARALLEL / 2;

/// Runs a loop of any numbers on this thread.
pub(crate) fn plain<T: Real, const K: usize, const M: usize>(kernel: &impl Kernel<K, M>, job: Job<'_, T, K, M>) {
    serial(&|x, mut out| _ = pass::<T, _, K, M, true>(kernel, x, &mut out), job);
}

/// Runs a loop of the machine's numbers, compiled for the processor at hand, on several threads if it is long.
pub(crate) fn fast<T: Real + Send + Sync, F: Kernel<K, M>, const K: usize, const M: usize>(
    kernel: &F,
    job: Job<'_, T, K, M>,
) {
    if const { F::WIDE } {
        let path = Path::current();
        split(&|x, out| path.run(Fast { kernel, x, out }), F::WEIGHT, job, PARALLEL);
    } else {
        // Function calls: some ten times the work of a copy.
        split(&|x, mut out| _ = pass::<T, F, K, M, true>(kernel, x, &mut out), 8, job, PARALLEL);
    }
}

fn serial<T: Real, const K: usize, const M: usize>(piece: &Piece<'_, T, K, M>, job: Job<'_, T, K, M>) {
    let Job { shape, operands, mut out } = job;
    let lanes = Lanes::new(shape, operands.map(|x| x.strides), operands.map(|x| x.offset));
    let len = out.first().map_or(0, |out| out.len());
    if len == 0 {
        return;
    }
    if lanes.len == len && lanes.step == [1; K] {
        let x = operands.map(|x| &x.data[x.offset..x.offset + len]);
        return piece(x, out);
    }
    let mut gathered = [[const { MaybeUninit::<T>::uninit() }; STRIP]; K];
    let (mut filled, mut done) = (0, 0);
    let mut flush = |gathered: &[[MaybeUninit<T>; STRIP]; K], filled: usize| {
        // SAFETY: the first `filled` elements of each buffer have been written.
        let x = gathered.each_ref().map(|x| unsafe { std::slice::from_raw_parts(x.as_ptr().cast::<T>(), filled) });
        let part = out.each_mut().map(|out| &mut out[done..done + filled]);
        piece(x, part);
        done += filled;
    };
    lanes.for_each(|offsets| {
        let mut from = 0;
        while from < lanes.len {
            let count = (lanes.len - from).min(STRIP - filled);
            for k in 0..K {
                let (target, step) = (&mut gathered[k][filled..filled + count], lanes.step[k]);
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

/// Runs a loop, halved along the first axis while it is long. Every element stands for itself, so the bits do not depend
/// on the split.
fn split<T: Real + Send + Sync, const K: usize, const M: usize>(
    piece: &Piece<'_, T, K, M>,
    weight: usize,
    job: Job<'_, T, K, M>,
    least: usize,
) {
    let len = job.out.first().map_or(0, |out| out.len());
    let first = job.shape.first().copied().unwrap_or(1);
    if len.saturating_mul(weight) < least || first < 2 || rayon::current_num_threads() < 2 {
        return serial(piece, job);
    }
    let inner = len / first;
    // The edge between the halves falls on a cache line where it can.
    let at = if inner == 1 { (first / 2).next_multiple_of(64).min(first - 1) } else { first / 2 };
    let (mut low, mut high) = (super::Dims::from_slice(job.shape), super::Dims::from_slice(job.shape));
    (low[0], high[0]) = (at, first - at);
    let (mut low_out, mut high_out) = (job.out.map(Some), [const { None }; M]);
    for (low, high) in low_out.iter_mut().zip(&mut high_out) {
        let (a, b) = low.take().expect("one slice a result").split_at_mut(at * inner);
        (*low, *high) = (Some(a), Some(b));
    }
    let [low_out, high_out] = [low_out, high_out].map(|out| out.map(|out| out.expect("just split")));
    let beyond = job.operands.map(|x| Strided { offset: x.offset + at * x.strides[0], ..x });
    let low = Job { shape: &low, operands: job.operands, out: low_out };
    let high = Job { shape: &high, operands: beyond, out: high_out };
    threads::both(|| split(piece, weight, low, HALVES), || split(piece, weight, high, HALVES));
}

struct Fast<'a, T, F, const K: usize, const M: usize> {
    kernel: &'a F,
    x: [&'a [T]; K],
    out: [&'a mut [T]; M],
}

impl<T: Real, F: Kernel<K, M>, const K: usize, const M: usize> Work for Fast<'_, T, F, K, M> {
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
            let x = x.map(|x| &x[from..to]);
            let beyond = if M == 1 {
                let mut part = out.each_mut().map(|out| &mut out[from..to]);
                pass::<T, F, K, M, false>(kernel, x, &mut part)
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
                let mut part = out.each_mut().map(|out| &mut out[from..to]);
                again(kernel, x, &mut part);
            }
            from = to;
        }
    }
}

/// Computes a strip once more, with the standard library's functions where the fast ones end.
#[cold]
#[inline(never)]
fn again<T: Real, F: Kernel<K, M>, const K: usize, const M: usize>(kernel: &F, x: [&[T]; K], out: &mut [&mut [T]; M]) {
    pass::<T, F, K, M, true>(kernel, x, out);
}

/// The loop itself. Gives whether an argument was beyond the fast functions' reach.
#[inline(always)]
fn pass<T: Real, F: Kernel<K, M>, const K: usize, const M: usize, const WHOLE: bool>(
    kernel: &F,
    x: [&[T]; K],
    out: &mut [&mut [T]; M],
) -> bool {
    let n = out[0].len();
    let x = x.map(|x| &x[..n]);
    let out = out.each_mut().map(|out| &mut out[..n]);
    let mut beyond = false;
    for i in 0..n {
        let y = kernel.eval(x.map(|x| Lane::<T, WHOLE>::new(x[i])));
        for m in 0..M {
            out[m][i] = y[m].value;
            beyond |= y[m].beyond;
        }
    }
    beyond
}

/// [`pass`] into buffers of its own.
#[inline(always)]
fn pass_apart<T: Real, F: Kernel<K, M>, const K: usize, const M: usize>(
    kernel: &F,
    x: [&[T]; K],
    out: &mut [[MaybeUninit<T>; STRIP]; M],
    n: usize,
) -> bool {
    let n = n.min(STRIP);
    let x = x.map(|x| &x[..n]);
    let mut beyond = false;
    for i in 0..n {
        let y = kernel.eval(x.map(|x| Lane::<T, false>::new(x[i])));
        for m in 0..M {
            out[m][i] = MaybeUninit::new(y[m].value);
            beyond |= y[m].beyond;
        }
    }
    beyond
}
