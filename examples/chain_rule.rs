//! The chain rule with two paths (L14).
//!
//! `f = x² z` with `x = 2y` and `z = sin y`. The total derivative sums over all paths from `y` to `f`:
//!
//! ```text
//! df/dy = ∂f/∂x · dx/dy + ∂f/∂z · dz/dy = 2xz · 2 + x² · cos y = 8 y sin y + 4 y² cos y
//! ```
//!
//! `cargo run -p examples --example chain_rule -- 1.3`

use autodiff::Tape;

fn main() {
    let argument = std::env::args().nth(1);
    let at = match argument.as_deref().map_or(Ok(1.3), str::parse::<f64>) {
        Ok(at) if at.is_finite() => at,
        _ => {
            eprintln!("chain_rule: {:?} is not a finite number", argument.unwrap_or_default());
            std::process::exit(2);
        }
    };
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
    let total = df.wrt(y);

    println!("f = x² z,  x = 2y,  z = sin y   at y = {at}");
    println!("x = {x:.6}   z = {z:.6}   f = {f:.6}\n");
    println!("path           ∂f/∂·        d·/dy        product");
    println!("y → x → f   2xz = {df_dx:<9.6}     2 = {dx_dy:<9.6}  {first:>10.6}");
    println!("y → z → f    x² = {df_dz:<9.6} cos y = {dz_dy:<9.6}  {second:>10.6}");
    println!("sum over both paths                       {:>10.6}", first + second);
    println!("reverse sweep: df/dy                      {total:>10.6}");
    let closed = 8.0 * at * at.sin() + 4.0 * at * at * at.cos();
    println!("8 y sin y + 4 y² cos y                    {closed:>10.6}");

    let near = |a: f64, b: f64| (a - b).abs() <= 1e-13 * (1.0 + b.abs());
    assert!(near(df_dx, 2.0 * x.value() * z.value()) && near(df_dz, x.value().powi(2)));
    assert!(near(dx_dy, 2.0) && near(dz_dy, at.cos()));
    assert!(near(total, first + second) && near(total, closed));
}
