//! Scalar code on the rows of a tensor, by `map_rows`: an orbit for each row, with as many steps as it takes.
//!
//! `cargo run --release -p examples --example map_rows`

use autodiff::{Tape, Tensor, Var, check};
use ndarray::array;

/// The eccentric anomaly `E` of Kepler's equation `E - e sin E = M`, for a row `[e, M]`, by Newton's method.
fn anomaly(row: &[Var<f64>]) -> Var<f64> {
    let (e, m) = (row[0], row[1]);
    let mut anomaly = m;
    for _ in 0..50 {
        let step = (anomaly - e * anomaly.sin() - m) / (1.0 - e * anomaly.cos());
        anomaly -= step;
        // Ordinary code: each row stops when it is there.
        if step.abs() < 1e-14 {
            break;
        }
    }
    anomaly
}

fn main() {
    let tape = Tape::new();
    let orbits = tape.tensor(array![[0.1, 1.0], [0.5, 2.0], [0.9, 0.3]]);

    // One entry for all rows and all their steps.
    let before = tape.len();
    let anomalies = orbits.map_rows(anomaly);
    assert_eq!((tape.len() - before, anomalies.shape()), (1, &[3, 1][..]));
    println!("E\n{:.6}", anomalies.view());

    // Kepler's equation holds, and the derivatives are those of the implicit function: dE/dM = 1 / (1 - e cos E).
    let gradient = anomalies.sum().backward().wrt(&orbits);
    println!("dE/de, dE/dM\n{gradient:.6}");
    for (row, (orbit, solution)) in
        orbits.to_array().rows().into_iter().zip(anomalies.to_array().iter().copied()).enumerate()
    {
        let (e, m): (f64, f64) = (orbit[0], orbit[1]);
        assert!((solution - e * solution.sin() - m).abs() < 1e-14);
        let by_m = 1.0 / (1.0 - e * solution.cos());
        assert!((gradient[[row, 1]] - by_m).abs() < 1e-9 * by_m);
        assert!((gradient[[row, 0]] - solution.sin() * by_m).abs() < 1e-9 * by_m);
    }

    // The gradient is such a function again: second derivatives exist, too.
    let f = |x: &[Tensor<f64>]| x[0].map_rows(anomaly).sum();
    check::tensor_hessian(f, &[orbits]).assert_pass();
    println!("gradient and Hessian agree with numerical differentiation");
}
