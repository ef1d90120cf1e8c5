//! The steps that are taken along a line.

use super::estimate::Estimate;
use super::extrapolate::{FEWEST, extrapolate, share_noise};
use super::level::Level;
use crate::Real;

/// From one step to the next. Were it a power of 2, rounding would repeat itself.
const RATIO: f64 = 0.487;

/// Steps along a line, about halved from `top` to `bottom`; where that decides nothing, on towards `floor`.
#[derive(Clone, Copy)]
pub(crate) struct Span<T> {
    pub(crate) top: T,
    pub(crate) bottom: T,
    pub(crate) floor: T,
    /// The smaller of the scales on which functions usually vary.
    pub(super) near: T,
    /// Where steps would end if the scale were 1.
    wide: T,
    /// By how much a step may be off, where points are rounded that have been moved.
    slip: T,
    /// Whether what is moved is not much larger than 1, nor the function's terms are likely to be.
    is_near_one: bool,
}

impl<T: Real> Span<T> {
    /// Steps for a derivative of the given order, taken at `x` in units of `v`, which is not 0.
    ///
    /// A function may vary on the scale of `x` (like `ln`), of 1 (like `sin`), or of both: the span reaches from the larger
    /// to where rounding outweighs truncation, well below `eps^(1 / (order + 2))`, on the smaller. The floor is where steps
    /// lose their digits next to `x`; next to 0 no step does, and the floor is far below what functions usually vary on.
    pub(crate) fn along(x: T, v: T, order: i32) -> Self {
        let (one, eps) = (T::one(), T::epsilon());
        let smallest = eps.powf(one / T::of(f64::from(order + 2))) / T::of(32.0);
        let (x, v) = (x.abs(), v.abs());
        let near = if x == T::zero() { one } else { x.min(one) };
        let widest = T::of(0.25) * T::max_value();
        let few = T::of(64.0) * eps;
        let floor = if x == T::zero() { few * eps.sqrt() } else { (few * x).max(eps * T::min_positive_value()) };
        Self {
            top: (T::of(0.5) * x.max(one) / v).min(widest),
            bottom: smallest * near / v,
            floor: floor / v,
            near: (near / v).min(widest),
            wide: smallest / v,
            slip: T::zero(),
            is_near_one: x <= T::of(1024.0),
        }
    }

