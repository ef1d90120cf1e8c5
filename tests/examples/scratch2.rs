//! Scratch.
#![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
use autodiff::*;
use ndarray::array;
fn main() {
    println!("{}", check::gradient(|x| x[0].cbrt().powi(3), &[0.0]));
    println!("{}", check::gradient(|x| x[0].sqrt().square(), &[0.0]));
    println!("{}", check::gradient(|x| x[0].powf(0.5) * x[1], &[0.0, 0.0]));
    println!("HESS {}", check::hessian(|x| norm(x).square(), &[0.0, 0.0]));
    println!("HESS {}", check::hessian(|x| x[0].abs().square(), &[0.0]));
    println!("HESS {}", check::hessian(|x| x[0].abs(), &[0.0]));
    println!("HESS {}", check::hessian(|x| x[0].relu().square(), &[0.0]));
    println!("HESS {}", check::hessian(|x| Tensor::from_vars(x, &[2]).std(0).square().at([]), &[1.0, 1.0]));
    println!("HESS {}", check::hessian(|x| norm(x), &[0.0, 0.0]));
    for x in [array![1e200, -1e200], array![1e-200, -1e-200], array![1e200, 1.0], array![f64::INFINITY, 1.0]] {
        let tape = Tape::new();
        let t = tape.tensor(x.clone());
        for (n, y) in [("std", t.std(0)), ("var", t.var(0))] {
            println!("{n} {x}: {} {}", y.item(), y.backward().wrt(&t));
        }
    }
}
