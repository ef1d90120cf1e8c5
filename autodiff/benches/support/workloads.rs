//! The scalar workloads, each written once for every number type.

use autodiff::Real;

/// `u(seed, k)` in [0, 1): splitmix64.
fn uniform(seed: u64, k: u64) -> f64 {
    let mut z = seed.wrapping_add((k + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 * 2f64.powi(-53)
}

/// `n` numbers between `a` and `b`.
pub(crate) fn uniforms(a: f64, b: f64, seed: u64, n: usize) -> Vec<f64> {
    (0..n as u64).map(|k| a + (b - a) * uniform(seed, k)).collect()
}

/// The product of all variables.
pub(crate) fn speel<R: Real>(x: &[R]) -> R {
    x[1..].iter().fold(x[0], |p, &x| p * x)
}

/// The inputs of [`speel`].
pub(crate) fn speel_inputs(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64 + 1.0) / (i as f64 + 2.0)).collect()
}

/// One term of Rosenbrock's function.
#[inline(always)]
pub(crate) fn rosen_term<R: Real>([x, y]: [R; 2]) -> R {
    let a = y - x * x;
    let b = R::one() - x;
    R::of(100.0) * (a * a) + b * b
}

/// Rosenbrock's function in `n` variables.
pub(crate) fn rosen<R: Real>(x: &[R]) -> R {
    let mut f = R::zero();
    for w in x.windows(2) {
        f += rosen_term([w[0], w[1]]);
    }
    f
}

/// One term of [`sinexp`].
#[inline(always)]
pub(crate) fn sinexp_term<R: Real>([x, y]: [R; 2]) -> R {
    x.sin() * y.exp() + (R::one() + x * x).ln()
}

/// `Σ sin x_i exp x_{i+1} + ln(1 + x_i²)`.
pub(crate) fn sinexp<R: Real>(x: &[R]) -> R {
    let mut f = R::zero();
    for w in x.windows(2) {
        f += sinexp_term([w[0], w[1]]);
    }
    f
}

/// `ln Σ exp x_i`, shifted by the largest value.
pub(crate) fn lse<R: Real>(x: &[R]) -> R {
    let m = R::of(x.iter().map(|x| x.primal()).fold(f64::NEG_INFINITY, f64::max));
    let mut s = R::zero();
    for &x in x {
        s += (x - m).exp();
    }
    s.ln() + m
}

/// One term of [`normal`], of a datum, the mean, the deviation and its logarithm.
#[inline(always)]
pub(crate) fn normal_term<R: Real>([x, mu, sigma, ls]: [R; 4]) -> R {
    let z = (x - mu) / sigma;
    R::of(0.5) * z * z + ls + R::of(0.5 * (2.0 * std::f64::consts::PI).ln())
}

/// The log-likelihood of 1000 data, then mean and deviation.
pub(crate) fn normal<R: Real>(x: &[R]) -> R {
    let (x, parameters) = x.split_at(x.len() - 2);
    let (mu, sigma) = (parameters[0], parameters[1]);
    let ls = sigma.ln();
    let mut f = R::zero();
    for &x in x {
        f -= normal_term([x, mu, sigma, ls]);
    }
    f
}

/// The inputs of [`normal`].
pub(crate) fn normal_inputs() -> Vec<f64> {
    let mut x = uniforms(-2.0, 3.0, 4, 1000);
    x.extend([0.3, 1.7]);
    x
}

/// A network 64-64-1: W1[64][64], b1[64], W2[64], b2.
pub(crate) fn mlp<R: Real>(p: &[R], input: &[f64]) -> R {
    let (w1, rest) = p.split_at(64 * 64);
    let (b1, rest) = rest.split_at(64);
    let (w2, b2) = rest.split_at(64);
    let mut y = b2[0];
    for j in 0..64 {
        let mut s = b1[j];
        for k in 0..64 {
            s += w1[64 * j + k] * R::of(input[k]);
        }
        y += w2[j] * s.tanh();
    }
    let r = y - R::of(0.5);
    r * r
}

/// The change of one coordinate in a step of the Lorenz system; the step's length is 0.005.
#[inline(always)]
pub(crate) fn lorenz_x<R: Real>([x, y, sigma]: [R; 3]) -> R {
    x + R::of(0.005) * (sigma * (y - x))
}

/// See [`lorenz_x`].
#[inline(always)]
pub(crate) fn lorenz_y<R: Real>([x, y, z, rho]: [R; 4]) -> R {
    y + R::of(0.005) * (x * (rho - z) - y)
}

/// See [`lorenz_x`].
#[inline(always)]
pub(crate) fn lorenz_z<R: Real>([x, y, z, beta]: [R; 4]) -> R {
    z + R::of(0.005) * (x * y - beta * z)
}

