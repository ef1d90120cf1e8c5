//! Whether the right operation is blamed.

use std::cell::Cell;

use autodiff::check::{Report, Verdict, gradient, hessian, op_with, tensor_gradient, tensor_hessian};
use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Dual, Error, Real, Result, Tensor, Var, fuse};
use ndarray::{ArrayD, ArrayViewD, Axis, array};

/// The one cause of a report that fails, in words, without the file's name.
#[track_caller]
fn cause<T: Real>(report: &Report<T>) -> String {
    assert_eq!(report.verdict, Verdict::Fail, "{report}");
    assert_eq!(report.causes.len(), 1, "{report}");
    let text = report.causes[0].to_string();
    assert!(report.to_string().ends_with(&format!("cause: {text}\n")), "{report}");
    text
}

#[track_caller]
fn assert_cause<T: Real>(report: &Report<T>, line: u32, parts: &[&str]) {
    let text = cause(report);
    let place = format!(" at {}:{line}:", file!());
    for part in parts.iter().copied().chain([place.as_str()]) {
        assert!(text.contains(part), "{text}\nlacks {part}");
    }
}

/// A block whose derivative by its second input is wrong.
fn wrong_block(a: Var<f64>, b: Var<f64>) -> Var<f64> {
    fuse([a, b], |[a, b]| {
        let product = a * b;
        Dual::new(product.value(), [product.tangent()[0], 1.5 * product.tangent()[1]])
    })
}

#[test]
fn a_wrong_block_among_right_entries() {
    let f = |x: &[Var<f64>]| (wrong_block(x[0].sin(), x[1].exp()) + x[0] * x[1]).tanh();
    let report = gradient(f, &[0.5, -0.3]);
    assert_eq!(report.entries[0].verdict, Verdict::Pass);
    let line = line!() - 11;
    assert_cause(
        &report,
        line,
        &["the derivative of `fuse`", "(entry 4) is wrong: by the operand 0.74", "it gives 0.7191"],
    );
    assert_eq!(report.causes[0].inputs.len(), 2);
}

#[test]
fn constants_beside_a_wrong_block_are_not_blamed() {
    let wrong = |x: Var<f64>| fuse([x], |[x]| Dual::new(x.value(), [1.5 * x.tangent()[0]]));
    let causes = |f: &dyn Fn(Var<f64>) -> Var<f64>| gradient(|x| f(x[0]), &[0.5]).causes;
    // On either side of an operation, and among scalars that become a tensor.
    for f in [|x: Var<f64>| 3.0 / x, |x| x / 3.0, |x| 3.0 - x, |x| x - 3.0] {
        let found = causes(&|x| wrong(f(x)));
        assert!(found.len() == 1 && found[0].operation == "fuse", "{found:?}");
    }
    let tensor = |x: Var<f64>| Tensor::from_vars(&[x.sin(), Var::constant(2.0), x], &[3]).square().sum().at([]);
    let found = causes(&|x| wrong(tensor(x)));
    assert!(found.len() == 1 && found[0].operation == "fuse", "{found:?}");
}

#[test]
fn values_that_were_taken_out() {
    let out = |x: Var<f64>| Var::constant(x.value());
    let report = gradient(|x| out(x[0].sin()) * x[1].exp(), &[0.5, -0.3]);
    let line = line!() - 1;
    let parts =
        ["no rule on the tape is wrong: `mul`", "reads a constant that changes with the inputs", "by `value()`"];
    assert_cause(&report, line, &parts);
    // In a sum of many, and for a variable that is made anew on the same tape.
    let report = gradient(|x| autodiff::sum([x[0], out(x[0]), x[1]]), &[0.5, -0.3]);
    assert!(cause(&report).contains("`sum`"), "{report}");
    let constant = gradient(|x| out(x[0]), &[0.5]);
    assert_eq!(cause(&constant), "the result is a constant to the tape: no recorded variable went into it");
}

#[test]
fn a_maximum_that_is_taken_out_for_stability_is_not_blamed() {
    let logsumexp = |x: &Tensor<f64>| {
        let m = x.max_all().detach();
        (x - &m).exp().sum().ln() + &m
    };
    let x = [Tensor::constant(array![0.3, 1.2, -0.4])];
    tensor_gradient(|t| logsumexp(&t[0]), &x).assert_pass();
    let wrong = |x: &Tensor<f64>| Tensor::custom("half", &[x], |x| &x[0] * 0.5, |cx| (cx.grad() * 0.6).into());
    let report = tensor_gradient(|t| wrong(&logsumexp(&t[0])), &x);
    assert!(cause(&report).contains("`half`"), "{report}");
    // Beside a cut that is to blame as well, both are.
    let report = tensor_gradient(|t| wrong(&logsumexp(&t[0])) + t[0].detach().sum(), &x);
    assert_eq!(report.causes.len(), 2, "{report}");
    assert!(report.causes[1].to_string().contains("`detach` at "), "{report}");
}

