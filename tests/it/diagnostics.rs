//! What the tape says of values that are not finite, of gradients that do not arrive, and of itself.

use std::panic::Location;

use autodiff::rules::Unary;
use autodiff::tensor::{Grads, Op, Vjp, checkpoint, no_grad};
use autodiff::{Gradients, Result, Tape, Tensor, Var, fuse, sum};
use ndarray::{ArrayD, ArrayViewD, array};
use nn::{Activation, Layer, Linear, Mlp, Optimizer, Param, Sgd, Visit, loss};
use rand::SeedableRng;
use tests::{panics, raises_here};

/// The caller's line, as messages name it.
#[track_caller]
fn line() -> String {
    let place = Location::caller();
    format!("{}:{}", place.file(), place.line())
}

/// A message without columns, on which tests are not to depend.
fn without_columns(text: &str) -> String {
    let mut parts = text.split(".rs:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (line, rest) = part.split_once(':').expect("a line and a column");
        out += ".rs:";
        out += line;
        out += rest.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out
}

/// What an action panics with, blamed on this file, twice.
#[track_caller]
fn message<R>(action: impl Fn() -> R) -> String {
    let text = panics(&action).expect("a panic");
    raises_here(&action, &text);
    without_columns(&text)
}

fn watched() -> Tape<f64> {
    let tape = Tape::new();
    tape.check_finite(true);
    tape
}

#[test]
fn scalars_that_are_not_finite() {
    let tape = watched();
    let (x, zero, big) = (tape.var(-1.0), tape.var(0.0), tape.var(f64::MAX));
    let (text, here) = (message(|| x.ln()), line());
    assert_eq!(text, format!("check_finite: `ln` at {here} gave NaN from -1"));
    let (text, here) = (message(|| x / zero), line());
    assert_eq!(text, format!("check_finite: `div` at {here} gave -inf from -1, 0"));
    let (text, here) = (message(|| 1.0 / zero), line());
    assert_eq!(text, format!("check_finite: `div` at {here} gave inf from 1, 0"));
    let (text, here) = (message(|| zero.powi(-1)), line());
    assert_eq!(text, format!("check_finite: `powi` at {here} gave inf from 0, -1"));
    let (text, here) = (message(|| sum([x, big, big])), line());
    assert_eq!(text, format!("check_finite: `sum` at {here} gave inf from -1, {0}, {0}", f64::MAX));
    let (text, here) = (message(|| sum(vec![big; 10])), line());
    let eight = vec![f64::MAX.to_string(); 8].join(", ");
    assert_eq!(text, format!("check_finite: `sum` at {here} gave inf from {eight} and 2 more"));
    let (text, here) = (message(|| fuse([x], |[x]| x.sqrt())), line());
    assert_eq!(text, format!("check_finite: `fuse` at {here} gave NaN from -1"));
    let (text, here) = (message(|| tape.var(f64::NAN)), line());
    assert_eq!(text, format!("check_finite: `var` at {here} gave NaN; it was put on the tape as it is"));
    let (text, here) = (message(|| x + f64::NAN), line());
    assert_eq!(text, format!("check_finite: `add` at {here} gave NaN from -1, NaN"));
    // An infinity that is passed in was meant; a NaN that it makes was not.
    assert_eq!((x + f64::NEG_INFINITY).value(), f64::NEG_INFINITY);
    let (text, here) = (message(|| zero * f64::INFINITY), line());
    assert_eq!(text, format!("check_finite: `mul` at {here} gave NaN from 0, inf"));
}

#[test]
fn what_was_stopped_is_not_on_the_tape() {
    let tape = watched();
    let x = tape.var(-1.0);
    let before = tape.len();
    for _ in 0..3 {
        message(|| x.ln());
        message(|| sum([x, Var::constant(f64::NAN)]));
        message(|| tape.vars(&[f64::NAN, 1.0]));
    }
    assert_eq!((tape.len(), (x * x * x).backward().wrt(x)), (before, 3.0));
    let (text, here) = (message(|| x.sqrt()), line());
    assert_eq!(text, format!("check_finite: `sqrt` at {here} gave NaN from -1"));
    // It lasts until it is switched off, or the tape ends.
    tape.reset();
    let x = tape.vars(&vec![-1.0; 5000])[4999];
    message(|| x.ln());
    assert_eq!(sum([x, x * x, x]).backward().wrt(x), 0.0);
    tape.check_finite(false);
    assert!(x.ln().value().is_nan());
    drop(tape);
    assert!(Tape::<f64>::new().var(-1.0).ln().value().is_nan());
}

#[test]
fn tensors_that_are_not_finite() {
    let tape = watched();
    let x = tape.tensor(array![[1.0, 2.0], [-3.0, 0.0]]);
    let (text, here) = (message(|| x.ln()), line());
    let shapes = "shapes [2, 2] -> [2, 2]";
    assert_eq!(text, format!("check_finite: `ln` at {here} gave NaN at [1, 0], from -3; {shapes}"));
    let row = tape.tensor(array![1.0, 0.0]);
    let (text, here) = (message(|| &x / &row), line());
    let shapes = "shapes [2, 2], [2] -> [2, 2]";
    assert_eq!(text, format!("check_finite: `div` at {here} gave NaN at [1, 1], from 0, 0; {shapes}"));
    let (text, here) = (message(|| 1.0 / &row), line());
    assert_eq!(text, format!("check_finite: `div` at {here} gave inf at [1], from 1, 0; shapes [], [2] -> [2]"));
    let big = tape.tensor(array![[1e200, 1e200]]);
    let (text, here) = (message(|| big.matmul(&big.transpose())), line());
    assert_eq!(text, format!("check_finite: `matmul` at {here} gave inf at [0, 0]; shapes [1, 2], [2, 1] -> [1, 1]"));
    let (text, here) = (message(|| tape.tensor(array![0.0, f64::NAN])), line());
    let put = "it was put on the tape as it is";
    assert_eq!(text, format!("check_finite: `tensor` at {here} gave NaN at [1]; {put}; shapes [2]"));
    let bad = Tensor::constant(array![1.0, f64::NAN]);
    let (text, here) = (message(|| &row * &bad), line());
    let brought = "input 1, a constant, holds NaN at [1]";
    assert_eq!(text, format!("check_finite: `mul` at {here} gave NaN at [1]; {brought}; shapes [2], [2] -> [2]"));
    // A mask of -inf is meant, and harmless if softmax comes after it.
    let mask = Tensor::constant(array![0.0, f64::NEG_INFINITY]);
    assert_eq!((&row + &mask).softmax(0).to_array(), array![1.0, 0.0].into_dyn());
    let all = Tensor::constant(array![f64::NEG_INFINITY, f64::NEG_INFINITY]);
    let masked = &row + all;
    let (text, here) = (message(|| masked.softmax(0)), line());
    assert_eq!(text, format!("check_finite: `softmax` at {here} gave NaN at [0]; shapes [2] -> [2]"));
}

#[test]
fn adjoints_that_are_not_finite() {
    let tape = watched();
    let (x, y) = (tape.var(0.0), tape.var(4.0));
    let (root, here) = (x.sqrt(), line());
    let z = root * y;
    let text = message(|| z.backward());
    assert_eq!(
        text,
        format!(
            "check_finite: in the sweep, the gradient of `sqrt` at {here} for its operand 0 became inf, and 4 came in"
        )
    );
    let (x, e) = (tape.tensor(array![4.0, 0.0]), tape.tensor(array![1e200, 1.0]));
    let (root, here) = (x.sqrt(), line());
    let text = message(|| root.sum().backward());
    let came = "and a finite one of shape [2] came in";
    assert_eq!(
        text,
        format!(
            "check_finite: in the sweep, the gradient of `sqrt` at {here} for input 0 of shape [2] became inf at [1], {came}"
        )
    );
    // A sum of finite gradients may overflow.
    let huge = Tensor::constant(array![1e308, 1.0]);
    let ((a, b), here) = ((&e * &huge.mask(|_| true), e.on_grad(move |_| huge.clone())), line());
    let root = a.on_grad(|_| Tensor::constant(array![1e308, 1.0])) + b;
    let text = message(|| root.sum().backward());
    assert_eq!(
        text,
        format!(
            "check_finite: in the sweep, the gradient of `mul` at {here} for input 0 of shape [2] became inf at [0], {came}"
        )
    );
    // Through a tensor and back to scalars.
    let v = tape.var(0.0);
    let mixed = Tensor::from_vars(&[v], &[1]).sum().at([]);
    let (root, here) = (mixed.sqrt(), line());
    let text = message(|| root.backward());
    assert_eq!(
        text,
        format!(
            "check_finite: in the sweep, the gradient of `sqrt` at {here} for its operand 0 became inf, and 1 came in"
        )
    );
    // Where all is well, the numbers are those of an unwatched tape, to the bit.
    let gradient = |tape: &Tape<f64>| {
        let (x, w) = (tape.vars(&[0.3, 0.7]), tape.tensor(array![[0.1, 0.2], [0.3, 0.4]]));
        let t = Tensor::from_vars(&[x[0] * x[1], x[1].sin()], &[2]);
        let y = w.matmul(&t).tanh();
        let root = fuse([y.at([0]), x[0]], |[a, b]| a * b.exp()) + y.at([1]);
        let g = root.backward();
        let recorded = tape.grad(y.at([0]) * x[0], &x);
        (g.wrt(x[0]), g.wrt(x[1]), g.wrt(&w), recorded.iter().map(|g| g.value()).collect::<Vec<_>>())
    };
    assert_eq!(gradient(&tape), gradient(&Tape::new()));
}

/// An operation of a recorded gradient is blamed on the line of the operation that it differentiates.
#[test]
fn recorded_gradients_that_are_not_finite() {
    let tape = watched();
    let x = tape.tensor(array![0.0, 4.0]);
    let (root, here) = (x.sqrt(), line());
    let text = without_columns(&panics(|| tape.grad(root.sum(), &[&x])).expect("a panic"));
    assert_eq!(text, format!("check_finite: `div` at {here} gave inf at [0], from 0.5, 0; shapes [], [2] -> [2]"));
    let x = tape.var(0.0);
    let (root, here) = (x.cbrt(), line());
    let text = without_columns(&panics(|| tape.grad(root * 2.0, &[x])).expect("a panic"));
    assert_eq!(text, format!("check_finite: `div` at {here} gave inf from 1, 0"));
}

/// The user's line, not the library's: operators, methods, own operations, layers.
#[test]
fn lines_are_the_callers() {
    let tape = Tape::new();
    tape.trace_lines(true);
    let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
    let linear = Linear::from_weights(array![[2.0, 1.0]], array![0.0]);
    nn::watch(&model, &tape);
    nn::watch(&linear, &tape);
    let (v, t) = (tape.var(2.0), tape.tensor(array![[0.5, -1.0]]));
    let m = Tensor::constant(array![1.0, 0.0]);
    let same = |x: &[ArrayViewD<'_, f64>]| x[0].to_owned();
    let pass = |cx: &Vjp<'_, f64>| cx.grad().clone().into();
    // One line each: the line of the closure's body.
    let found = [
        (line_of(&tape, || v + v), line()),
        (line_of(&tape, || 2.0 * v), line()),
        (line_of(&tape, || v.sin().powi(3).clamp(v, v)), line()),
        (line_of(&tape, || sum([v, v])), line()),
        (line_of(&tape, || fuse([v], |[v]| v * v)), line()),
        (line_of(&tape, || autodiff::softmax([v, v])), line()),
        (line_of(&tape, || &t * 2.0 - &t), line()),
        (line_of(&tape, || (-&t).exp().mean_axis(0).softmax(0).logsumexp(0)), line()),
        (line_of(&tape, || t.slice(ndarray::s![0, ..]).at([0])), line()),
        (line_of(&tape, || t.to_vars()), line()),
        (line_of(&tape, || Tensor::from_vars(&[v, v], &[2]).max(&m)), line()),
        (line_of(&tape, || Tensor::stack(&[&t, &t], 0)), line()),
        (line_of(&tape, || Tensor::select(&m, &t, &t).reshape(&[2, 1]).transpose()), line()),
        (line_of(&tape, || t.clamp(-0.1, 0.1).sum_axes(&[1], true)), line()),
        (line_of(&tape, || t.map_rows(|x| x[0] * x[1]).on_grad(Tensor::clone)), line()),
        (line_of(&tape, || Tensor::custom("own", &[&t], same, pass)), line()),
        (line_of(&tape, || checkpoint(|x| x[0].tanh(), &[&t])), line()),
        (line_of(&tape, || autodiff::checkpoint::sequence(&[v], 3, |x, _| [x[0] * 2.0])), line()),
        (line_of(&tape, || linear.forward(&t)), line()),
        (line_of(&tape, || model.forward(&t)), line()),
        (line_of(&tape, || loss::squared_error(&t, &m.reshape(&[1, 2]))), line()),
        (line_of(&tape, || loss::softmax_cross_entropy(&t, &m.reshape(&[1, 2]))), line()),
        (line_of(&tape, || loss::bce_with_logits(&t, &m.reshape(&[1, 2]))), line()),
        (line_of(&tape, || tape.grad(v.sin(), &[v])), line()),
        (line_of(&tape, || tape.grad((&t * &t).sum(), &[&t])), line()),
    ];
    for (lines, here) in found {
        assert_eq!(lines, [here]);
    }
}

/// The lines on which `action` records.
fn line_of<R>(tape: &Tape<f64>, action: impl Fn() -> R) -> Vec<String> {
    let before = tape.stats().by_line;
    action();
    let count = |name: &str| before.iter().find(|row| row.name == name).map_or(0, |row| row.entries);
    let new = tape.stats().by_line.into_iter().filter(|row| row.entries > count(&row.name));
    new.map(|row| row.name).collect()
}

/// What `wrt` says, after the shape.
#[track_caller]
fn severed(g: &Gradients<f64>, x: &Tensor<f64>) -> String {
    let text = message(|| g.wrt(x));
    let text =
        text.strip_prefix(&format!("no gradient reaches this tensor of shape {:?}: ", x.shape())).expect("a shape");
    assert_eq!(
        without_columns(&g.why_missing(x).expect("none")) + "; if that is meant, ask with `get` or `wrt_or_zeros`",
        text
    );
    assert_eq!((g.get(x), g.wrt_or_zeros(x)), (None, ArrayD::zeros(x.shape())));
    text.split("; if that").next().unwrap_or_default().to_owned()
}

#[test]
fn severed_by_detach_and_masks() {
    let tape = Tape::new();
    let (x, w) = (tape.tensor(array![1.0, 2.0]), tape.tensor(array![3.0, 4.0]));
    let (cut, first) = (x.square().detach(), line());
    // However far the constant goes before something recorded reads it.
    let far = (&cut * 2.0).exp().reshape(&[2, 1]).transpose().sum_axis(0);
    let cut_at = format!("`detach` at {first} cut the path to the root");
    assert_eq!(severed(&(far * &w).sum().backward(), &x), cut_at);
    // Of two cuts the one that concerns the tensor.
    let (both, here) = (w.detach() + &cut, line());
    let root = (&both * tape.tensor(array![1.0, 1.0])).sum();
    assert_eq!(severed(&root.backward(), &x), cut_at);
    assert_eq!(severed(&root.backward(), &w), format!("`detach` at {here} cut the path to the root"));
    let (mask, here) = (x.mask(|x| x > 1.0), line());
    let root = Tensor::select(&mask, &w, &(2.0 * &w)).sum();
    assert_eq!(severed(&root.backward(), &x), format!("`mask` at {here} cut the path to the root"));
    // Cut beyond something else that does not arrive.
    let second = (&cut * &w).detach();
    let taken = format!("`detach` at {first} took its values off the tape, and no other path leads to the root");
    assert_eq!(severed(&(second * tape.tensor(array![1.0, 1.0])).sum().backward(), &x), taken);
    // A path that does arrive.
    let g = ((x.detach() * &x).sum()).backward();
    assert_eq!((g.wrt(&x), g.why_missing(&x), g.is_unread(&x)), (array![1.0, 2.0].into_dyn(), None, false));
}

#[test]
fn severed_by_steps_and_rules() {
    struct Silent;
    impl Op<f64> for Silent {
        fn name(&self) -> &'static str {
            "silent"
        }
        fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> {
            Ok(&x[0] + &x[1])
        }
        fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
            Grads::from([Some(cx.grad().clone()), None])
        }
    }
    let tape = Tape::new();
    let (x, w) = (tape.tensor(array![1.5, 2.0]), tape.tensor(array![3.0, 4.0]));
    for f in [Unary::Floor, Unary::Ceil, Unary::Round, Unary::Trunc, Unary::Signum, Unary::Step] {
        let (y, here) = (x.exp().unary(f), line());
        let text = format!("`{}` at {here} cut the path to the root: its derivative is 0 everywhere", f.name());
        assert_eq!(severed(&(y * &w).sum().backward(), &x), text);
    }
    let (y, here) = (Tensor::apply(Silent, &[&w, &x.exp()]).expect("equal shapes"), line());
    let text = format!("the vjp of `silent` at {here} returned no gradient for input 1");
    assert_eq!(severed(&y.sum().backward(), &x), text);
    // Through scalars, where an exact 0 is not passed on.
    tape.trace_lines(true);
    let (y, here) = (x.at([0]).floor(), line());
    let text = format!("`floor` at {here} cut the path to the root: its derivative is 0 everywhere");
    assert_eq!(severed(&(y * w.at([0])).backward(), &x), text);
    let (y, here) = (x.at([0]) * 0.0, line());
    let text = format!("the derivative of `mul` at {here} is exactly 0 there");
    assert_eq!(severed(&(y * w.at([0])).backward(), &x), text);
    let (y, here) = ((-x.at([0])).relu(), line());
    let text = format!("the derivative of `relu` at {here} is exactly 0 there");
    assert_eq!(severed(&(y * w.at([0])).backward(), &x), text);
}

