//! `rand_distr`'s samples in a loss: the gradient of a mean goes along the samples' paths.

use autodiff::{Var, mean, value_and_grad};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The mean of `(μ + σ z)²` is `μ² + σ²`.
#[test]
fn gradient_of_a_mean() {
    let n = 10_000_usize;
    let z: Vec<f64> = StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(1)).take(n).collect();
    let loss = |p: &[Var<f64>]| mean(z.iter().map(|&z| (p[0] + p[1] * z).powi(2)).collect::<Vec<_>>());
    let (value, gradient) = value_and_grad(loss, &[1.5, 0.5]);
    let off = [value - 2.5, gradient[0] - 3.0, gradient[1] - 1.0];
    // Four standard deviations: of (μ + σ z)², of 2 (μ + σ z) and of 2 (μ + σ z) z.
    let deviations = [9.5_f64.sqrt() * 0.5, 1.0, 11.0_f64.sqrt()];
    assert!(off.iter().zip(deviations).all(|(off, s)| off.abs() < 4.0 * s / (n as f64).sqrt()), "{off:?}");
    // Along the paths: the very numbers that the samples give.
    let by_hand = z.iter().map(|z| 2.0 * (1.5 + 0.5 * z) * z).sum::<f64>() / n as f64;
    assert!((gradient[1] - by_hand).abs() < 1e-12);
}
