//! Derivatives of what an equation defines, whatever solved it: a deep equilibrium layer, the hyper-parameter of ridge regression, the
//! sensitivities of a steady state.
//!
//! `cargo run --release -p examples --example implicit`

use autodiff::implicit::{self, Implicit};
use autodiff::{Result, Tape, Tensor, Var, check};
use ndarray::array;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

type T = Tensor<f64>;

/// A layer of any depth: `z` such that `z = tanh(z W + x U)`. Memory and time of its gradient are those of one layer.
fn equilibrium(x: &T, w: &T, u: &T) -> Result<T> {
    let layer = |z: &T, p: &[T]| (z.matmul(&p[1]) + p[0].matmul(&p[2])).tanh();
    let plain = [x, w, u].map(Tensor::detach);
    // The loop that finds it: plain numbers, and as many rounds as it takes.
    let mut z = Tensor::zeros(&[x.shape()[0], w.shape()[0]]);
    loop {
        let next = layer(&z, &plain);
        let moved = (&next - &z).abs().max_all().item();
        z = next;
        if moved < 1e-13 {
            break;
        }
    }
    // The Jacobian of all rows is large, and products with it are cheap.
    Implicit::new().gmres().fixed_point(layer, z, &[x, w, u])
}

/// The loss on `held` rows of the weights that ridge regression finds on the others, as a function of `ln λ`.
fn held_out(ln_lambda: &T, x: &T, y: &T, held: usize, closed: bool) -> Result<T> {
    let rows = x.shape()[0] - held;
    let (train, t) = (x.narrow(0, 0..rows), y.narrow(0, 0..rows));
    let lambda = ln_lambda.exp();
    let solve =
        |lambda: &T| (train.transpose().matmul(&train) + Tensor::eye(2) * lambda).solve(&train.transpose().matmul(&t));
    let w = if closed {
        solve(&lambda)?
    } else {
        let (train, t) = (train.clone(), t.clone());
        let ridge = move |w: &T, p: &[T]| (train.matmul(w) - &t).square().sum() + w.square().sum() * p[0].exp();
        implicit::argmin(ridge, solve(&lambda.detach())?, &[ln_lambda])?
    };
    Ok((x.narrow(0, rows..rows + held).matmul(&w) - y.narrow(0, rows..rows + held)).square().mean())
}

/// A gene that represses itself: production `a / (1 + xⁿ)`, decay `d x`.
fn balance(x: &[Var<f64>], p: &[Var<f64>]) -> Var<f64> {
    p[0] / (1.0 + x[0].powf(p[1])) - p[2] * x[0]
}

fn steady(p: &T) -> Result<T> {
    let x = Implicit::new().newton(implicit::scalars(balance), array![1.0], &[p])?;
    Ok(implicit::root(implicit::scalars(balance), x, &[p])?.sum())
}

fn main() -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (w, u) = (Tensor::randn(&[6, 6], &mut rng) * 0.3, Tensor::randn(&[2, 6], &mut rng));
    let x = Tensor::randn(&[4, 2], &mut rng);
    let loss = |t: &[T]| equilibrium(&t[0], &t[1], &t[2]).expect("a fixed point").square().sum();
    check::tensor_gradient(loss, &[x.clone(), w.clone(), u.clone()]).assert_pass();
    let tape = Tape::new();
    let (w, u) = (tape.tensor(w), tape.tensor(u));
    let z = equilibrium(&x, &w, &u)?;
    println!("deep equilibrium layer: {} entries on the tape, gradient as numerically", tape.len());
    assert_eq!(z.square().sum().backward().wrt(&w).shape(), [6, 6]);

    let (x, y) = (Tensor::randn(&[12, 2], &mut rng), Tensor::randn(&[12], &mut rng));
    let slope = |closed| {
        let ln_lambda = tape.tensor(Tensor::scalar(0.5));
        held_out(&ln_lambda, &x, &y, 4, closed).map(|loss| loss.backward().wrt(&ln_lambda)[[]])
    };
    println!("ridge: d(held-out loss)/d(ln λ) = {:.12}, in closed form {:.12}", slope(false)?, slope(true)?);
    assert!((slope(false)? - slope(true)?).abs() < 1e-12);

    let at = Tensor::constant(array![4.0, 2.0, 0.5]);
    let f = |p: &[T]| steady(&p[0]).expect("a steady state");
    check::tensor_hessian(f, std::slice::from_ref(&at)).assert_pass();
    let report = check::tensor_gradient(f, &[at]);
    println!("steady state, by a, n and d:\n{report}");
    report.assert_pass();
    Ok(())
}