#[test]
fn severed_otherwise() {
    let tape = Tape::new();
    let (x, w) = (tape.tensor(array![1.5, 2.0]), tape.tensor(array![3.0, 4.0]));
    assert_eq!(severed(&w.sum().backward(), &x), "no recorded operation reads it");
    assert!(w.sum().backward().is_unread(&x));
    let element = x.at([1]);
    assert_eq!(severed(&w.sum().backward(), &x), "no recorded operation reads it");
    let _ = element.exp();
    let text = severed(&w.sum().backward(), &x);
    assert!(text.ends_with("but nothing that is computed from that leads to the root"), "{text}");
    let tape = Tape::new();
    let (x, w) = (tape.tensor(array![1.5, 2.0]), tape.tensor(array![3.0, 4.0]));
    let (_unused, here) = (&x * &w, line());
    let text = format!("it is read by `mul` at {here}, but nothing that is computed from that leads to the root");
    assert_eq!(severed(&w.sum().backward(), &x), text);
    let g = w.square().sum().backward();
    let later = tape.tensor(array![1.0]);
    assert_eq!(severed(&g, &later), "it was recorded after the root");
    let (y, here) = (no_grad(|| x.square().exp()), line());
    let g = (y * &w).sum().backward();
    assert_eq!(severed(&g, &x), format!("`no_grad` at {here} cut the path to the root"));
    tape.reset();
    assert_eq!(severed(&g, &x), "its tape was reset, so that the place can no longer be told");
}

