//! Special functions: from the crate that is most accurate, or written here where none offers 8 ulp. The module above says
//! which and how accurate.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

use num_traits::Float;
use smallvec::SmallVec;

/// Computes in `f64`.
#[inline(always)]
pub(super) fn in_f64<F: Float>(f: impl Fn(f64) -> f64, x: F) -> F {
    F::from(f(x.to_f64().unwrap_or(f64::NAN))).unwrap_or(F::nan())
}

/// Computes in `f64` a function with an order, which is NaN unless the order is a natural number.
#[inline(always)]
pub(super) fn with_order<F: Float>(f: impl Fn(u32, f64) -> f64, order: F, x: F) -> F {
    match order.to_u32() {
        Some(n) if F::from(n) == Some(order) => in_f64(|x| f(n, x), x),
        _ => F::nan(),
    }
}

#[inline(never)]
pub(super) fn erf(x: f64) -> f64 {
    libm::erf(x)
}

#[inline(never)]
pub(super) fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

#[inline(never)]
pub(super) fn inv_erf(x: f64) -> f64 {
    match x.abs() {
        0.0 => x,
        ..=1.0 => statrs::function::erf::erf_inv(x),
        _ => f64::NAN,
    }
}

/// `ln(x / (1 - x))`, where `x / (1 - x)` is `1 + (2x - 1) / (1 - x)` near 1/2, and `2x - 1` exact.
#[inline(never)]
pub(super) fn logit(x: f64) -> f64 {
    let complement = 1.0 - x;
    match x {
        0.25..=0.75 => ((2.0 * x - 1.0) / complement).ln_1p(),
        _ => (x / complement).ln(),
    }
}

#[inline(never)]
pub(super) fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// From 40 on, either way, the density and the tail are 0 in `f64`.
const FAR: f64 = 40.0;

/// `e^(-x²/2) / √(2π)`.
#[inline(never)]
pub(super) fn normal_pdf(x: f64) -> f64 {
    const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;
    if x.abs() > FAR {
        return 0.0;
    }
    let square = x * x;
    // What rounding took off the square; in the exponent it would count up to 700-fold.
    let lost = x.mul_add(x, -square);
    let near = (-0.5 * square).exp();
    (near - 0.5 * lost * near) * FRAC_1_SQRT_2PI
}

/// `erfc(-x/√2) / 2`.
#[inline(never)]
pub(super) fn normal_cdf(x: f64) -> f64 {
    if x.abs() > FAR {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let t = -x * FRAC_1_SQRT_2;
    if t == 0.0 {
        return 0.5;
    }
    // x²/2 - t², and from it what is missing from t: one Newton step for the root, then one along erfc.
    let square = t * t;
    let missing = ((0.5 * x).mul_add(x, -square) - t.mul_add(t, -square)) / (2.0 * t);
    0.5 * (libm::erfc(t) - FRAC_2_SQRT_PI * (-square).exp() * missing)
}

/// `cot(πx)`, to full accuracy at its poles and zeros.
fn cot_pi(x: f64) -> f64 {
    let r = x - x.round();
    if r.abs() < 0.25 { 1.0 / (PI * r).tan() } else { (PI * (0.5_f64.copysign(r) - r)).tan() }
}

/// At 0, `-inf` from the right and `+inf` from the left; NaN at negative integers and at `-inf`.
#[inline(never)]
pub(super) fn digamma(x: f64) -> f64 {
    if x >= 0.0 || x.is_nan() || x == x.floor() {
        return spec_math::cephes64::psi(x);
    }
    spec_math::cephes64::psi(1.0 - x) - PI * cot_pi(x)
}

/// Bernoulli numbers `B_2, B_4, …, B_24`.
const BERNOULLI: [f64; 12] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43_867.0 / 798.0,
    -174_611.0 / 330.0,
    854_513.0 / 138.0,
    -236_364_091.0 / 2730.0,
];

/// The `n`-th derivative of `digamma`; NaN for `n > 170`, where `n!` overflows.
///
/// At 0 and at negative integers it is `+inf` for odd `n`. For even `n` the two sides of the pole differ: at 0 the sign
/// of the zero decides, at negative integers it is NaN.
#[inline(never)]
pub(super) fn polygamma(n: u32, x: f64) -> f64 {
    if n == 0 {
        return digamma(x);
    }
    if n > 170 || x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    let odd = n % 2 == 1;
    if x > 0.0 {
        let magnitude = polygamma_right(n, x);
        return if odd { magnitude } else { -magnitude };
    }
    if x == x.floor() {
        return match (odd, x == 0.0) {
            (true, _) => f64::INFINITY,
            (false, true) => f64::INFINITY.copysign(-x),
            (false, false) => f64::NAN,
        };
    }
    // ψ(x) = ψ(1 - x) - π cot πx, n times differentiated.
    (if odd { 1.0 } else { -1.0 }) * cot_pi_derivative(n, x) - polygamma_right(n, 1.0 - x)
}

