//! Sine and cosine.
//!
//! `x = n π/2 + r` with `|r| <= π/4`: `π/2` in three parts, `r` in two. Polynomials for `sin r` and `cos r`; the last two
//! bits of `n` choose between them and give the sign. Beyond [`ANGLE_LIMIT`](super::native::NativeParts::ANGLE_LIMIT) the
//! three parts do not suffice.

use super::native::Native;

/// `sin x` and `cos x` for `|x|` up to the limit.
#[inline(always)]
pub(super) fn sin_cos<T: Native>(x: T) -> (T, T) {
    let shifted = x.mul_add(T::TWO_OVER_PI, T::SHIFT);
    let n = shifted - T::SHIFT;
    let [a, b, c] = T::HALF_PI;
    // `x - n a` is exact. Of its difference with `n b` what rounding takes away is kept: near multiples of π/2 all of `r`
    // may be as small.
    let first = (-n).mul_add(a, x);
    let product = n * b;
    let product_low = n.mul_add(b, -product);
    let r = first - product;
    let back = r + product;
    let lost = (first - back) - (product + (r - back));
    let low = (-n).mul_add(c, lost - product_low);

    let z = r * r;
    let half = T::HALF * z;
    let sine = r + (r * z).mul_add(T::horner(z, T::SIN), low - low * half);
    let near = T::one() - half;
    let cosine = near + (z * z).mul_add(T::horner(z, T::COS), ((T::one() - near) - half) - r * low);

    let [odd, upper] = T::low_bits(shifted);
    let (s, c) = if odd { (cosine, sine) } else { (sine, cosine) };
    let sin = if upper { -s } else { s };
    let cos = if odd == upper { c } else { -c };
    // The sign of a zero.
    (if x == T::zero() { x } else { sin }, cos)
}
