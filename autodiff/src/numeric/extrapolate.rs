//! From difference quotients at many steps to one derivative with an error bound.

use super::estimate::Estimate;
use crate::Real;

/// Columns of the tableau: more than this and the rounding carried along only grows.
const COLUMNS: usize = 10;
/// Levels below which a scan goes on to smaller steps, if the floor allows.
const ENOUGH: usize = 8;

/// A difference quotient and a bound of its rounding.
pub(crate) struct Level<T> {
    pub(crate) step: T,
    pub(crate) quotient: T,
    pub(crate) rounding: T,
}

/// Steps along a line, halved from `top` to `bottom`; never below `floor`.
#[derive(Clone, Copy)]
pub(crate) struct Span<T> {
    pub(crate) top: T,
    pub(crate) bottom: T,
    pub(crate) floor: T,
}

impl<T: Real> Span<T> {
    /// Steps for a derivative of the given order, taken at `x` in units of `v`, which is not 0.
    ///
    /// A function may vary on the scale of `x` (like `ln`), of 1 (like `sin`), or of both: the span reaches from the larger
    /// to where rounding outweighs truncation, well below `eps^(1 / (order + 2))`, on the smaller.
    pub(crate) fn along(x: T, v: T, order: i32) -> Self {
        let (one, eps) = (T::one(), T::epsilon());
        let smallest = eps.powf(one / T::of(f64::from(order + 2))) / T::of(32.0);
        let (x, v) = (x.abs(), v.abs());
        Self {
            top: T::of(0.5) * x.max(one) / v,
            bottom: smallest * if x == T::zero() { one } else { x.min(one) } / v,
            floor: T::of(64.0) * eps * x.max(eps.sqrt()) / v,
        }
    }

    /// Steps for moving along both at once.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { top: self.top.min(other.top), bottom: self.bottom.min(other.bottom), floor: self.floor.max(other.floor) }
    }

    /// Steps for moving from `x` along `v`; `None` if that is 0.
    pub(crate) fn toward(x: &[T], v: &[T], order: i32) -> Option<Self> {
        let moving = x.iter().zip(v).filter(|(_, v)| **v != T::zero());
        moving.map(|(&x, &v)| Self::along(x, v, order)).reduce(Self::and)
    }

    /// The limits of several difference quotients, all given by `levels` for one step at a time.
    ///
    /// Levels at which something is not finite are left out, and smaller steps are tried instead.
    pub(crate) fn limits(&self, levels: impl FnMut(T) -> Vec<Level<T>>) -> Vec<Estimate<T>> {
        self.limits_in(2, levels)
    }

    /// As [`limits`](Self::limits), of quotients that go to their limits as a series in the given power of the step.
    fn limits_in(&self, power: i32, mut levels: impl FnMut(T) -> Vec<Level<T>>) -> Vec<Estimate<T>> {
        let mut found: Vec<Vec<Level<T>>> = Vec::new();
        let mut step = self.top;
        while step > self.floor && (step > self.bottom || found.iter().any(|found| found.len() < ENOUGH)) {
            let new = levels(step);
            found.resize_with(new.len(), Vec::new);
            for (found, level) in found.iter_mut().zip(new) {
                if level.quotient.is_finite() && level.rounding.is_finite() {
                    found.push(level);
                }
            }
            step *= T::of(0.5);
        }
        found.iter().map(|levels| extrapolate(levels, power)).collect()
    }

    /// As [`limits`](Self::limits), for one quotient.
    pub(crate) fn limit(&self, mut level: impl FnMut(T) -> Level<T>) -> Estimate<T> {
        self.limits(|step| vec![level(step)]).pop().unwrap_or_else(Estimate::unknown)
    }

    /// As [`limit`](Self::limit), for a quotient from one side, which is not even in its step.
    pub(crate) fn limit_from_one_side(&self, mut level: impl FnMut(T) -> Level<T>) -> Estimate<T> {
        self.limits_in(1, |step| vec![level(step)]).pop().unwrap_or_else(Estimate::unknown)
    }
}

