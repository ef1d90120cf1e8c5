//! L16 Three ways to a derivative: symbols, differences, the reverse sweep.
//!
//! Symbols, one variable at a time: exact, but the formula for each of `n` variables is of the size of the function times its
//! depth and more (expression swell). The sweep does the work once, layer by layer, with numbers.
//!
//! Differences: `(E(w+e) - E(w-e)) / 2e = E' + O(e²)`, `(E(w+e) - E(w)) / e = E' + O(e)`. The numerator is rounded to about
//! `eps |E|`, so below a certain `e` the error is `eps |E| / e` and grows: best near `eps^(1/3)` and `eps^(1/2)`.

use std::fmt::Write;

use autodiff::{Tape, Var, grad};
use examples::{Outcome, Page, Slope};
use nn::plot::LineChart;

/// A formula.
#[derive(Clone)]
enum Expr {
    Number(f64),
    Weight(usize),
    Add(Box<Expr>, Box<Expr>),
    Mul(Box<Expr>, Box<Expr>),
    Tanh(Box<Expr>),
}
use Expr::{Add, Mul, Number, Tanh, Weight};

impl Expr {
    /// The formula of the derivative by weight `i`, by the rules of school; products with 0 and sums with 0 are dropped.
    fn derivative(&self, i: usize) -> Expr {
        match self {
            Number(_) => Number(0.0),
            Weight(j) => Number(f64::from(u8::from(i == *j))),
            Add(a, b) => add(a.derivative(i), b.derivative(i)),
            Mul(a, b) => add(mul(a.derivative(i), (**b).clone()), mul((**a).clone(), b.derivative(i))),
            Tanh(a) => mul(add(Number(1.0), mul(Number(-1.0), mul(self.clone(), self.clone()))), a.derivative(i)),
        }
    }

    /// The number of operations and operands written down.
    fn size(&self) -> usize {
        1 + match self {
            Number(_) | Weight(_) => 0,
            Tanh(a) => a.size(),
            Add(a, b) | Mul(a, b) => a.size() + b.size(),
        }
    }

    fn value(&self, w: &[f64]) -> f64 {
        match self {
            Number(x) => *x,
            Weight(i) => w[*i],
            Add(a, b) => a.value(w) + b.value(w),
            Mul(a, b) => a.value(w) * b.value(w),
            Tanh(a) => a.value(w).tanh(),
        }
    }
}

fn add(a: Expr, b: Expr) -> Expr {
    match (a, b) {
        (Number(0.0), x) | (x, Number(0.0)) => x,
        (a, b) => Add(a.into(), b.into()),
    }
}

fn mul(a: Expr, b: Expr) -> Expr {
    match (a, b) {
        (Number(0.0), _) | (_, Number(0.0)) => Number(0.0),
        (Number(1.0), x) | (x, Number(1.0)) => x,
        (a, b) => Mul(a.into(), b.into()),
    }
}

/// A chain of units, `z[s] = tanh(w[s] z[s-1])` from `z[0] = 0.9`, and `E = z²/2`.
fn error(w: &[Var<f64>]) -> Var<f64> {
    let z = w.iter().fold(Var::constant(0.9), |z, &w| (w * z).tanh());
    0.5 * z * z
}

pub(crate) fn show(page: &mut Page) -> Outcome {
    writeln!(page, "chain of n units: size of E, of all n symbolic derivatives, of the tape")?;
    let (mut symbols, mut largest, mut entries) = (Vec::new(), (Vec::new(), Vec::new()), Vec::new());
    for n in [4_usize, 8, 16, 32, 64].into_iter().take(page.size(4, 5)) {
        let w: Vec<f64> = (0..n).map(|s| 1.1 + 0.3 * (s as f64).sin()).collect();
        let z = (0..n).fold(Number(0.9), |z, s| Tanh(mul(Weight(s), z).into()));
        let formula = mul(Number(0.5), mul(z.clone(), z));
        let derivatives: Vec<Expr> = (0..n).map(|i| formula.derivative(i)).collect();
        let size: usize = derivatives.iter().map(Expr::size).sum();
        let tape = Tape::new();
        error(&tape.vars(&w));
        writeln!(page, "{n:>4} {:>8} {size:>10} {:>8}", formula.size(), tape.len())?;
        symbols.push((n as f64, size as f64));
        entries.push((n as f64, tape.len() as f64));
        largest = (derivatives.iter().map(|d| d.value(&w)).collect(), grad(error, &w));
    }
    let (swell, linear) = (Slope::log_log(&symbols), Slope::log_log(&entries));
    page.agree("symbols and the sweep", &largest.0, &largest.1, 1e-13);
    let as_said = swell.value > 2.5 && (0.9..1.1).contains(&linear.value);
    page.holds(format_args!("sizes: symbols n^({swell}), tape n^({linear})"), as_said);

    // Differences in plain f64, at one weight of a chain of three.
    let w = [0.8, -1.2, 0.7];
    let exact = grad(error, &w)[1];
    let at = |e: f64| error(&[w[0], w[1] + e, w[2]].map(Var::constant)).value();
    let steps: Vec<f64> = (4..=56).map(|k| 10.0_f64.powf(-f64::from(k) / 4.0)).collect();
    let of = |difference: &dyn Fn(f64) -> f64| {
        let points = steps.iter().map(|&e| (e, (difference(e) - exact).abs()));
        points.filter(|(_, error)| *error > 0.0).collect::<Vec<(f64, f64)>>()
    };
    let forward = of(&|e| (at(e) - at(0.0)) / e);
    let central = of(&|e| (at(e) - at(-e)) / (2.0 * e));
    let between = |points: &[(f64, f64)], from: f64, to: f64| {
        Slope::log_log(&points.iter().copied().filter(|(e, _)| (from..=to).contains(e)).collect::<Vec<_>>())
    };
    let orders = (between(&forward, 1e-6, 1e-2), between(&central, 1e-4, 1e-2));
    page.holds(format_args!("forward differences: error e^({})", orders.0), (orders.0.value - 1.0).abs() < 0.03);
    page.holds(format_args!("central differences: error e^({})", orders.1), (orders.1.value - 2.0).abs() < 0.03);
    let rounding = between(&central, 1e-14, 1e-7);
    page.holds(format_args!("below, rounding: error e^({rounding})"), (-1.4..-0.6).contains(&rounding.value));
    let best = |points: &[(f64, f64)]| points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0.0, 0.0));
    let (one, two) = (best(&forward), best(&central));
    let text = format!("best: forward {:.0e} at e = {:.0e}, central {:.0e} at e = {:.0e}", one.1, one.0, two.1, two.0);
    page.holds(text, one.0 < 1e-6 && two.0 > 1e-7 && two.1 < one.1 + 1e-12);
    let chart = LineChart::new("Differences against the sweep").x_label("e").y_label("error of dE/dw").log_x().log_y();
    page.chart("l16_differences", &chart.points("forward", forward).points("central", central).size(1200, 600))
}
