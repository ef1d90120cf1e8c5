//! Recorded programs: replays at other inputs, guards, sparse derivatives, fused blocks.

use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Program, Real, Tape, Var, fuse, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp};
use ndarray::{Array2, array};
use num_traits::Float;
use proptest::prelude::*;
use tests::{close, raises};

const STALE: &str = "stale handle: this variable was recorded before its tape was reset or dropped; values recorded on a tape live until the next reset";

fn all_close(what: &str, got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        close(what, *got, *want, 1e-13);
    }
}

/// Sums of products, differences, shared subexpressions, every kind of entry.
fn mixed<R: Real>(x: &[R]) -> Vec<R> {
    let shared = x[0] * x[1];
    let mut s = x[2];
    for (i, &x) in x.iter().enumerate() {
        s += x * R::of(i as f64 + 0.5);
        s -= x * shared;
        s -= R::of(0.25);
    }
    let t = (x[0] * x[1]).sin() + shared.sin() + x[2].exp().hypot(x[0]).max(x[1]) / R::of(3.0);
    vec![s * t, t, R::of(7.0), x[1], s.powi(3).mul_add(t, s)]
}

fn rosen<R: Real>(x: &[R]) -> R {
    let term = |x: &[R]| R::of(100.0) * (x[1] - x[0] * x[0]).square() + (R::one() - x[0]).square();
    x.windows(2).map(term).sum()
}

#[test]
fn replays_like_the_function() {
    let program = Program::record(|x: &[Var<f64>]| mixed(x), &[0.3, -0.7, 1.1]);
    for x in [[0.3, -0.7, 1.1], [1.5, 0.2, -0.4], [-2.0, 0.1, 0.9]] {
        let f = |x: &[Var<f64>]| mixed(x);
        let want: Vec<u64> = mixed::<f64>(&x).iter().map(|y| y.to_bits()).collect();
        let got: Vec<u64> = program.values(&x).unwrap().iter().map(|y| y.to_bits()).collect();
        assert_eq!(got, want, "values at {x:?}, bit for bit");
        let (u, v) = ([0.3, -1.0, 5.0, 0.7, 0.01], [1.0, -0.5, 2.0]);
        all_close("vjp", &program.vjp(&x, &u).unwrap(), &vjp(f, &x, &u));
        all_close("jvp", &program.jvp(&x, &v).unwrap(), &jvp(f, &x, &v));
        let want = jacobian(f, &x);
        all_close("jacobian", program.jacobian(&x).unwrap().as_slice().unwrap(), want.as_slice().unwrap());
        let sparse = program.sparse_jacobian(&x).unwrap();
        all_close("sparse jacobian", sparse.to_dense().as_slice().unwrap(), want.as_slice().unwrap());
    }
}

#[test]
fn second_derivatives() {
    let at: Vec<f64> = (0..12).map(|i| 0.3 * f64::from(i) - 1.5).collect();
    let x: Vec<f64> = at.iter().map(|x| x.cos()).collect();
    let program = Program::record(|x: &[Var<f64>]| rosen(x), &at);
    let (value, gradient) = program.value_and_gradient(&x).unwrap();
    assert_eq!(value.to_bits(), rosen::<f64>(&x).to_bits());
    all_close("gradient", &gradient, &value_and_grad(rosen, &x).1);
    let want = hessian(rosen, &x);
    let got = program.hessian(&x).unwrap();
    all_close("hessian", got.as_slice().unwrap(), want.as_slice().unwrap());
    let sparse = program.sparse_hessian(&x).unwrap();
    assert_eq!(sparse.values.len(), 3 * 12 - 2, "tridiagonal");
    assert!(sparse.iter().all(|(i, j, _)| i.abs_diff(j) <= 1));
    assert!(sparse.iter().map(|(i, j, _)| (i, j)).is_sorted(), "ordered by row and column");
    let v: Vec<f64> = (0..12).map(|i| f64::from(i) - 4.0).collect();
    all_close("hvp", &program.hvp(&x, &v).unwrap(), &hvp(rosen, &x, &v));
}