/// `|ψ⁽ⁿ⁾(x)| = n! Σ_k (x + k)^-(n+1)` for `n >= 1`, `x > 0`: terms up to `x + k >= n + 10`, an asymptotic series for the
/// rest, summed from the smallest.
fn polygamma_right(n: u32, x: f64) -> f64 {
    let order = f64::from(n);
    let factorial: f64 = (1..=n).map(f64::from).product();
    // In two halves, so that neither the factorial nor the power leaves the range before their product does.
    let term = |z: f64, power: f64| {
        let half = z.powf(-0.5 * power);
        factorial * half * half
    };
    let steps = (order + 10.0 - x).ceil().max(0.0);
    let z = x + steps;
    // 1 + n/2z + Σ B_2k n(n+1)…(n+2k-1) / (2k)! z^2k
    let mut factor = 1.0;
    let mut terms = [0.0; BERNOULLI.len()];
    for (k, (term, bernoulli)) in (1_u32..).zip(terms.iter_mut().zip(BERNOULLI)) {
        let even = 2.0 * f64::from(k);
        factor *= (order + even - 2.0) * (order + even - 1.0) / ((even - 1.0) * even) / z / z;
        *term = bernoulli * factor;
    }
    let series = 1.0 + (0.5 * order / z + terms.iter().rev().sum::<f64>());
    let (mut sum, mut k) = (term(z, order) / order * series, steps);
    while k > 0.0 {
        k -= 1.0;
        sum += term(x + k, order + 1.0);
    }
    sum
}

/// `π^(n+1) Q_n(cot πx)`, which is the `n`-th derivative of `-π cot πx` up to the sign `-(-1)^n`.
///
/// From `cot' = -(1 + cot²)` follow polynomials without negative coefficients: `Q_0 = c`, `Q_(n+1) = (1 + c²) Q_n'`.
fn cot_pi_derivative(n: u32, x: f64) -> f64 {
    let mut q: SmallVec<[f64; 16]> = SmallVec::from_slice(&[0.0, 1.0]);
    for _ in 0..n {
        let slope: SmallVec<[f64; 16]> = (1_u32..).zip(&q[1..]).map(|(k, q)| f64::from(k) * q).collect();
        q.push(0.0);
        for (k, q) in q.iter_mut().enumerate() {
            let raised = if k < 2 { 0.0 } else { slope[k - 2] };
            *q = slope.get(k).copied().unwrap_or(0.0) + raised;
        }
    }
    let c = cot_pi(x);
    PI.powf(f64::from(n) + 1.0) * q.iter().rev().fold(0.0, |sum, q| sum * c + q)
}

/// Spherical Bessel function of the first kind, `j_n(x)`.
#[inline(never)]
pub(super) fn spherical_jn(n: u32, x: f64) -> f64 {
    let (order, z) = (f64::from(n), x.abs());
    let magnitude = if z.is_infinite() {
        0.0
    } else if n == 0 {
        if z == 0.0 { 1.0 } else { z.sin() / z }
    } else if z * z < 2.0 * order + 3.0 {
        spherical_jn_series(n, z)
    } else if z >= order {
        let (j0, j1) = spherical_j0_j1(z);
        (0..n).fold((j0, j1), |(a, b), k| (b, (2.0 * f64::from(k) + 3.0) / z * b - a)).0
    } else {
        spherical_jn_down(n, z)
    };
    if x < 0.0 && n % 2 == 1 { -magnitude } else { magnitude }
}

fn spherical_j0_j1(z: f64) -> (f64, f64) {
    let (sin, cos) = z.sin_cos();
    (sin / z, (sin / z - cos) / z)
}

/// `z^n / (2n+1)!! Σ_k (-z²/2)^k / (k! (2n+3)(2n+5)…(2n+2k+1))`, for `z² < 2n + 3`, where every term is below half of the
/// one before.
fn spherical_jn_series(n: u32, z: f64) -> f64 {
    let first = (1..=n).fold(1.0, |product, k| product * z / (2.0 * f64::from(k) + 1.0));
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while f64::abs(term) > f64::EPSILON / 4.0 {
        term *= -0.5 * z * z / (k * (2.0 * (f64::from(n) + k) + 1.0));
        sum += term;
        k += 1.0;
    }
    first * sum
}

/// For `z < n`, where the recurrence is stable downwards only: from an order so high that what is there does not matter,
/// scaled at the end to the larger of `j_0` and `j_1`.
fn spherical_jn_down(n: u32, z: f64) -> f64 {
    let start = n.saturating_add(15).saturating_add(n.saturating_mul(40).isqrt());
    let (mut above, mut this, mut wanted) = (0.0, f64::MIN_POSITIVE, 0.0);
    for k in (1..=start).rev() {
        if k == n {
            wanted = this;
        }
        (above, this) = (this, (2.0 * f64::from(k) + 1.0) / z * this - above);
        if f64::abs(this) > 1e200 {
            (above, this, wanted) = (above * 1e-200, this * 1e-200, wanted * 1e-200);
        }
    }
    let (j0, j1) = spherical_j0_j1(z);
    wanted * if j0.abs() > j1.abs() { j0 / this } else { j1 / above }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `Σ_{k <= n} C(n + 1, k) B_k = 0`.
    #[test]
    fn bernoulli_numbers() {
        let mut all: Vec<f64> = vec![1.0];
        for n in 1..=24_u32 {
            let (mut binomial, mut sum) = (1.0, 0.0);
            for (k, b) in (0_u32..).zip(&all) {
                sum += binomial * b;
                binomial *= f64::from(n + 1 - k) / f64::from(k + 1);
            }
            all.push(-sum / f64::from(n + 1));
        }
        for (even, b) in all.iter().skip(2).step_by(2).zip(BERNOULLI) {
            assert!((even - b).abs() <= 1e-6 * b.abs(), "{even} and {b}");
        }
    }
}
