//! Points that equations define: in every way that operations are tested, to third order, and what is refused.

use autodiff::implicit::{self, Implicit};
use autodiff::{Real, Tape, Tensor, Var, check, tensor};
use ndarray::array;
use tests::{close, panics, raises};

use crate::ops::{Case, case, run};

/// `A x + 0.3 x³ + 0.1 x Σ x = b` with a matrix far from singular.
fn bent<T: Real>(x: &Tensor<T>, p: &[Tensor<T>]) -> Tensor<T> {
    p[0].matmul(x) + x * 2.0 + x.powi(3) * 0.3 + x * x.sum() * 0.1 - &p[1]
}

/// A function of `x` whose minimum is unique, not at 0, and bends in all orders.
fn bowl<T: Real>(x: &Tensor<T>, p: &[Tensor<T>]) -> Tensor<T> {
    (p[0].matmul(x).square().sum() + x.powi(4).sum() * 0.2 + x.square().sum()) * 0.5 - (x * &p[1]).sum()
}

/// `Aᵀ A v + v`, never as a matrix.
fn product<T: Real>(v: &Tensor<T>, p: &[Tensor<T>]) -> Tensor<T> {
    p[0].transpose().matmul(&p[0].matmul(v)) + v
}

/// `A v + 2 v`, which is not symmetric.
fn shifted<T: Real>(v: &Tensor<T>, p: &[Tensor<T>]) -> Tensor<T> {
    p[0].matmul(v) + v * 2.0
}

/// Whatever finds the point: its numbers are found here, and no step is recorded.
fn root<T: Real>(by: Implicit, t: &[Tensor<T>]) -> Tensor<T> {
    let found = by.newton(bent, Tensor::zeros(t[1].shape()), &[&t[0], &t[1]]).expect("a root");
    by.root(bent, found, &[&t[0], &t[1]]).expect("a root")
}

fn minimum<T: Real>(by: Implicit, t: &[Tensor<T>]) -> Tensor<T> {
    let slope =
        |x: &Tensor<T>, p: &[Tensor<T>]| tensor::recorded::grad(|x| bowl(&x[0], p), std::slice::from_ref(x)).remove(0);
    let found = by.newton(slope, Tensor::zeros(t[1].shape()), &[&t[0], &t[1]]).expect("a minimum");
    by.argmin(bowl, found, &[&t[0], &t[1]]).expect("a minimum")
}

/// `x = tanh(A x / 4 + b)`, as long as it still moves.
fn equilibrium<T: Real>(t: &[Tensor<T>]) -> Tensor<T> {
    let f = |x: &Tensor<T>, p: &[Tensor<T>]| (p[0].matmul(x) * 0.25 + &p[1]).tanh();
    let p = [t[0].detach(), t[1].detach()];
    let found = (0..120).fold(p[1].clone(), |x, _| f(&x, &p));
    implicit::fixed_point(f, found, &[&t[0], &t[1]]).expect("a fixed point")
}

/// The point of the plane `b·x = 1` where a bowl is lowest, with its multiplier.
fn constrained<T: Real>(t: &[Tensor<T>]) -> Tensor<T> {
    let plane = |x: &Tensor<T>, p: &[Tensor<T>]| (x * &p[1]).sum() - 1.0;
    let round = |x: &Tensor<T>, p: &[Tensor<T>]| (&p[0] * x.square()).sum() * 0.5;
    let p = [t[0].detach(), t[1].detach()];
    // x = b / (a Σ b²/a).
    let found = &p[1] / &p[0] / (p[1].square() / &p[0]).sum();
    let (x, multiplier) =
        Implicit::new().argmin_subject_to(round, plane, found, &[&t[0], &t[1]]).expect("a constrained minimum");
    Tensor::concat(&[x, multiplier.expand(0)], 0)
}

/// Kepler's equation on scalars.
fn anomaly<T: Real>(t: &[Tensor<T>]) -> Tensor<T> {
    let kepler = |x: &[Var<T>], p: &[Var<T>]| x[0] - p[0] * T::of(0.3) * x[0].sin() - p[1];
    let (e, m) = (t[0].item(), t[1].item());
    let found = (0..200).fold(m, |x, _| m + T::of(0.3) * e * x.sin());
    implicit::root(implicit::scalars(kepler), Tensor::scalar(found), &[&t[0], &t[1]]).expect("an anomaly")
}

