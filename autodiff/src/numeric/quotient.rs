//! Difference quotients at one step, with their rounding.

use super::estimate::Estimate;
use super::level::Level;
use super::span::Span;
use crate::engine::outputs::constants;
use crate::{Real, Var};

/// A mixed second difference quotient, of four corners with their signs, two steps in each direction apart.
pub(super) fn corner_level<T: Real>(corners: [T; 4], centre: T, step: T, widths: [T; 2]) -> Level<T> {
    let [a, b, c, d] = corners;
    let size = corners.iter().fold(centre.abs(), |sum, corner| sum + corner.abs());
    let away = a - b - c + d - T::of(4.0) * centre;
    Level::new(step, corners.into_iter().sum(), away, size, |y| y / widths[0] / widths[1])
}

/// An entry of the Hessian.
pub(crate) fn second<T: Real>(f: impl Fn(&[T]) -> T, x: &[T], i: usize, j: usize) -> Estimate<T> {
    let scale = |i: usize| x[i].abs().max(T::one());
    let centre = f(x);
    if i == j {
        let scale = scale(i);
        return Span::along(x[i], scale, 2).limit(|step| {
            let (right, left) = sides(x[i], step * scale);
            let (plus, minus) = (f(&replaced(x, i, right)), f(&replaced(x, i, left)));
            let change = plus - T::of(2.0) * centre + minus;
            let size = plus.abs() + T::of(2.0) * centre.abs() + minus.abs();
            Level::new(step, change, change, size, |y| y / (right - x[i]) / (x[i] - left))
        });
    }
    let scan = |[a, b]: [T; 2]| {
        let span = Span::along(x[i], a, 2).and(Span::along(x[j], b, 2));
        let limit = span.limit(|step| {
            let ((right, left), (up, down)) = (sides(x[i], step * a), sides(x[j], step * b));
            let at = |a: T, b: T| f(&replaced(&replaced(x, i, a), j, b));
            let corners = [at(right, up), -at(right, down), -at(left, up), at(left, down)];
            corner_level(corners, centre, step, [right - left, up - down])
        });
        (limit, span.bottom >= span.floor)
    };
    let (wide, reaches) = scan([scale(i), scale(j)]);
    if reaches {
        return wide;
    }
    // One of them is so near 0 that steps on its own scale would not move the other: it gets smaller ones.
    let own = |i: usize| if x[i] == T::zero() { T::one() } else { x[i].abs() };
    let narrow = [[scale(i), own(j)], [own(i), scale(j)], [own(i), own(j)]].map(|units| scan(units).0);
    narrow.into_iter().fold(wide, |coarse, fine| {
        let apart = (coarse.value - fine.value).abs() > T::of(3.0) * (coarse.error + fine.error);
        if coarse.value.is_nan() || apart || fine.error < coarse.error { fine } else { coarse }
    })
}

/// Points at equal distance on both sides, as far as numbers allow: the step is one that was really taken.
pub(crate) fn sides<T: Real>(x: T, step: T) -> (T, T) {
    let right = x + step;
    (right, x - (right - x))
}

/// A central difference quotient. The value in the middle counts for what an uneven step does through the curvature.
pub(super) fn central<T: Real>(plus: T, centre: T, minus: T, step: T, width: T) -> Level<T> {
    let two = T::of(2.0);
    let size = plus.abs() + two * centre.abs() + minus.abs();
    Level::new(step, plus - minus, plus - two * centre + minus, size, |y| y / width)
}

/// A difference quotient from the middle to a place `width` away.
pub(super) fn from_one_side<T: Real>(there: T, centre: T, width: T) -> Level<T> {
    let change = there - centre;
    Level::new(width.abs(), change, change, there.abs() + centre.abs(), |y| y / width)
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
