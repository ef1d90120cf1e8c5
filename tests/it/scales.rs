//! Every row of the table at `±10^k` over the whole range of exponents: the error of a numerical derivative is within its
//! bound, or the bound is infinite, and no check calls a right derivative wrong.
//!
//! With `LONG=1` first derivatives are taken at every point, the others at many; without, all at some.

use std::fmt;

use autodiff::check::{self, Verdict};
use autodiff::numeric::{self, Differences, Estimate, Method};
use autodiff::rules::{Binary, Unary};
use autodiff::{Real, Tensor, Var};
use tests::{constant_second, is_long};

use crate::rows::forward;

/// What stands beside the operand that varies; no power of ten is a multiple of it.
const OTHER: f64 = 0.731_058_578_630_004_9;

/// A row as a function of one number.
#[derive(Clone, Copy, Debug)]
enum Line {
    One(Unary),
    First(Binary, f64),
    Second(Binary),
    /// The number for both operands.
    Shared(Binary),
    /// The number, and half of it.
    Scaled(Binary),
}

impl Line {
    fn all() -> Vec<Self> {
        let mut all: Vec<Self> = Unary::ALL.iter().map(|&f| Self::One(f)).collect();
        for &f in Binary::ALL {
            if constant_second(f) {
                all.extend([1.0, 2.0].map(|order| Self::First(f, order)));
            } else {
                all.extend([Self::First(f, OTHER), Self::Second(f), Self::Shared(f), Self::Scaled(f)]);
            }
        }
        all
    }

    fn at<R: Real>(self, x: R) -> R {
        match self {
            Self::One(f) => x.unary(f),
            Self::First(f, b) => x.binary(f, R::of(b)),
            Self::Second(f) => R::of(OTHER).binary(f, x),
            Self::Shared(f) => x.binary(f, x),
            Self::Scaled(f) => x.binary(f, x * R::of(0.5)),
        }
    }

    /// Whether there is a derivative that the rule gives in full: steps have none at whole numbers, which all large numbers
    /// are, nor have `x mod x` and `x mod x/2`; next to the least numbers, which have few digits, remainders and lengths have no more.
    fn has_derivative(self, x: f64) -> bool {
        match self {
            Self::One(f) => !(f.is_step() || f == Unary::Fract) || x.abs() < 1.0,
            Self::Shared(f) | Self::Scaled(f) => match f {
                Binary::Rem => false,
                Binary::Hypot => x.abs() > 1e-30,
                _ => true,
            },
            Self::Second(Binary::Rem) => x.abs() > 1e-35,
            _ => true,
        }
    }
}

/// The points `±10^k` of a number type.
fn points<T: Real>(lowest: i32, highest: i32) -> Vec<T> {
    let point = |k: i32| T::of(format!("1e{k}").parse().expect("a number"));
    let points = (lowest..=highest).flat_map(|k| [point(k), -point(k)]);
    points.filter(|x| *x != T::zero() && x.is_finite()).collect()
}

#[derive(Default)]
struct Tally {
    all: usize,
    bounded: usize,
    worst: f64,
    wrong: Vec<String>,
}

impl Tally {
    /// Compares with a derivative of order 1 or 2, which is itself exact to 8 eps or to 1e-12; below the least normal number it
    /// may have no digits.
    fn compare<T: Real>(&mut self, what: impl fmt::Display, order: usize, got: Estimate<T>, want: f64) {
        self.all += 1;
        if !got.error.is_finite() {
            return;
        }
        self.bounded += 1;
        let rounding = if order == 1 { 8.0 * f64::EPSILON } else { 1e-12 } * want.abs() + f64::MIN_POSITIVE;
        let off = (got.value.primal() - want).abs();
        self.worst = self.worst.max((off - rounding) / got.error.primal());
        let within = off <= got.error.primal() + rounding;
        if !within {
            self.wrong.push(format!("{what}: {got}, right {want:e}"));
        }
    }

    fn finish(&self, what: &str, least: f64) {
        let Self { all, bounded, worst, wrong } = self;
        println!("{what}: {bounded} of {all} with a bound, true error at most {worst:.2} bounds");
        assert!(wrong.is_empty(), "{what}: {} of {all} beyond their bounds:\n{}", wrong.len(), wrong.join("\n"));
        assert!(*bounded as f64 >= least * *all as f64, "{what}: only {bounded} of {all} have a bound");
    }
}

/// Calls the function for pairs of a row and a point at which there is a derivative, with the first two. Of all pairs it is
/// one in so many: the first number, the second with `LONG=1`.
fn each<T: Real>(points: &[T], [some, many]: [usize; 2], mut visit: impl FnMut(Line, T, [f64; 3])) {
    let lines = Line::all();
    for pair in (0..lines.len() * points.len()).step_by(if is_long() { many } else { some }) {
        let (line, x) = (lines[pair / points.len()], points[pair % points.len()]);
        if line.has_derivative(x.primal()) && line.at(x).is_finite() {
            visit(line, x, forward(|x| line.at(x), x.primal()));
        }
    }
}