fn cases<T: Real>() -> Vec<Case<T>> {
    let sets: &[&[&[usize]]] = &[&[&[3, 3], &[3]], &[&[1, 1], &[1]]];
    vec![
        case("root", sets, |t| root(Implicit::new(), t)),
        case("root by GMRES", &[&[&[3, 3], &[3]]], |t| root(Implicit::new().gmres(), t)),
        case("fixed_point", sets, equilibrium),
        case("argmin", sets, |t| minimum(Implicit::new(), t)),
        case("argmin by conjugate gradients", sets, |t| minimum(Implicit::new().conjugate_gradients(), t)),
        case("argmin_subject_to", &[&[&[3], &[3]]], constrained).distinct(),
        case("linear_solve", sets, |t| Implicit::new().linear_solve(shifted, &t[1], &[&t[0]]).expect("regular")),
        case("linear_solve by GMRES", &[&[&[3, 3], &[3, 2]]], |t| {
            implicit::linear_solve(shifted, &t[1], &[&t[0]]).expect("regular")
        }),
        case("linear_solve by conjugate gradients", sets, |t| {
            Implicit::new().conjugate_gradients().linear_solve(product, &t[1], &[&t[0]]).expect("definite")
        }),
        case("scalars", &[&[&[], &[]]], anomaly),
    ]
}

#[test]
fn every_way() {
    run(&cases(), &cases());
}

#[test]
fn third_order() {
    // The root of x³ + x = p, dx/dp = 1 / (3 x² + 1).
    for by in [Implicit::new(), Implicit::new().gmres(), Implicit::new().conjugate_gradients()] {
        let tape = Tape::new();
        let p = tape.tensor(array![10.0]);
        let x = by.root(|x, p| x.powi(3) + x - &p[0], array![2.0], &[&p]).unwrap();
        let first = &x.sum().grad(&[&p])[0];
        let second = &first.sum().grad(&[&p])[0];
        let third = second.sum().backward().wrt(&p)[0];
        let (x, s) = (2.0_f64, 1.0 / 13.0_f64);
        close("first", first.item(), s, 1e-14);
        close("second", second.item(), -6.0 * x * s.powi(3), 1e-13);
        close("third", third, 108.0 * x * x * s.powi(5) - 6.0 * s.powi(4), 1e-12);
    }
}

#[test]
fn many_unknowns_from_products() {
    // -Δx + x³ = b on a line: a thousand unknowns, and no matrix of a thousand by a thousand.
    let n = 1000;
    let laplace = |v: &Tensor<f64>| {
        let wide = v.pad(&[(1, 1)], 0.0);
        2.0 * v - wide.narrow(0, 0..v.len()) - wide.narrow(0, 2..v.len() + 2)
    };
    let energy = move |x: &Tensor<f64>, p: &[Tensor<f64>]| {
        (x * laplace(x)).sum() * 0.5 + x.square().sum() + x.powi(4).sum() * 0.25 - (x * &p[0]).sum()
    };
    let slope = move |x: &Tensor<f64>, p: &[Tensor<f64>]| laplace(x) + x * 2.0 + x.powi(3) - &p[0];
    let by = Implicit::new().conjugate_gradients();
    let b = Tensor::constant(ndarray::Array1::from_shape_fn(n, |i| (i as f64 * 0.1).sin()));
    let at = |b: &Tensor<f64>| {
        let x = by.newton(slope, Tensor::zeros(&[n]), &[b]).unwrap();
        by.argmin(energy, x, &[b]).unwrap()
    };
    let tape = Tape::new();
    let leaf = tape.tensor(b.clone());
    let gradient = at(&leaf).square().sum().backward().wrt(&leaf);
    let direction = Tensor::constant(ndarray::Array1::from_shape_fn(n, |i| (i as f64 * 0.37).cos()));
    let value = |h: f64| at(&(&b + &direction * h)).square().sum().item();
    let numeric = (value(1e-4) - value(-1e-4)) / 2e-4;
    close("along a direction", (gradient * direction.view()).sum(), numeric, 1e-6);
}

#[test]
fn an_entry_runs_forward_at_other_parameters() {
    // What checks of a whole tape ask of it: a rule against the numerical derivative of the entry's own value.
    let inputs = [array![[2.0, 0.3], [0.5, 1.8]].into_dyn(), array![1.0, -0.5].into_dyn()].map(Tensor::constant);
    let apply = |x: &[&Tensor<f64>]| root(Implicit::new(), &[x[0].clone(), x[1].clone()]);
    check::op_with(apply, &inputs).assert_pass();
}

