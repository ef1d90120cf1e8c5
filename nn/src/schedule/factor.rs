//! Factors as functions of the step.

use std::f64::consts::PI;

use crate::expect;

/// A function from steps to factors, and how two become one. Every `Fn(usize) -> f64` is a schedule.
#[doc(alias = "LambdaLR")]
pub trait Schedule: Fn(usize) -> f64 + 'static {
    /// Multiplies two schedules: `f(t) g(t)`.
    fn times(self, other: impl Schedule) -> impl Schedule
    where
        Self: Sized,
    {
        move |t| self(t) * other(t)
    }

    /// Follows this schedule by another: `f(t)` for `t < start`, then `g(t - start)`.
    fn then(self, start: usize, next: impl Schedule) -> impl Schedule
    where
        Self: Sized,
    {
        move |t| if t < start { self(t) } else { next(t - start) }
    }

    /// Stretches the schedule to blocks of `n` steps, for one that counts in epochs of `n` batches: `f(⌊t / n⌋)`.
    ///
    /// # Panics
    /// If `n` is 0.
    #[track_caller]
    fn every(self, n: usize) -> impl Schedule
    where
        Self: Sized,
    {
        expect::at_least_one("every: the number of steps in a block", n);
        move |t| self(t / n)
    }
}

impl<F: Fn(usize) -> f64 + 'static> Schedule for F {}

/// Always the same factor.
///
/// # Panics
/// If the factor is negative or not finite.
#[doc(alias = "ConstantLR")]
#[track_caller]
pub fn constant(factor: f64) -> impl Schedule {
    expect::not_negative("constant: the factor", factor);
    move |_| factor
}

/// A factor `gamma` every `every` steps: `γ^⌊t / every⌋`.
///
/// # Panics
/// If `every` is 0, or if `gamma` is negative or not finite.
#[doc(alias = "StepLR")]
#[track_caller]
pub fn step(every: usize, gamma: f64) -> impl Schedule {
    expect::at_least_one("step: the number of steps in a block", every);
    expect::not_negative("step: gamma", gamma);
    move |t| gamma.powf((t / every) as f64)
}

/// A factor `gamma` at each of the given steps: `γ^k`, where `k` counts the milestones up to and including `t`.
///
/// # Panics
/// If `gamma` is negative or not finite.
#[doc(alias("MultiStepLR", "piecewise_constant_schedule"))]
#[track_caller]
pub fn milestones(at: &[usize], gamma: f64) -> impl Schedule + use<> {
    expect::not_negative("milestones: gamma", gamma);
    let at = at.to_vec();
    move |t| gamma.powf(at.iter().filter(|&&m| m <= t).count() as f64)
}

/// Exponential decay `γ^t`.
///
/// # Panics
/// If `gamma` is negative or not finite.
#[doc(alias("ExponentialLR", "exponential_decay"))]
#[track_caller]
pub fn exponential(gamma: f64) -> impl Schedule {
    expect::not_negative("exponential: gamma", gamma);
    move |t| gamma.powf(t as f64)
}

/// Polynomial decay to 0 over `steps` steps: `(1 - t / steps)^power`, then 0.
///
/// # Panics
/// If `steps` is 0, or if `power` is negative or not finite.
#[doc(alias = "PolynomialLR")]
#[track_caller]
pub fn polynomial(steps: usize, power: f64) -> impl Schedule {
    expect::at_least_one("polynomial: the number of steps", steps);
    expect::not_negative("polynomial: the power", power);
    move |t| if t < steps { (1.0 - t as f64 / steps as f64).powf(power) } else { 0.0 }
}

