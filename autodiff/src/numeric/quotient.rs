//! Difference quotients at one step, with their rounding.

use super::estimate::Estimate;
use super::extrapolate::{Level, Span};
use crate::engine::outputs::constants;
use crate::{Real, Var};

/// A mixed second difference quotient.
pub(super) fn corner_level<T: Real>(corners: [T; 4], centre: T, step: T, area: T) -> Level<T> {
    let size = corners.iter().fold(centre.abs(), |sum, corner| sum + corner.abs());
    Level { step, quotient: corners.into_iter().sum::<T>() / area, rounding: T::epsilon() * size / area }
}

/// An entry of the Hessian.
pub(crate) fn second<T: Real>(f: impl Fn(&[T]) -> T, x: &[T], i: usize, j: usize) -> Estimate<T> {
    let scale = |i: usize| x[i].abs().max(T::one());
    let span = Span::along(x[i], scale(i), 2).and(Span::along(x[j], scale(j), 2));
    let centre = f(x);
    let two = T::of(2.0);
    span.limit(|step| {
        let (right, left) = sides(x[i], step * scale(i));
        if i == j {
            let (plus, minus) = (f(&replaced(x, i, right)), f(&replaced(x, i, left)));
            let area = (right - x[i]) * (x[i] - left);
            let size = plus.abs() + two * centre.abs() + minus.abs();
            return Level {
                step,
                quotient: (plus - two * centre + minus) / area,
                rounding: T::epsilon() * size / area,
            };
        }
        let (up, down) = sides(x[j], step * scale(j));
        let at = |a: T, b: T| f(&replaced(&replaced(x, i, a), j, b));
        let corners = [at(right, up), -at(right, down), -at(left, up), at(left, down)];
        corner_level(corners, centre, step, (right - left) * (up - down))
    })
}

/// Points at equal distance on both sides, as far as numbers allow: the step is one that was really taken.
pub(crate) fn sides<T: Real>(x: T, step: T) -> (T, T) {
    let right = x + step;
    (right, x - (right - x))
}

/// A central difference quotient. The value in the middle counts for what an uneven step does through the curvature.
pub(super) fn central<T: Real>(plus: T, centre: T, minus: T, step: T, width: T) -> Level<T> {
    let size = plus.abs() + T::of(2.0) * centre.abs() + minus.abs();
    Level { step, quotient: (plus - minus) / width, rounding: T::epsilon() * size / width }
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