#[test]
fn shorter_than_the_recording() {
    let record = |f: fn(&[Var<f64>]) -> Var<f64>| Program::record(f, &[0.5, 2.0]).len() - 2;
    let unused = |x: &[Var<f64>]| {
        let _ = x[1].exp().ln();
        x[0].sin()
    };
    assert_eq!(record(unused), 1, "what no output needs is dropped");
    assert_eq!(record(|x| (x[0] * x[1]).sin() * (x[1] * x[0].powi(1)).sin()), 6, "different operations stay");
    assert_eq!(record(|x| (x[0] * x[1]).sin() * (x[0] * x[1]).sin()), 3, "the same are computed once");
    assert_eq!(record(|x| (x[0] * 1.0 - 0.0) / 1.0), 0, "x · 1 - 0 is x");
    assert_eq!(record(|x| x[0] + x[1] + x[0] + x[1] + x[0]), 1, "a chain of sums is one entry");
    assert_eq!(record(|x| x[0] * x[1] + 3.0 * x[0] - 2.0 * x[1] + 1.0), 1, "and so is a sum of products");
    // A sum that somebody else uses as well is kept.
    assert_eq!(record(|x| (x[0] + x[1] + x[0]).exp() * (x[0] + x[1])), 4);
}

/// `-0.0`, infinities and NaN keep their bits through folded and merged operations.
#[test]
fn edge_values_keep_their_bits() {
    fn f<R: Real>(x: &[R]) -> Vec<R> {
        let one = R::one();
        vec![
            x[0] * one,
            one * x[0],
            x[0] / one,
            x[0] - R::zero(),
            x[0] + R::zero(),
            R::zero() + x[0] + x[1] + x[0],
            x[0] * x[1] + x[0] * R::of(-0.0) - x[1] * x[1],
            x[0] - x[1] * R::of(3.0) - x[0] * x[1] - x[1],
        ]
    }
    let program = Program::record(|x: &[Var<f64>]| f(x), &[0.5, 2.0]);
    let edges = [0.0, -0.0, 1.0, -1.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MIN_POSITIVE, f64::MAX];
    for a in edges {
        for b in edges {
            let (got, want) = (program.values(&[a, b]).unwrap(), f::<f64>(&[a, b]));
            for (k, (got, want)) in got.iter().zip(want).enumerate() {
                let same = got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan());
                assert!(same, "output {k} at ({a}, {b}): {got} is not {want}");
            }
        }
    }
}

#[test]
fn guards() {
    let f = |x: &[Var<f64>]| if x[0] < x[1] { x[0] * x[0] } else { x[1].sin() };
    let program = Program::record(f, &[1.0, 2.0]);
    assert_eq!(program.value(&[-3.0, 2.0]).unwrap(), 9.0);
    let want = format!(
        "the function takes another branch at these inputs (tests/it/program.rs:{}:33): `1 < 2` held when the program was \
         recorded, `3 < 2` does not; record it again, or use `eval_or_record`",
        line!() - 6
    );
    let says = |got: autodiff::Error| assert_eq!(got.to_string(), want);
    says(program.value(&[3.0, 2.0]).unwrap_err());
    says(program.gradient(&[3.0, 2.0]).unwrap_err());
    says(program.jvp(&[3.0, 2.0], &[1.0, 0.0]).unwrap_err());
    says(program.vjp(&[3.0, 2.0], &[1.0]).unwrap_err());
    says(program.hvp(&[3.0, 2.0], &[1.0, 0.0]).unwrap_err());
    says(program.jacobian(&[3.0, 2.0]).unwrap_err());
    says(program.hessian(&[3.0, 2.0]).unwrap_err());
    says(program.sparse_jacobian(&[3.0, 2.0]).unwrap_err());
    says(program.batch_gradients(&array![[1.0, 2.0], [3.0, 2.0]].view()).unwrap_err());
    let mut program = program;
    assert_eq!(program.eval_or_record(f, &[3.0, 2.0], Program::gradient), [0.0, 2.0_f64.cos()]);
    assert_eq!(program.eval_or_record(f, &[5.0, 2.5], |p, x| p.value(x)), 2.5_f64.sin());
}

