//! The table of edge values, as the documentation of `autodiff::rules` shows it.

use std::fmt::Write;

use autodiff::rules::{Binary, Unary};

/// Every row's edge points.
pub fn points() -> Vec<(&'static str, Vec<f64>)> {
    let unary = Unary::ALL.iter().flat_map(|f| f.edges().iter().map(|&x| (f.name(), vec![x])));
    let binary = Binary::ALL.iter().flat_map(|f| f.edges().iter().map(|&(a, b)| (f.name(), vec![a, b])));
    unary.chain(binary).collect()
}

/// Value and derivatives by the rules.
pub fn by_rule(name: &str, at: &[f64]) -> Vec<f64> {
    if let [a, b] = *at {
        let f = Binary::ALL.iter().find(|f| f.name() == name).expect("a row");
        let y = f.value(a, b);
        return vec![y, f.derivative_a(a, b, y), f.derivative_b(a, b, y)];
    }
    let f = Unary::ALL.iter().find(|f| f.name() == name).expect("a row");
    let y = f.value(at[0]);
    vec![y, f.derivative(at[0], y)]
}

/// Numbers as the table shows them.
fn shown(numbers: &[f64]) -> String {
    let one = |&x: &f64| match x {
        x if x.is_nan() => "NaN".to_owned(),
        x if x.is_infinite() => if x > 0.0 { "inf" } else { "-inf" }.to_owned(),
        x if x != 0.0 && (x.abs() < 1e-4 || x.abs() >= 1e5) => format!("{x:.3e}"),
        // A zero's sign is no convention worth a column.
        x => format!("{}", (x * 1e4).round() / 1e4 + 0.0),
    };
    numbers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The numbers of another library, and whether they are these.
fn compared(ours: &[f64], cells: &[&str]) -> String {
    let theirs: Vec<f64> =
        cells.iter().filter(|cell| !cell.is_empty()).map(|cell| cell.parse().expect("a number")).collect();
    let same =
        |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan() || a.is_finite() && (a - b).abs() <= 1e-9 * a.abs();
    match theirs.len() {
        0 => String::new(),
        _ if ours.iter().zip(&theirs).all(same) => "same".to_owned(),
        _ => shown(&theirs),
    }
}

/// The table in Markdown.
///
/// # Panics
/// If `csv` lacks a point, or has a line that is none.
pub fn table(csv: &str) -> String {
    let lines: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut out = "| function | at | value, derivatives | PyTorch | JAX |\n|---|---|---|---|---|\n".to_owned();
    let points = points();
    assert_eq!(points.len(), lines.len(), "edges.csv has a line for each point");
    for ((name, at), line) in points.into_iter().zip(lines) {
        assert_eq!((line[0], line[1]), (name, format!("{:?}", at[0]).as_str()), "edges.csv is of other points");
        let ours = by_rule(name, &at);
        let (torch, jax) = (compared(&ours, &line[3..6]), compared(&ours, &line[6..9]));
        writeln!(out, "| `{name}` | {} | {} | {torch} | {jax} |", shown(&at), shown(&ours))
            .expect("a string takes all");
    }
    out
}