#[test]
fn roots_that_left_the_tape() {
    let tape = Tape::new();
    let x = tape.tensor(array![1.5, 2.0]);
    let (cut, here) = (x.detach(), line());
    let text = message(|| cut.square().sum().backward());
    let left = format!("`detach` at {here} took its values off the tape, so there is nothing to differentiate");
    assert_eq!(text, format!("backward: the root is a constant: {left}"));
    let text = message(|| cut.exp().backward_with(&cut));
    assert_eq!(text, format!("backward_with: the root is a constant: {left}"));
    let text = message(|| cut.square().sum().grad(&[&x]));
    assert_eq!(text, format!("grad: the root is a constant: {left}"));
}

/// What a recomputed function or a function of rows does wrong in the sweep is found inside it.
#[test]
fn adjoints_within_recomputed_functions() {
    let tape = watched();
    let x = tape.tensor(array![[4.0, 0.0]]);
    let (y, here) = (checkpoint(|t| t[0].sqrt(), &[&x]), line());
    let text = without_columns(&panics(|| y.sum().backward()).expect("a panic"));
    let start = "check_finite: in the sweep, the gradient of `sqrt` at";
    let came = "and a finite one of shape [1, 2] came in";
    assert_eq!(text, format!("{start} {here} for input 0 of shape [1, 2] became inf at [0, 1], {came}"));
    let (y, here) = (x.map_rows(|x| x[1].sqrt() * x[0]), line());
    let text = without_columns(&panics(|| y.sum().backward()).expect("a panic"));
    assert_eq!(text, format!("{start} {here} for its operand 0 became inf, and 4 came in"));
}