fn first_order<T: Real>(what: &str, points: &[T], some: usize) {
    let mut tally = Tally::default();
    each(points, [some, 1], |line, x, [slope, ..]| {
        if !slope.is_nan() {
            let got = numeric::derivative(|x| line.at(x), x);
            tally.compare(format_args!("{line:?} at {x:e}", x = x.primal()), 1, got, slope);
        }
    });
    tally.finish(what, 0.5);
}

#[test]
fn first_derivatives_in_double_precision() {
    first_order("f64", &points::<f64>(-323, 308), 457);
}

#[test]
fn first_derivatives_in_single_precision() {
    first_order("f32", &points::<f32>(-45, 38), 23);
}

#[test]
fn second_derivatives() {
    let mut tally = Tally::default();
    each(&points::<f64>(-323, 308), [701, 3], |line, x, [_, second, _]| {
        if !second.is_nan() {
            let got = numeric::hessian(|x| line.at(x[0]), &[x])[[0, 0]];
            tally.compare(format_args!("{line:?} at {x:e}"), 2, got, second);
        }
    });
    tally.finish("second order", 0.3);
}

#[test]
fn mixed_derivatives() {
    let mut tally = Tally::default();
    each(&points::<f64>(-323, 308), [2503, 5], |line, x, [slope, second, _]| {
        if !slope.is_nan() {
            let got = numeric::hessian(|x| line.at(x[0]) * x[1], &[x, 0.7])[[0, 1]];
            tally.compare(format_args!("{line:?} at {x:e}"), 1, got, slope);
        }
        if !second.is_nan() {
            let got = numeric::hessian(|x| line.at(x[0] + x[1]), &[x, 0.0])[[0, 1]];
            tally.compare(format_args!("{line:?} of a sum at {x:e}"), 2, got, second);
        }
    });
    tally.finish("mixed", 0.3);
}

#[test]
fn other_ways() {
    let mut tally = Tally::default();
    each(&points::<f64>(-319, 308), [3001, 7], |line, x, [slope, ..]| {
        if slope.is_nan() {
            return;
        }
        let mut compare = |how: &str, got: Estimate<f64>, want: f64| {
            tally.compare(format_args!("{how}, {line:?} at {x:e}"), 1, got, want);
        };
        for method in [Method::FromRight, Method::FromLeft] {
            compare(&format!("{method:?}"), Differences::new(method).derivative(|x| line.at(x), x), slope);
        }
        let f = |x: &[Var<f64>]| line.at(x[0]);
        for v in [1.0, -0.3, 1e-200, 1e200] {
            if v == 1.0 || slope.abs() > 1e-300 {
                compare(&format!("along {v:e}"), numeric::directional(f, &[x], &[v]), slope * v);
            }
        }
        let beside = |x: &[Var<f64>]| line.at(x[0]) + x[1].sin();
        if !matches!(line, Line::Second(Binary::Rem)) {
            compare("beside 2", numeric::directional(beside, &[x, 2.0], &[1.0, 1.0]), slope + 2.0_f64.cos());
        }
        compare("jacobian", numeric::jacobian(|x| [x[0], line.at(x[0])], &[x])[[1, 0]], slope);
        if let Line::One(row) = line {
            let x = Tensor::scalar(x);
            compare("tensor", numeric::tensor_gradient(|t| t[0].unary(row), &[x])[0][[]], slope);
        }
    });
    tally.finish("other ways", 0.3);
}

/// Where the step is small against the scale of 1, on which some rows vary, and above the least numbers; but no step is small
/// against what a remainder does with its divisor.
#[test]
fn simple_methods() {
    let mut tally = Tally::default();
    each(&points::<f64>(-319, 5), [29, 1], |line, x, [slope, ..]| {
        for method in [Method::Forward, Method::Backward, Method::Central] {
            if !(slope.is_nan() || matches!(line, Line::Second(Binary::Rem))) {
                let got = Differences::new(method).derivative(|x| line.at(x), x);
                tally.compare(format_args!("{method:?}, {line:?} at {x:e}"), 1, got, slope);
            }
        }
    });
    tally.finish("simple methods", 0.3);
}

type Function<T> = fn(Var<T>) -> Var<T>;

