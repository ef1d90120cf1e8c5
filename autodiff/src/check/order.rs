//! The comparison itself: entry by entry, or along random directions where there are many.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::blame::{Line, edges_of};
use super::cause::Cause;
use super::judge::{agrees, entry_along, entry_with, judge, largest, resolution, size};
use super::kink::{bend, second_bend};
use super::problem::{Problem, Tensors};
use super::report::{Directions, Entry, Report, Verdict};
use crate::numeric::{self, Span, moved, replaced};
use crate::{Real, Tape, Tensor};

/// The most entries that are compared one by one.
pub(super) const MOST_ENTRIES: usize = 1024;
/// The random directions in which more entries are compared: wrong ones escape with probability 2^-32.
const DIRECTIONS: usize = 32;
/// The pairs of directions for second derivatives: wrong ones escape with probability (3/4)^64.
const PAIRS: usize = 64;
/// The directions are the same in every run.
const SEED: u64 = 0x5eed;

/// Compares a gradient, and finds what is wrong with it if it is.
pub(super) fn first<T: Real>(what: impl Into<String>, problem: &dyn Problem<T>, autodiff: &[T]) -> Report<T> {
    let x = problem.x();
    let mut report = if x.len() <= MOST_ENTRIES {
        let scale = largest(autodiff);
        let entry = |i: usize| {
            let line = |moved: T| problem.eval(&replaced(x, i, moved));
            entry_along(problem.index(i), autodiff[i], scale, line, x[i])
        };
        Report::new(what, (0..x.len()).map(entry).collect(), x.len())
    } else {
        along_directions(what, problem, autodiff)
    };
    if let Some(worst) = report.failed() {
        let flat = (0..x.len()).find(|&i| problem.index(i) == worst.index);
        report.causes = flat.map_or_else(Vec::new, |flat| causes(problem, &unit(x.len(), flat), None));
    }
    report
}

/// What makes the derivative along `v` wrong: of the function, or of its gradient times a vector.
fn causes<T: Real>(problem: &dyn Problem<T>, v: &[T], slope: Option<&[T]>) -> Vec<Cause<T>> {
    let x = problem.x();
    let record = |tape: &Tape<T>, t: T| problem.record(tape, &moved(x, v, t), slope);
    Line { record: &record, inputs: problem.inputs(), span: span(x, v, 1) }.causes()
}

/// As [`causes`], where the second derivative `Σ E_ij u_i v_j` is wrong: what makes the gradient wrong makes it wrong too, and
/// so does a kink, at which the gradient may be right.
fn second_causes<T: Real>(problem: &dyn Problem<T>, u: &[T], v: &[T]) -> Vec<Cause<T>> {
    let first = [v, u].into_iter().map(|v| causes(problem, v, None)).find(|causes| !causes.is_empty());
    first.unwrap_or_else(|| {
        let of_gradient = causes(problem, v, Some(u));
        if of_gradient.iter().any(Cause::is_shown) {
            return of_gradient;
        }
        let edges = edges_of(&|tape| problem.record(tape, problem.x(), None), problem.inputs());
        if edges.is_empty() { of_gradient } else { edges }
    })
}

/// 1 at a position, 0 elsewhere.
fn unit<T: Real>(len: usize, flat: usize) -> Vec<T> {
    replaced(&vec![T::zero(); len], flat, T::one())
}

/// A direction of 1 and -1.
fn signs<T: Real>(rng: &mut impl Rng, len: usize) -> Vec<T> {
    (0..len).map(|_| if rng.next_u32() & 1 == 0 { T::one() } else { -T::one() }).collect()
}

/// The steps along a direction, for a derivative of the given order.
fn span<T: Real>(x: &[T], v: &[T], order: i32) -> Span<T> {
    Span::toward(x, v, order).unwrap_or_else(|| Span::along(T::one(), T::one(), order))
}

fn inner<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).filter(|(_, b)| **b != T::zero()).map(|(&a, &b)| a * b).sum()
}

