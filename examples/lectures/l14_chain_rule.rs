//! L14 The chain rule with two paths: the total derivative sums over all of them.
//!
//! `f = x² z` with `x = 2y` and `z = sin y`:
//!
//! ```text
//! df/dy = df/dx · dx/dy + df/dz · dz/dy = 2xz · 2 + x² · cos y = 8 y sin y + 4 y² cos y
//! ```
//!
//! The library writes the same derivation out from what it recorded, and lists the paths.

use std::fmt::Write;

use autodiff::graph::Graph;
use autodiff::{Tape, explain};
use examples::{Outcome, Page};

pub(crate) fn show(page: &mut Page) -> Outcome {
    at(page, 1.3)
}

/// The derivation at one place.
pub(crate) fn at(page: &mut Page, at: f64) -> Outcome {
    let tape = Tape::new();
    tape.trace_lines(true);
    let y = tape.var(at).named("y");
    let x = (2.0 * y).named("x");
    let z = y.sin().named("z");
    let f = (x * x * z).named("f");

    let derivation = explain::derivation(f, y);
    let paths = explain::paths(f, y);
    writeln!(page, "{derivation}\n{paths}")?;

    // One sweep from f gives the outer factors at the intermediate variables as well as the total at y.
    let df = f.backward();
    let (df_dx, df_dz) = (df.wrt(x), df.wrt(z));
    let (dx_dy, dz_dy) = (x.backward().wrt(y), z.backward().wrt(y));
    let (total, closed) = (df.wrt(y), 8.0 * at * at.sin() + 4.0 * at * at * at.cos());
    let written = [2.0 * x.value() * z.value(), 2.0, x.value().powi(2), at.cos()];
    page.near("df/dy = 8 y sin y + 4 y² cos y", total, closed, 1e-13);
    page.agree("the factors 2xz, 2, x², cos y", &[df_dx, dx_dy, df_dz, dz_dy], &written, 1e-14);
    page.near("the sum over both paths", df_dx * dx_dy + df_dz * dz_dy, closed, 1e-13);

    let text = derivation.to_string();
    let both = text.contains("x² · cos y") && text.contains("2xz · 2");
    page.holds("the derivation has both paths with their factors, 2xz · 2 and x² · cos y", both);
    let listed: f64 = paths.list().iter().map(|path| path.value).sum();
    page.near(format_args!("{} paths, their sum", paths.list().len()), listed, closed, 1e-13);
    writeln!(page, "\nas LaTeX:\n{}", derivation.latex())?;
    page.derivation(&derivation);
    page.steps("l14_steps", &autodiff::page::Page::of(f).title("L14 The chain rule with two paths").checked())?;
    page.file("l14_graph.svg", &Graph::of(f)?.svg())
}
