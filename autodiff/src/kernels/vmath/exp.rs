//! The exponential and its relatives.
//!
//! `x = n ln 2 + r` with `|r| <= ln 2 / 2`; `e^r = 1 + r + r² Q(r)` with a polynomial `Q`; `e^x = 2^n e^r`.

use super::native::Native;

/// `n`, and `r` in two parts.
#[inline(always)]
fn reduce<T: Native>(x: T) -> (T, T, T) {
    let n = x.mul_add(T::LOG2_E, T::SHIFT) - T::SHIFT;
    let [high, low] = T::LN_2;
    let exact = (-n).mul_add(high, x);
    let r = (-n).mul_add(low, exact);
    (n, r, (-n).mul_add(low, exact - r))
}

/// `x`, held between bounds; NaN stays. Not `min` and `max`, which lose a NaN.
#[inline(always)]
fn held<T: Native>(x: T, low: T, high: T) -> T {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// `p 2^n`, in two steps: `2^n` itself may be out of range where the result is not. The first is exact.
#[inline(always)]
pub(super) fn scaled<T: Native>(p: T, n: T) -> T {
    let half = n.mul_add(T::HALF, T::SHIFT) - T::SHIFT;
    p * T::power_of_two(half) * T::power_of_two(n - half)
}

/// `e^(x + low)` as `(high + rest) 2^n`, for an `x` within the limits and a `low` of some units in its last place.
#[inline(always)]
pub(super) fn exp_parts<T: Native>(x: T, low: T) -> (T, T, T) {
    let (n, r, r_low) = reduce(x);
    let (r, rest) = sum(r, r_low + low);
    let (high, lost) = sum(T::one(), r);
    (high, lost + (r * r).mul_add(T::horner(r, T::EXP), rest), n)
}

#[inline(always)]
pub(super) fn exp<T: Native>(x: T) -> T {
    let [high, low] = T::EXP_LIMITS;
    let (n, r, r_low) = reduce(held(x, low, high));
    let p = ((r * r).mul_add(T::horner(r, T::EXP), r_low) + r) + T::one();
    scaled(p, n)
}

/// `scale e^x - scale`, where `scale = 2^(n + up) / 2^n`, in two parts: a rounded sum, and what is missing.
#[inline(always)]
fn scaled_exp_m1<T: Native>(x: T, up: T) -> (T, T) {
    let (n, r, r_low) = reduce(x);
    let scale = T::power_of_two(n + up);
    let base = scale - T::power_of_two(up);
    let high = scale.mul_add(r, base);
    let missing = scale.mul_add(r, base - high);
    (high, scale.mul_add((r * r).mul_add(T::horner(r, T::EXP), r_low), missing))
}

#[inline(always)]
pub(super) fn exp_m1<T: Native>(x: T) -> T {
    // Half the result, doubled at the end: 2^n may be out of range where the result is not.
    let (high, low) = scaled_exp_m1(held(x, T::EXP_M1_LOW, T::EXP_LIMITS[0]), -T::one());
    if x.abs() < T::TINY { x } else { (high + low) * T::TWO }
}

/// `a + b` rounded, and what rounding takes away, for `|a| >= |b|`.
#[inline(always)]
pub(super) fn sum<T: Native>(a: T, b: T) -> (T, T) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// `(a + a') / (b + b')`, rounded about once. One division.
#[inline(always)]
pub(super) fn quotient<T: Native>((a, a_low): (T, T), (b, b_low): (T, T)) -> T {
    let inverse = T::one() / b;
    let q = a * inverse;
    let rest = (-q).mul_add(b, a) + (-q).mul_add(b_low, a_low);
    rest.mul_add(inverse, q)
}

/// `(e^2x - 1) / (e^2x + 1)`.
#[inline(always)]
pub(super) fn tanh<T: Native>(x: T) -> T {
    let a = x.abs();
    let a = if a > T::TANH_LIMIT { T::TANH_LIMIT } else { a };
    let (high, low) = scaled_exp_m1(a + a, T::zero());
    let (top, top_low) = sum(high, low);
    let (bottom, lost) = if top > T::TWO { sum(top, T::TWO) } else { sum(T::TWO, top) };
    quotient((top, top_low), (bottom, lost + top_low)).copysign(x)
}

#[inline(always)]
pub(super) fn sigmoid<T: Native>(x: T) -> T {
    let e = exp(-x.abs());
    let numerator = if x >= T::zero() { T::one() } else { e };
    quotient((numerator, T::zero()), sum(T::one(), e))
}