/// Half a cosine from 1 down to `floor` over `steps` steps: `floor + (1 - floor) (1 + cos(π t / steps)) / 2`, then `floor`.
///
/// # Panics
/// If `steps` is 0, or if `floor` is not between 0 and 1.
#[doc(alias("CosineAnnealingLR", "cosine_decay_schedule"))]
#[track_caller]
pub fn cosine(steps: usize, floor: f64) -> impl Schedule {
    expect::at_least_one("cosine: the number of steps", steps);
    expect::fraction("cosine: the floor", floor);
    move |t| between(1.0, floor, t.min(steps) as f64 / steps as f64)
}

/// A straight line from `from` up to 1 over `steps` steps: `from + (1 - from) t / steps`, then 1.
///
/// # Panics
/// If `steps` is 0, or if `from` is not between 0 and 1.
#[doc(alias("LinearLR", "warmup_cosine_decay_schedule"))]
#[track_caller]
pub fn warm_up(steps: usize, from: f64) -> impl Schedule {
    expect::at_least_one("warm_up: the number of steps", steps);
    expect::fraction("warm_up: the first factor", from);
    move |t| from + (1.0 - from) * (t.min(steps) as f64 / steps as f64)
}

/// One cycle (Smith and Topin 2017): a half cosine from `start` up to 1, then one down to `end`, over `steps` steps of
/// which the share `rise` goes up. Usual: `rise` 0.3, `start` 1/25, `end` 4e-6.
///
/// With `p = rise · steps - 1` and `q = steps - 1`: from `start` to 1 as `t` goes from 0 to `p`, from 1 to `end` as it
/// goes from `p` to `q`, then `end`; between `a` and `b` at the share `s` of the way `b + (a - b) (1 + cos(π s)) / 2`.
///
/// # Panics
/// If `rise · steps` is not above 1 and below `steps`, or if `start` or `end` is not between 0 and 1.
#[doc(alias = "OneCycleLR")]
#[track_caller]
pub fn one_cycle(steps: usize, rise: f64, start: f64, end: f64) -> impl Schedule {
    let (peak, last) = (rise * steps as f64 - 1.0, steps as f64 - 1.0);
    assert!(
        peak > 0.0 && peak < last,
        "one_cycle: a share of {rise} of {steps} steps goes up, expected more than one step and fewer than all"
    );
    expect::fraction("one_cycle: the first factor", start);
    expect::fraction("one_cycle: the last factor", end);
    move |t| {
        let t = t as f64;
        if t <= peak { between(start, 1.0, t / peak) } else { between(1.0, end, ((t - peak) / (last - peak)).min(1.0)) }
    }
}

/// A batch size that grows with the epochs (L22): `min(most, round(first · growth^⌊epoch / every⌋))`.
///
/// Small batches are noisy and leave poor minima, large ones settle; since a batch's error is divided by its size, one
/// rate serves all sizes.
///
/// ```
/// let size = nn::schedule::growing_batches(8, 2.0, 10, 100);
/// assert_eq!([0, 9, 10, 20, 30, 40, 1000].map(size), [8, 8, 16, 32, 64, 100, 100]);
/// ```
///
/// # Panics
/// If `first`, `every` or `most` is 0, or if `growth` is below 1 or not finite.
#[track_caller]
#[allow(clippy::cast_sign_loss, reason = "sizes are positive")]
pub fn growing_batches(first: usize, growth: f64, every: usize, most: usize) -> impl Fn(usize) -> usize + Copy {
    expect::at_least_one("growing_batches: the first size", first);
    expect::at_least_one("growing_batches: the number of epochs in a block", every);
    expect::at_least_one("growing_batches: the largest size", most);
    assert!(
        growth.is_finite() && growth >= 1.0,
        "growing_batches: the growth is {growth}, expected a finite number, 1 or above"
    );
    // A size beyond `usize` saturates.
    move |epoch| ((first as f64 * growth.powf((epoch / every) as f64)).round() as usize).min(most)
}

/// Half a cosine from `a` to `b`, at the share `s` of the way.
fn between(a: f64, b: f64, s: f64) -> f64 {
    b + (a - b) * (1.0 + (PI * s).cos()) / 2.0
}
