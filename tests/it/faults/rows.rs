//! Mistakes in slopes of the table's rows, put into fused blocks: [`Dual`] numbers whose tangents are made by hand.

use autodiff::check::{self, Report, Verdict};
use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Var, fuse};
use tests::constant_second;

/// What is wrong with a slope.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bend {
    Sign,
    Factor(f64),
    Offset,
    Dropped,
    /// Argument and result, or both arguments, in each other's place.
    Swapped,
    /// The first argument, or the result, has a value that it had earlier.
    Stale,
    StaleResult,
    /// The value in place of the slope.
    Value,
    /// The slope with respect to the other argument.
    Other,
}

const BENDS: [Bend; 10] = [
    Bend::Sign,
    Bend::Factor(2.0),
    Bend::Factor(1.0 + 1e-5),
    Bend::Offset,
    Bend::Dropped,
    Bend::Swapped,
    Bend::Stale,
    Bend::StaleResult,
    Bend::Value,
    Bend::Other,
];

impl Bend {
    /// What becomes of a slope, which is a function of the two arguments and the result.
    fn of(self, slope: impl Fn(f64, f64, f64) -> f64, other: f64, [a, b, y]: [f64; 3], is_unary: bool) -> f64 {
        let earlier = |x: f64| 0.9 * x + 0.05;
        match self {
            Self::Sign => -slope(a, b, y),
            Self::Factor(c) => c * slope(a, b, y),
            Self::Offset => slope(a, b, y) + 1.0,
            Self::Dropped => 0.0,
            Self::Swapped if is_unary => slope(y, b, a),
            Self::Swapped => slope(b, a, y),
            Self::Stale => slope(earlier(a), b, y),
            Self::StaleResult => slope(a, b, earlier(y)),
            Self::Value => y,
            Self::Other => other,
        }
    }
}

/// The first three points that are neither next to a kink, nor next to the domain's edge, nor so large that the baseline
/// sees rounding only.
fn moderate(points: Vec<Vec<f64>>, value: impl Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
    let middle = |x: &f64| *x == 0.0 || (0.01..100.0).contains(&x.abs());
    let around = |x: &[f64]| {
        let moved =
            |c: f64| value(&x.iter().map(|x| x + c * if *x == 0.0 { 1.0 } else { x.abs() }).collect::<Vec<_>>());
        moved(-0.05).is_finite() && moved(0.05).is_finite()
    };
    points.into_iter().filter(|x| x.iter().all(middle) && around(x)).take(3).collect()
}

pub(super) fn unary_points(f: Unary) -> Vec<Vec<f64>> {
    moderate(f.points().iter().map(|&x| vec![x]).collect(), |x| f.value(x[0]))
}

pub(super) fn binary_points(f: Binary) -> Vec<Vec<f64>> {
    // The second operand of some rows is a whole number by contract.
    let around = |x: &[f64]| f.value(x[0], if constant_second(f) { x[1].round() } else { x[1] });
    moderate(f.points().iter().map(|&(a, b)| vec![a, b]).collect(), around)
}

/// By how much two reports' derivatives from the tape differ, relative to the largest.
fn change(right: &Report<f64>, wrong: &Report<f64>) -> f64 {
    let size = right.entries.iter().chain(&wrong.entries).fold(0.0_f64, |size, entry| size.max(entry.autodiff.abs()));
    let pairs = right.entries.iter().zip(&wrong.entries);
    let largest = pairs.fold(0.0_f64, |largest, (a, b)| largest.max((a.autodiff - b.autodiff).abs()));
    if size == 0.0 { 0.0 } else { largest / size }
}

/// What changes no number by more than a millionth at a point is no fault there; every other one is caught at each point,
/// unless the baseline cannot tell there even of the right rule. `report` is told which operand's slope is bent.
fn caught(
    name: &str,
    points: &[Vec<f64>],
    operands: usize,
    report: impl Fn(Option<(usize, Bend)>, &[f64]) -> Report<f64>,
) -> usize {
    let mut faults = 0;
    let right: Vec<_> = points.iter().map(|x| report(None, x)).collect();
    for (operand, bend) in (0..operands).flat_map(|i| BENDS.map(|bend| (i, bend))) {
        let mut seen = false;
        for (x, right) in points.iter().zip(&right).filter(|(_, right)| right.is_pass()) {
            let wrong = report(Some((operand, bend)), x);
            if change(right, &wrong) > 1e-6 {
                assert_eq!(wrong.verdict, Verdict::Fail, "{name}, operand {operand}, {bend:?} at {x:?}: {wrong}");
                seen = true;
            }
        }
        faults += usize::from(seen);
    }
    faults
}

/// A block with this value and these slopes.
fn block<const K: usize>(x: [Dual<f64, K>; K], value: f64, slopes: [f64; K]) -> Dual<f64, K> {
    let tangent = |k: usize| (0..K).map(|i| slopes[i] * x[i].tangent()[k]).sum();
    Dual::new(value, std::array::from_fn(tangent))
}

fn of_one(f: Unary, bend: Option<Bend>) -> impl Fn(&[Var<f64>]) -> Var<f64> {
    move |x| {
        fuse([x[0]], move |[a]| {
            let (x, y) = (a.value(), f.value(a.value()));
            let slope = |x: f64, _: f64, y: f64| f.derivative(x, y);
            let right = slope(x, 0.0, y);
            block([a], y, [bend.map_or(right, |bend| bend.of(slope, right, [x, 0.0, y], true))])
        })
    }
}

fn of_two(f: Binary, wrong: Option<(usize, Bend)>) -> impl Fn(&[Var<f64>]) -> Var<f64> {
    move |x| {
        fuse([x[0], x[1]], move |[p, q]| {
            let (a, b) = (p.value(), q.value());
            let y = f.value(a, b);
            let mut slopes = [f.derivative_a(a, b, y), f.derivative_b(a, b, y)];
            match wrong {
                Some((0, bend)) => {
                    slopes[0] = bend.of(|a, b, y| f.derivative_a(a, b, y), slopes[1], [a, b, y], false);
                }
                Some((_, bend)) => {
                    slopes[1] = bend.of(|a, b, y| f.derivative_b(a, b, y), slopes[0], [a, b, y], false);
                }
                None => {}
            }
            block([p, q], y, slopes)
        })
    }
}

#[test]
fn every_wrong_slope_is_caught() {
    let mut faults = 0;
    for &f in Unary::ALL {
        faults += caught(f.name(), &unary_points(f), 1, |wrong, x| {
            check::gradient(of_one(f, wrong.map(|(_, bend)| bend)), x)
        });
    }
    for &f in Binary::ALL {
        faults += caught(f.name(), &binary_points(f), 2, |wrong, x| check::gradient(of_two(f, wrong), x));
    }
    println!("{faults} wrong slopes of the table's rows, all caught");
    assert!(faults >= 400, "{faults}");
}
