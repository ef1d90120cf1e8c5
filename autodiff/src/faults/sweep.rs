//! Faults in the scalar sweep: terms that go astray, and n-ary rules.

use super::{Bend, Edge, Fault, List, with};
use crate::check::{self, Verdict};
use crate::rules::{Binary, Nary};
use crate::tape::opcode::{self, Form};
use crate::{Tape, Var, dot, fuse, logsumexp, mean, norm, poly_eval, product, sum, sum_sq};

type Function = fn(&[Var<f64>]) -> Var<f64>;

/// Every function reads its variables elsewhere too, later in the program: what it adds meets something.
fn shared(f: Function) -> impl Fn(&[Var<f64>]) -> Var<f64> {
    move |x| {
        let y = f(x);
        let weights = [0.3, -0.7, 1.1, 0.4];
        y + x.iter().zip(weights).map(|(&x, w)| x.sin() * w).sum::<Var<f64>>()
    }
}

const X: [f64; 4] = [0.7, -1.3, 2.1, 0.4];

fn of_entry(op: u8) -> [(u8, Edge); 6] {
    [Edge::Sign, Edge::Twice, Edge::Dropped, Edge::Neighbour, Edge::Exchanged, Edge::Overwrites].map(|edge| (op, edge))
}

#[test]
fn every_term_that_goes_astray_is_noticed() {
    let binary = |f, form| opcode::binary(f, form);
    let subjects: Vec<(u8, Function)> = vec![
        (opcode::ADD, |x| (x[0] + x[1]).tanh()),
        (opcode::SUB, |x| (x[0] - x[1]).tanh()),
        (opcode::MUL, |x| (x[0] * x[1]).tanh()),
        (opcode::ADD_CONSTANT, |x| (x[0] + 0.3).tanh()),
        (opcode::CONSTANT_ADD, |x| (0.3 + x[0]).tanh()),
        (opcode::SUB_CONSTANT, |x| (x[0] - 0.3).tanh()),
        (opcode::SUB_FROM_CONSTANT, |x| (0.3 - x[0]).tanh()),
        (opcode::MUL_CONSTANT, |x| (x[0] * 0.3).tanh()),
        (opcode::CONSTANT_MUL, |x| (0.3 * x[0]).tanh()),
        (opcode::unary(crate::rules::Unary::Exp), |x| (x[0].exp() * x[1]).tanh()),
        (binary(Binary::Div, Form::Both), |x| (x[0] / x[1]).tanh()),
        (binary(Binary::Div, Form::First), |x| (x[0] / 3.0).tanh()),
        (binary(Binary::Div, Form::Second), |x| (3.0 / x[1]).tanh()),
        (binary(Binary::Hypot, Form::Both), |x| x[0].hypot(x[1]).tanh()),
        (binary(Binary::Powi, Form::First), |x| x[1].powi(3).tanh()),
        (opcode::SUM, |x| sum(x).tanh()),
        (opcode::DOT, |x| dot(&x[..2], &x[2..]).tanh()),
        (opcode::DOT, |x| dot(x, &[0.5, 0.25, -1.0, 2.0].map(Var::constant)).tanh()),
        (opcode::PRODUCT, |x| product(x).tanh()),
        (opcode::PRODUCT, |x| product(&x[..3]).tanh()),
        (opcode::BLOCK, |x| fuse([x[0], x[1]], |[a, b]| (a * b).sin() + a.exp()).tanh()),
        (opcode::nary(Nary::Mean), |x| mean(x).tanh()),
        (opcode::nary(Nary::MulAdd), |x| x[0].mul_add(x[1], x[2]).tanh()),
        (opcode::nary(Nary::SumSq), |x| sum_sq(x).tanh()),
        (opcode::nary(Nary::Norm), |x| norm(x).tanh()),
        (opcode::nary(Nary::LogSumExp), |x| logsumexp(x.iter().copied()).tanh()),
        (opcode::nary(Nary::Polynomial), |x| poly_eval(x[0], &x[1..]).tanh()),
    ];
    let mut count = 0;
    for (op, f) in subjects {
        let f = shared(f);
        check::gradient(&f, &X).assert_pass();
        for (op, edge) in of_entry(op) {
            // All slopes are the same: none is in the wrong place.
            if op == opcode::nary(Nary::Mean) && edge == Edge::Exchanged {
                continue;
            }
            let report = with(Fault::Edge(op, edge), || check::gradient(&f, &X));
            assert_eq!(report.verdict, Verdict::Fail, "{:?}, {edge:?}: {report}", opcode::decode(op));
            // A block has no second derivatives.
            if op != opcode::BLOCK {
                let report = with(Fault::Edge(op, edge), || check::hessian(&f, &X));
                assert_eq!(report.verdict, Verdict::Fail, "{:?}, {edge:?}: {report}", opcode::decode(op));
            }
            count += 1;
        }
    }
    println!("{count} faults in the sweep");
}