/// A function with its derivative.
type Slope<T> = (&'static str, Function<T>, fn(f64) -> f64);

/// Functions of which larger terms leave little next to 0. In their derivatives nothing cancels.
fn small<T: Real>() -> Vec<Slope<T>> {
    vec![
        ("ln(1 + x)", |x| (x + T::one()).ln(), |x| (1.0 + x).recip()),
        ("ln(1 + x) (x + 3)", |x| (x + T::one()).ln() * (x + T::of(3.0)), |x| (x + 3.0) / (1.0 + x) + x.ln_1p()),
        ("x - ln(1 + x)", |x| x - (x + T::one()).ln(), |x| x / (1.0 + x)),
        ("exp x - 1", |x| x.exp() - T::one(), f64::exp),
        ("cos x - 1", |x| x.cos() - T::one(), |x| -x.sin()),
        ("sqrt(1 + x) - 1", |x| (x + T::one()).sqrt() - T::one(), |x| 0.5 / (1.0 + x).sqrt()),
        ("(x + 1) - 1", |x| (x + T::one()) - T::one(), |_| 1.0),
        ("((x + 1) - 1) - x", |x| ((x + T::one()) - T::one()) - x, |_| 0.0),
        ("(1 + x)^2 - 1", |x| (x + T::one()).square() - T::one(), |x| 2.0 * (1.0 + x)),
        ("1/(1 + x) - 1", |x| (x + T::one()).recip() - T::one(), |x| -(1.0 + x).powi(-2)),
        ("ln(1 + exp x) - ln 2", |x| (x.exp() + T::one()).ln() - T::of(2.0).ln(), |x| (1.0 + (-x).exp()).recip()),
        ("sin(x + 0.7) - sin 0.7", |x| (x + T::of(0.7)).sin() - T::of(0.7).sin(), |x| (x + 0.7).cos()),
        ("exp(-x^2) - 1", |x| (-x.square()).exp() - T::one(), |x| -2.0 * x * (-x * x).exp()),
        ("sin^2 x + cos^2 x - 1", |x| x.sin().square() + x.cos().square() - T::one(), |_| 0.0),
    ]
}

/// Functions that vary next to 0 on a scale of their own.
fn own_scale() -> Vec<Slope<f64>> {
    vec![
        ("sqrt(x^2 + 1e-10)", |x| (x.square() + 1e-10).sqrt(), |x| x / (x * x + 1e-10).sqrt()),
        ("x/(x^2 + 1e-6)", |x| x / (x.square() + 1e-6), |x| (1e-6 - x * x) / (x * x + 1e-6).powi(2)),
        ("softplus(1e3 x)", |x| (x * 1e3).softplus(), |x| 1e3 / (1.0 + (-1e3 * x).exp())),
        ("x + |x|^1.5", |x| x + x.abs().powf(1.5), |x| 1.0 + 1.5 * x.abs().sqrt() * x.signum()),
    ]
}

fn next_to_zero<T: Real>(what: &str, functions: Vec<Slope<T>>, lowest: i32) {
    let mut tally = Tally::default();
    let points = points::<T>(lowest, -1);
    // An odd number: of both signs.
    let every = if is_long() { 1 } else { (points.len() / 8) | 1 };
    for (name, f, slope) in functions {
        for &point in points.iter().step_by(every) {
            let x = point * T::of(0.37);
            let got = numeric::derivative(f, x);
            let want = T::of(slope(x.primal())).primal();
            tally.compare(format_args!("{name} at {x:e}", x = x.primal()), 1, got, want);
            let reports = [
                check::gradient(|x| f(x[0]), &[x]),
                check::hessian(|x| f(x[0]), &[x]),
                check::hessian(|x| f(x[0] * x[1]), &[x, T::of(0.7)]),
            ];
            for report in reports {
                assert_ne!(report.verdict, Verdict::Fail, "{name} at {x}: {report}");
            }
        }
    }
    tally.finish(what, 0.7);
}

#[test]
fn what_larger_terms_leave() {
    next_to_zero::<f64>("what larger terms leave", small(), -300);
    next_to_zero::<f32>("what larger terms leave, f32", small(), -37);
    next_to_zero::<f64>("a scale of their own", own_scale(), -300);
}

fn no_false_alarm<T: Real>(points: &[T], every: [usize; 2]) {
    let (mut passed, mut all) = (0, 0);
    each(points, every, |line, x, _| {
        let reports = [check::gradient(|x| line.at(x[0]), &[x]), check::hessian(|x| line.at(x[0]), &[x])];
        for report in reports {
            assert_ne!(report.verdict, Verdict::Fail, "{line:?} at {x}: {report}");
            all += 1;
            passed += usize::from(report.is_pass());
        }
    });
    println!("{passed} of {all} pass");
    assert!(3 * passed >= all, "{passed} of {all} pass");
}

#[test]
fn checks_call_no_row_wrong() {
    no_false_alarm(&points::<f64>(-323, 308), [1499, 3]);
    no_false_alarm(&points::<f32>(-45, 38), [89, 1]);
}
