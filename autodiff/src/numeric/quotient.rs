//! Difference quotients at one step, with their rounding.

use super::estimate::Estimate;
use super::level::Level;
use super::span::Span;
use crate::engine::outputs::constants;
use crate::{Real, Var};

/// The limit of a mixed second difference quotient. `corners` gives the values at a step, two steps in each direction apart,
/// and those widths, in some units.
///
/// Nothing can be said where the corners together do not go to the value in the middle, or have no slope on their way: around
/// a kink, or a pole that is stepped over.
pub(super) fn corner_limit<T: Real>(
    span: Span<T>,
    centre: T,
    corners: impl Fn(T) -> ([T; 4], [T; 2]),
) -> Estimate<T> {
    let limits = span.limits(|step| {
        let ([a, b, c, d], [right, up]) = corners(step);
        let size = [a, b, c, d].into_iter().fold(T::of(4.0) * centre.abs(), |sum, corner| sum + corner.abs());
        let level = |change: T, widths: [T; 2]| Level::new(step, 2, change, size, |y| y / widths[0] / widths[1]);
        vec![
            level(a - b - c + d, [right, up]),
            level(a + b + c + d - T::of(4.0) * centre, [right, up]),
            level(a + b - c - d, [right, T::one()]),
            level(a - b + c - d, [up, T::one()]),
        ]
    });
    if_all_have_bounds(&limits)
}

/// The first of the limits, with a bound if all have one.
fn if_all_have_bounds<T: Real>(limits: &[Estimate<T>]) -> Estimate<T> {
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
        let limits = span.limits(|step| {
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
        let limit = corner_limit(span, centre, |step| {
            let ((right, left), (up, down)) = (sides(x[i], step * a), sides(x[j], step * b));
            let at = |a: T, b: T| f(&replaced(&replaced(x, i, a), j, b));
            let corners = [at(right, up), at(right, down), at(left, up), at(left, down)];
            (corners, [(right - left) / units[0], (up - down) / units[1]])
        });
        (limit.per(units[0]).per(units[1]), span.bottom >= span.floor)
    };
    let (wide, reaches) = scan([scale(i), scale(j)]);
    if reaches {
        return wide;
    }
    // Where steps get down to the smaller scale of one of them, they would not move the other: each may have that scale for unit.
    let near = |i: usize| if x[i] == T::zero() { T::one() } else { x[i].abs().min(T::one()) };
    let narrow = [[scale(i), near(j)], [near(i), scale(j)], [near(i), near(j)]].map(|units| scan(units).0);
    let found = narrow.into_iter().fold(wide, |coarse, fine| {
        let apart = (coarse.value - fine.value).abs() > T::of(3.0) * (coarse.error + fine.error);
        if coarse.value.is_nan() || apart || fine.error < coarse.error { fine } else { coarse }
    });
    // What the smallest steps cannot resolve, no others can.
    if narrow[2].error.is_finite() { found } else { found.unbounded() }
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