#[test]
fn every_fault_in_an_nary_rule_is_caught() {
    let subjects: [(Nary, Function); 6] = [
        (Nary::MulAdd, |x| x[0].mul_add(x[1], x[2])),
        (Nary::Mean, |x| mean(x)),
        (Nary::SumSq, |x| sum_sq(x)),
        (Nary::Norm, |x| norm(x)),
        (Nary::LogSumExp, |x| logsumexp(x.iter().copied())),
        (Nary::Polynomial, |x| poly_eval(x[0], &x[1..])),
    ];
    let lists = [
        List::Sign,
        List::Factor(2.0),
        List::Factor(1.0 + 1e-5),
        List::OffByOne,
        List::FirstDropped,
        List::LastDropped,
        List::Reversed,
    ];
    let mut count = 0;
    for (f, function) in subjects {
        check::gradient(function, &X).assert_pass();
        check::hessian(function, &X).assert_pass();
        for list in lists {
            // All slopes are the same: no order is wrong.
            if f == Nary::Mean && matches!(list, List::OffByOne | List::Reversed) {
                continue;
            }
            let fault = Fault::Nary(f, list);
            for report in
                with(fault, || [check::gradient(function, &X), check::hessian(|x| shared(function)(x).exp(), &X)])
            {
                assert_eq!(report.verdict, Verdict::Fail, "{fault:?}: {report}");
            }
            count += 1;
        }
    }
    println!("{count} faults in n-ary rules");
}

#[test]
fn a_cause_names_operands_as_they_were_written() {
    let inputs = |operand, f: Function| {
        let fault = Fault::Binary(Binary::Div, operand, Bend::Sign);
        let report = with(fault, || check::gradient(f, &[0.5]));
        assert_eq!((report.causes.len(), report.causes[0].operation.as_str()), (1, "div"), "{report}");
        report.causes[0].inputs.clone()
    };
    assert_eq!(inputs(1, |x| 3.0 / x[0]), ["3", "0.5"]);
    assert_eq!(inputs(0, |x| x[0] / 3.0), ["0.5", "3"]);
    assert_eq!(inputs(0, |x| (x[0] + 1.0) / x[0].exp())[0], "1.5");
}

/// A fault ends with the work that it was put in for, even if that panics.
#[test]
fn faults_do_not_stay() {
    let wrong = || with(Fault::Edge(opcode::ADD, Edge::Twice), || crate::grad(|x| x[0] + 1.0 * x[0], &[1.0])[0]);
    assert_eq!(wrong(), 4.0);
    assert_eq!(crate::grad(|x| x[0] + 1.0 * x[0], &[1.0]), [2.0]);
    let panics = || with(Fault::Edge(opcode::ADD, Edge::Twice), || panic!("boom"));
    assert!(std::panic::catch_unwind(panics).is_err());
    let tape = Tape::new();
    let x = tape.var(1.0);
    assert_eq!((x + x).backward().wrt(x), 2.0);
}
