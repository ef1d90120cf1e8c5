//! L14 The chain rule with two paths: the total derivative sums over all of them.
//!
//! `f = x² z` with `x = 2y` and `z = sin y`:
//!
//! ```text
//! df/dy = df/dx · dx/dy + df/dz · dz/dy = 2xz · 2 + x² · cos y = 8 y sin y + 4 y² cos y
//! ```

use std::fmt::Write;

use autodiff::Tape;
use examples::{Outcome, Page};

pub(crate) fn show(page: &mut Page) -> Outcome {
    at(page, 1.3)
}

/// The derivative at one place.
pub(crate) fn at(page: &mut Page, at: f64) -> Outcome {
    let tape = Tape::new();
    let y = tape.var(at);
    let x = 2.0 * y;
    let z = y.sin();
    let f = x * x * z;

    // One sweep from f gives the outer factors at the intermediate variables as well as the total at y.
    let df = f.backward();
    let (df_dx, df_dz) = (df.wrt(x), df.wrt(z));
    let (dx_dy, dz_dy) = (x.backward().wrt(y), z.backward().wrt(y));
    let (first, second) = (df_dx * dx_dy, df_dz * dz_dy);
    let (total, closed) = (df.wrt(y), 8.0 * at * at.sin() + 4.0 * at * at * at.cos());

    writeln!(page, "f = x² z,  x = 2y,  z = sin y   at y = {at}")?;
    writeln!(page, "x = {x:.6}   z = {z:.6}   f = {f:.6}\n")?;
    writeln!(page, "path           ∂f/∂·        d·/dy        product")?;
    writeln!(page, "y → x → f   2xz = {df_dx:<9.6}     2 = {dx_dy:<9.6}  {first:>10.6}")?;
    writeln!(page, "y → z → f    x² = {df_dz:<9.6} cos y = {dz_dy:<9.6}  {second:>10.6}")?;
    writeln!(page, "sum over both paths                       {:>10.6}", first + second)?;
    writeln!(page, "reverse sweep: df/dy                      {total:>10.6}")?;
    writeln!(page, "8 y sin y + 4 y² cos y                    {closed:>10.6}\n")?;

    page.near("df/dy = 8 y sin y + 4 y² cos y", total, closed, 1e-13);
    page.near("the sum over both paths", first + second, closed, 1e-13);
    page.agree(
        "2xz, 2, x², cos y",
        &[df_dx, dx_dy, df_dz, dz_dy],
        &[2.0 * x.value() * z.value(), 2.0, x.value().powi(2), at.cos()],
        1e-14,
    );
    Ok(())
}
