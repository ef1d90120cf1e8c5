//! One operation, looked at from all sides.

use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;

use ndarray::{ArrayD, SliceInfoElem};

use super::judge::agrees;
use super::order::{self, second_of};
use super::problem::{Problem, Tensors, weights};
use super::report::{Case, Entry, Report, Verdict};
use crate::engine::tensor_functions::swept;
use crate::numeric::Estimate;
use crate::tape::trace::Place;
use crate::tensor::Op;
use crate::tensor::entry::{OpRef, Source};
use crate::tensor::table::Table;
use crate::{Real, Tape, Tensor};

/// Checks an operation of one's own at these inputs: the value's derivatives against numerical ones, and everything else
/// that a sweep may ask of it.
///
/// What is compared is the gradient of a sum of the result's elements with different weights. The cases:
///
/// - as given: every input, element by element, or along random directions if there are very many;
/// - second order, unless the vjp gives plain arrays;
/// - each input broadcast along its first or last axis, or without its first one, as far as `forward` accepts that and
///   gives a result of the same shape;
/// - each input as a transposed and as a sliced view, whose elements are not contiguous;
/// - the same tensor for two inputs of the same shape;
/// - the result used twice, and swept twice;
/// - one input tracked, the others constants, so that [`Vjp::needs`](crate::tensor::Vjp::needs) matters.
///
/// The report fails if one case does, and says which. A case that cannot be decided is shown, but only what was given
/// decides the verdict: `max` of equal operands is a kink by nature.
///
/// # Panics
/// If `forward` refuses the inputs.
///
/// `forward` is tried with shapes that it may not take. It should return an error then; a panic is taken for one.
///
/// ```
/// use autodiff::tensor::{Grads, Op, Vjp};
/// use autodiff::{Result, Tensor, check};
/// use ndarray::{ArrayD, ArrayViewD, array};
///
/// /// a b², elementwise, with broadcasting; but the second gradient lacks a factor b.
/// struct Scaled;
/// impl Op<f64> for Scaled {
///     fn name(&self) -> &str { "scaled" }
///     fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> { Ok(&x[0] * &x[1] * &x[1]) }
///     fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
///         let (a, b) = (cx.input(0), cx.input(1));
///         [Some(cx.grad() * b.square()), Some(2.0 * cx.grad() * a)].into()
///     }
/// }
///
/// let inputs = [array![[1.0, 2.0], [3.0, 4.0]], array![[0.5, 0.6], [0.7, 0.8]]].map(Tensor::constant);
/// let report = check::op(Scaled, &inputs);
/// assert_eq!(report.verdict, check::Verdict::Fail);
/// assert!(report.to_string().contains("the derivative of `scaled` at "));
/// ```
#[track_caller]
pub fn op<T: Real>(op: impl Op<T> + 'static, inputs: &[Tensor<T>]) -> Report<T> {
    let place = Location::caller();
    let op = Rc::new(op);
    let what = format!("op `{}`", Op::name(&op));
    if let Err(error) = op.forward(&inputs.iter().map(Tensor::view).collect::<Vec<_>>()) {
        panic!("check: {what} refuses the inputs that it is to be checked at: {error}");
    }
    all_cases(what, &|x| Tensor::apply(Rc::clone(&op), x).ok(), inputs, Some(place))
}