/// Every way to ask about a number is noted.
#[test]
fn every_question_is_a_guard() {
    type Question = fn(Var<f64>) -> bool;
    let questions: [(&str, Question, f64, f64); 16] = [
        ("<", |x| x < 1.0, 0.5, 1.5),
        ("<=", |x| x <= 1.0, 1.0, 1.5),
        (">", |x| x > 1.0, 0.5, 1.5),
        (">=", |x| x >= 1.0, 0.5, 1.0),
        ("==", |x| x == 1.0, 1.0, 1.5),
        ("!=", |x| x != 1.0, 1.0, 1.5),
        ("variable on the right", |x| Var::constant(1.0) < x, 0.5, 1.5),
        ("partial_cmp", |x| x.partial_cmp(&1.0).is_none(), 0.5, f64::NAN),
        ("is_nan", |x| x.is_nan(), 0.5, f64::NAN),
        ("is_finite", |x| x.is_finite(), 0.5, f64::INFINITY),
        ("is_infinite", |x| x.is_infinite(), 0.5, f64::INFINITY),
        ("is_normal", |x| x.is_normal(), 0.5, 0.0),
        ("is_sign_positive", |x| x.is_sign_positive(), 0.5, -0.5),
        ("is_sign_negative", |x| x.is_sign_negative(), 0.5, -0.5),
        ("is_zero", |x| num_traits::Zero::is_zero(&x), 0.5, 0.0),
        ("to_i64", |x| num_traits::ToPrimitive::to_i64(&x) == Some(0), 0.5, 1.5),
    ];
    for (name, question, here, there) in questions {
        let f = |x: &[Var<f64>]| if question(x[0]) { x[0] * 2.0 } else { x[0] * 3.0 };
        let program = Program::record(f, &[here]);
        assert!(program.gradient(&[here]).is_ok(), "{name}: the same inputs");
        assert!(program.gradient(&[there]).is_err(), "{name}: another branch");
        let back = Program::record(f, &[there]);
        assert!(back.gradient(&[there]).is_ok(), "{name}: the other branch");
        assert!(back.gradient(&[here]).is_err(), "{name}: and back");
    }
    // Sorting compares many times; a replay with another order is noticed.
    let smallest = |x: &[Var<f64>]| {
        let mut x = x.to_vec();
        x.sort_by(|a, b| a.partial_cmp(b).unwrap());
        x[0] * 2.0
    };
    let program = Program::record(smallest, &[3.0, 1.0, 2.0]);
    assert_eq!(program.gradient(&[30.0, 10.0, 20.0]).unwrap(), [0.0, 2.0, 0.0]);
    assert!(program.gradient(&[1.0, 2.0, 3.0]).is_err());
}

#[test]
fn fused_blocks() {
    let plain = |x: &[Var<f64>]| {
        let y = if x[0] > x[1] { x[0] / x[1] } else { x[0] * x[1].exp() };
        y + y.sin() * 2.0
    };
    let fused = |x: &[Var<f64>]| {
        fuse([x[0], x[1]], |[a, b]| {
            let y = if a > b { a / b } else { a * b.exp() };
            // A block within a block.
            y + fuse([y, b], |[y, _]| y.sin() * 2.0)
        })
    };
    let program = Program::record(fused, &[0.5, 1.5]);
    for x in [[0.5, 1.5], [2.5, 0.5], [-1.0, 0.0]] {
        let (value, gradient) = value_and_grad(plain, &x);
        // The closure runs again in a replay, branches included.
        assert_eq!(program.value(&x).unwrap().to_bits(), value.to_bits());
        for got in [value_and_grad(fused, &x).1, program.gradient(&x).unwrap()] {
            all_close("gradient", &got, &gradient);
        }
        let v = [0.3, -2.0];
        for got in [jvp(fused, &x, &v), program.jvp(&x, &v).unwrap()] {
            all_close("jvp", &got, &jvp(plain, &x, &v));
        }
    }
    let tape = Tape::<f64>::new();
    let (x, c) = (tape.var(2.0), Var::constant(3.0));
    assert_eq!(fuse([x, c, x], |[a, b, c]| a * b * c).backward().wrt(x), 12.0, "shared inputs and constants");
    assert_eq!(fuse([c, c], |[a, b]| a * b).value(), 9.0);
    assert!(!fuse([c, c], |[a, b]| a * b).is_tracked());
    let infinite = fuse([tape.var(0.0)], |[a]| a.sqrt());
    assert_eq!((infinite * 0.0).backward().wrt(infinite), 0.0);
    let shift = 0.75;
    let moved = |x: &[Var<f64>]| fuse([x[0]], move |[a]| (a - shift).square());
    assert_eq!(grad(moved, &[1.0]), [0.5]);
}

