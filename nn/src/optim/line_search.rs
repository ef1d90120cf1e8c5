//! A step length for a direction: strong Wolfe conditions.

use autodiff::Real;

use crate::error::{Error, Result};

/// How much of the decrease that the slope promises is enough.
const ENOUGH: f64 = 1e-4;
/// Which share of the slope may be left.
const LEFT: f64 = 0.9;
/// Evaluations of one search.
const TRIALS: usize = 40;

/// A point with the function's value and gradient there.
#[derive(Clone, Debug)]
pub(super) struct Point<T> {
    pub(super) x: Vec<T>,
    pub(super) value: T,
    pub(super) gradient: Vec<T>,
}

/// The function along the line: where, its value and slope, and the point.
struct Trial<T> {
    step: T,
    value: T,
    slope: T,
    point: Point<T>,
}

/// Looks for a step `a` along `direction` with `f(a) ≤ f(0) + c₁ a f'(0)` and `|f'(a)| ≤ c₂ |f'(0)|`, `c₁ = 1e-4`,
/// `c₂ = 0.9`: brackets one by growing steps from `first`, then closes in by cubic interpolation (Nocedal and Wright 2006,
/// algorithms 3.5 and 3.6). Where values differ by rounding only, slopes decide. A point where the function is not finite
/// is too far.
///
/// Returns the best point found if the second condition cannot be met, and `None` if there is none below the start.
pub(super) fn strong_wolfe<T: Real>(
    start: &Point<T>,
    direction: &[T],
    first: T,
    mut evaluate: impl FnMut(Vec<T>) -> Result<Point<T>>,
) -> Result<Option<Point<T>>> {
    let slope = dot(&start.gradient, direction);
    let line = Line { value: start.value, slope, slack: rounding(start.value) };
    let mut trials = 0;
    let mut at = |step: T| {
        trials += 1;
        let x = start.x.iter().zip(direction).map(|(&x, &p)| x + step * p).collect();
        let point = evaluate(x)?;
        let trial = Trial { step, value: point.value, slope: dot(&point.gradient, direction), point };
        Ok::<_, Error>((trials < TRIALS, trial))
    };
    let mut low = Trial { step: T::zero(), value: start.value, slope, point: start.clone() };
    let mut step = first;
    // Grow until a minimum lies between `low` and `high`.
    let mut high = loop {
        let (more, trial) = at(step)?;
        if line.too_high(&trial) || low.step > T::zero() && trial.value > low.value + line.slack {
            break trial;
        }
        if line.flat(&trial) {
            return Ok(Some(trial.point));
        }
        if trial.slope >= T::zero() {
            break std::mem::replace(&mut low, trial);
        }
        let (near, far) = (T::of(4.0) * trial.step, T::of(10.0) * trial.step);
        step = cubic(&low, &trial).filter(|&x| x > near).unwrap_or(near).min(far);
        low = trial;
        if !more {
            return Ok(line.better(low));
        }
    };
    let mut widths = [T::infinity(); 2];
    loop {
        let width = high.step - low.step;
        // Not too near either end, so that the interval shrinks, and halved where two steps have not taken off a third.
        let margin = T::of(0.1) * width.abs();
        let (left, right) = (low.step.min(high.step) + margin, low.step.max(high.step) - margin);
        let slow = width.abs() > T::of(0.66) * widths[0];
        let inner = cubic(&low, &high).filter(|_| !slow).map(|x| x.max(left).min(right));
        let step = inner.unwrap_or(low.step + T::of(0.5) * width);
        widths = [widths[1], width.abs()];
        if step == low.step || step == high.step {
            return Ok(line.better(low));
        }
        let (more, trial) = at(step)?;
        if line.too_high(&trial) || trial.value > low.value + line.slack {
            high = trial;
        } else {
            if line.flat(&trial) {
                return Ok(Some(trial.point));
            }
            if trial.slope * width >= T::zero() {
                high = std::mem::replace(&mut low, trial);
            } else {
                low = trial;
            }
        }
        if !more {
            return Ok(line.better(low));
        }
    }
}

/// The function's value and slope at the start.
struct Line<T> {
    value: T,
    slope: T,
    /// A difference in value that rounding explains.
    slack: T,
}

impl<T: Real> Line<T> {
    fn too_high(&self, trial: &Trial<T>) -> bool {
        let most = self.value + T::of(ENOUGH) * trial.step * self.slope + self.slack;
        // Also where the value is NaN.
        !(trial.value <= most && trial.slope.is_finite())
    }

