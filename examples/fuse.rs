//! Many scalar operations as one tape entry, by `fuse`: the energy of a chain of atoms.
//!
//! `cargo run --release -p examples --example fuse`

use autodiff::{Dual, Real, Tape, Var, check, fuse, grad};

/// The Lennard-Jones potential `4 (r^-12 - r^-6)` of two atoms at `a` and `b`, with `r² = |a - b|²`.
fn pair<R: Real>([ax, ay, bx, by]: [R; 4]) -> R {
    let (dx, dy) = (ax - bx, ay - by);
    let inverse = (dx * dx + dy * dy).recip();
    let sixth = inverse * inverse * inverse;
    R::of(4.0) * (sixth * sixth - sixth)
}

/// The energy of all neighbours, each pair by `potential`.
fn energy(x: &[Var<f64>], potential: impl Fn([Var<f64>; 4]) -> Var<f64>) -> Var<f64> {
    let atoms: Vec<&[Var<f64>]> = x.chunks(2).collect();
    atoms.windows(2).map(|pair| potential([pair[0][0], pair[0][1], pair[1][0], pair[1][1]])).sum()
}

fn main() {
    let plain = |x: &[Var<f64>]| energy(x, pair);
    let fused = |x: &[Var<f64>]| energy(x, |x| fuse(x, |x: [Dual<f64, 4>; 4]| pair(x)));
    // Ten atoms in a zigzag.
    let x: Vec<f64> = (0..10).flat_map(|k| [f64::from(k), 0.3 * f64::from(k % 2)]).collect();

    let entries = |f: &dyn Fn(&[Var<f64>]) -> Var<f64>| {
        let tape = Tape::new();
        f(&tape.vars(&x));
        tape.len() - x.len()
    };
    let (long, short) = (entries(&plain), entries(&fused));
    println!("entries for 9 pairs: {long} one by one, {short} fused");
    assert!(short < long / 5);

    // The same value, and the same forces; the block's partial derivatives were computed in registers.
    let tape = Tape::new();
    let vars = tape.vars(&x);
    assert_eq!(plain(&vars).value(), fused(&vars).value());
    let (one, other) = (grad(plain, &x), grad(fused, &x));
    assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() <= 1e-12 * a.abs().max(1.0)));
    check::gradient(fused, &x).assert_pass();
    println!("energy {:.6}, force on the first atom ({:.4}, {:.4})", fused(&vars).value(), -other[0], -other[1]);
}
