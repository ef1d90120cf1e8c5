//! The verdict on one derivative.

use super::kink::{bend, second_bend};
use super::report::{Entry, Reason, Verdict};
use crate::Real;
use crate::numeric::{self, Estimate, Span};

/// How many times its bound a numerical derivative may be off.
pub(super) const SLACK: f64 = 10.0;

/// Compares a first derivative along a line.
pub(crate) fn entry_along<T: Real>(index: Vec<usize>, autodiff: T, scale: T, line: impl Fn(T) -> T, x: T) -> Entry<T> {
    let numeric = numeric::first(&line, x);
    entry_with(index, autodiff, numeric, scale, line, x, |order| Span::along(x, T::one(), order))
}

/// Compares a first derivative along a line with one that was computed numerically, in steps of the given spans by order.
pub(super) fn entry_with<T: Real>(
    index: Vec<usize>,
    autodiff: T,
    numeric: Estimate<T>,
    scale: T,
    line: impl Fn(T) -> T,
    x: T,
    span: impl Fn(i32) -> Span<T>,
) -> Entry<T> {
    if !numeric.value.is_finite() {
        // At the edge of the domain the derivative from inside may confirm the tape's, but not refute it.
        let edge = numeric::one_sided(&line, x, line(x), span(1));
        let is_tight = edge.error <= T::epsilon().sqrt() * autodiff.abs().max(edge.value.abs()).max(scale);
        if autodiff.is_finite() && agrees(autodiff, edge) && is_tight {
            return Entry { index, autodiff, numeric: edge, verdict: Verdict::Pass };
        }
    }
    let kink = |difference: T| {
        // Where the second derivative jumps, differences go to the limit no faster than their steps.
        bend(&line, x, span(1), difference) || second_bend(&line, x, span(2), difference / T::epsilon().cbrt())
    };
    let verdict = judge(autodiff, numeric, scale, || size(&line, x), kink);
    Entry { index, autodiff, numeric, verdict }
}

/// Whether both sides are the same within the numerical error. What is not finite agrees with nothing.
pub(super) fn agrees<T: Real>(autodiff: T, numeric: Estimate<T>) -> bool {
    let difference = (autodiff - numeric.value).abs();
    difference.is_finite() && difference <= resolution(autodiff, numeric)
}

/// The difference that is not seen. Below the least normal number digits are lost.
pub(super) fn resolution<T: Real>(autodiff: T, numeric: Estimate<T>) -> T {
    let magnitude = largest(&[autodiff, numeric.value]);
    T::of(SLACK) * numeric.error + T::of(16.0) * T::epsilon() * magnitude + T::min_positive_value()
}

/// The verdict on one entry.
///
/// `scale` is the largest entry, which is finite, and `size` what counts as large near the point; `kink` tells whether a kink explains a
/// difference; where differences tell nothing, any does.
pub(super) fn judge<T: Real>(
    autodiff: T,
    numeric: Estimate<T>,
    scale: T,
    size: impl Fn() -> T,
    kink: impl Fn(T) -> bool,
) -> Verdict {
    if !numeric.value.is_finite() {
        return Verdict::Inconclusive(Reason::Domain);
    }
    let magnitude = largest(&[autodiff, numeric.value]);
    let difference = (autodiff - numeric.value).abs();
    let bound = T::of(SLACK) * numeric.error;
    let tolerance = T::epsilon().sqrt();
    // An entry that is 0 up to rounding has no magnitude of its own. A bound that is not finite decides nothing.
    let is_tight = numeric.error.is_finite()
        && (difference == T::zero()
            || numeric.error <= tolerance * magnitude.max(scale)
            || (magnitude <= bound && numeric.error <= tolerance * size()));
    if agrees(autodiff, numeric) && is_tight {
        Verdict::Pass
    } else if kink(if numeric.error.is_finite() { difference } else { T::zero() }) {
        Verdict::Inconclusive(Reason::Kink)
    } else if is_tight {
        Verdict::Fail
    } else {
        Verdict::Inconclusive(Reason::Noise)
    }
}

/// The size of the function's slopes near `x`; a constant added to the function makes no difference.
pub(super) fn size<T: Real>(line: impl Fn(T) -> T, x: T) -> T {
    let (step, centre) = (x.abs().max(T::one()) / T::of(4.0), line(x));
    let changes = [line(x + step), line(x - step)].map(|y| (y - centre).abs());
    changes.into_iter().filter(|change| change.is_finite()).fold(T::zero(), T::max) / step
}

/// The largest absolute value among those that are finite.
pub(super) fn largest<'a, T: Real>(values: impl IntoIterator<Item = &'a T>) -> T {
    values.into_iter().map(|x| x.abs()).filter(|x| x.is_finite()).fold(T::zero(), T::max)
}