#[test]
fn fused_blocks_say_what_they_cannot_do() {
    let fused = |x: &[Var<f64>]| fuse([x[0]], |[a]| a.sin());
    let message = &format!(
        "a second derivative was asked for through the fused block at tests/it/program.rs:{}:34, which has first \
         derivatives only; write its operations without `fuse`",
        line!() - 4
    );
    raises(|| hessian(fused, &[1.0]), message);
    raises(|| hvp(fused, &[1.0], &[1.0]), message);
    raises(|| Program::record(fused, &[1.0]).hessian(&[1.0]), message);
    let tape = Tape::<f64>::new();
    let x = tape.var(1.0);
    raises(|| tape.grad(fused(&[x]), &[x]), message);
    let y = Tape::<f64>::new().var(1.0);
    raises(|| fuse([x, y], |[a, b]| a * b), STALE);
    let other = Tape::<f64>::new();
    let y = other.var(1.0);
    raises(
        || fuse([x, y], |[a, b]| a * b),
        "fuse: operands are recorded on two different tapes; record both on one tape, or pass one as a constant \
         (`.value()`, `.detach()`)",
    );
}

#[test]
fn batches() {
    let program = Program::record(|x: &[Var<f64>]| rosen(x), &[0.1; 40]);
    let rows = Array2::from_shape_fn((300, 40), |(i, j)| ((i * 31 + j * 17) % 101) as f64 / 50.0 - 1.0);
    let (values, gradients) =
        (program.batch_values(&rows.view()).unwrap(), program.batch_gradients(&rows.view()).unwrap());
    for (i, row) in rows.rows().into_iter().enumerate() {
        let row = row.to_vec();
        assert_eq!(values[i].to_bits(), rosen::<f64>(&row).to_bits());
        assert_eq!(gradients.row(i).to_vec(), program.gradient(&row).unwrap(), "row {i}");
    }
    assert_eq!(program.batch_gradients(&Array2::zeros((0, 40)).view()).unwrap().dim(), (0, 40));
}

#[test]
fn degenerate_programs() {
    let constant = Program::record(|_: &[Var<f64>]| Var::constant(3.0), &[1.0, 2.0]);
    assert_eq!(constant.value_and_gradient(&[0.0, 0.0]).unwrap(), (3.0, vec![0.0, 0.0]));
    assert_eq!(constant.hessian(&[0.0, 0.0]).unwrap(), Array2::<f64>::zeros((2, 2)));
    assert_eq!(constant.hvp(&[0.0, 0.0], &[1.0, 1.0]).unwrap(), [0.0, 0.0]);
    assert!(constant.sparse_jacobian(&[0.0, 0.0]).unwrap().values.is_empty());
    let input = Program::record(|x: &[Var<f64>]| x[1], &[1.0, 2.0]);
    assert_eq!(input.value_and_gradient(&[5.0, 6.0]).unwrap(), (6.0, vec![0.0, 1.0]));
    assert_eq!(input.len(), 2);
    let none = Program::record(|_: &[Var<f64>]| Var::constant(3.0), &[]);
    assert!(none.is_empty());
    assert_eq!(none.value_and_gradient(&[]).unwrap(), (3.0, vec![]));
    let wide = Program::record(|x: &[Var<f64>]| x.iter().map(|x| x.sin()).collect::<Vec<_>>(), &[0.5; 9]);
    assert_eq!(wide.jacobian(&[0.0; 9]).unwrap(), Array2::<f64>::eye(9));
    assert_eq!(wide.sparse_jacobian(&[0.0; 9]).unwrap().values, [1.0; 9]);
    assert_eq!(format!("{input:?}"), "Program(2 inputs, 1 outputs, 2 entries, 0 guards)");
}