/// Richardson extrapolation to step 0, by Neville's scheme in a power of the steps: their squares for central differences.
///
/// Each entry carries its rounding along, with the absolute values of the coefficients. An entry's error is twice its
/// distance to its two parents, for chance agreement, plus its rounding; a row's best is its entry of least error. The answer is the row's best of least
/// error which no finer row contradicts: coarse steps may agree with each other on something else than the limit, where
/// they step over a pole, a kink or several periods.
fn extrapolate<T: Real>(levels: &[Level<T>], power: i32) -> Estimate<T> {
    let noise = noise(levels, power);
    let mut bests: Vec<Estimate<T>> = Vec::with_capacity(levels.len());
    let mut above: Vec<Estimate<T>> = Vec::new();
    for (i, level) in levels.iter().enumerate() {
        let first = Estimate { value: level.quotient, error: noise * level.rounding };
        let mut row = vec![first];
        let mut best = Estimate { error: T::infinity(), ..first };
        if let Some(coarse) = above.first() {
            best.error = (first.value - coarse.value).abs() + first.error + coarse.error;
        }
        for j in 1..=i.min(COLUMNS) {
            let (fine, coarse) = (row[j - 1], above[j - 1]);
            let entry = eliminate(fine, coarse, (levels[i - j].step / level.step).powi(power));
            let distance = (entry.value - fine.value).abs().max((entry.value - coarse.value).abs()) * T::of(2.0);
            if distance + entry.error < best.error {
                best = Estimate { value: entry.value, error: distance + entry.error };
            }
            row.push(entry);
        }
        bests.push(best);
        above = row;
    }
    let Some(&finest) = bests.last() else { return Estimate::unknown() };
    let slack = T::of(3.0);
    let uncontradicted = |i: usize| {
        let agree = |a: &Estimate<T>| (a.value - bests[i].value).abs() <= slack * (a.error + bests[i].error);
        bests[i + 1..].iter().all(agree)
    };
    let candidates = (0..bests.len()).filter(|&i| uncontradicted(i)).map(|i| bests[i]);
    let chosen = candidates.fold(finest, |a, b| if b.error < a.error { b } else { a });
    Estimate { error: chosen.error + T::epsilon() * chosen.value.abs(), ..chosen }
}

/// The combination of two entries in which the lowest power of the step cancels; `ratio` is the coarse step by the fine,
/// in that power.
fn eliminate<T: Real>(fine: Estimate<T>, coarse: Estimate<T>, ratio: T) -> Estimate<T> {
    let weight = (ratio - T::one()).recip();
    Estimate {
        value: fine.value + (fine.value - coarse.value) * weight,
        error: fine.error * (T::one() + weight) + coarse.error * weight,
    }
}

/// How many times larger than that of its last operation a function's rounding may be; at least 3, for a few operations.
///
/// At the smallest steps nothing but rounding is left in the differences between levels, at the latest after two
/// eliminations. The median keeps one kink or one lucky agreement from deciding.
fn noise<T: Real>(levels: &[Level<T>], power: i32) -> T {
    let mut column: Vec<Estimate<T>> =
        levels.iter().map(|l| Estimate { value: l.quotient, error: l.rounding }).collect();
    for j in 1..=2 {
        let steps = levels.iter().zip(levels.iter().skip(j)).map(|(coarse, fine)| coarse.step / fine.step);
        let eliminated = |(pair, ratio): (&[Estimate<T>], T)| eliminate(pair[1], pair[0], ratio.powi(power));
        column = column.windows(2).zip(steps).map(eliminated).collect();
    }
    let tail = (levels.len() / 3).min(ENOUGH);
    let excess = |pair: &[Estimate<T>]| {
        let expected = (pair[0].error + pair[1].error).max(T::min_positive_value());
        (pair[1].value - pair[0].value).abs() / expected
    };
    let mut excesses: Vec<T> = column.windows(2).rev().take(tail).map(excess).collect();
    excesses.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let median = excesses.get(excesses.len() / 2).copied().unwrap_or_else(T::zero);
    T::of(3.0).max(T::of(5.0) * median)
}
