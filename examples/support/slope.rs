//! Straight lines through points in log-log scale.

use std::fmt;

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The exponent `p` of a law `y = c xᵖ`, with the half width of its 95 % confidence interval.
///
/// ```
/// let slope = examples::Slope::log_log(&[(1.0, 2.0), (10.0, 201.0), (100.0, 19_900.0)]);
/// assert!(slope.is_near(2.0, 0.01) && slope.half_width < 0.1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The slope.
    pub value: f64,
    /// Half the width of the interval: the standard error times Student's quantile.
    pub half_width: f64,
}

impl Slope {
    /// The line of least squares through `(ln x, ln y)`.
    ///
    /// # Panics
    /// With fewer than three points: two leave nothing to tell the error from.
    pub fn log_log(points: &[(f64, f64)]) -> Self {
        Self::line(&points.iter().map(|&(x, y)| (x.ln(), y.ln())).collect::<Vec<_>>())
    }

    /// The line of least squares through `(x, y)`: `b = Σ (x - x̄)(y - ȳ) / Σ (x - x̄)²`, and the squared standard error of
    /// `b` is `Σ r² / ((n - 2) Σ (x - x̄)²)` with the residuals `r`.
    ///
    /// # Panics
    /// With fewer than three points.
    pub fn line(points: &[(f64, f64)]) -> Self {
        assert!(points.len() > 2, "a slope needs at least three points, there are {}", points.len());
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x_mean, y_mean) = (mean(|p| p.0), mean(|p| p.1));
        let spread = points.iter().map(|(x, _)| (x - x_mean).powi(2)).sum::<f64>();
        let value = points.iter().map(|(x, y)| (x - x_mean) * (y - y_mean)).sum::<f64>() / spread;
        let residuals = points.iter().map(|(x, y)| (y - y_mean - value * (x - x_mean)).powi(2)).sum::<f64>();
        let student = StudentsT::new(0.0, 1.0, n - 2.0).expect("at least one degree of freedom");
        Self { value, half_width: student.inverse_cdf(0.975) * (residuals / ((n - 2.0) * spread)).sqrt() }
    }

    /// Whether the interval, widened by `slack` for what the law leaves out, holds `value`.
    pub fn is_near(&self, value: f64, slack: f64) -> bool {
        (self.value - value).abs() <= self.half_width + slack
    }
}

impl fmt::Display for Slope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ± {:.3}", self.value, self.half_width)
    }
}

#[cfg(test)]
mod tests {
    use super::Slope;

    #[test]
    fn intervals_are_those_of_the_textbook() {
        // By hand: x̄ = 2, ȳ = 7/3, slope 3/2, residuals 1/6, -1/3, 1/6; t(0.975, 1) = 12.7062.
        let slope = Slope::line(&[(1.0, 1.0), (2.0, 2.0), (3.0, 4.0)]);
        assert!((slope.value - 1.5).abs() < 1e-14);
        let standard_error = (1.0_f64 / 6.0 / 2.0).sqrt();
        assert!((slope.half_width - 12.706_204_736 * standard_error).abs() < 1e-6, "{slope:?}");
        assert!(slope.is_near(5.1, 0.0) && !slope.is_near(5.2, 0.0) && slope.is_near(5.2, 0.1));
        assert_eq!(slope.to_string(), "1.500 ± 3.668");
    }
}
