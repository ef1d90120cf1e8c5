//! The workloads of `autodiff/benches/support/workloads.rs` once more, for echidna's number types: the same operations in
//! the same order.

use echidna::Scalar;

/// The product of all variables.
pub fn speel<S: Scalar<Float = f64>>(x: &[S]) -> S {
    x[1..].iter().fold(x[0], |p, &x| p * x)
}

/// Rosenbrock's function.
pub fn rosen<S: Scalar<Float = f64>>(x: &[S]) -> S {
    let mut f = S::zero();
    for w in x.windows(2) {
        let a = w[1] - w[0] * w[0];
        let b = S::one() - w[0];
        f = f + (S::from_f(100.0) * (a * a) + b * b);
    }
    f
}

/// `Σ sin x_i exp x_{i+1} + ln(1 + x_i²)`.
pub fn sinexp<S: Scalar<Float = f64>>(x: &[S]) -> S {
    let mut f = S::zero();
    for w in x.windows(2) {
        f = f + (w[0].sin() * w[1].exp() + (S::one() + w[0] * w[0]).ln());
    }
    f
}

/// `ln Σ exp x_i`, shifted by the largest value.
pub fn lse<S: Scalar<Float = f64>>(x: &[S]) -> S {
    let m = S::from_f(x.iter().map(Scalar::value).fold(f64::NEG_INFINITY, f64::max));
    let mut s = S::zero();
    for &x in x {
        s = s + (x - m).exp();
    }
    s.ln() + m
}

/// The log-likelihood of data, then mean and deviation.
pub fn normal<S: Scalar<Float = f64>>(x: &[S]) -> S {
    let (x, parameters) = x.split_at(x.len() - 2);
    let (mu, sigma) = (parameters[0], parameters[1]);
    let ls = sigma.ln();
    let mut f = S::zero();
    for &x in x {
        let z = (x - mu) / sigma;
        f = f - (S::from_f(0.5) * z * z + ls + S::from_f(0.5 * (2.0 * std::f64::consts::PI).ln()));
    }
    f
}

/// A network 64-64-1: W1[64][64], b1[64], W2[64], b2.
pub fn mlp<S: Scalar<Float = f64>>(p: &[S], input: &[f64]) -> S {
    let (w1, rest) = p.split_at(64 * 64);
    let (b1, rest) = rest.split_at(64);
    let (w2, b2) = rest.split_at(64);
    let mut y = b2[0];
    for j in 0..64 {
        let mut s = b1[j];
        for k in 0..64 {
            s = s + w1[64 * j + k] * S::from_f(input[k]);
        }
        y = y + w2[j] * s.tanh();
    }
    let r = y - S::from_f(0.5);
    r * r
}

/// 1000 Euler steps of the Lorenz system from x, y, z with sigma, rho, beta.
pub fn lorenz<S: Scalar<Float = f64>>(p: &[S]) -> S {
    let [mut x, mut y, mut z, sigma, rho, beta] = *p.first_chunk().expect("six inputs");
    let h = S::from_f(0.005);
    for _ in 0..1000 {
        (x, y, z) = (x + h * (sigma * (y - x)), y + h * (x * (rho - z) - y), z + h * (x * y - beta * z));
    }
    x * x + y * y + z * z
}

/// One cell in a step of Burgers' equation.
#[inline(always)]
fn burgers_cell<S: Scalar<Float = f64>>([left, u, right]: [S; 3]) -> S {
    u - (S::from_f(0.05) * u) * (right - left) + S::from_f(0.1) * (right - S::from_f(2.0) * u + left)
}

/// 1000 steps of Burgers' equation on periodic cells.
pub fn burgers<S: Scalar<Float = f64>>(u: &[S]) -> S {
    let n = u.len();
    let mut u = u.to_vec();
    let mut v = u.clone();
    for _ in 0..1000 {
        v[0] = burgers_cell([u[n - 1], u[0], u[1]]);
        for i in 1..n - 1 {
            v[i] = burgers_cell([u[i - 1], u[i], u[i + 1]]);
        }
        v[n - 1] = burgers_cell([u[n - 2], u[n - 1], u[0]]);
        std::mem::swap(&mut u, &mut v);
    }
    let mut f = S::zero();
    for &u in &u {
        f = f + u * u;
    }
    f
}
