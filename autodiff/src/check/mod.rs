//! Derivatives from the tape against numerical ones, with a verdict.
//!
//! An entry passes when both agree within the numerical error and that error is small against the largest entry; it fails when
//! they differ although the numerical side is sure. What cannot be decided is said to be inconclusive, with the reason:
//! a kink, rounding in the function, a point at the edge of the domain.
//!
//! ```
//! use autodiff::{Var, check};
//! check::gradient(|x| x[0] * x[1].sin(), &[2.0, 0.5]).assert_pass();
//! // A value taken out of the recording is a constant to the tape, but not to the function.
//! let report = check::gradient(|x| Var::constant(x[0].value()) * x[1].sin(), &[2.0, 0.5]);
//! assert!(report.to_string().starts_with("gradient: FAIL, 1 of 2 entries wrong"));
//! ```

mod kink;
mod report;
#[cfg(test)]
mod tests;

use ndarray::Dimension;

pub use self::report::{Entry, Reason, Report, Verdict};

use self::kink::{bend, second_bend};
use crate::numeric::{self, Estimate, evaluator, replaced};
use crate::{Real, Tape, Tensor, Var};

/// The most entries that one report compares; of more, an even spread. A prime, so that the spread does not fall into
/// step with rows and columns.
const BUDGET: usize = 4093;
/// How many times its bound a numerical derivative may be off.
const SLACK: f64 = 10.0;

/// Compares the gradient of `f` at `x` with numerical differentiation.
///
/// Entries are indexed `[i]`. Of more than 4093 variables an even spread is compared, and the verdict is at best
/// [`Reason::Budget`].
///
/// ```
/// use autodiff::check;
/// let report = check::gradient(|x| x[0].exp() * x[1], &[0.5, 3.0]);
/// assert!(report.is_pass() && report.max_relative_difference() < 1e-12);
/// ```
pub fn gradient<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Report<T> {
    let tape = crate::grad(&f, x);
    let scale = largest(&tape);
    let f = evaluator(f);
    let entries = spread(x.len()).map(|i| {
        let line = |moved: T| f(&replaced(x, i, moved));
        entry_along(vec![i], tape[i], scale, line, x[i])
    });
    Report::new("gradient", entries.collect(), x.len())
}

/// Compares the Hessian of `f` at `x` with numerical differentiation.
///
/// Entries are indexed `[i, j]`; all are compared, so that a Hessian that is not symmetric is found. A jump of the first
/// or of the second derivative along either coordinate counts as a kink.
///
/// ```
/// use autodiff::check;
/// check::hessian(|x| x[0].powi(2) * x[1].exp(), &[0.5, 3.0]).assert_pass();
/// ```
pub fn hessian<T: Real>(f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Report<T> {
    let tape = crate::hessian(&f, x);
    let scale = largest(&tape);
    let f = evaluator(f);
    let n = x.len();
    let entries = spread(n * n).map(|flat| {
        let (i, j) = (flat / n, flat % n);
        let estimate = numeric::second(&f, x, i, j);
        let line = |moved: T| f(&replaced(x, i, moved));
        let kink = |difference: T| {
            [i, j].into_iter().any(|k| {
                // A kink leaves no second derivative at all, so it explains any difference.
                let line = |moved: T| f(&replaced(x, k, moved));
                bend(line, x[k], T::zero()) || second_bend(line, x[k], difference)
            })
        };
        let verdict = judge(tape[[i, j]], estimate, scale, || size(line, x[i]), kink);
        Entry { index: vec![i, j], autodiff: tape[[i, j]], numeric: estimate, verdict }
    });
    Report::new("hessian", entries.collect(), n * n)
}

/// Compares the gradient of a scalar function of tensors with numerical differentiation, moving one element at a time.
///
/// Entries are indexed by the input, then by the element: `[0, 2, 1]` is element `(2, 1)` of input 0. An input that
/// no gradient reaches has gradient 0. Of more than 4093 elements an even spread is compared, and the verdict is at best
/// [`Reason::Budget`].
///
/// ```
/// use autodiff::{Tensor, check};
/// use ndarray::array;
/// let w = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
/// let x = Tensor::constant(array![[0.1], [0.2]]);
/// check::tensor_gradient(|t| t[0].matmul(&t[1]).tanh().sum(), &[w, x]).assert_pass();
/// ```
///
/// # Panics
/// If the result has more than one element.
#[track_caller]
pub fn tensor_gradient<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Report<T> {
    let tape = Tape::new();
    let leaves: Vec<Tensor<T>> = inputs.iter().map(|x| tape.tensor(x.untracked())).collect();
    let y = f(&leaves);
    let gradients = y.is_tracked().then(|| y.backward());
    let constants: Vec<Tensor<T>> = inputs.iter().map(Tensor::untracked).collect();
    let places: Vec<(usize, Vec<usize>)> = inputs
        .iter()
        .enumerate()
        .flat_map(|(k, x)| x.view().indexed_iter().map(|(at, _)| (k, at.as_array_view().to_vec())).collect::<Vec<_>>())
        .collect();
    let found: Vec<Option<ndarray::ArrayD<T>>> =
        leaves.iter().map(|x| gradients.as_ref().and_then(|gradients| gradients.get(x))).collect();
    let scale = largest(found.iter().flatten().flatten());
    let entries = spread(places.len()).map(|flat| {
        let (k, at) = &places[flat];
        let autodiff = found[*k].as_ref().map_or_else(T::zero, |gradient| gradient[at.as_slice()]);
        let line = |moved: T| {
            let mut array = constants[*k].to_array();
            array[at.as_slice()] = moved;
            let mut inputs = constants.clone();
            inputs[*k] = Tensor::constant(array);
            f(&inputs).item()
        };
        let index = std::iter::once(*k).chain(at.iter().copied()).collect();
        entry_along(index, autodiff, scale, line, constants[*k].view()[at.as_slice()])
    });
    Report::new("tensor_gradient", entries.collect(), places.len())
}

/// The largest absolute value.
fn largest<'a, T: Real>(values: impl IntoIterator<Item = &'a T>) -> T {
    values.into_iter().map(|x| x.abs()).filter(|x| x.is_finite()).fold(T::zero(), T::max)
}

