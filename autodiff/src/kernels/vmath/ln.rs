//! The logarithm and its relatives.
//!
//! `x = m 2^k` with `√½ <= m < √2`, and `f = m - 1`. With `s = f / (2 + f)`, `ln m = 2s + s z L(z)`, `z = s²`, `L` a
//! polynomial. The leading term is written `2s = f - f²/2 + s f²/2`, so that `f` enters without rounding.

use num_traits::Float;

use super::exp::exp;
use super::native::Native;

/// `ln((1 + f + low) 2^k)`, with `low` below the last place of `1 + f`.
#[inline(always)]
fn ln_of<T: Native>(f: T, low: T, k: T) -> T {
    let s = f / (T::TWO + f);
    let z = s * s;
    let square = T::HALF * f * f;
    let rest = s.mul_add(z.mul_add(T::horner(z, T::LN), square), k.mul_add(T::LN_2[1], low));
    k.mul_add(T::LN_2[0], f - (square - rest))
}

/// `y`, but for arguments at and beyond the edge of the domain.
#[inline(always)]
fn edges<T: Native>(x: T, y: T) -> T {
    let y = if x == T::infinity() { x } else { y };
    let y = if x == T::zero() { T::neg_infinity() } else { y };
    // False for NaN, too.
    if x >= T::zero() { y } else { T::nan() }
}

#[inline(always)]
pub(super) fn ln<T: Native>(x: T) -> T {
    let (m, k) = T::split(x);
    edges(x, ln_of(m - T::one(), T::zero(), k))
}

#[inline(always)]
pub(super) fn ln_1p<T: Native>(x: T) -> T {
    let u = T::one() + x;
    let lost = if x < T::one() { x - (u - T::one()) } else { T::one() - (u - x) };
    let (m, k) = T::split(u);
    // Where k = 0 nothing was lost: f is x. Otherwise what was lost counts `1/m`-fold, about `1 - f + f²`. With the
    // largest k nothing is left of it, and 2^-k would be out of range.
    let straight = k == T::zero();
    let f = if straight { x } else { m - T::one() };
    let scaled = lost * T::power_of_two(if k > T::SHIFT_LIMIT { -T::SHIFT_LIMIT } else { -k });
    let low = if straight { T::zero() } else { (-f).mul_add((-f).mul_add(scaled, scaled), scaled) };
    let y = edges(u, ln_of(f, low, k));
    // The sign of a zero.
    if x == T::zero() { x } else { y }
}

/// `max(x, 0) + ln(1 + e^-|x|)`.
#[inline(always)]
pub(super) fn softplus<T: Native>(x: T) -> T {
    Float::max(x, T::zero()) + ln_1p(exp(-x.abs()))
}

/// `min(x, 0) - ln(1 + e^-|x|)`.
#[inline(always)]
pub(super) fn log_sigmoid<T: Native>(x: T) -> T {
    Float::min(x, T::zero()) - ln_1p(exp(-x.abs()))
}
