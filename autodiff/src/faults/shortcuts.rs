//! Faults in what the sweeps do without gradients: inner products with a direction, and Jacobians of a row at once.

use std::rc::Rc;

use super::rows::Function;
use super::tensors::{differ, mistakes, operands};
use super::{Fault, with};
use crate::check::{self, Verdict};
use crate::rules::{Binary, Unary};
use crate::{Tensor, numeric, tensor};

/// So many numbers that second derivatives are compared along directions.
#[test]
fn every_fault_in_a_directional_derivative_is_caught() {
    let subjects: [(&'static str, &[&[usize]], Function); 3] = [
        ("matmul", &[&[4, 4], &[4, 5]], Rc::new(|t| t[0].matmul(&t[1]).tanh())),
        ("linear", &[&[5, 3], &[5, 3], &[5]], Rc::new(|t| t[0].linear(&t[1], &t[2]).sigmoid())),
        ("matmul", &[&[6, 6]], Rc::new(|t| t[0].matmul(&t[0]).sin())),
    ];
    let mut faults = 0;
    for (op, shapes, f) in subjects {
        let shapes: Vec<Vec<usize>> = shapes.iter().map(|shape| shape.to_vec()).collect();
        let x = operands(&shapes);
        let loss = |t: &[Tensor<f64>]| {
            let y = f(t);
            (&y * operands(&[y.shape().to_vec()]).remove(0)).sum()
        };
        // Not the numbers themselves, nor all alike.
        let v: Vec<Tensor<f64>> = x.iter().map(|x| x.square() - 0.7).collect();
        let product = || {
            tensor::hvp(loss, &x, &v).iter().flat_map(|h| h.iter().copied().collect::<Vec<f64>>()).collect::<Vec<_>>()
        };
        let right = product();
        check::tensor_hessian(loss, &x).assert_pass();
        let mut effective = 0;
        for mistake in mistakes(&shapes) {
            let fault = Fault::Along(op, mistake);
            if !differ(1e-6, &right, &with(fault, product)) {
                continue;
            }
            let report = with(fault, || check::tensor_hessian(loss, &x));
            assert_eq!(report.verdict, Verdict::Fail, "{fault:?}: {report}");
            effective += 1;
        }
        assert!(effective >= 8, "{op}: {effective}");
        faults += effective;
    }
    println!("{faults} faults in directional derivatives");
}

/// Whatever changes a Jacobian by a millionth is outside of what the differences allow.
#[test]
fn every_fault_in_the_jacobian_of_a_row_is_caught() {
    let w = operands(&[vec![3, 3]]).remove(0);
    let b = operands(&[vec![3]]).remove(0);
    let mut subjects: Vec<(&'static str, Function)> = vec![
        (
            "matmul",
            Rc::new({
                let w = w.clone();
                move |t| t[0].matmul(&w)
            }),
        ),
        (
            "linear",
            Rc::new({
                let b = b.clone();
                move |t| t[0].linear(&w, &b)
            }),
        ),
    ];
    for f in [Unary::Exp, Unary::Tanh, Unary::Sqrt, Unary::Erf] {
        subjects.push((f.name(), Rc::new(move |t| t[0].unary(f))));
    }
    for f in [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Pow, Binary::Hypot] {
        let b = b.clone();
        subjects.push((f.name(), Rc::new(move |t| t[0].binary(f, &b))));
        subjects.push((f.name(), Rc::new(move |t| t[0].square().binary(f, &t[0]))));
    }
    let mut faults = 0;
    for (op, f) in subjects {
        let x = operands(&[vec![1, 3]]).remove(0);
        // Its adjoints are not the unit vectors that the sweep starts with.
        let f = |x: &Tensor<f64>| f(std::slice::from_ref(x)).sin();
        let jacobian = || tensor::jacobian_rows(f, &x).into_iter().collect::<Vec<f64>>();
        let flat: Vec<f64> = x.view().iter().copied().collect();
        let estimates: Vec<_> =
            numeric::jacobian(|x| f(&Tensor::from_vars(x, &[1, 3])).to_vars(), &flat).into_iter().collect();
        let agrees = |found: &[f64]| {
            found.iter().zip(&estimates).all(|(x, estimate)| (x - estimate.value).abs() <= 10.0 * estimate.error)
        };
        let right = jacobian();
        assert!(agrees(&right), "{op}: {right:?} and {estimates:?}");
        let mut effective = 0;
        for mistake in mistakes(&[vec![1, 3], vec![1, 3]]) {
            let fault = Fault::Rows(op, mistake);
            let wrong = with(fault, jacobian);
            if differ(1e-6, &right, &wrong) {
                assert!(!agrees(&wrong), "{fault:?}: {wrong:?} and {estimates:?}");
                effective += 1;
            }
        }
        assert!(effective >= 4, "{op}: {effective}");
        faults += effective;
    }
    println!("{faults} faults in Jacobians of a row");
}