#[test]
fn a_wrong_vjp() {
    let scaled = |a: &Tensor<f64>, b: &Tensor<f64>| {
        Tensor::custom(
            "scaled",
            &[a, b],
            |x| &x[0] * &x[1] * &x[1],
            |cx| {
                let mut twos = Tensor::full(&[2, 2], 2.0);
                twos = Tensor::concat(&[&twos.narrow(0, 0..1), &Tensor::constant(array![[2.0, 2.5]])], 0);
                [Some(cx.grad() * cx.input(1).square()), Some(twos * cx.grad() * cx.input(0) * cx.input(1))].into()
            },
        )
    };
    let line = line!() - 11;
    let inputs = [array![[1.0, 2.0], [3.0, 4.0]], array![[0.5, 0.6], [0.7, 0.8]]].map(Tensor::constant);
    let report = tensor_gradient(|t| scaled(&t[0].sin(), &t[1]).tanh().sum(), &inputs);
    let parts =
        ["`scaled`", "(entry 3) is wrong: by input 1 at [1, 1], which is 0.8, the vjp gives ", "inputs [2, 2], [2, 2]"];
    assert_cause(&report, line, &parts);
    assert_eq!(report.causes[0].entry, 3);
}

/// An operation that runs but once: a sum along rows whose second row is wrong.
#[derive(Default)]
struct WrongRows(Cell<bool>);

impl Op<f64> for WrongRows {
    fn name(&self) -> &'static str {
        "wrong_rows"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        if self.0.replace(true) {
            return Err(Error::custom("wrong_rows: it has run already"));
        }
        Ok(x[0].sum_axis(Axis(1)))
    }

    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        (cx.grad().expand(1) * Tensor::constant(array![[1.0], [1.25]])).into()
    }
}

#[test]
fn an_operation_that_cannot_be_run_alone() {
    let rows = |x: &Tensor<f64>| Tensor::apply(WrongRows::default(), &[x]).expect("runs once");
    let x = [Tensor::constant(array![[0.5, -1.2], [0.3, 0.4]])];
    let report = tensor_gradient(|t| rows(&t[0].exp()).square().sum(), &x);
    assert_eq!(report.causes[0].operation, "wrong_rows", "{report}");
    assert!(cause(&report).contains("is wrong: the vjp misses its result's element [1] by "), "{report}");
}

#[test]
fn a_vjp_with_constants_has_a_wrong_second_derivative() {
    let cube = |x: &Tensor<f64>| {
        let slope = |cx: &Vjp<'_, f64>| Grads::from(cx.grad() * cx.input(0).detach().square() * 3.0);
        Tensor::custom("cube", &[x], |x| x[0].mapv(|x| x * x * x), slope)
    };
    let x = [Tensor::constant(array![0.5, -1.2])];
    tensor_gradient(|t| cube(&t[0]).sum(), &x).assert_pass();
    let report = tensor_hessian(|t| cube(&t[0]).sum(), &x);
    assert!(cause(&report).contains("`detach` at "), "{report}");
    let report = op_with(|x| cube(x[0]), &x);
    assert_eq!(report.cases.iter().filter(|case| case.report.verdict == Verdict::Fail).count(), 1, "{report}");
    assert_eq!(report.cases[1].name, "second order");
}

#[test]
fn wrong_hessians_of_wrong_gradients() {
    let report = hessian(|x| Var::constant(x[0].value()) * x[0] * x[0], &[2.0]);
    assert!(cause(&report).contains("reads a constant"), "{report}");
}

#[test]
fn long_loops_and_bridges() {
    // A checkpointed sequence, elements of tensors, and tensors of variables.
    let f = |x: &[Var<f64>]| {
        let state = autodiff::checkpoint::sequence(&x[..2], 20, |s, _| [s[0] + 0.1 * s[1], s[1] - 0.1 * s[0].sin()]);
        let t = Tensor::from_vars(&[state[0], state[1], Var::constant(x[1].value())], &[3]);
        t.exp().at([1]) * t.square().sum().at([]) + wrong_block(x[0], x[1])
    };
    gradient(|x| f(x) - wrong_block(x[0], x[1]), &[0.5, -0.3]);
    let report = gradient(f, &[0.5, -0.3]);
    assert_eq!(report.verdict, Verdict::Fail);
    let names: Vec<&str> = report.causes.iter().map(|cause| cause.operation.as_str()).collect();
    assert_eq!(names, ["fuse", "from_vars"], "{report}");
}
