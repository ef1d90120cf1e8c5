//! Sums, products and extremes, always in the same order.

use super::loops::{Arrays, Kernel, Strided, run};
use super::walk::Walk;
use crate::Real;
use crate::rules::{Algebra, Unary};

const RUN: usize = 256;

/// Sums that a run is built of; shorter ones are added up one by one.
pub(super) const STRANDS: usize = 16;

/// Sums short runs in sixteen strands and long ones by halves: the rounding error grows with the logarithm of the
/// length, and the order depends on nothing but the length.
pub(crate) fn sum<T: Real>(x: &[T]) -> T {
    if let Some((a, b)) = halves(x) {
        return sum(a) + sum(b);
    }
    let mut strands = [T::zero(); STRANDS];
    let mut chunks = x.chunks_exact(STRANDS);
    for chunk in &mut chunks {
        for (strand, &x) in strands.iter_mut().zip(chunk) {
            *strand += x;
        }
    }
    let tail = chunks.remainder().iter().fold(T::zero(), |sum, &x| sum + x);
    let mut width = 8;
    while width > 0 {
        for k in 0..width {
            let other = strands[k + width];
            strands[k] += other;
        }
        width /= 2;
    }
    strands[0] + tail
}

/// The parts of a slice that is longer than a run.
fn halves<T>(x: &[T]) -> Option<(&[T], &[T])> {
    (x.len() > RUN).then(|| x.split_at(half(x.len())))
}

/// Where a sum of `n` elements, more than a run, is cut in two.
pub(super) fn half(n: usize) -> usize {
    (n / 2).next_multiple_of(RUN).min(n - 1)
}

/// The largest, NaN if there is one; `-inf` of nothing.
pub(crate) fn largest<T: Real>(x: &[T]) -> T {
    let mut strands = [T::neg_infinity(); 8];
    let mut chunks = x.chunks_exact(8);
    for chunk in &mut chunks {
        for (strand, &x) in strands.iter_mut().zip(chunk) {
            *strand = larger(*strand, x);
        }
    }
    strands.iter().chain(chunks.remainder()).fold(T::neg_infinity(), |top, &x| larger(top, x))
}

/// A power of two to divide numbers up to `top` by, so that their squares stay within the range of the number type; 1 where there
/// is none. Dividing by it rounds nothing.
pub(crate) fn unit<T: Real>(top: T) -> T {
    if top.is_normal() {
        top.log2().floor().exp2()
    } else if top > T::zero() && top.is_finite() {
        T::min_positive_value()
    } else {
        T::one()
    }
}

/// `e^(x - shift)`.
pub(crate) fn shifted_exp<T: Real>(x: &[T], shift: T, out: &mut [T]) {
    let shift = Strided { data: &[shift], strides: &[0], offset: 0 };
    let operands = [Strided { data: x, strides: &[1], offset: 0 }, shift];
    run(&ShiftedExp, Arrays { shape: &[x.len()], operands, out: [out] });
}

/// `Σ e^(x - shift)`, in the order of [`sum`].
pub(crate) fn sum_exp<T: Real>(x: &[T], shift: T) -> T {
    if let Some((a, b)) = halves(x) {
        return sum_exp(a, shift) + sum_exp(b, shift);
    }
    let mut powers = [T::zero(); RUN];
    let powers = &mut powers[..x.len()];
    shifted_exp(x, shift, powers);
    sum(powers)
}

struct ShiftedExp;

impl Kernel<2, 1> for ShiftedExp {
    #[inline(always)]
    fn eval<A: Algebra>(&self, [x, shift]: [A; 2]) -> [A; 1] {
        [(x - shift).apply1(Unary::Exp)]
    }
}

/// Adds up `a` (of `shape`) into `out`, whose strides are 0 along the axes that are summed away.
pub(crate) fn sum_into<T: Real>(shape: &[usize], a: Strided<'_, T>, out: &mut [T], out_strides: &[usize]) {
    out.fill(T::zero());
    let walk = Walk::new(shape, [a.strides, out_strides], [a.offset, 0]);
    let n = walk.len;
    walk.for_each(|[i, o]| match walk.step {
        [1, 0] => out[o] += sum(&a.data[i..i + n]),
        [s, 0] => out[o] += (0..n).fold(T::zero(), |sum, k| sum + a.data[i + k * s]),
        [1, 1] => {
            for (out, &x) in out[o..o + n].iter_mut().zip(&a.data[i..i + n]) {
                *out += x;
            }
        }
        [s, t] => {
            for k in 0..n {
                out[o + k * t] += a.data[i + k * s];
            }
        }
    });
}

/// The larger of two, NaN if either is NaN.
#[inline]
pub(crate) fn larger<T: Real>(a: T, b: T) -> T {
    if a > b || a.is_nan() { a } else { b }
}

/// The smaller of two, NaN if either is NaN.
#[inline]
pub(crate) fn smaller<T: Real>(a: T, b: T) -> T {
    if a < b || a.is_nan() { a } else { b }
}

/// Folds `a` (of `shape`) into `out`, whose strides are 0 along the axes that are reduced, each element beginning with
/// `start`.
pub(crate) fn fold_into<T: Real>(
    shape: &[usize],
    a: Strided<'_, T>,
    out: &mut [T],
    out_strides: &[usize],
    start: T,
    f: impl Fn(T, T) -> T,
) {
    out.fill(start);
    let walk = Walk::new(shape, [a.strides, out_strides], [a.offset, 0]);
    let [s, t] = walk.step;
    walk.for_each(|[i, o]| {
        for k in 0..walk.len {
            let out = &mut out[o + k * t];
            *out = f(*out, a.data[i + k * s]);
        }
    });
}

/// In place along the middle axis of an array of `n × inner` blocks, from its end if `backward`: each element but the first
/// becomes `step` of the one before it, itself, and its number among those of an array with an element for each step.
pub(crate) fn running<T: Real>(x: &mut [T], n: usize, inner: usize, backward: bool, step: impl Fn(T, T, usize) -> T) {
    for (number, block) in x.chunks_exact_mut((n * inner).max(1)).enumerate() {
        for k in 1..n {
            // Row `to` takes over what row `from` has gathered.
            let (to, from) = if backward { (n - 1 - k, n - k) } else { (k, k - 1) };
            let between = (number * (n - 1) + to.min(from)) * inner;
            for i in 0..inner {
                block[to * inner + i] = step(block[from * inner + i], block[to * inner + i], between + i);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use super::*;

    #[test]
    fn sums_of_powers_are_those_of_the_two_steps() {
        for n in [0, 1, 17, 256, 257, 5000] {
            let x: Vec<f64> = (0..n).map(|i| f64::from(i % 13) * -0.7).collect();
            let mut powers = vec![0.0; x.len()];
            let operands = [Strided { data: &x.iter().map(|x| x - 0.5).collect::<Vec<_>>(), strides: &[1], offset: 0 }];
            rows::unary(Unary::Exp, Arrays { shape: &[x.len()], operands, out: [&mut powers] });
            assert_eq!(sum_exp(&x, 0.5).to_bits(), sum(&powers).to_bits(), "{n}");
        }
    }

    #[test]
    fn long_sums_stay_accurate() {
        for n in [0, 1, 15, 16, 17, 255, 256, 257, 513, 100_000] {
            let x: Vec<f32> = (0..n).map(|i| 0.1 + (i % 7) as f32).collect();
            let exact: f64 = x.iter().map(|&x| f64::from(x)).sum();
            let error = (f64::from(sum(&x)) - exact).abs();
            assert!(error <= 1e-6 * exact, "{n}: {error}");
        }
    }
}