#[test]
fn what_is_no_root() {
    let p = Tensor::constant(array![4.0]);
    let square = |x: &Tensor<f64>, p: &[Tensor<f64>]| x.square() - &p[0];
    let said = |result: autodiff::Result<Tensor<f64>>| result.expect_err("an error").to_string();
    let far = said(implicit::root(square, array![2.1], &[&p]));
    assert!(
        far.starts_with(
            "root: this is no root: the equation leaves 4.1e-1 at element 0, more than the tolerance 1.5e-8"
        ),
        "{far}"
    );
    assert!(said(implicit::root(square, array![f64::NAN], &[&p])).contains("leaves NaN at element 0"));
    let moved = said(implicit::fixed_point(|x, _| x.cos(), array![0.7, 0.0], &[]));
    assert!(moved.contains("fixed_point") && moved.contains("leaves 1.0e0 at element 1"), "{moved}");
    let slope = said(implicit::argmin(|x, p| (x - &p[0]).square().sum(), array![4.5], &[&p]));
    assert!(slope.contains("argmin: this is no root: the equation leaves 1.0e0"), "{slope}");
    let newton = said(Implicit::new().newton(|x, _| x.square() + 1.0, array![0.5], &[]));
    assert!(newton.starts_with("newton: the equation still leaves "), "{newton}");
    let dependent = Implicit::new().argmin_subject_to(
        |x: &Tensor<f64>, _| x.square().sum(),
        |x, _| Tensor::stack(&[x.sum(), x.sum() * 2.0], 0),
        array![0.0, 0.0],
        &[],
    );
    let dependent = dependent.expect_err("an error").to_string();
    assert!(dependent.contains("the gradients of the constraints depend on each other linearly"), "{dependent}");
}

#[test]
fn what_cannot_be_solved() {
    let b = Tensor::constant(array![1.0, 2.0]);
    let flat = |v: &Tensor<f64>, _: &[Tensor<f64>]| v * Tensor::constant(array![1.0, 0.0]);
    let said = |by: Implicit| by.linear_solve(flat, &b, &[]).expect_err("an error").to_string();
    assert!(
        said(Implicit::new()).starts_with("linear_solve: the derivative of the equation by the unknowns is singular")
    );
    assert!(said(Implicit::new().gmres()).contains("of the right side is left, more than 1.8e-12"));
    let negative = Implicit::new().conjugate_gradients().linear_solve(|v, _| -v, &b, &[]).unwrap_err().to_string();
    assert!(negative.contains("not positive definite (vᵀ A v = -1.0e0"), "{negative}");
    // At the double root of x² the theorem does not hold: in the sweep, for there the matrix is asked for.
    let tape = Tape::new();
    let p = tape.tensor(array![0.0]);
    let x = implicit::root(|x: &Tensor<f64>, p| x.square() - &p[0], array![0.0], &[&p]).unwrap().sum();
    let message = panics(|| x.backward()).expect("a singular matrix");
    assert!(message.starts_with("root: the derivative of the equation by the unknowns is singular"), "{message}");
    assert!(message.contains("no function of the parameters here"), "{message}");
}

#[test]
fn what_is_a_slip() {
    let tape = Tape::new();
    let p = tape.tensor(array![4.0]);
    let captured = p.clone();
    let f = move |x: &Tensor<f64>, _: &[Tensor<f64>]| x.square() - &captured;
    raises(
        || implicit::root(f, array![2.0], &[]),
        "root: the function uses a recorded tensor that is not among its parameters; make it a parameter, or `detach` it if no gradient is to flow to it",
    );
    let two = |x: &Tensor<f64>, _: &[Tensor<f64>]| Tensor::concat(&[x, x], 0);
    raises(
        || implicit::root(two, array![0.0], &[&p]),
        "root: shapes [2] and [1] do not fit: the equation must have the shape of the point, a number for each unknown",
    );
    // Parameters that are constants give constants, and no parameters do, too.
    assert!(!implicit::root(|x: &Tensor<f64>, p| x - &p[0], array![4.0], &[&p.detach()]).unwrap().is_tracked());
    assert!(!implicit::root(|x: &Tensor<f64>, _| x - 4.0, array![4.0], &[]).unwrap().is_tracked());
    let dual = autodiff::Dual::<f64>::constant(4.0);
    let refused = implicit::root(move |x: &Tensor<_>, _| x - dual, Tensor::scalar(dual), &[]).unwrap_err().to_string();
    assert!(refused.contains("must be of plain numbers"), "{refused}");
}
