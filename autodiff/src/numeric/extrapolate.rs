//! From difference quotients at many steps to one derivative with an error bound.

use super::estimate::Estimate;
use super::level::Level;
use crate::Real;

/// Columns of the tableau: more than this and the rounding carried along only grows.
const COLUMNS: usize = 10;
/// From fewer levels nothing is concluded.
pub(super) const FEWEST: usize = 6;
/// The most units that a function's rounding is taken to have of the values that it gives.
const FEW: f64 = 64.0;
/// The levels from which noise is measured.
const WINDOW: usize = 8;

/// Richardson extrapolation to step 0, by Neville's scheme in a power of the steps: their squares for central differences.
///
/// Each entry carries its rounding along, with the absolute values of the coefficients. An entry's error is twice its
/// distance to its two parents, for chance agreement, plus its rounding; a row's best is its entry of least error. The answer
/// is the row's best of least error which no finer row contradicts: coarse steps may agree with each other on something else
/// than the limit, where they step over a pole, a kink or several periods. For the same reason a row counts only if at
/// steps much finer there is nothing left but rounding, and if its distance is half of the one before, or had fallen below the
/// rounding before that rose above it: what goes to a limit slowly may go far. If no row counts, the error is infinite.
pub(super) fn extrapolate<T: Real>(levels: &[Level<T>]) -> Estimate<T> {
    if levels.len() < FEWEST {
        let last = |level: &Level<T>| Estimate { value: level.quotient, error: T::infinity() };
        return levels.last().map_or_else(Estimate::unknown, last);
    }
    let power = levels[0].power;
    let excesses = excesses(levels, power);
    let mut bests: Vec<Best<T>> = Vec::with_capacity(levels.len());
    let mut above: Vec<Entry<T>> = Vec::new();
    let mut arrived = false;
    for (i, level) in levels.iter().enumerate() {
        let noise = noise(&excesses, power, i);
        let mut row = vec![first(level)];
        let rounding = noise.factor * level.rounding + T::of(3.0) * level.slip;
        let mut best = Best { value: level.quotient, distance: T::infinity(), rounding, counts: false };
        for j in 1..=i.min(COLUMNS) {
            let (fine, coarse) = (row[j - 1], above[j - 1]);
            let entry = eliminate(fine, coarse, (levels[i - j].step / level.step).powi(power));
            let distance = (entry.value - fine.value).abs().max((entry.value - coarse.value).abs()) * T::of(2.0);
            let rounding = noise.factor * entry.rounding + T::of(3.0) * entry.slip;
            if distance + rounding < best.distance + best.rounding {
                best = Best { value: entry.value, distance, rounding, counts: false };
            }
            row.push(entry);
        }
        let is_far = |row: &Best<T>| row.distance > T::of(8.0) * row.rounding;
        let far = bests.iter().rev().take(3).filter(|row| is_far(row)).map(|row| row.distance).fold(T::zero(), T::max);
        if is_far(&best) {
            arrived = false;
        } else if noise.is_all
            && best.distance <= T::of(2.0) * best.rounding
            && (i < 3 || T::of(2.0) * best.rounding <= far)
        {
            arrived = true;
        }
        let halves = |before: &Best<T>| is_far(before) && T::of(2.0) * best.distance <= before.distance;
        best.counts = noise.is_all && (arrived || bests.last().is_some_and(halves));
        bests.push(best);
        above = row;
    }
    choose(&bests)
}

/// An entry of the tableau, with what it carries of the levels' rounding and of what their steps are off.
#[derive(Clone, Copy)]
struct Entry<T> {
    value: T,
    rounding: T,
    slip: T,
}

/// A level as the first entry of its row.
fn first<T: Real>(level: &Level<T>) -> Entry<T> {
    Entry { value: level.quotient, rounding: level.rounding, slip: level.slip }
}

/// The best entry of a row.
struct Best<T> {
    value: T,
    /// Twice the distance to its parents.
    distance: T,
    rounding: T,
    /// Whether that bounds its error.
    counts: bool,
}

impl<T: Real> Best<T> {
    fn error(&self) -> T {
        if self.counts { self.distance + self.rounding } else { T::infinity() }
    }
}

/// The row of least error that agrees with every finer one up to its own error and the finer one's rounding.
fn choose<T: Real>(bests: &[Best<T>]) -> Estimate<T> {
    let slack = T::of(3.0);
    let (mut low, mut high) = (T::neg_infinity(), T::infinity());
    let mut chosen = Estimate::<T>::unknown();
    for best in bests.iter().rev() {
        let agrees = best.value + slack * best.error() >= low && best.value - slack * best.error() <= high;
        if chosen.value.is_nan() || agrees && best.error() < chosen.error {
            chosen = Estimate { value: best.value, error: best.error() };
        }
        low = low.max(best.value - slack * best.rounding);
        high = high.min(best.value + slack * best.rounding);
    }
    Estimate { error: chosen.error + T::epsilon() * chosen.value.abs(), ..chosen }
}

