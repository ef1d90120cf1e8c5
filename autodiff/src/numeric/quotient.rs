//! Difference quotients at one step, with their rounding.

use super::estimate::Estimate;
use super::level::Level;
use super::span::Span;
use crate::engine::outputs::constants;
use crate::{Real, Var};

/// The limits of a mixed second difference quotient, and of what has to have one with it: by how much the corners together
/// miss the value in the middle, and twice the slopes on their way. `corners` gives the values at a step, two steps in each
/// direction apart, and those widths, in some units.
///
/// Around a kink, or a pole that is stepped over, some have no bound.
pub(super) fn corner_limits<T: Real>(
    span: Span<T>,
    centre: T,
    corners: impl Fn(T) -> ([T; 4], [T; 2]),
) -> Vec<Estimate<T>> {
    span.limits(4, |step| {
        let ([a, b, c, d], [right, up]) = corners(step);
        let size = [a, b, c, d].into_iter().fold(T::of(4.0) * centre.abs(), |sum, corner| sum + corner.abs());
        let level = |change: T, widths: [T; 2]| Level::new(step, 2, change, size, |y| y / widths[0] / widths[1]);
        vec![
            level(a - b - c + d, [right, up]),
            level(a + b + c + d - T::of(4.0) * centre, [right, up]),
            level(a + b - c - d, [right, T::one()]),
            level(a - b + c - d, [up, T::one()]),
        ]
    })
}

/// The first of the limits, with a bound if all have one.
pub(super) fn if_all_have_bounds<T: Real>(limits: &[Estimate<T>]) -> Estimate<T> {
    let Some(&first) = limits.first() else { return Estimate::unknown() };
    if limits.iter().all(|limit| limit.error.is_finite()) { first } else { first.unbounded() }
}

/// An entry of the Hessian.
pub(crate) fn second<T: Real>(f: impl Fn(&[T]) -> T, x: &[T], i: usize, j: usize) -> Estimate<T> {
    let scale = |i: usize| x[i].abs().max(T::one());
    let centre = f(x);
    if i == j {
        let (span, scale) = (Span::along(x[i], scale(i), 2), scale(i));
        let unit = span.top * scale;
        let limits = span.limits(2, |step| {
            let (right, left) = sides(x[i], step * scale);
            let (plus, minus) = (f(&replaced(x, i, right)), f(&replaced(x, i, left)));
            let two = T::of(2.0);
            let size = plus.abs() + two * centre.abs() + minus.abs();
            let (right, left) = ((right - x[i]) / unit, (x[i] - left) / unit);
            let change = plus - two * centre + minus;
            let slope = Level::new(step, 2, plus - minus, size, |y| y / (right + left));
            vec![Level::new(step, 2, change, size, |y| y / right / left), slope]
        });
        return if_all_have_bounds(&limits).per(unit).per(unit);
    }
    let scan = |[a, b]: [T; 2]| {
        let span = Span::along(x[i], a, 2).and(Span::along(x[j], b, 2));
        let units = [a, b].map(|unit| unit * span.top);
        let limits = corner_limits(span, centre, |step| {
            let ((right, left), (up, down)) = (sides(x[i], step * a), sides(x[j], step * b));
            let at = |a: T, b: T| f(&replaced(&replaced(x, i, a), j, b));
            let corners = [at(right, up), at(right, down), at(left, up), at(left, down)];
            (corners, [(right - left) / units[0], (up - down) / units[1]])
        });
        let slopes: Vec<Estimate<T>> = limits.iter().skip(2).zip(units).map(|(slope, unit)| slope.per(unit)).collect();
        (if_all_have_bounds(&limits).per(units[0]).per(units[1]), slopes, span.bottom >= span.floor)
    };
    let (wide, slopes, reaches) = scan([scale(i), scale(j)]);
    if reaches && scale(i).max(scale(j)) <= T::of(16.0) {
        return wide;
    }
    // Where steps get down to the smaller scale of the one, the other may be too large for its own to be seen: each may have
    // the smaller scale for unit, and what counts has the slopes that each has by itself.
    let near = |i: usize| if x[i] == T::zero() { T::one() } else { x[i].abs().min(T::one()) };
    let own =
        [i, j].map(|i| two_sided(|moved| f(&replaced(x, i, moved)), x[i], centre, Span::along(x[i], T::one(), 1)));
    let counted = |limit: Estimate<T>, slopes: &[Estimate<T>]| {
        let same = slopes.iter().zip(own).all(|(twice, own)| {
            let (difference, error) = (twice.value - T::of(2.0) * own.value, twice.error + T::of(2.0) * own.error);
            error.is_finite() && difference.abs() <= T::of(3.0) * error
        });
        if same { limit } else { limit.unbounded() }
    };
    let wide = counted(wide, &slopes);
    let mut found = wide;
    for units in [[scale(i), near(j)], [near(i), scale(j)], [near(i), near(j)]] {
        let (fine, slopes, _) = scan(units);
        let fine = counted(fine, &slopes);
        let apart = (found.value - fine.value).abs() > T::of(3.0) * (found.error + fine.error);
        if wide.error.is_finite() && apart {
            // Wide steps resolve one function, and small ones another, or a stair.
            found = found.unbounded();
        } else if wide.error == T::infinity() && (found.value.is_nan() || apart || fine.error < found.error) {
            found = fine;
        }
        // Numbers so large that steps of 1 do not move them may hide anything.
        if fine.value.is_nan() {
            found = found.unbounded();
        }
    }
    found
}