/// Compares derivatives along random directions of 1 and -1.
///
/// Let `e` be the errors of the gradient. Along `v` they show as `Σ e_i v_i`. A single wrong entry shows as itself,
/// whatever the signs. If several are wrong and one of them is above the resolution, then, the other signs given, the sum
/// for one sign of that one and the sum for the other are further apart than twice the resolution, so at most one of them
/// hides: with probability 1/2 at most in each direction.
fn along_directions<T: Real>(what: impl Into<String>, problem: &dyn Problem<T>, autodiff: &[T]) -> Report<T> {
    let (x, mut rng) = (problem.x(), ChaCha8Rng::seed_from_u64(SEED));
    let along = |v: &[T]| {
        let line = |t: T| problem.eval(&moved(x, v, t));
        let numeric = numeric::two_sided(line, T::zero(), line(T::zero()), span(x, v, 1));
        (numeric, inner(autodiff, v))
    };
    // Drawn twice, so that not all are kept.
    let mut ahead = rng.clone();
    let slopes: Vec<T> = (0..DIRECTIONS).map(|_| inner(autodiff, &signs(&mut ahead, x.len()))).collect();
    let scale = largest(&slopes);
    let mut entries = Vec::with_capacity(DIRECTIONS);
    let mut located = Vec::new();
    for k in 0..DIRECTIONS {
        let v = signs(&mut rng, x.len());
        let (numeric, slope) = along(&v);
        let line = |t: T| problem.eval(&moved(x, &v, t));
        let entry = entry_with(vec![k], slope, numeric, scale, line, T::zero(), |order| span(x, &v, order));
        if entry.verdict == Verdict::Fail && located.is_empty() {
            // Halves of a direction that is wrong: one of them is wrong too.
            let wrong = |range: std::ops::Range<usize>| {
                let part: Vec<T> =
                    v.iter().enumerate().map(|(i, &v)| if range.contains(&i) { v } else { T::zero() }).collect();
                let (numeric, slope) = along(&part);
                !agrees(slope, numeric)
            };
            let (mut low, mut high) = (0, x.len());
            while high - low > 1 {
                let middle = usize::midpoint(low, high);
                if wrong(low..middle) { high = middle } else { low = middle }
            }
            let line = |moved: T| problem.eval(&replaced(x, low, moved));
            let found = entry_along(problem.index(low), autodiff[low], largest(&autodiff[low..=low]), line, x[low]);
            if found.verdict == Verdict::Fail {
                located.push(found);
            }
        }
        entries.push(entry);
    }
    let directions = Directions::new(entries, 0.5_f64.powi(DIRECTIONS as i32));
    Report::along(what, located, directions, x.len())
}

/// The second derivatives that a tape gives: single ones, and the product with a vector.
pub(super) struct Second<'a, T> {
    pub(super) hessian: &'a dyn Fn() -> ndarray::Array2<T>,
    pub(super) hvp: &'a dyn Fn(&[T]) -> Vec<T>,
}

/// Compares a Hessian, and finds what is wrong with it if it is.
pub(super) fn second<T: Real>(what: impl Into<String>, problem: &dyn Problem<T>, tape: &Second<'_, T>) -> Report<T> {
    let (x, n) = (problem.x(), problem.x().len());
    if n * n > MOST_ENTRIES {
        return along_pairs(what, problem, tape);
    }
    let hessian = (tape.hessian)();
    let scale = largest(&hessian);
    let f = |x: &[T]| problem.eval(x);
    let mut failed = None;
    let entry = |flat: usize| {
        let (i, j) = (flat / n, flat % n);
        let estimate = numeric::second(f, x, i, j);
        let line = |moved: T| f(&replaced(x, i, moved));
        let kink = |difference: T| {
            [i, j].into_iter().any(|k| {
                // A kink leaves no second derivative at all, so it explains any difference.
                let line = |moved: T| f(&replaced(x, k, moved));
                let span = |order| Span::along(x[k], T::one(), order);
                bend(line, x[k], span(1), T::zero()) || second_bend(line, x[k], span(2), difference)
            })
        };
        let verdict = judge(hessian[[i, j]], estimate, scale, || size(line, x[i]), kink);
        if verdict == Verdict::Fail && failed.is_none() {
            failed = Some((i, j));
        }
        let index = [i, j].into_iter().flat_map(|k| problem.index(k)).collect();
        Entry { index, autodiff: hessian[[i, j]], numeric: estimate, verdict }
    };
    let mut report = Report::new(what, (0..n * n).map(entry).collect(), n * n);
    if let Some((i, j)) = failed {
        report.causes = second_causes(problem, &unit(n, i), &unit(n, j));
    }
    report
}

