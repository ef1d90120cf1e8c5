//! Tells a kink from a wrong derivative.

use crate::Real;
use crate::numeric::{Span, sides};

/// Windows of steps that are looked at: a kink may lie just beyond the smallest step.
const WINDOWS: usize = 6;

/// Whether the slope jumps at `x`, by enough to explain the difference.
///
/// `|f(x + h) - 2 f(x) + f(x - h)| / h` shrinks with `h` for a smooth function and tends to the jump at a kink.
pub(crate) fn bend<T: Real>(line: impl Fn(T) -> T, x: T, span: Span<T>, difference: T) -> bool {
    let centre = line(x);
    persists(span, 1, difference, |h| {
        let (right, left) = sides(x, h);
        let (plus, minus) = (line(right), line(left));
        let two = T::of(2.0);
        (plus - two * centre + minus, plus.abs() + two * centre.abs() + minus.abs())
    })
}

/// Whether the second derivative jumps at `x`, by enough to explain the difference.
pub(crate) fn second_bend<T: Real>(line: impl Fn(T) -> T, x: T, span: Span<T>, difference: T) -> bool {
    let two = T::of(2.0);
    persists(span, 2, difference, |h| {
        let ((right, left), (far_right, far_left)) = (sides(x, h), sides(x, two * h));
        let (outer, inner) = ([line(far_right), -line(far_left)], [line(left), -line(right)]);
        let change = outer[0] + outer[1] + two * (inner[0] + inner[1]);
        let size = |pair: [T; 2]| pair[0].abs() + pair[1].abs();
        (change, size(outer) + two * size(inner))
    })
}

/// Whether `|change| / h^order` goes on as `h` shrinks, judged at the smallest steps at which it stands out of rounding.
///
/// `change` gives the difference and the sum of the sizes of its terms.
fn persists<T: Real>(span: Span<T>, order: i32, difference: T, change: impl Fn(T) -> (T, T)) -> bool {
    let (two, significant) = (T::of(2.0), T::of(64.0) * T::epsilon());
    let steps = std::iter::successors(Some(span.least()), |&h| Some(two * h));
    let jumps = steps.take_while(|&h| h < span.top).filter_map(|h| {
        let (change, size) = change(h);
        // The step's own power may be 0, and a jump too large to be told from another.
        let jump = (0..order).fold(change.abs(), |jump, _| jump / h);
        (change.abs() > significant * size && jump.is_finite()).then_some(jump)
    });
    let jumps: Vec<T> = jumps.take(WINDOWS + 2).collect();
    // Over a factor of 4 in the step a smooth function gives 1/4 or less, a kink close by more than 1/2.
    jumps.windows(3).any(|jump| jump[0] > T::of(0.5) * jump[2] && jump[2].max(jump[0]) >= difference)
}
