//! nuts-rs draws from a density whose gradient is a program's.

use std::collections::HashMap;

use autodiff::{Program, Var};
use nuts_rs::rand::{Rng, SeedableRng};
use nuts_rs::{Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings};

struct Density(Program<f64>);

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Failed(#[from] autodiff::Error);
impl LogpError for Failed {
    fn is_recoverable(&self) -> bool {
        false
    }
}

impl HasDims for Density {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.0.inputs() as u64)])
    }
}

impl CpuLogpFunc for Density {
    type LogpError = Failed;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;
    fn dim(&self) -> usize {
        self.0.inputs()
    }
    fn logp(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, Failed> {
        let (value, g) = self.0.value_and_gradient(x)?;
        gradient.copy_from_slice(&g);
        Ok(value)
    }
    fn expand_vector<R: Rng + ?Sized>(&mut self, _: &mut R, x: &[f64]) -> Result<Vec<f64>, CpuMathError> {
        Ok(x.to_vec())
    }
}

/// Eight schools, non-centred: the mean μ ~ N(0, 5), the deviation τ ~ half-Cauchy(0, 5) by its logarithm, and the effects
/// (θ - μ) / τ ~ N(0, 1). The known means and deviations are by quadrature.
#[test]
fn draws_eight_schools() -> Result<(), Box<dyn std::error::Error>> {
    let y = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0];
    let s = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];
    let density = move |x: &[Var<f64>]| {
        let (mu, tau) = (x[0], x[1].exp());
        let prior = -0.5 * (mu / 5.0).powi(2) - (tau / 5.0).powi(2).ln_1p() + x[1];
        (0..8).fold(prior, |p, i| p - 0.5 * x[i + 2].powi(2) - 0.5 * ((y[i] - mu - tau * x[i + 2]) / s[i]).powi(2))
    };
    let settings = DiagNutsSettings { num_tune: 1000, ..Default::default() };
    let mut draws = Vec::new();
    for seed in 0..4 {
        let math = CpuMath::new(Density(Program::record(density, &[0.1; 10])));
        let mut rng = nuts_rs::rand::rngs::SmallRng::seed_from_u64(seed);
        let mut chain = settings.new_chain(seed, math, &mut rng)?;
        chain.set_position(&[0.1; 10])?;
        for draw in 0..3000 {
            let (x, _) = chain.draw()?;
            if draw >= 1000 {
                draws.push([x[0], x[1].exp(), x[0] + x[1].exp() * x[2]]);
            }
        }
    }
    let n = draws.len() as f64;
    for (k, (mean, deviation)) in [(4.397, 3.318), (3.598, 3.220), (6.212, 5.593)].into_iter().enumerate() {
        let found = draws.iter().map(|x| x[k]).sum::<f64>() / n;
        let spread = (draws.iter().map(|x| (x[k] - found).powi(2)).sum::<f64>() / n).sqrt();
        // Of 8000 draws a few thousand count: four standard errors of a mean are 0.08 deviations.
        assert!((found - mean).abs() < 0.08 * deviation, "mean {found}, known {mean}");
        assert!((spread / deviation - 1.0).abs() < 0.12, "deviation {spread}, known {deviation}");
    }
    Ok(())
}