#[test]
fn misuse_is_told() {
    let program = Program::record(|x: &[Var<f64>]| mixed(x), &[0.3, -0.7, 1.1]);
    raises(
        || program.values(&[1.0, 2.0]).ok(),
        "Program: 2 values given where 3 are needed (one value for each input)",
    );
    raises(
        || program.value(&[1.0, 2.0, 3.0]).ok(),
        "Program::value: 5 values given where 1 are needed (it needs a program with one output)",
    );
    raises(
        || Program::record(|x: &[Var<f64>]| autodiff::Tensor::from_vars(x, &[2]).sum().at([]), &[1.0, 2.0]),
        "Program: the function uses tensors; a program consists of scalar operations (see `Tape` for tensors)",
    );
    let tape = Tape::<f64>::new();
    let x = tape.var(1.0);
    raises(
        || Program::record(|_: &[Var<f64>]| x, &[1.0]),
        "an output was not recorded on this tape, or was recorded before the tape was reset; ask the tape it came from",
    );
}

#[test]
fn programs_can_be_shared_among_threads() {
    let program = Program::record(|x: &[Var<f64>]| rosen(x), &[0.5, 1.5]);
    let want = program.gradient(&[0.2, 0.4]).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(program.gradient(&[0.2, 0.4]).unwrap(), want));
        }
    });
}

