//! Record once, evaluate many times, by `Program`: a calibration by Newton's method, with a sparse Hessian.
//!
//! `cargo run --release -p examples --example program`

use autodiff::{Program, Result, Var, grad, hessian};
use ndarray::{Array1, Array2};

/// The chained Rosenbrock function, whose minimum is 0 at `(1, …, 1)`.
fn rosenbrock(x: &[Var<f64>]) -> Var<f64> {
    x.windows(2).map(|x| 100.0 * (x[1] - x[0].square()).square() + (1.0 - x[0]).square()).sum()
}

/// `A x = b` by elimination, for a positive definite `A`.
fn solve(mut a: Array2<f64>, mut b: Array1<f64>) -> Array1<f64> {
    let n = b.len();
    for k in 0..n {
        for i in k + 1..n {
            let factor = a[[i, k]] / a[[k, k]];
            for j in k..n {
                a[[i, j]] -= factor * a[[k, j]];
            }
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        b[k] = (b[k] - (k + 1..n).map(|j| a[[k, j]] * b[j]).sum::<f64>()) / a[[k, k]];
    }
    b
}

fn main() -> Result<()> {
    let mut x = vec![1.1; 30];
    let program = Program::record(rosenbrock, &x);
    println!("{} inputs, {} entries", program.inputs(), program.len());

    // What is replayed elsewhere is what would have been recorded there, to the bit.
    let elsewhere: Vec<f64> = (0..30).map(|k| 1.0 + 0.01 * f64::from(k % 7)).collect();
    assert_eq!(program.gradient(&elsewhere)?, grad(rosenbrock, &elsewhere));
    assert_eq!(program.hessian(&elsewhere)?, hessian(rosenbrock, &elsewhere));

    for step in 0..20 {
        let (value, gradient) = program.value_and_gradient(&x)?;
        println!("step {step}: {value:.3e}");
        if value < 1e-25 {
            break;
        }
        let direction = solve(program.hessian(&x)?, gradient.into());
        x.iter_mut().zip(&direction).for_each(|(x, step)| *x -= step);
    }
    assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-12), "{x:?}");

    // A comparison in the code is noted: where it would turn out otherwise, the program says so.
    let absolute = Program::record(|x| if x[0] < 0.0 { -x[0] } else { x[0] }, &[2.0]);
    assert_eq!(absolute.value(&[3.0])?, 3.0);
    println!("{}", absolute.value(&[-3.0]).expect_err("another branch"));
    Ok(())
}
