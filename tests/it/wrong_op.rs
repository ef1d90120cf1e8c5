//! What a check says of an operation that is wrong; the README shows it.

use autodiff::check::{self, Verdict};
use autodiff::tensor::{Grads, Op, Vjp};
use autodiff::{Result, Tensor, Var, assert_op};
use ndarray::{ArrayD, ArrayViewD, array};
use tests::panics;

/// `a b²`, element by element. The second gradient is to be `2 a b`; with `wrong` it lacks the `b`.
struct Scaled {
    wrong: bool,
}

impl Op<f64> for Scaled {
    fn name(&self) -> &'static str {
        "scaled"
    }

    fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
        Ok(&x[0] * &x[1] * &x[1])
    }

    fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        let (a, b, g) = (cx.input(0), cx.input(1), cx.grad());
        let slope = if self.wrong { 2.0 * a } else { 2.0 * a * b };
        [Some(g * b.square()), Some(g * slope)].into()
    }
}

fn inputs() -> [Tensor<f64>; 2] {
    [array![[1.0, 2.0], [3.0, 4.0]], array![[0.5, 0.25], [2.0, 1.0]]].map(Tensor::constant)
}

#[test]
fn the_report_in_the_readme_is_what_is_printed() {
    let report = check::op(Scaled { wrong: true }, &inputs()).to_string();
    println!("{report}");
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("```text\n{report}```")), "the README should show this report:\n{report}");
}

#[test]
fn the_right_operation_passes_in_all_cases() {
    let report = check::op(Scaled { wrong: false }, &inputs());
    report.assert_pass();
    let names: Vec<&str> = report.cases.iter().map(|case| case.name.as_str()).collect();
    let want = [
        "as given",
        "second order",
        "input 0 broadcast from [1, 2]",
        "input 0 broadcast from [2, 1]",
        "input 0 broadcast from [2]",
        "input 1 broadcast from [1, 2]",
        "input 1 broadcast from [2, 1]",
        "input 1 broadcast from [2]",
        "inputs 0 and 1 the same tensor",
        "result used twice",
        "swept twice",
        "input 0 transposed",
        "input 0 sliced",
        "input 1 transposed",
        "input 1 sliced",
        "only input 0 tracked",
        "only input 1 tracked",
    ];
    assert_eq!(names, want);
    assert!(report.cases.iter().all(|case| case.report.verdict == Verdict::Pass), "{report}");
    assert_op!(Scaled { wrong: false });
    assert_op!(Scaled { wrong: false }, &inputs());
}

/// A mistake that shows in one way of looking only is found there, and named.
#[track_caller]
fn fails_in(apply: impl Fn(&[&Tensor<f64>]) -> Tensor<f64>, cases: &[&str]) {
    let report = check::op_with(apply, &inputs());
    let failed = report.cases.iter().filter(|case| case.report.verdict == Verdict::Fail);
    let names: Vec<&str> = failed.map(|case| case.name.as_str()).collect();
    assert_eq!(names, cases, "{report}");
    assert!(report.to_string().contains(&format!("\n{}:\n", cases[0])), "{report}");
}

#[test]
fn mistakes_that_show_in_one_case() {
    let product = |x: &[ArrayViewD<'_, f64>]| &x[0] * &x[1];
    let right = |cx: &Vjp<'_, f64>| -> Grads<f64> { cx.grad().into_pair(cx) };
    // The order of elements in memory is not that of the view.
    let memory = |x: &[ArrayViewD<'_, f64>]| {
        let order = x[1].as_slice_memory_order().map_or_else(|| x[1].iter().copied().collect(), <[f64]>::to_vec);
        &x[0] * &ArrayD::from_shape_vec(x[1].shape(), order).expect("as many elements")
    };
    fails_in(move |x| Tensor::custom("memory", x, memory, right), &["input 1 transposed"]);
    // Takes `needs` the wrong way round where one input alone is tracked.
    let swapped = |cx: &Vjp<'_, f64>| -> Grads<f64> {
        let factor = if cx.needs(0) && cx.needs(1) { 1.0 } else { 2.0 };
        [Some(factor * cx.grad() * cx.input(1)), Some(cx.grad() * cx.input(0))].into()
    };
    fails_in(move |x| Tensor::custom("swapped", x, product, swapped), &["only input 0 tracked"]);
    // Goes by the values that it finds equal.
    let equal = |cx: &Vjp<'_, f64>| -> Grads<f64> {
        let factor = if cx.input(0).to_array() == cx.input(1).to_array() { 0.5 } else { 1.0 };
        [Some(factor * cx.grad() * cx.input(1)), Some(factor * cx.grad() * cx.input(0))].into()
    };
    fails_in(move |x| Tensor::custom("equal", x, product, equal), &["inputs 0 and 1 the same tensor"]);
    // Computes the gradient in the first sweep only.
    let counted = move |x: &[&Tensor<f64>]| {
        let sweeps = std::cell::Cell::new(0);
        let vjp = move |cx: &Vjp<'_, f64>| -> Grads<f64> {
            sweeps.set(sweeps.get() + 1);
            if sweeps.get() > 1 { (0.0 * cx.grad()).into_pair(cx) } else { cx.grad().into_pair(cx) }
        };
        Tensor::custom("counted", x, product, vjp)
    };
    fails_in(counted, &["swept twice"]);
    // Forgets to sum along an axis of length 1 that was stretched: it gives the first row's.
    let stretched = |cx: &Vjp<'_, f64>| -> Grads<f64> {
        let second = cx.grad() * cx.input(0);
        let second = if cx.input(1).shape() == [1, 2] { second.narrow(0, 0..1) } else { second };
        [Some(cx.grad() * cx.input(1)), Some(second)].into()
    };
    fails_in(move |x| Tensor::custom("stretched", x, product, stretched), &["input 1 broadcast from [1, 2]"]);
}

/// The gradients of a product.
trait Pair {
    fn into_pair(self, cx: &Vjp<'_, f64>) -> Grads<f64>;
}

impl<G: std::borrow::Borrow<Tensor<f64>>> Pair for G {
    fn into_pair(self, cx: &Vjp<'_, f64>) -> Grads<f64> {
        let g = self.borrow();
        [Some(g * cx.input(1)), Some(g * cx.input(0))].into()
    }
}

#[test]
fn assertions_panic_with_the_report() {
    let message = panics(|| assert_op!(Scaled { wrong: true })).expect("wrong");
    assert!(message.starts_with("op `scaled`: FAIL, in ") && message.contains("\ncause: the derivative of `scaled`"));
    let severed = |x: &[Var<f64>]| x[0] * x[1].value();
    let message = panics(|| autodiff::assert_gradient!(severed, &[1.0, 2.0])).expect("wrong");
    assert!(message.starts_with("gradient: FAIL, 1 of 2 entries wrong\n"), "{message}");
    autodiff::assert_gradient!(|x: &[Var<f64>]| x[0] * x[1], &[1.0, 2.0]);
}