/// Points at equal distance on both sides, as far as numbers allow: the step is one that was really taken.
pub(crate) fn sides<T: Real>(x: T, step: T) -> (T, T) {
    let right = x + step;
    (right, x - (right - x))
}

/// A central difference quotient, and that for the kink: half of what the slope jumps by, if it does. The value in the middle
/// counts for what an uneven step does through the curvature. The step is half of the width, in the same units.
pub(super) fn central<T: Real>([minus, centre, plus]: [T; 3], step: T, width: T) -> [Level<T>; 2] {
    let two = T::of(2.0);
    let size = plus.abs() + two * centre.abs() + minus.abs();
    let over = |y: T| y / width;
    [Level::new(step, 2, plus - minus, size, over), Level::new(step, 1, plus - two * centre + minus, size, over)]
}

/// Extrapolated central differences.
pub(crate) fn two_sided<T: Real>(f: impl Fn(T) -> T, x: T, centre: T, span: Span<T>) -> Estimate<T> {
    let limits = span.pair(|step| {
        let (right, left) = sides(x, step);
        let [step, width] = [right - x, right - left].map(|width| width / span.top);
        central([f(left), centre, f(right)], step, width)
    });
    with_kink(limits).per(span.top)
}

/// The slope with a bound that includes the kink at the point, or too close to it to be told from one there.
pub(super) fn with_kink<T: Real>([slope, kink]: [Estimate<T>; 2]) -> Estimate<T> {
    let is_there = !(kink.value.abs() <= T::of(3.0) * kink.error && kink.error.is_finite());
    if is_there { Estimate { error: slope.error + kink.value.abs() + kink.error, ..slope } } else { slope }
}

/// A difference quotient from the middle to a place `width` away.
pub(super) fn from_one_side<T: Real>(there: T, centre: T, width: T) -> Level<T> {
    Level::new(width.abs(), 1, there - centre, there.abs() + centre.abs(), |y| y / width)
}

/// The function on plain numbers.
pub(crate) fn evaluator<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>) -> impl Fn(&[T]) -> T {
    move |x| f(&constants(x)).value()
}

/// The point moved along a direction.
pub(crate) fn moved<T: Real>(x: &[T], v: &[T], t: T) -> Vec<T> {
    x.iter().zip(v).map(|(&x, &v)| x + t * v).collect()
}

/// The point with one coordinate moved.
pub(crate) fn replaced<T: Real>(x: &[T], i: usize, moved: T) -> Vec<T> {
    let mut x = x.to_vec();
    x[i] = moved;
    x
}
