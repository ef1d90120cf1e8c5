//! Losses that outliers do not rule.

use autodiff::Real;

/// What a residual `r` costs: `½ s² ρ((r/s)²)` with a scale `s`, from which on it counts as large.
///
/// | | `ρ(z)` | far out |
/// |---|---|---|
/// | `Square` | `z` | grows with the square |
/// | `Huber(s)` | `z` up to 1, then `2 √z - 1` | grows in proportion |
/// | `Cauchy(s)` | `ln(1 + z)` | hardly grows |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Robust {
    /// Least squares proper.
    #[default]
    Square,
    /// Huber's loss.
    Huber(f64),
    /// Cauchy's loss.
    Cauchy(f64),
}

impl Robust {
    /// The cost of a residual, and its weight `√ρ'`, by which a step of least squares goes down the slope of the cost.
    pub(super) fn weigh<T: Real>(self, r: T) -> (T, T) {
        let half = T::of(0.5);
        let scale = match self {
            Self::Square => return (half * r * r, T::one()),
            Self::Huber(scale) | Self::Cauchy(scale) => T::of(scale),
        };
        let z = (r / scale).powi(2);
        let (value, slope) = match self {
            Self::Huber(_) if z <= T::one() => (z, T::one()),
            Self::Huber(_) => (T::of(2.0) * z.sqrt() - T::one(), z.sqrt().recip()),
            _ => (z.ln_1p(), (T::one() + z).recip()),
        };
        (half * scale * scale * value, slope.sqrt())
    }
}
