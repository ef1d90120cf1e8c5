//! What the numerical baseline and the check promise, measured against 50-digit values that `data/smooth.py` writes.

use autodiff::check::{self, Reason, Verdict};
use autodiff::{Var, numeric};

type Function = fn(Var<f64>) -> Var<f64>;

/// The functions of `smooth.py`.
const SMOOTH: [(&str, Function); 15] = [
    ("sin", |x| x.sin()),
    ("exp", |x| x.exp()),
    ("ln", |x| x.ln()),
    ("sqrt", |x| x.sqrt()),
    ("recip", |x| x.recip()),
    ("tan", |x| x.tan()),
    ("tanh", |x| x.tanh()),
    ("atan", |x| x.atan()),
    ("asin", |x| x.asin()),
    ("gauss", |x| (-x * x).exp()),
    ("exp_sin", |x| x.sin().exp()),
    ("fast_sine", |x| (20.0 * x).sin()),
    ("runge", |x| (1.0 + 25.0 * x * x).recip()),
    ("softplus", |x| x.softplus()),
    ("power", |x| x.powf(x)),
];

/// Every function at its 200 points, with the derivative there.
fn points() -> Vec<(&'static str, Function, f64, f64)> {
    let mut reader = csv::Reader::from_reader(include_str!("../data/smooth.csv").as_bytes());
    let point = |record: csv::StringRecord| {
        let (name, f) = SMOOTH.into_iter().find(|(name, _)| *name == &record[0]).expect("a function of smooth.py");
        let number = |cell: usize| record[cell].parse().expect("a number");
        (name, f, number(1), number(2))
    };
    let points: Vec<_> = reader.records().map(|record| point(record.expect("a line of smooth.csv"))).collect();
    assert_eq!(points.len(), 15 * 200);
    points
}

#[test]
fn the_numerical_derivative_and_its_bound() {
    let (mut errors, mut worst) = (Vec::new(), 0.0_f64);
    for (name, f, x, want) in points() {
        let got = numeric::derivative(f, x);
        let error = (got.value - want).abs();
        assert!(error <= 10.0 * got.error, "{name} at {x}: {got}, wanted {want:e}");
        worst = worst.max(error / got.error);
        errors.push(error / want.abs());
    }
    errors.sort_by(f64::total_cmp);
    let (median, percentile) = (errors[errors.len() / 2], errors[errors.len() * 99 / 100]);
    println!("median relative error {median:.1e}, 99th percentile {percentile:.1e}, error at most {worst:.2} bounds");
    assert!(median <= 1e-14, "median {median:e}");
    assert!(percentile <= 1e-8, "99th percentile {percentile:e}");
}

#[test]
fn smooth_functions_pass_and_gradients_off_by_a_millionth_fail() {
    let (mut passed, mut caught) = (0, 0);
    for (name, f, x, _) in points() {
        let report = check::gradient(|x| f(x[0]), &[x]);
        assert_eq!(report.verdict, Verdict::Pass, "{name} at {x}: {report}");
        passed += 1;
        // Adds 1e-6 f' to the function and nothing to the tape.
        let wrong = |x: Var<f64>| f(x) + f(Var::constant(x.value())) * 1e-6;
        caught += usize::from(check::gradient(|x| wrong(x[0]), &[x]).verdict == Verdict::Fail);
    }
    println!("smooth functions: {passed} of 3000 pass; off by 1e-6: {caught} of 3000 caught");
    assert!(caught * 100 >= 98 * 3000, "{caught} of 3000 caught");
}

#[test]
fn kinks_at_log_uniform_distances_are_rarely_called_wrong() {
    let functions: [(&str, Function); 3] =
        [("relu", |x| x.relu()), ("abs", |x| x.abs()), ("hinge", |x| (1.0 - (x + 1.0)).relu() * 2.0)];
    let (mut fails, mut passes, mut kinks, mut all) = (0, 0, 0, 0);
    for (name, f) in functions {
        for i in 0..300 {
            // From 1e-9 to 0.1, spread by the golden ratio, on both sides.
            let exponent = ((f64::from(i) + 0.5) * 0.618_033_988_749_894_8).fract();
            let distance = 1e-9 * 1e8_f64.powf(exponent);
            for x in [distance, -distance] {
                all += 1;
                match check::gradient(|x| f(x[0]), &[x]).verdict {
                    Verdict::Pass => passes += 1,
                    Verdict::Fail => fails += 1,
                    Verdict::Inconclusive(Reason::Kink) => kinks += 1,
                    verdict @ Verdict::Inconclusive(_) => panic!("{name} at {x}: {verdict}"),
                }
            }
        }
    }
    println!("at distances from a kink: {fails} of {all} fail, {passes} pass, {kinks} are called kinks");
    assert!(fails * 100 <= 5 * all, "{fails} of {all} fail");
}