/// As [`op`], for an operation that is applied by a closure: one from [`Tensor::custom`], from
/// [`elementwise!`](crate::elementwise), or any function of tensors.
///
/// ```
/// use autodiff::{Tensor, check};
/// use ndarray::array;
/// let x = Tensor::constant(array![[0.5, -1.0], [2.0, 0.3]]);
/// let report = check::op_with(
///     |x: &[&Tensor<f64>]| {
///         Tensor::custom("cube", x, |x| x[0].mapv(|x| x * x * x), |cx| (3.0 * cx.input(0).square() * cx.grad()).into())
///     },
///     &[x],
/// );
/// report.assert_pass();
/// ```
#[track_caller]
pub fn op_with<T: Real>(apply: impl Fn(&[&Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]) -> Report<T> {
    all_cases("op".to_owned(), &|x| Some(apply(x)), inputs, None)
}

/// As [`op`], at inputs that are found by trying: one, two or three matrices of positive numbers, all of the same shape, or
/// two that have a product.
///
/// # Panics
/// If `forward` takes none of these.
#[track_caller]
pub fn op_alone<T: Real>(op: impl Op<T> + 'static) -> Report<T> {
    let trials: [&[[usize; 2]]; 5] = [&[[2, 3]], &[[2, 3]; 2], &[[2, 3]; 3], &[[3, 3]], &[[2, 3], [3, 2]]];
    for shapes in trials {
        let input = |(k, shape): (usize, &[usize; 2])| weights(shape) + 0.1 * k as f64;
        let inputs: Vec<Tensor<T>> = shapes.iter().enumerate().map(input).collect();
        let views: Vec<_> = inputs.iter().map(Tensor::view).collect();
        let value = catch_unwind(AssertUnwindSafe(|| op.forward(&views)));
        if value.is_ok_and(|value| value.is_ok_and(|y| y.iter().all(|y| y.is_finite()))) {
            drop(views);
            return super::op(op, &inputs);
        }
    }
    panic!("check: `{}` takes none of the inputs that were tried; give some with `check::op`", op.name());
}

/// Applies the operation; `None` if it does not take these inputs.
type Apply<'a, T> = &'a dyn Fn(&[&Tensor<T>]) -> Option<Tensor<T>>;

#[track_caller]
fn all_cases<T: Real>(what: String, apply: Apply<'_, T>, inputs: &[Tensor<T>], place: Option<Place>) -> Report<T> {
    let inputs: Vec<Tensor<T>> = inputs.iter().map(Tensor::untracked).collect();
    let applied = |t: &[Tensor<T>]| apply(&t.iter().collect::<Vec<_>>());
    let value = applied(&inputs).expect("takes the inputs that it is to be checked at");
    let weighted = |y: &Tensor<T>| (y * weights(y.shape())).sum();
    let refused = || Tensor::scalar(T::nan());
    let objective = |t: &[Tensor<T>]| applied(t).map_or_else(refused, |y| weighted(&y));
    let base = Tensors::new(objective, &inputs, place);
    let given = base.swept();
    let mut cases = vec![Case { name: "as given".to_owned(), report: order::first("gradient", &base, &given) }];
    if is_twice(&base) {
        cases.push(Case { name: "second order".to_owned(), report: second_of("hessian", &base) });
    }
    let mut numeric = |name: String, f: &dyn Fn(&[Tensor<T>]) -> Tensor<T>, inputs: &[Tensor<T>]| {
        let problem = Tensors::new(f, inputs, place);
        cases.push(Case { name, report: order::first("gradient", &problem, &problem.swept()) });
    };
    for k in 0..inputs.len() {
        for narrow in narrower(&inputs[k]).into_iter().filter(|_| inputs.len() > 1) {
            let mut inputs = inputs.clone();
            inputs[k] = narrow;
            let value_there = catch_unwind(AssertUnwindSafe(|| applied(&inputs)));
            if value_there.is_ok_and(|y| y.is_some_and(|y| y.shape() == value.shape() && y.is_finite())) {
                numeric(format!("input {k} broadcast from {:?}", inputs[k].shape()), &objective, &inputs);
            }
        }
    }
    for (i, j) in (0..inputs.len()).flat_map(|j| (0..j).map(move |i| (i, j))) {
        let same = |t: &[Tensor<T>]| {
            let mut t: Vec<Tensor<T>> = t.to_vec();
            // The input that is left out is not to count as one without a gradient.
            let unused = (&t[j] * 0.0).sum();
            t[j] = t[i].clone();
            objective(&t) + unused
        };
        if inputs[i].shape() == inputs[j].shape() && same(&inputs).is_finite() {
            numeric(format!("inputs {i} and {j} the same tensor"), &same, &inputs);
        }
    }
    let half_square = |y: &Tensor<T>| (y * y).sum() * 0.5;
    let twice = |t: &[Tensor<T>]| applied(t).map_or_else(refused, |y| weighted(&y) + half_square(&y));
    numeric("result used twice".to_owned(), &twice, &inputs);

    // From here on the gradient is to be that of the inputs as given.
    let sum = weighted(&value).item();
    let mut compare = |name: String, value: T, got: Vec<Option<T>>| {
        cases.push(Case { name, report: against(&base, (sum, value), &given, &got) });
    };
    let all = |gradient: Vec<ArrayD<T>>| gradient.into_iter().flatten().map(Some).collect::<Vec<_>>();
    let tape = Tape::new();
    let (leaves, y) = base.run(&tape, base.x());
    swept(&y, &leaves);
    compare("swept twice".to_owned(), sum, all(swept(&y, &leaves)));
    for k in 0..inputs.len() {
        for (name, view) in [("transposed", transposed as fn(&Tape<T>, &Tensor<T>) -> _), ("sliced", sliced)] {
            let tape = Tape::new();
            let mut leaves: Vec<Tensor<T>> = inputs.iter().map(|x| tape.tensor(x.clone())).collect();
            let Some(view) = view(&tape, &inputs[k]) else { continue };
            leaves[k] = view;
            let y = objective(&leaves);
            compare(format!("input {k} {name}"), y.item(), all(swept(&y, &leaves)));
        }
    }
    for k in (0..inputs.len()).filter(|_| inputs.len() > 1) {
        let tape = Tape::new();
        let mut mixed = inputs.clone();
        mixed[k] = tape.tensor(inputs[k].clone());
        let y = objective(&mixed);
        let own = swept(&y, &mixed[k..=k]);
        let got = |(i, x): (usize, &Tensor<T>)| if i == k { all(own.clone()) } else { vec![None; x.len()] };
        compare(format!("only input {k} tracked"), y.item(), inputs.iter().enumerate().flat_map(got).collect());
    }
    Report::of_cases(what, cases)
}

/// Whether a recorded gradient of the function can be differentiated.
fn is_twice<T: Real, F: Fn(&[Tensor<T>]) -> Tensor<T>>(problem: &Tensors<F, T>) -> bool {
    let tape = Tape::new();
    let (leaves, y) = problem.run(&tape, problem.x());
    if !y.is_tracked() {
        return false;
    }
    tape.grad(y, &leaves);
    let entries = Table::of(tape.cell()).entries.borrow();
    !entries.iter().any(|entry| matches!(&entry.source, Source::Op { op: OpRef::End(_), .. }))
}

/// Compares value and gradient with those of the inputs as given, from which they differ by rounding at most. `None` is not
/// asked for.
fn against<T: Real>(problem: &dyn Problem<T>, value: (T, T), given: &[T], got: &[Option<T>]) -> Report<T> {
    let rounding = T::of(64.0) * T::epsilon();
    let scale = super::judge::largest(given);
    let entry = |index: Vec<usize>, want: T, got: T, error: T| {
        let numeric = Estimate { value: want, error };
        // Where the gradient is not finite, so must it be here.
        let same = agrees(got, numeric) || got == want || got.is_nan() && want.is_nan();
        let verdict = if same { Verdict::Pass } else { Verdict::Fail };
        Entry { index, autodiff: got, numeric, verdict }
    };
    let mut entries = vec![entry(Vec::new(), value.0, value.1, rounding * value.0.abs())];
    for (flat, (&want, &got)) in given.iter().zip(got).enumerate() {
        if let Some(got) = got {
            entries.push(entry(problem.index(flat), want, got, rounding * scale));
        }
    }
    let total = entries.len();
    Report::new("against the gradient as given", entries, total)
}

/// Smaller inputs that an operation may stretch to the shape of this one.
fn narrower<T: Real>(x: &Tensor<T>) -> Vec<Tensor<T>> {
    let Some(last) = x.ndim().checked_sub(1) else { return Vec::new() };
    let stretched = [0, last].into_iter().filter(|&axis| x.shape()[axis] > 1);
    let mut all: Vec<Tensor<T>> = stretched.map(|axis| x.narrow(axis, 0..1)).collect();
    if x.shape()[0] > 0 {
        all.push(x.narrow(0, 0..1).squeeze(0));
    }
    all.dedup_by(|a, b| a.shape() == b.shape());
    all
}

/// The tensor on a tape as a view of one whose axes lie the other way round.
fn transposed<T: Real>(tape: &Tape<T>, x: &Tensor<T>) -> Option<Tensor<T>> {
    let axes: Vec<usize> = (0..x.ndim()).rev().collect();
    (x.ndim() > 1).then(|| tape.tensor(x.permute(&axes).row_major()).permute(&axes))
}

/// The tensor on a tape as every second element of one that holds something else in between.
fn sliced<T: Real>(tape: &Tape<T>, x: &Tensor<T>) -> Option<Tensor<T>> {
    if x.ndim() == 0 {
        return None;
    }
    let shape: Vec<usize> = x.shape().iter().map(|n| 2 * n + 1).collect();
    let parts: Vec<SliceInfoElem> =
        x.shape().iter().map(|_| SliceInfoElem::Slice { start: 1, end: None, step: 2 }).collect();
    let mut array = ArrayD::from_elem(shape, T::of(-1e3));
    array.slice_mut(parts.as_slice()).assign(&x.view());
    Some(tape.tensor(array).slice(parts.as_slice()))
}
