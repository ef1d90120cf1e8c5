//! Every row at every check point against 50-digit values, which `data/derivatives.py` writes.

use autodiff::Real;
use autodiff::rules::{Binary, Unary};
use tests::ulps;

use crate::rows::{forward, forward2};

/// A row at a point: the value and the partial derivatives by order, then by how many of them are with respect to `b`.
struct Line {
    function: String,
    at: [Option<f64>; 2],
    partials: Vec<Option<f64>>,
}

impl Line {
    fn partial(&self, order: usize, of_b: usize) -> Option<f64> {
        self.partials[order * (order + 1) / 2 + of_b]
    }
}

fn lines() -> Vec<Line> {
    let number = |cell: &str| (!cell.is_empty()).then(|| cell.parse().expect("a number"));
    let mut reader = csv::Reader::from_reader(include_str!("../data/derivatives.csv").as_bytes());
    let records = reader.records().map(|record| record.expect("a line of derivatives.csv"));
    let line = |record: csv::StringRecord| Line {
        function: record[0].to_owned(),
        at: [number(&record[1]), number(&record[2])],
        partials: record.iter().skip(3).map(number).collect(),
    };
    records.map(line).collect()
}

const RENEW: &str = "`python3 tests/data/derivatives.py` computes what is missing (it needs mpmath)";

#[track_caller]
fn find<'a>(lines: &'a [Line], function: &str, at: [Option<f64>; 2]) -> &'a Line {
    let here = |line: &&Line| line.function == function && line.at == at;
    lines.iter().find(here).unwrap_or_else(|| panic!("derivatives.csv has no line for {function} at {at:?}; {RENEW}"))
}

#[test]
fn every_point_has_a_line_and_every_line_a_point() {
    let lines = lines();
    let mut points = 0;
    for f in Unary::ALL {
        assert!(!f.points().is_empty(), "{} has no points to be checked at", f.name());
        for &x in f.points() {
            find(&lines, f.name(), [Some(x), None]);
        }
        points += f.points().len();
    }
    for f in Binary::ALL {
        assert!(!f.points().is_empty(), "{} has no points to be checked at", f.name());
        for &(a, b) in f.points() {
            find(&lines, f.name(), [Some(a), Some(b)]);
        }
        points += f.points().len();
    }
    assert_eq!(points, lines.len(), "lines without a point, or two for the same; {RENEW}");
}

/// The largest error of a row's value in ulp, as the table's documentation has it.
fn value_bound(name: &str, [a, b]: [f64; 2]) -> f64 {
    match name {
        "erf" => 0.7,
        "erfc" => 2.1,
        "inv_erf" => 2.8,
        "logit" => 2.6,
        "normal_pdf" => 2.5,
        "normal_cdf" => 2.4,
        "digamma" if a > 0.0 => 2.3,
        "ln_gamma" | "digamma" if a < 0.0 => 4.0,
        "polygamma" if a < 0.0 => 4.0 + 2.0 * b,
        "polygamma" | "spherical_jn" => 6.1,
        // A product for every bit of the exponent.
        "powi" => b.abs(),
        // What the standard library gives loses digits near the edge of the domain.
        "acosh" | "atanh" => 1e5,
        _ => 2.0,
    }
}

/// Rows whose slope is taken from the result, or from a difference: exact to 4 eps absolute where they saturate.
fn saturates(name: &str) -> bool {
    matches!(name, "tanh" | "sigmoid" | "log_add_exp")
}

/// Rows whose second derivative is, in places, a small difference of numbers near 1.
fn cancels(name: &str) -> bool {
    saturates(name) || matches!(name, "softplus" | "log_sigmoid" | "asin" | "acos" | "atanh")
}

/// Compares a partial derivative with the reference: the value as documented, the first to 8 ulp, further ones to 1e-12.
#[track_caller]
fn compare(line: &Line, order: usize, of_b: usize, got: f64) {
    let name = line.function.as_str();
    let Some(want) = line.partial(order, of_b) else { return };
    let at = line.at.map(|x| x.unwrap_or(0.0));
    let (error, what) = (ulps(got, want), format!("{name} at {:?}, order {order} ({of_b} of b)", line.at));
    // The reference is rounded too.
    let near = match order {
        0 => error <= value_bound(name, at) + 0.5,
        1 => error <= 8.5 || saturates(name) && (got - want).abs() <= 4.0 * f64::EPSILON,
        _ => {
            let floor = if cancels(name) { 1.0 } else { 0.0 };
            (got - want).abs() <= 1e-12 * want.abs().max(floor)
        }
    };
    assert!(near, "{what}: got {got:e}, want {want:e}, {error:.1} ulp off");
}

#[test]
fn unary() {
    let lines = lines();
    for &f in Unary::ALL {
        for &x in f.points() {
            let line = find(&lines, f.name(), [Some(x), None]);
            compare(line, 0, 0, f.value(x));
            for (order, got) in (1..).zip(forward(|x| x.unary(f), x)) {
                compare(line, order, 0, got);
            }
        }
    }
}

#[test]
fn binary() {
    let lines = lines();
    for &f in Binary::ALL {
        for &(a, b) in f.points() {
            let line = find(&lines, f.name(), [Some(a), Some(b)]);
            compare(line, 0, 0, f.value(a, b));
            let y = forward2(f, a, b);
            for i in 0..2 {
                let first = y.tangent()[i];
                compare(line, 1, i, first.value().value());
                for j in 0..2 {
                    let second = first.tangent()[j];
                    compare(line, 2, i + j, second.value());
                    for k in 0..2 {
                        compare(line, 3, i + j + k, second.tangent()[k]);
                    }
                }
            }
        }
    }
}
