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
    /// The cost of a residual, and the factors of the residual and of its row of the Jacobian by which a step of least squares is one
    /// for this loss (B. Triggs and others: Bundle adjustment, 2000, section 4.3).
    pub(super) fn weigh<T: Real>(self, r: T) -> (T, T, T) {
        let (scale, half) = match self {
            Self::Square => return (T::of(0.5) * r * r, T::one(), T::one()),
            Self::Huber(scale) | Self::Cauchy(scale) => (T::of(scale), T::of(0.5)),
        };
        let z = (r / scale).powi(2);
        // ρ, ρ' and 2 z ρ''.
        let (value, first, second) = match self {
            Self::Huber(_) if z <= T::one() => (z, T::one(), T::zero()),
            Self::Huber(_) => (T::of(2.0) * z.sqrt() - T::one(), z.sqrt().recip(), -z.sqrt().recip()),
            _ => (z.ln_1p(), (T::one() + z).recip(), -T::of(2.0) * z / (T::one() + z).powi(2)),
        };
        // A loss that bends down has no such step: the least curvature stands for it.
        let slope = (first + second).max(T::epsilon() * first).sqrt();
        (half * scale * scale * value, first / slope, slope)
    }
}