/// 1000 Euler steps of the Lorenz system from x, y, z with sigma, rho, beta.
pub(crate) fn lorenz<R: Real>(p: &[R]) -> R {
    let [mut x, mut y, mut z, sigma, rho, beta] = *p.first_chunk().expect("six inputs");
    for _ in 0..1000 {
        (x, y, z) = (lorenz_x([x, y, sigma]), lorenz_y([x, y, z, rho]), lorenz_z([x, y, z, beta]));
    }
    x * x + y * y + z * z
}

/// The inputs of [`lorenz`].
pub(crate) const LORENZ: [f64; 6] = [1.0, 1.0, 1.0, 10.0, 28.0, 8.0 / 3.0];

/// One cell in a step of Burgers' equation.
#[inline(always)]
pub(crate) fn burgers_cell<R: Real>([left, u, right]: [R; 3]) -> R {
    u - (R::of(0.05) * u) * (right - left) + R::of(0.1) * (right - R::of(2.0) * u + left)
}

/// 1000 steps of Burgers' equation on periodic cells.
pub(crate) fn burgers<R: Real>(u: &[R]) -> R {
    burgers_with(u, burgers_cell)
}

/// [`burgers`] with another way to compute a cell.
#[inline(always)]
pub(crate) fn burgers_with<R: Real>(u: &[R], cell: impl Fn([R; 3]) -> R) -> R {
    let n = u.len();
    let mut u = u.to_vec();
    let mut v = u.clone();
    for _ in 0..1000 {
        v[0] = cell([u[n - 1], u[0], u[1]]);
        for i in 1..n - 1 {
            v[i] = cell([u[i - 1], u[i], u[i + 1]]);
        }
        v[n - 1] = cell([u[n - 2], u[n - 1], u[0]]);
        std::mem::swap(&mut u, &mut v);
    }
    let mut f = R::zero();
    for &u in &u {
        f += u * u;
    }
    f
}

/// The inputs of [`burgers`].
pub(crate) fn burgers_inputs() -> Vec<f64> {
    (0..100).map(|i| 1.0 + 0.5 * (2.0 * std::f64::consts::PI * f64::from(i) / 100.0).sin()).collect()
}

/// The same functions as a user of this crate writes them: fused blocks and entries of many operands.
pub(crate) mod idiomatic {
    use autodiff::{Var, fuse};

    use super::{burgers_cell, burgers_with, lorenz_x, lorenz_y, lorenz_z, rosen_term, sinexp_term};

    type V = Var<f64>;

    /// See [`super::speel`].
    pub(crate) fn speel(x: &[V]) -> V {
        autodiff::product(x)
    }

    /// See [`super::rosen`].
    pub(crate) fn rosen(x: &[V]) -> V {
        x.windows(2).map(|w| fuse([w[0], w[1]], rosen_term)).sum()
    }

    /// See [`super::sinexp`].
    pub(crate) fn sinexp(x: &[V]) -> V {
        x.windows(2).map(|w| fuse([w[0], w[1]], sinexp_term)).sum()
    }

    /// See [`super::lse`].
    pub(crate) fn lse(x: &[V]) -> V {
        autodiff::logsumexp(x)
    }

    /// See [`super::normal`].
    pub(crate) fn normal(x: &[V]) -> V {
        let (x, parameters) = x.split_at(x.len() - 2);
        let (mu, sigma) = (parameters[0], parameters[1]);
        let squares: V = x.iter().map(|&x| fuse([x, mu, sigma], |[x, mu, sigma]| ((x - mu) / sigma).square())).sum();
        let n = x.len() as f64;
        -(0.5 * squares + n * (sigma.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln()))
    }

    /// See [`super::mlp`].
    pub(crate) fn mlp(p: &[V], input: &[f64]) -> V {
        let (w1, rest) = p.split_at(64 * 64);
        let (b1, rest) = rest.split_at(64);
        let (w2, b2) = rest.split_at(64);
        let input: Vec<V> = input.iter().map(|&x| Var::constant(x)).collect();
        let hidden = w1.chunks(64).zip(b1).map(|(w, &b)| (b + autodiff::dot(w, &input)).tanh());
        let y = b2[0] + autodiff::dot(w2, hidden);
        (y - 0.5).square()
    }

    /// See [`super::lorenz`].
    pub(crate) fn lorenz(p: &[V]) -> V {
        let [mut x, mut y, mut z, sigma, rho, beta] = *p.first_chunk().expect("six inputs");
        for _ in 0..1000 {
            (x, y, z) =
                (fuse([x, y, sigma], lorenz_x), fuse([x, y, z, rho], lorenz_y), fuse([x, y, z, beta], lorenz_z));
        }
        autodiff::sum_sq([x, y, z])
    }

    /// See [`super::burgers`].
    pub(crate) fn burgers(u: &[V]) -> V {
        burgers_with(u, |u| fuse(u, burgers_cell))
    }
}