    /// Steps for moving along both at once.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            top: self.top.min(other.top),
            bottom: self.bottom.min(other.bottom),
            floor: self.floor.max(other.floor),
            near: self.near.min(other.near),
            wide: self.wide.max(other.wide),
            slip: self.slip.max(other.slip),
            is_near_one: self.is_near_one && other.is_near_one,
        }
    }

    /// Steps for moving from `x` along `v`; `None` if that is 0.
    pub(crate) fn toward(x: &[T], v: &[T], order: i32) -> Option<Self> {
        let moving = x.iter().zip(v).filter(|(_, v)| **v != T::zero());
        let along = |(&x, &v): (&T, &T)| Self { slip: (T::epsilon() * x / v).abs(), ..Self::along(x, v, order) };
        moving.map(along).reduce(Self::and)
    }

    /// The least step that is taken.
    pub(crate) fn least(&self) -> T {
        self.bottom.max(self.floor)
    }

    /// The limits of several difference quotients, all given by `levels` for one step at a time; each `group` of them is of
    /// the same values.
    ///
    /// A quotient that is not finite says that coarser ones step over something: they do not count. Values that are nothing
    /// but the rounding of terms of size 1 are taken for that, where the terms may be of that size. Where small steps lead
    /// elsewhere than those on the scale of 1, there is no bound.
    pub(crate) fn limits(&self, group: usize, mut levels: impl FnMut(T) -> Vec<Level<T>>) -> Vec<Estimate<T>> {
        let mut found: Vec<Vec<Level<T>>> = Vec::new();
        let mut open: Vec<bool> = Vec::new();
        let (mut step, mut goal) = (self.top, self.bottom);
        loop {
            while step > self.floor && step > goal {
                let new = levels(step);
                found.resize_with(new.len(), Vec::new);
                for (found, mut level) in found.iter_mut().zip(new) {
                    level.slip = level.quotient.abs() * (self.slip / step);
                    if !level.quotient.is_finite() {
                        found.clear();
                    } else if level.rounding.is_finite() {
                        found.push(level);
                    }
                }
                step *= T::of(RATIO);
            }
            let mut limits: Vec<Estimate<T>> =
                found.chunks(group).flat_map(|group| self.limits_of(group.to_vec())).collect();
            // Values that no longer change, where they were not resolved before, tell nothing.
            let is_open = |limit: &Estimate<T>| limit.error == T::infinity();
            let still = open.iter().zip(&mut limits).filter(|(open, limit)| **open && limit.value == T::zero());
            still.for_each(|(_, limit)| *limit = limit.unbounded());
            if !(limits.is_empty() || limits.iter().any(is_open)) || step <= self.floor {
                return limits;
            }
            open = limits.iter().map(is_open).collect();
            goal = step * T::of(RATIO).powi(FEWEST as i32);
        }
    }

    /// The limits of quotients of the same values, from wide steps, on the scale of 1, and smaller ones.
    fn limits_of(&self, mut group: Vec<Vec<Level<T>>>) -> Vec<Estimate<T>> {
        let is_wide = |level: &&Level<T>| level.step >= self.wide;
        let wide = group.iter().map(|levels| levels.iter().take_while(is_wide).count()).min().unwrap_or(0);
        share_noise(&mut group, wide);
        for levels in &mut group {
            smooth_stairs(levels, wide);
        }
        let limits = |group: &[Vec<Level<T>>]| group.iter().map(|levels| extrapolate(levels)).collect::<Vec<_>>();
        let usual: Vec<Estimate<T>> = group.iter().map(|levels| extrapolate(&levels[..wide])).collect();
        let found = limits(&group);
        let is_resolved = |limits: &[Estimate<T>]| limits.iter().all(|limit| limit.error.is_finite());
        let largest = group.iter().flatten().map(|level| level.size).fold(T::zero(), T::max);
        let eps = T::epsilon();
        let is_rounding = largest == T::zero()
            || wide >= FEWEST
                && !is_resolved(&usual)
                && largest <= T::of(16.0) * eps
                && (largest >= eps * eps || !is_resolved(&found));
        if self.is_near_one && is_rounding {
            group.iter_mut().flatten().for_each(|level| level.round_as(T::one()));
            return limits(&group);
        }
        let apart = |(usual, found): (&Estimate<T>, &Estimate<T>)| {
            let error = T::of(3.0) * (usual.error + found.error);
            !((usual.value - found.value).abs() <= error && found.error.is_finite())
        };
        if !(is_resolved(&usual) && usual.iter().zip(&found).any(apart)) {
            return found;
        }
        // Next to 0 a small value may be all that larger terms leave, and be constant over small steps. But if wide steps see a
        // kink there, it is no wonder.
        let is_kink = |levels: &[Level<T>], usual: &Estimate<T>| {
            levels.first().is_some_and(|level| level.power == 1) && usual.value.abs() > T::of(3.0) * usual.error
        };
        match (&group[..], &usual[..]) {
            ([_, levels], [_, kink]) if is_kink(levels, kink) => found,
            _ => found.into_iter().map(Estimate::unbounded).collect(),
        }
    }

    /// As [`limits`](Self::limits), for two quotients.
    pub(super) fn pair(&self, mut levels: impl FnMut(T) -> [Level<T>; 2]) -> [Estimate<T>; 2] {
        let limits = self.limits(2, |step| levels(step).into());
        limits.try_into().unwrap_or_else(|_| [Estimate::unknown(), Estimate::unknown()])
    }

    /// As [`limits`](Self::limits), for one quotient.
    pub(crate) fn limit(&self, mut level: impl FnMut(T) -> Level<T>) -> Estimate<T> {
        self.limits(1, |step| vec![level(step)]).pop().unwrap_or_else(Estimate::unknown)
    }
}

/// Where values cease to change next to 0, but changed by little before, they may be on a stair of rounding as high as that.
fn smooth_stairs<T: Real>(levels: &mut [Level<T>], wide: usize) {
    let mut last = [T::infinity(); 2];
    for level in &mut levels[wide..] {
        let height = last[0].max(last[1]);
        if level.quotient != T::zero() {
            last = [last[1], level.quotient.abs() / level.rounding];
        } else if height * T::epsilon() <= T::of(0.05) {
            level.rounding *= height.max(T::one());
        }
    }
}