    fn flat(&self, trial: &Trial<T>) -> bool {
        trial.slope.abs() <= -T::of(LEFT) * self.slope
    }

    fn better(&self, trial: Trial<T>) -> Option<Point<T>> {
        (trial.value < self.value).then_some(trial.point)
    }
}

/// The minimum of the cubic through two values and slopes, if it has one.
fn cubic<T: Real>(a: &Trial<T>, b: &Trial<T>) -> Option<T> {
    let width = b.step - a.step;
    let d = a.slope + b.slope - T::of(3.0) * (b.value - a.value) / width;
    let root = (d * d - a.slope * b.slope).sqrt() * width.signum();
    let at = b.step - width * (b.slope + root - d) / (b.slope - a.slope + T::of(2.0) * root);
    at.is_finite().then_some(at)
}

/// A difference from a value that rounding explains.
pub(super) fn rounding<T: Real>(value: T) -> T {
    T::of(4.0) * T::epsilon() * value.abs()
}

/// `Σ a b`.
pub(super) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Function = fn(f64) -> (f64, f64);

    /// Value and slope of functions that fall at 0.
    const FUNCTIONS: [(&str, Function); 7] = [
        ("parabola", |x| ((x - 3.0).powi(2), 2.0 * (x - 3.0))),
        ("quartic", |x| ((x - 0.01).powi(4), 4.0 * (x - 0.01).powi(3))),
        // Moré and Thuente 1994, (5.1) and (5.2).
        ("ratio", |x| (-x / (x * x + 2.0), (x * x - 2.0) / (x * x + 2.0).powi(2))),
        ("steep", |x| {
            let y: f64 = x + 0.004;
            (y.powi(5) - 2.0 * y.powi(4), 5.0 * y.powi(4) - 8.0 * y.powi(3))
        }),
        ("waves", |x| ((3.0 * x).sin() * 0.3 + 0.1 * (x - 20.0).powi(2), (3.0 * x).cos() * 0.9 + 0.2 * (x - 20.0))),
        // No slope from 1 on.
        ("blind", |x| ((x - 3.0).powi(2), if x < 1.0 { 2.0 * (x - 3.0) } else { f64::NAN })),
        // Not a number from 2 on.
        ("barrier", |x| (-(2.0 - x).ln() - 5.0 * x, 1.0 / (2.0 - x) - 5.0)),
    ];

    fn search(f: Function, first: f64) -> (Option<Point<f64>>, usize) {
        let mut evaluations = 0;
        let point = |x: Vec<f64>| {
            let (value, slope) = f(x[0]);
            Point { x, value, gradient: vec![slope] }
        };
        let found = strong_wolfe(&point(vec![0.0]), &[1.0], first, |x| {
            evaluations += 1;
            Ok(point(x))
        });
        (found.unwrap(), evaluations)
    }

    #[test]
    fn both_conditions_hold_from_any_first_step() {
        for (name, f) in FUNCTIONS {
            let (value, slope) = f(0.0);
            for exponent in -6..=6 {
                let first = 10.0_f64.powi(exponent);
                let (found, evaluations) = search(f, first);
                let found = found.unwrap_or_else(|| panic!("{name} from {first}: nothing found"));
                let (a, message) = (found.x[0], format!("{name} from {first}: {found:?}"));
                assert!(found.value <= value + ENOUGH * a * slope, "{message}");
                assert!(found.gradient[0].abs() <= LEFT * slope.abs(), "{message}");
                assert!(evaluations <= 25, "{message}, {evaluations} evaluations");
            }
        }
    }

    #[test]
    fn where_nothing_is_lower_there_is_no_step() {
        // The slope lies: the function rises.
        let (found, evaluations) = search(|x| (x.abs(), if x == 0.0 { -1.0 } else { 1.0 }), 1.0);
        assert!(found.is_none() && evaluations <= TRIALS);
    }

    #[test]
    fn without_a_lower_bound_the_search_ends() {
        let (found, evaluations) = search(|x| (-x, -1.0), 1.0);
        assert!(found.expect("lower than the start").value < -1e10 && evaluations == TRIALS);
    }

    #[test]
    fn at_a_kink_the_lowest_point_found_counts() {
        let (found, evaluations) = search(|x| ((x - 0.3).abs(), if x < 0.3 { -1.0 } else { 1.0 }), 1.0);
        let found = found.expect("lower than the start");
        assert!((found.x[0] - 0.3).abs() < 1e-6 && evaluations <= TRIALS, "{found:?}");
    }
}
