//! Where a convention at a kink or a pole loses a derivative, the check says so and names the function; and where a length or a
//! spread is small or large, nothing is lost.

use autodiff::check::{self, Cause, Fault, Report, Verdict};
use autodiff::tensor::grad;
use autodiff::{Tape, Tensor, Var, norm, sum_sq};
use ndarray::array;
use tests::close;

fn edge(report: &Report<f64>, name: &str, infinite: bool) {
    assert_eq!(report.verdict, Verdict::Fail, "{name}: {report}");
    let named = |cause: &Cause<f64>| cause.operation == name && cause.fault == Fault::Edge { infinite };
    assert!(!report.causes.is_empty() && report.causes.iter().all(named), "{name}: {report}");
}

fn spread(x: &[Var<f64>]) -> Tensor<f64> {
    Tensor::from_vars(x, &[x.len()])
}

#[test]
fn second_derivatives_that_are_lost_at_a_kink_are_told() {
    type F = fn(&[Var<f64>]) -> Var<f64>;
    let functions: [(&str, F, &[f64]); 8] = [
        ("abs", |x| x[0].abs().square(), &[0.0]),
        ("abs", |x| x[0].abs() * x[0].abs(), &[0.0]),
        ("abs", |x| x[0].sin().abs().powi(2).exp(), &[0.0]),
        ("hypot", |x| x[0].hypot(x[1]).square(), &[0.0, 0.0]),
        ("norm", |x| norm(x).square(), &[0.0, 0.0]),
        ("norm", |x| spread(x).norm(2.0).square().at([]), &[0.0, 0.0]),
        ("std", |x| spread(x).std(0).square().at([]), &[1.0, 1.0]),
        ("std", |x| spread(x).std(1).powi(2).at([]), &[3.0, 3.0, 3.0]),
    ];
    for (name, f, x) in functions {
        edge(&check::hessian(f, x), name, false);
    }
    let told = check::hessian(|x| norm(x).square(), &[0.0, 0.0]).to_string();
    assert!(told.contains("is at a kink, where derivatives beyond the first count as 0; inputs 0, 0"), "{told}");
    // What to write instead.
    let right: [(F, &[f64]); 4] = [
        (|x| x[0].square(), &[0.0]),
        (|x| sum_sq(x), &[0.0, 0.0]),
        (|x| spread(x).square().sum().at([]), &[0.0, 0.0]),
        (|x| spread(x).var(0).at([]), &[1.0, 1.0]),
    ];
    for (f, x) in right {
        check::hessian(f, x).assert_pass();
    }
}

#[test]
fn gradients_that_are_lost_at_a_pole_are_told() {
    edge(&check::gradient(|x| x[0].cbrt().powi(3), &[0.0]), "cbrt", true);
    edge(&check::gradient(|x| x[0].cbrt() * x[0].cbrt().square(), &[0.0]), "cbrt", true);
    edge(&check::tensor_gradient(|t| t[0].cbrt().powi(3).sum(), &[Tensor::constant(array![0.0, 2.0])]), "cbrt", true);
    edge(&check::gradient(|x| x[0] + x[1].cbrt().powi(3), &[1.0, 0.0]), "cbrt", true);
    let told = check::gradient(|x| x[0].cbrt().powi(3), &[0.0]).to_string();
    assert!(
        told.contains("an infinite derivative there, to which an adjoint of 0 passes nothing on; inputs 0"),
        "{told}"
    );
}

/// Two numbers of one size, at every size there is: their length and their spread, and the slopes.
#[test]
fn lengths_and_spreads_of_any_size() {
    let (root, share) = (2.0_f64.sqrt(), 0.5_f64.sqrt());
    for exponent in -323..308 {
        let a: f64 = format!("1e{exponent}").parse().expect("a number");
        let tape = Tape::new();
        let t = tape.tensor(array![a, -a]);
        let v = tape.vars(&[a, -a]);
        // Next to the least numbers a length has few digits.
        let digits = |y: f64| 1e-14_f64.max(5e-324 / y);
        for (name, y) in [("std", t.std(0)), ("std over axes", t.std_axes(&[0], 0, true).sum())] {
            let what = format!("{name} at {a:e}");
            close(&what, y.item() / a, 1.0, 1e-14);
            assert_eq!(y.backward().wrt(&t), array![0.5, -0.5].into_dyn(), "{what}");
        }
        for (name, y) in [("norm", norm(&v)), ("hypot", v[0].hypot(v[1]))] {
            let what = format!("{name} at {a:e}");
            close(&what, y.value() / a, root, digits(a));
            close(&what, y.backward().wrt(v[0]), share, digits(a));
        }
        let y = t.norm(2.0);
        close(format!("norm of a tensor at {a:e}"), y.item() / a, root, digits(a));
        close(format!("norm of a tensor at {a:e}"), y.backward().wrt(&t)[0], share, digits(a));
    }
    // Each row has its own size; a spread of 0 stays 0.
    let x = Tensor::constant(array![[1e200, -1e200], [3.0, 5.0], [1e-200, -1e-200], [2.0, 2.0]]);
    let y = x.std_axes(&[1], 0, false).to_array();
    for (got, want) in y.iter().zip([1e200, 1.0, 1e-200, 0.0]) {
        close("std of rows", got / 1e200, want / 1e200, 1e-14);
        assert_eq!(*got == 0.0, want == 0.0);
    }
    let g = grad(|x| x[0].std(0), &[Tensor::constant(array![1e38_f32, -1e38])]);
    assert_eq!(g[0], array![0.5, -0.5].into_dyn());
}
