//! Right derivatives: no check calls one wrong.
//!
//! `LONG=1 cargo test --release -p tests --test it no_false_alarm -- --nocapture` runs a hundred thousand random cases;
//! without the variable it is five hundred; `CHECK_CASES` gives another number.

use std::collections::BTreeMap;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use autodiff::check::{self, Report, Verdict};
use autodiff::rules::{Binary, Unary};
use autodiff::{Real, Tensor, Var};
use tests::{constant_second, is_long};

use super::rows::{binary_points, unary_points};

/// An operation with a point off its kinks and inside its domain, and where its operands are among the last values.
#[derive(Clone, Debug)]
enum Step {
    Unary(Unary, f64, usize),
    Binary(Binary, [f64; 2], [usize; 2]),
}

/// The rows, each with its moderate check points.
struct Rows {
    unary: Vec<(Unary, Vec<Vec<f64>>)>,
    binary: Vec<(Binary, Vec<Vec<f64>>)>,
}

impl Rows {
    fn new() -> Self {
        let unary = Unary::ALL.iter().map(|&f| (f, unary_points(f))).collect();
        let binary = Binary::ALL.iter().map(|&f| (f, binary_points(f))).collect();
        Self { unary, binary }
    }

    fn step(&self, rng: &mut impl Rng) -> Step {
        let row = rng.random_range(0..self.unary.len() + self.binary.len());
        if let Some((f, points)) = self.unary.get(row) {
            return Step::Unary(*f, points[rng.random_range(0..points.len())][0], rng.random_range(0..3));
        }
        let (f, points) = &self.binary[row - self.unary.len()];
        let point = &points[rng.random_range(0..points.len())];
        Step::Binary(*f, [point[0], point[1]], [rng.random_range(0..3), rng.random_range(0..3)])
    }
}

/// Leads a value next to a point, smoothly.
fn into<R: Real>(x: R, point: f64) -> R {
    R::of(point) + R::of(if point == 0.0 { 0.03 } else { 0.03 * point.abs() }) * x.sin()
}

/// Runs a program: every step appends a value.
fn run(program: &[Step], x: &[Var<f64>]) -> Var<f64> {
    let mut values = x.to_vec();
    for step in program {
        let operand = |back: usize| values[values.len() - 1 - back];
        values.push(match *step {
            Step::Unary(f, point, a) => into(operand(a), point).unary(f),
            Step::Binary(f, [p, q], [a, b]) => {
                let b = if constant_second(f) { Var::constant(q) } else { into(operand(b), q) };
                into(operand(a), p).binary(f, b)
            }
        });
    }
    values.into_iter().sum()
}

type Matrix = fn(&Tensor<f64>, &Tensor<f64>) -> Tensor<f64>;

/// What is done to a matrix of 2 × 3.
const MATRIX: [Matrix; 12] = [
    |x, w| x.matmul(w),
    |x, w| x.linear(w, &w.narrow(0, 0..1).squeeze(0)),
    |x, w| x * w.sum_axis(0),
    |x, w| x / (w.square().mean() + 1.0),
    |x, _| x.softmax(1),
    |x, _| x.log_softmax(0),
    |x, _| x.cumsum(1).roll(1, 0),
    |x, _| x.transpose().reshape(&[2, 3]).sinh().tanh(),
    |x, _| x - x.logsumexp(0),
    |x, _| Tensor::concat(&[&x.narrow(1, 1..3).exp(), &x.narrow(1, 0..1)], 1) * 0.3,
    |x, w| x + x.tanh().matmul(&w.transpose()).sin(),
    |x, _| x.pad(&[(1, 0), (0, 0)], 0.5).prod_axes(&[0], true) + x,
];

fn numbers(rng: &mut impl Rng, shape: &[usize]) -> Tensor<f64> {
    Tensor::constant(ndarray::ArrayD::from_shape_simple_fn(shape, || rng.random_range(-1.0..1.0)))
}

/// A random case, with what is needed to see it again.
fn case(rows: &Rows, rng: &mut ChaCha8Rng) -> (String, Report<f64>) {
    if rng.random_range(0..10) == 0 {
        let steps: Vec<usize> = (0..rng.random_range(1..4)).map(|_| rng.random_range(0..MATRIX.len())).collect();
        let t = [numbers(rng, &[2, 3]), numbers(rng, &[3, 3])];
        let weights = numbers(rng, &[2, 3]);
        let f = |t: &[Tensor<f64>]| {
            let y = steps.iter().fold(t[0].clone(), |x, &step| MATRIX[step](&x, &t[1]));
            (y * &weights).sum()
        };
        return (format!("{steps:?} at {t:?}"), check::tensor_gradient(f, &t));
    }
    let program: Vec<Step> = (0..rng.random_range(1..8)).map(|_| rows.step(rng)).collect();
    let x: [f64; 3] = std::array::from_fn(|_| rng.random_range(-2.0..2.0));
    let what = format!("{program:?} at {x:?}");
    if rng.random_range(0..10) == 0 {
        return (what, check::hessian(|x| run(&program, x), &x));
    }
    (what, check::gradient(|x| run(&program, x), &x))
}

/// Wrong would be a false alarm; undecided is allowed, but rare where functions are smooth.
#[test]
fn no_false_alarm() {
    let asked = std::env::var("CHECK_CASES").ok().map(|count| count.parse().expect("CHECK_CASES is a number"));
    let count: usize = asked.unwrap_or(if is_long() { 100_000 } else { 500 });
    let (rows, mut rng) = (Rows::new(), ChaCha8Rng::seed_from_u64(20));
    let (mut verdicts, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    for _ in 0..count {
        let (what, report) = case(&rows, &mut rng);
        *verdicts.entry(report.verdict.to_string()).or_default() += 1;
        match report.verdict {
            Verdict::Pass => {}
            Verdict::Fail => wrong.push(format!("{what}: {report}")),
            Verdict::Inconclusive(_) => println!("{what}: {report}"),
        }
    }
    println!("{count} right derivatives: {verdicts:?}");
    assert!(wrong.is_empty(), "{} false alarms:\n{}", wrong.len(), wrong.join("\n"));
    let undecided = count - verdicts.get("PASS").copied().unwrap_or(0);
    assert!(100 * undecided <= count, "{undecided} of {count} undecided");
}
