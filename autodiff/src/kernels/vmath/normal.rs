//! The normal distribution and the error function.
//!
//! For `a >= 0` the tail is `Q(a) = e^(-a²/2) P(t) / (1 + a)`, where `P` is a polynomial in `t = (a - 4) / (a + 4)` that stays between
//! 0.4 and 0.53. Powers, quotient and exponent are kept in two parts, so that the whole rounds little more than once.

use super::exp::{exp_parts, quotient, scaled, sum};
use super::native::Native;

/// `e^(-scale x²)`, as [`exp_parts`] gives it; `scale` is 1 or a half.
#[inline(always)]
fn bell<T: Native>(x: T, scale: T) -> (T, T, T) {
    let square = x * x;
    exp_parts(-(scale * square), -(scale * x.mul_add(x, -square)))
}

/// `|x|`, held where the tail is 0 for certain; NaN stays.
#[inline(always)]
fn held<T: Native>(x: T, limit: T) -> T {
    let a = x.abs();
    if a > limit { limit } else { a }
}

/// `factor Q(a + low)`, where the bell in parts is `e^(-(a + low)²/2)`.
#[inline(always)]
fn tail<T: Native>(a: T, low: T, (high, rest, n): (T, T, T), factor: T) -> T {
    let four = T::TWO + T::TWO;
    // What rounding took off t is found from t (a + 4) = a - 4.
    let inverse = T::one() / (a + four);
    let near = (a - four) * inverse;
    let missing = near.mul_add(-a, (near + T::one()).mul_add(-four, a));
    let t = inverse.mul_add(missing, near);
    // Where Q is just below a half, P is just above it: its rounding would count twice.
    let slope = T::horner(t, &T::TAIL[1..]);
    let p = t.mul_add(slope, T::TAIL[0]);
    let p_low = factor * t.mul_add(slope, T::TAIL[0] - p);
    let p = factor * p;
    let top = high * p;
    let top_low = high.mul_add(p, -top) + high.mul_add(p_low, rest * p);
    let (bottom, lost) = if a > T::one() { sum(a, T::one()) } else { sum(T::one(), a) };
    scaled(quotient((top, top_low), (bottom, lost + low)), n)
}

#[inline(always)]
pub(super) fn normal_cdf<T: Native>(x: T) -> T {
    let a = held(x, T::TAIL_LIMIT);
    let q = tail(a, T::zero(), bell(a, T::HALF), T::one());
    let y = if x > T::zero() { T::one() - q } else { q };
    if x == T::zero() { T::HALF } else { y }
}

#[inline(always)]
pub(super) fn normal_pdf<T: Native>(x: T) -> T {
    let (high, rest, n) = bell(held(x, T::TAIL_LIMIT), T::HALF);
    let [c, c_low] = T::NORMAL;
    let top = high * c;
    scaled(top + (high.mul_add(c, -top) + high.mul_add(c_low, rest * c)), n)
}

/// `2 Q(√2 |x|)`.
#[inline(always)]
fn erfc_right<T: Native>(x: T) -> T {
    let x = held(x, T::HALF * T::ROOT_TWO[0] * T::TAIL_LIMIT);
    let [root, root_low] = T::ROOT_TWO;
    let a = x * root;
    let low = x.mul_add(root, -a) + x * root_low;
    tail(a, low, bell(x, T::one()), T::TWO)
}

#[inline(always)]
pub(super) fn erfc<T: Native>(x: T) -> T {
    let q = erfc_right(x);
    let y = if x < T::zero() { T::TWO - q } else { q };
    if x == T::zero() { T::one() } else { y }
}

#[inline(always)]
pub(super) fn erf<T: Native>(x: T) -> T {
    let near = x.mul_add(T::horner(x * x, T::ERF), x);
    let far = (T::one() - erfc_right(x)).copysign(x);
    if x.abs() < T::HALF { near } else { far }
}
