//! The steps that are taken along a line.

use super::estimate::Estimate;
use super::extrapolate::{FEWEST, extrapolate};
use super::level::Level;
use crate::Real;

/// Steps along a line, halved from `top` to `bottom`; where that decides nothing, on towards `floor`.
#[derive(Clone, Copy)]
pub(crate) struct Span<T> {
    pub(crate) top: T,
    pub(crate) bottom: T,
    pub(crate) floor: T,
    /// The smaller of the scales on which functions usually vary.
    pub(super) near: T,
    /// By how much a step may be off, where points are rounded that have been moved.
    slip: T,
    /// Whether what is moved is 0 or about as large as 1, and the function's terms are likely to be.
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
            slip: T::zero(),
            is_near_one: near * T::of(1024.0) >= one && x <= T::of(1024.0),
        }
    }

    /// Steps for moving along both at once.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            top: self.top.min(other.top),
            bottom: self.bottom.min(other.bottom),
            floor: self.floor.max(other.floor),
            near: self.near.min(other.near),
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

    /// The limits of several difference quotients, all given by `levels` for one step at a time.
    ///
    /// A quotient that is not finite says that coarser ones step over something: they do not count. Values that are nothing
    /// but the rounding of terms of size 1 are taken for that, where the terms may be of that size.
    pub(crate) fn limits(&self, mut levels: impl FnMut(T) -> Vec<Level<T>>) -> Vec<Estimate<T>> {
        let mut found: Vec<Vec<Level<T>>> = Vec::new();
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
                step *= T::of(0.5);
            }
            let limits: Vec<Estimate<T>> = found.iter().map(Vec::as_slice).map(extrapolate).collect();
            let is_open = |limit: &Estimate<T>| limit.error == T::infinity();
            if step <= self.floor {
                let closed = |(limit, levels): (Estimate<T>, &mut Vec<Level<T>>)| {
                    let is_rounding = self.is_near_one && levels.iter().all(Level::is_as_rounding_of_one);
                    if !(is_open(&limit) && is_rounding) {
                        return limit;
                    }
                    levels.iter_mut().for_each(Level::round_as_one);
                    extrapolate(levels)
                };
                return limits.into_iter().zip(&mut found).map(closed).collect();
            }
            if !(limits.is_empty() || limits.iter().any(is_open)) {
                return limits;
            }
            goal = step * T::of(0.5).powi(FEWEST as i32);
        }
    }

    /// As [`limits`](Self::limits), for two quotients.
    pub(super) fn pair(&self, mut levels: impl FnMut(T) -> [Level<T>; 2]) -> [Estimate<T>; 2] {
        let limits = self.limits(|step| levels(step).into());
        limits.try_into().unwrap_or_else(|_| [Estimate::unknown(), Estimate::unknown()])
    }

    /// As [`limits`](Self::limits), for one quotient.
    pub(crate) fn limit(&self, mut level: impl FnMut(T) -> Level<T>) -> Estimate<T> {
        self.limits(|step| vec![level(step)]).pop().unwrap_or_else(Estimate::unknown)
    }
}