#[test]
fn on_disk() {
    let f = |x: &[Var<f64>]| {
        let mut y = mixed(x);
        y[1] = if y[1] < x[0] { y[1] * 2.0 - 3.0 / x[2] } else { y[0] };
        y.push(autodiff::logsumexp(x) + autodiff::poly_eval(x[0], x) + 0.1);
        y
    };
    let program = Program::record(f, &[0.3, -0.7, 1.1]);
    let text = serde_json::to_string(&program).unwrap();
    let back: Program = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    let x = [0.4, -0.6, 1.3];
    assert_eq!(back.values(&x).unwrap(), program.values(&x).unwrap());
    assert_eq!(back.jacobian(&x).unwrap(), program.jacobian(&x).unwrap());
    let message = |x: &[f64], program: &Program| program.values(x).unwrap_err().to_string();
    let other = [[3.0, 1.0, 1.0], [-3.0, 1.0, 1.0], [-3.0, -1.0, 2.0]];
    let other = other.iter().find(|x| program.values(*x).is_err()).expect("some inputs take the other branch");
    assert_eq!(message(other, &back), message(other, &program), "guards with their places");
    let fused = Program::record(|x: &[Var<f64>]| fuse([x[0]], |[a]| a.sin()), &[1.0]);
    let error = serde_json::to_string(&fused).unwrap_err().to_string();
    assert!(error.starts_with("the program has a fused block (tests/it/program.rs:"), "{error}");

    // Damaged files: an error, and never an operand that is not there.
    let wrong = |from: &str, to: &str, want: &str| {
        let short = Program::record(|x: &[Var<f64>]| x[0].sin() * x[1] + 2.0, &[1.0, 2.0]);
        let text = serde_json::to_string(&short).unwrap();
        assert!(text.contains(from), "{text}");
        let error = serde_json::from_str::<Program>(&text.replace(from, to)).unwrap_err().to_string();
        assert!(error.starts_with(want), "{error}");
    };
    wrong("\"sin\"", "\"sine\"", "there is no operation `sine` of 1 operands of which one is an entry");
    wrong("\"sin\"", "\"mul\"", "there is no operation `mul` of 1 operands");
    wrong("{\"entry\":2}", "{\"entry\":3}", "entry 3 is an operand where 3 entries stand before");
    wrong("{\"entry\":4}", "{\"entry\":9}", "entry 9 is an operand where 5 entries stand before");
    wrong("\"inputs\":2", "\"inputs\":3", "3 inputs, but recorded at 2 values");
    for end in 0..text.len() {
        assert!(serde_json::from_str::<Program>(&text[..end]).is_err(), "cut at {end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A byte changed: an error or a program that runs.
    #[test]
    fn damaged_files(at in any::<prop::sample::Index>(), byte in 32u8..127) {
        let program = Program::record(|x: &[Var<f64>]| mixed(x), &[0.3, -0.7, 1.1]);
        let mut text = serde_json::to_string(&program).unwrap().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(program) = serde_json::from_slice::<Program>(&text) {
            let x = vec![0.5; program.inputs()];
            let _ = program.values(&x);
            let _ = program.jacobian(&x);
            let _ = program.sparse_jacobian(&x);
        }
    }
}

/// Every row, replayed away from where it was recorded.
#[test]
fn every_row_replays() {
    for &f in Unary::ALL {
        let at = f.points();
        let program = Program::record(|x: &[Var<f64>]| x[0].unary(f), &[at[0]]);
        for &x in at {
            let name = f.name();
            assert_eq!(program.value(&[x]).unwrap().to_bits(), f.value(x).to_bits(), "{name}");
            let want = Dual::variable(Dual::variable(x)).unary(f).tangent()[0];
            close(name, program.gradient(&[x]).unwrap()[0], want.value(), 1e-14);
            close(name, program.hvp(&[x], &[1.0]).unwrap()[0], want.tangent()[0], 1e-13);
            close(name, program.hessian(&[x]).unwrap()[[0, 0]], want.tangent()[0], 1e-13);
        }
    }
    for &f in Binary::ALL {
        let at = f.points();
        let (a, b) = at[0];
        let program = Program::record(|x: &[Var<f64>]| x[0].binary(f, x[1]), &[a, b]);
        for &(a, b) in at {
            let name = f.name();
            assert_eq!(program.value(&[a, b]).unwrap().to_bits(), f.value(a, b).to_bits(), "{name}");
            all_close(name, &program.gradient(&[a, b]).unwrap(), &grad(|x| x[0].binary(f, x[1]), &[a, b]));
            let want = hessian(|x| x[0].binary(f, x[1]), &[a, b]);
            all_close(name, program.hessian(&[a, b]).unwrap().as_slice().unwrap(), want.as_slice().unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Random sums, differences and products of earlier results: the merged program has the same bits and derivatives.
    #[test]
    fn random_polynomials(
        steps in prop::collection::vec((0u8..6, any::<prop::sample::Index>(), any::<prop::sample::Index>(), -2.0..2.0), 1..40),
        at in prop::array::uniform3(-1.0..1.0),
        x in prop::array::uniform3(-1.0..1.0),
    ) {
        fn run<R: Real>(x: &[R], steps: &[(u8, prop::sample::Index, prop::sample::Index, f64)]) -> Vec<R> {
            let mut all = x.to_vec();
            for (op, a, b, c) in steps {
                let (a, b) = (all[a.index(all.len())], all[b.index(all.len())]);
                all.push(match op {
                    0 => a + b,
                    1 => a - b,
                    2 => a * b * R::of(0.5),
                    3 => a * R::of(*c) + b,
                    4 => a - b * R::of(*c),
                    _ => (a + R::of(*c)).sin(),
                });
            }
            all.split_off(all.len().saturating_sub(9))
        }
        let program = Program::record(|x: &[Var<f64>]| run(x, &steps), &at);
        let want: Vec<u64> = run::<f64>(&x, &steps).iter().map(|y| y.to_bits()).collect();
        let got: Vec<u64> = program.values(&x).unwrap().iter().map(|y| y.to_bits()).collect();
        prop_assert_eq!(got, want);
        let want = jacobian(|x| run(x, &steps), &x);
        for got in [program.jacobian(&x).unwrap(), program.sparse_jacobian(&x).unwrap().to_dense()] {
            for (got, want) in got.iter().zip(&want) {
                prop_assert!((got - want).abs() <= 1e-11 * (1.0 + want.abs()), "{} {}", got, want);
            }
        }
        let scalar = |x: &[Var<f64>]| *run(x, &steps).last().unwrap();
        let (got, want) = (Program::record(scalar, &at).hessian(&x).unwrap(), hessian(scalar, &x));
        for (got, want) in got.iter().zip(&want) {
            prop_assert!((got - want).abs() <= 1e-10 * (1.0 + want.abs()), "{} {}", got, want);
        }
    }
}
