//! The binomial schedule: how many evaluations it takes, and which states it keeps.
//!
//! With `s` kept states and no step evaluated more than `r` times on the way to its reversal, `β(s, r) = C(s + r, s)`
//! steps can be reversed. For `β(s, r - 1) < l <= β(s, r)` the fewest evaluations on that way are
//! `t(l, s) = r l - β(s + 1, r - 1)`, the solution of `t(l, s) = min_k k + t(l - k, s - 1) + t(k, s)`.

use std::fmt;

use crate::error::{Error, Kind};

/// The work factor that the default number of kept states stays within.
const WORK: u64 = 3;

/// What a checkpointed sequence of steps costs: kept states against evaluations.
///
/// ```
/// use autodiff::checkpoint::Sequence;
/// let plan = Sequence::new(1000).slots(10).plan();
/// assert_eq!((plan.steps(), plan.slots(), plan.evaluations()), (1000, 10, 4637));
/// assert_eq!(plan.to_string(), "1000 steps, 10 slots: 4637 step evaluations, work factor 4.637");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    steps: usize,
    slots: usize,
}

impl Plan {
    /// The fewest slots with which the work factor is at most 3: about `√(2 · steps)`.
    pub(super) fn new(steps: usize) -> Self {
        let enough = |more: u64| total(steps as u64, more + 1) <= u128::from(WORK) * steps as u128;
        Self { steps, slots: 1 + first(enough) as usize }
    }

    /// More slots than steps would be of no use.
    #[track_caller]
    pub(super) fn with_slots(self, slots: usize) -> Self {
        if slots == 0 {
            Error::from(Kind::Slots { steps: self.steps }).raise();
        }
        Self { slots: slots.min(self.steps.max(1)), ..self }
    }

    /// The number of steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The number of states kept at a time, the first one included; at most one for each step.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// How often `step` is called in all: by the run, which evaluates every step once, and by one reverse sweep, which
    /// evaluates steps between kept states again and every step once more to record it.
    ///
    /// With `r` the least number for which `C(slots + r, r) >= steps`, this is
    /// `(r + 1) · steps - C(slots + r, r - 1) + 1`, and no schedule needs less.
    pub fn evaluations(&self) -> u64 {
        total(self.steps as u64, self.slots as u64).try_into().unwrap_or(u64::MAX)
    }

    /// Evaluations for each step; 0 if there are no steps. The plain loop has 1, and 2 is the least here.
    pub fn work_factor(&self) -> f64 {
        if self.steps == 0 { 0.0 } else { self.evaluations() as f64 / self.steps as f64 }
    }
}

/// One line.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = |n: usize| if n == 1 { "" } else { "s" };
        let (steps, slots) = (self.steps, self.slots);
        write!(f, "{steps} step{}, {slots} slot{}: ", many(steps), many(slots))?;
        write!(f, "{} step evaluations, work factor {:.3}", self.evaluations(), self.work_factor())
    }
}

/// Which state to keep next: how many steps to go on from a kept state, `steps >= 2` before the one whose turn it is,
/// when `slots >= 2` states may be kept, that one included.
///
/// With `k` steps before the new state, `t(k, s)` and `t(steps - k, s - 1)` are both on the straight pieces that add up
/// to `t(steps, s)` if `β(s, r - 2) <= k <= β(s, r - 1)` and `β(s - 1, r - 1) <= steps - k <= β(s - 1, r)`. The largest
/// such `k` leaves the fewest states to be kept.
pub(super) fn stride(steps: usize, slots: usize) -> usize {
    if steps <= slots + 1 {
        return 1;
    }
    let (steps, slots) = (steps as u64, slots as u64);
    let r = repetitions(steps, slots);
    let most = beta(slots, r - 1).min(u128::from(steps) - beta(slots - 1, r - 1));
    most as usize
}

/// `t(steps, slots)`; then the run's last step, which the sweep does not profit from; then the recording of every step.
fn total(steps: u64, slots: u64) -> u128 {
    if steps == 0 {
        return 0;
    }
    let r = repetitions(steps, slots);
    let spared = if r == 0 { 0 } else { beta(slots + 1, r - 1) };
    (u128::from(r) + 1) * u128::from(steps) - spared + 1
}

/// The least `r` with `β(slots, r) >= steps`.
fn repetitions(steps: u64, slots: u64) -> u64 {
    first(|r| beta(slots, r) >= u128::from(steps))
}

/// `C(s + r, s)`, or the largest number if that overflows.
fn beta(s: u64, r: u64) -> u128 {
    let large = u128::from(s.max(r));
    // Each factor makes the next binomial coefficient, so every division is exact.
    (1..=u128::from(s.min(r)))
        .try_fold(1_u128, |product, i| Some(product.checked_mul(large + i)? / i))
        .unwrap_or(u128::MAX)
}

/// The least number for which `holds`, which once true stays true.
fn first(holds: impl Fn(u64) -> bool) -> u64 {
    let mut to = 0;
    while !holds(to) {
        to = 2 * to + 1;
    }
    // It does not hold at the bound tried before, which was half of this.
    let mut from = to.div_ceil(2);
    while from < to {
        let middle = from.midpoint(to);
        if holds(middle) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomials() {
        assert_eq!([beta(3, 0), beta(0, 3), beta(2, 2), beta(10, 3), beta(3, 10)], [1, 1, 6, 286, 286]);
        assert_eq!(beta(60, 60), 96_614_908_840_363_322_603_893_139_521_372_656);
        assert_eq!(beta(200, 200), u128::MAX);
    }

    #[test]
    fn searches() {
        for n in 0..100 {
            assert_eq!(first(|k| k >= n), n);
        }
        assert_eq!((repetitions(1, 5), repetitions(6, 5), repetitions(7, 5), repetitions(1000, 1)), (0, 1, 2, 999));
    }

    #[test]
    fn the_default_is_the_least_within_its_work_factor() {
        for steps in (1..3000).chain([1_000_000, 1_000_000_000]) {
            let plan = Plan::new(steps);
            assert!(plan.work_factor() <= 3.0, "{plan}");
            assert!(plan.slots == 1 || plan.with_slots(plan.slots - 1).work_factor() > 3.0, "{plan}");
            assert!(plan.slots as f64 <= (2.0 * steps as f64).sqrt(), "{plan}");
        }
        assert_eq!((Plan::new(0).slots, Plan::new(0).evaluations(), Plan::new(0).work_factor()), (1, 0, 0.0));
    }

    #[test]
    fn the_longest_loops() {
        // t = n (n - 1) / 2 with one slot, and every state kept with as many slots as steps.
        let plan = Plan::new(1 << 31);
        let n = 1_u64 << 31;
        assert_eq!(plan.with_slots(1).evaluations(), n * (n - 1) / 2 + n + 1);
        assert_eq!(plan.with_slots(1 << 40), Plan { steps: 1 << 31, slots: 1 << 31 });
        assert_eq!(plan.with_slots(1 << 31).evaluations(), 2 * n);
        assert_eq!(Plan::new(usize::MAX).with_slots(1).evaluations(), u64::MAX);
    }
}