/// Notes go with their tapes: what gathers constants from step to step does not gather notes.
#[test]
fn notes_do_not_pile_up() {
    let tape = Tape::new();
    let mut mean = Tensor::zeros(&[2]);
    for step in 0..100 {
        tape.reset();
        let (x, w) = (tape.tensor(array![1.0, f64::from(step)]), tape.tensor(array![1.0, 1.0]));
        mean = mean * 0.9 + x.detach() * 0.1;
        let here = format!("{}:{}", file!(), line!() - 1);
        let text = format!("`detach` at {here} cut the path to the root");
        assert_eq!(severed(&(&w * &mean).sum().backward(), &x), text);
    }
}

struct Detached(Param<f64>, Param<f64>);

/// The line of `detach` below.
const CUT: u32 = line!() + 4;

impl Layer<f64> for Detached {
    fn forward(&self, x: &Tensor<f64>) -> Tensor<f64> {
        x * self.0.tensor() + self.1.tensor().detach()
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("used", &self.0);
        v.param("cut", &self.1);
    }
}

#[test]
fn a_severed_parameter_is_named_with_the_place() {
    let model = Detached(Param::new(array![1.0]), Param::new(array![2.0]));
    let tape = Tape::new();
    nn::watch(&model, &tape);
    let g = model.forward(&Tensor::ones(&[1, 1])).sum().backward();
    let text = without_columns(&Sgd::new(0.1).step(&model, &g).unwrap_err().to_string());
    let place = format!("{}:{CUT}", file!());
    assert_eq!(text, format!("no gradient reaches parameter `cut`: `detach` at {place} cut the path to the root"));
    let other = Linear::from_weights(array![[1.0]], array![0.0]);
    nn::watch(&other, &tape);
    let g = other.weight().tensor().sum().backward();
    let text = Sgd::new(0.1).step(&other, &g).unwrap_err().to_string();
    let rest = "no recorded operation reads it; did a layer read its `value()` instead of its `tensor()`?";
    assert_eq!(text, format!("no gradient reaches parameter `bias`: {rest}"));
    let never = Linear::from_weights(array![[1.0]], array![0.0]);
    let text = Sgd::new(0.1).step(&never, &g).unwrap_err().to_string();
    let rest = "it was not on the tape; `nn::watch` puts it there, and a layer computes with its `tensor()`";
    assert_eq!(text, format!("no gradient reaches parameter `weight`: {rest}"));
}

