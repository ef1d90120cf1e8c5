//! A formula over arrays in one pass, by `elementwise!`: Huber's loss `sqrt(1 + e²) - 1`, smooth, with one tape entry.
//!
//! `cargo run --release -p examples --example elementwise`

use autodiff::{Tape, Tensor, check, elementwise};
use ndarray::array;

elementwise! {
    /// Quadratic for small errors, linear for large ones.
    pseudo_huber(y, t) => (1.0 + (y - t) * (y - t)).sqrt() - 1.0
}

fn main() {
    let tape = Tape::<f64>::new();
    let y = tape.tensor(array![[0.5, -2.0], [10.0, 3.0]]);
    let t = Tensor::constant(array![1.0, 3.0]);

    // One entry, whatever the formula's length; the five operations of the plain way leave five.
    let before = tape.len();
    let loss = pseudo_huber(&y, &t);
    assert_eq!(tape.len() - before, 1);
    let error = &y - &t;
    let plain = (error.square() + 1.0).sqrt() - 1.0;
    assert_eq!(tape.len() - before, 6);
    assert!((&loss - &plain).view().iter().all(|difference| difference.abs() < 1e-15));
    println!("losses\n{:.4}", loss.view());

    // Its derivative, e / sqrt(1 + e²), comes from the formula; no outlier weighs more than 1.
    let gradient = loss.sum().backward().wrt(&y);
    println!("slopes\n{gradient:.4}");
    assert!((gradient[[1, 0]] - 9.0 / 82.0_f64.sqrt()).abs() < 1e-15);
    assert!(gradient.iter().all(|slope| slope.abs() < 1.0) && gradient[[1, 1]] == 0.0);

    // Any order, as for every other operation.
    let first = &tape.grad(loss.sum(), &[&y])[0];
    let second = first.sum().backward().wrt(&y);
    assert!((second[[1, 0]] - 82.0_f64.powf(-1.5)).abs() < 1e-15);
    check::tensor_hessian(|x| pseudo_huber(&x[0], &t).sum(), &[y]).assert_pass();
    println!("gradient and Hessian agree with numerical differentiation");
}