/// Compares a first derivative along a line.
fn entry_along<T: Real>(index: Vec<usize>, autodiff: T, scale: T, line: impl Fn(T) -> T, x: T) -> Entry<T> {
    let numeric = numeric::first(&line, x);
    let kink = |difference: T| {
        // Where the second derivative jumps, differences go to the limit no faster than their steps.
        bend(&line, x, difference) || second_bend(&line, x, difference / T::epsilon().cbrt())
    };
    let verdict = judge(autodiff, numeric, scale, || size(&line, x), kink);
    Entry { index, autodiff, numeric, verdict }
}

/// The verdict on one entry.
///
/// `scale` is the largest entry and `size` what counts as large near the point; `kink` tells whether a kink explains a
/// difference.
fn judge<T: Real>(
    autodiff: T,
    numeric: Estimate<T>,
    scale: T,
    size: impl Fn() -> T,
    kink: impl Fn(T) -> bool,
) -> Verdict {
    if !numeric.value.is_finite() {
        return Verdict::Inconclusive(Reason::Domain);
    }
    let magnitude = autodiff.abs().max(numeric.value.abs());
    let difference = (autodiff - numeric.value).abs();
    let bound = T::of(SLACK) * numeric.error;
    let tolerance = T::epsilon().sqrt();
    let agrees = difference <= bound + T::of(16.0) * T::epsilon() * magnitude;
    // An entry that is 0 up to rounding has no magnitude of its own.
    let is_tight = difference == T::zero()
        || numeric.error <= tolerance * magnitude.max(scale)
        || (magnitude <= bound && numeric.error <= tolerance * size());
    if agrees && is_tight {
        Verdict::Pass
    } else if kink(difference) {
        Verdict::Inconclusive(Reason::Kink)
    } else if is_tight {
        Verdict::Fail
    } else {
        Verdict::Inconclusive(Reason::Noise)
    }
}

/// The size of the function's slopes near `x`; a constant added to the function makes no difference.
fn size<T: Real>(line: impl Fn(T) -> T, x: T) -> T {
    let (step, centre) = (x.abs().max(T::one()) / T::of(4.0), line(x));
    let changes = [line(x + step), line(x - step)].map(|y| (y - centre).abs());
    changes.into_iter().filter(|change| change.is_finite()).fold(T::zero(), T::max) / step
}

/// At most [`BUDGET`] of the numbers below `len`, evenly spread.
fn spread(len: usize) -> impl Iterator<Item = usize> {
    let count = len.min(BUDGET);
    (0..count).map(move |k| (k as u128 * len as u128 / count as u128) as usize)
}