/// Compares second derivatives along random pairs of directions of 1 and -1.
///
/// The errors `E` of the Hessian show as `Σ E_ij u_i v_j`. A single wrong entry shows as itself. Of several, with one above
/// the resolution: the row sums `Σ_j E_ij v_j` have one above it with probability 1/2 at least, and given that, the signs
/// `u` show it with probability 1/2 at least.
fn along_pairs<T: Real>(what: impl Into<String>, problem: &dyn Problem<T>, tape: &Second<'_, T>) -> Report<T> {
    let (x, mut rng) = (problem.x(), ChaCha8Rng::seed_from_u64(SEED));
    let pair = |rng: &mut ChaCha8Rng| -> (Vec<T>, Vec<T>) { (signs(rng, x.len()), signs(rng, x.len())) };
    // Drawn twice, so that not all are kept.
    let mut ahead = rng.clone();
    let curvature = |_| {
        let (u, v) = pair(&mut ahead);
        inner(&(tape.hvp)(&v), &u)
    };
    let curvatures: Vec<T> = (0..PAIRS).map(curvature).collect();
    let scale = largest(&curvatures);
    let mut wrong = None;
    let entry = |(k, &curvature): (usize, &T)| {
        let (u, v) = pair(&mut rng);
        let plane = |a: T, b: T| problem.eval(&moved(&moved(x, &u, a), &v, b));
        let span = span(x, &u, 2).and(span(x, &v, 2));
        let estimate = numeric::mixed(plane, span);
        let kink = |difference: T| {
            [&u, &v].into_iter().any(|v| {
                let line = |t: T| problem.eval(&moved(x, v, t));
                bend(line, T::zero(), span, T::zero()) || second_bend(line, T::zero(), span, difference)
            })
        };
        let verdict = judge(curvature, estimate, scale, || size(|t| plane(t, T::zero()), T::zero()), kink);
        if verdict == Verdict::Fail && wrong.is_none() {
            wrong = Some((u, v));
        }
        Entry { index: vec![k], autodiff: curvature, numeric: estimate, verdict }
    };
    let entries = curvatures.iter().enumerate().map(entry).collect();
    let directions = Directions::new(entries, 0.75_f64.powi(PAIRS as i32));
    let mut report = Report::along(what, Vec::new(), directions, x.len() * x.len());
    if let Some((u, v)) = wrong {
        report.causes = second_causes(problem, &u, &v);
    }
    report
}

impl<T: Real> Directions<T> {
    fn new(entries: Vec<Entry<T>>, missed: f64) -> Self {
        let resolution = entries.iter().map(|entry| resolution(entry.autodiff, entry.numeric)).fold(T::zero(), T::max);
        Self { entries, resolution, missed }
    }
}

/// Compares the Hessian of a function of tensors.
pub(super) fn second_of<T: Real, F: Fn(&[Tensor<T>]) -> Tensor<T>>(what: &str, problem: &Tensors<F, T>) -> Report<T> {
    let inputs = problem.tensors(problem.x());
    let hessian = || crate::tensor::hessian(&problem.f, &inputs);
    let hvp = |v: &[T]| crate::tensor::hvp(&problem.f, &inputs, &problem.tensors(v)).into_iter().flatten().collect();
    second(what, problem, &Second { hessian: &hessian, hvp: &hvp })
}