/// The combination of two entries in which the lowest power of the step cancels; `ratio` is the coarse step by the fine,
/// in that power.
fn eliminate<T: Real>(fine: Entry<T>, coarse: Entry<T>, ratio: T) -> Entry<T> {
    let weight = (ratio - T::one()).recip();
    let carried = |fine: T, coarse: T| fine * (T::one() + weight) + coarse * weight;
    Entry {
        value: fine.value + (fine.value - coarse.value) * weight,
        rounding: carried(fine.rounding, coarse.rounding),
        slip: carried(fine.slip, coarse.slip),
    }
}

/// What neighbouring levels are apart by after two eliminations, in units of their rounding, and the values' size there.
#[derive(Clone, Copy)]
struct Excess<T> {
    units: T,
    size: T,
    rises: bool,
}

fn excesses<T: Real>(levels: &[Level<T>], power: i32) -> Vec<Excess<T>> {
    let mut column: Vec<Entry<T>> = levels.iter().map(first).collect();
    for j in 1..=2 {
        let steps = levels.iter().zip(levels.iter().skip(j)).map(|(coarse, fine)| coarse.step / fine.step);
        let eliminated = |(pair, ratio): (&[Entry<T>], T)| eliminate(pair[1], pair[0], ratio.powi(power));
        column = column.windows(2).zip(steps).map(eliminated).collect();
    }
    let excess = |(pair, level): (&[Entry<T>], &Level<T>)| {
        let change = pair[1].value - pair[0].value;
        let units = change.abs() / (pair[0].rounding + pair[1].rounding);
        Excess {
            units: if units.is_nan() { T::infinity() } else { units },
            size: level.size,
            rises: change > T::zero(),
        }
    };
    column.windows(2).zip(&levels[3..]).map(excess).collect()
}

/// What is left at fine steps.
struct Noise<T> {
    /// How many times larger than that of its last operation a function's rounding may be; at least 3, for a few operations.
    factor: T,
    /// Whether it is nothing but rounding.
    is_all: bool,
}

/// The noise below a level: at steps so much finer that of a function which varies on the level's scale, after two
/// eliminations, rounding alone remains; or at the finest there are.
///
/// The median keeps one kink or one lucky agreement from deciding. What takes more than half of the function's digits, or
/// shrinks from each of those steps to the next, is not rounding but the function itself, which varies on a finer scale.
fn noise<T: Real>(excesses: &[Excess<T>], power: i32, i: usize) -> Noise<T> {
    let width = (excesses.len() / 3).clamp(2, WINDOW);
    let finer = -T::epsilon().log2() / T::of(f64::from(3 * power + 1));
    let start = (i + finer.to_usize().unwrap_or(0)).min(excesses.len() - width);
    let window = &excesses[start..start + width];
    let (first, last) = (window[0].units, window[width - 1].units);
    let shrinks = first > T::of(16.0).max(T::of(4.0) * last) && window.is_sorted_by(|a, b| a.units > b.units);
    let (measured, most) = (median(window, |excess| excess.units), T::epsilon().sqrt().recip());
    Noise { factor: measured.max(T::of(3.0)).min(most), is_all: measured <= most && !shrinks }
}

/// A bound of what noise makes likely.
fn median<T: Real>(window: &[Excess<T>], of: impl Fn(&Excess<T>) -> T) -> T {
    let mut all: Vec<T> = window.iter().map(of).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    T::of(5.0) * all[window.len() / 2]
}

/// Gives the levels of several quotients of the same values the rounding of larger terms that cancel in these, if one of the
/// quotients shows it at its first, wide steps: in the others it may cancel, too, and at smaller steps it may be a stair.
pub(super) fn share_noise<T: Real>(quotients: &mut [Vec<Level<T>>], wide: usize) {
    let small = quotients.iter().filter(|levels| levels.len() > wide);
    let size = small.map(|levels| hidden(&levels[..wide])).fold(T::zero(), T::max);
    quotients.iter_mut().flatten().for_each(|level| level.round_as(size));
}

/// The size of terms that cancel in the values, but leave their rounding; 0 where nothing tells of them.
///
/// It is more than the values' own, neither grows nor shrinks nor has a direction from step to step, and comes from terms
/// about as large as the values are at the widest steps.
fn hidden<T: Real>(levels: &[Level<T>]) -> T {
    if levels.len() < FEWEST {
        return T::zero();
    }
    let largest = levels.iter().map(|level| level.size).fold(T::zero(), T::max);
    let most = largest / T::epsilon().powf(T::of(0.25));
    let size = |window: &[Excess<T>]| {
        let turns = window.windows(2).filter(|pair| pair[0].rises != pair[1].rises).count();
        let most = |part: &[Excess<T>]| part.iter().map(|excess| excess.units * excess.size).fold(T::zero(), T::max);
        let ratio = most(&window[..FEWEST / 2]) / most(&window[FEWEST / 2..]);
        let stays = ratio.max(ratio.recip()) <= T::of(6.0);
        let is_noise = turns >= 2 && stays && median(window, |excess| excess.units) > T::of(FEW);
        if is_noise { median(window, |excess| excess.units * excess.size) } else { T::zero() }
    };
    let all = excesses(levels, levels[0].power);
    all.windows(FEWEST).map(size).filter(|size| *size <= most).fold(T::zero(), T::max)
}