#[test]
fn a_heaviside_network_learns_nothing_and_says_so() {
    let builder = Mlp::<f64>::builder(1).layer(1, Activation::Heaviside).layer(1, Activation::Identity);
    let model = builder.build(&mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
    let tape = Tape::new();
    nn::watch(&model, &tape);
    let (y, here) = (model.forward(&Tensor::ones(&[1, 1])), line());
    let text = without_columns(&Sgd::new(0.1).step(&model, &y.sum().backward()).unwrap_err().to_string());
    let rest = format!("`step` at {here} cut the path to the root: its derivative is 0 everywhere");
    assert_eq!(text, format!("no gradient reaches parameter `layers.0.weight`: {rest}"));
}

#[test]
fn statistics() {
    let tape = Tape::<f64>::new();
    assert_eq!(tape.stats(), autodiff::Stats::default());
    let w = tape.tensor(Tensor::ones(&[10, 100]));
    let (h, first) = (Tensor::ones(&[5, 10]).matmul(&w), line());
    let (y, second) = (h.tanh().tanh(), line());
    let stats = tape.stats();
    assert_eq!((stats.entries, tape.len()), (4, 4));
    let names: Vec<(&str, usize)> = stats.by_operation.iter().map(|row| (row.name.as_str(), row.entries)).collect();
    assert_eq!(names, [("matmul", 1), ("tanh", 2), ("tensor", 1)]);
    let lines: Vec<(&str, usize)> = stats.by_line.iter().take(2).map(|row| (row.name.as_str(), row.entries)).collect();
    assert_eq!(lines, [(first.as_str(), 1), (second.as_str(), 2)]);
    for rows in [&stats.by_operation, &stats.by_line] {
        assert_eq!(rows.iter().map(|row| row.bytes).sum::<usize>(), stats.bytes);
    }
    // What is kept, and once: the data, the weights and three results; the rest is bookkeeping.
    let elements = 8 * (50 + 1000 + 500 + 500 + 500);
    assert!((elements..elements + 4 * 1000).contains(&stats.bytes), "{stats}");
    let _view = y.transpose().reshape(&[500]).narrow(0, 0..3);
    let copied = 8 * 500;
    assert!(tape.stats().bytes < stats.bytes + copied + 3000, "views share their elements");
    let text = stats.to_string();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..2], ["4", "entries,"]);
    assert_eq!(rows[2], ["operation", "entries", "bytes", "share"]);
    assert_eq!(rows[3][..2], ["matmul", "1"]);
    let share = 100.0 * stats.by_operation[0].bytes as f64 / stats.bytes as f64;
    assert_eq!(rows[3][3], format!("{share:.1}%"));
    assert_eq!(rows[7], ["line", "entries", "bytes", "share"]);
    // Scalars have no lines unless they are traced.
    tape.reset();
    let x = tape.var(1.0);
    let _ = x * x;
    assert_eq!(tape.stats().by_line[0].name, "scalars, lines not traced");
    tape.trace_lines(true);
    let (_, here) = (x.sin(), line());
    let stats = tape.stats();
    assert_eq!((stats.entries, stats.bytes), (3, 9 + 17 + 13));
    assert_eq!((stats.by_line[0].name.as_str(), stats.by_line[0].entries), ("scalars, lines not traced", 2));
    assert_eq!((&stats.by_line[1].name, stats.by_line[1].entries), (&here, 1));
}
