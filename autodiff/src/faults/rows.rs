//! Faults in the table's rows: wherever a row's slope is used, the checks see that it is wrong.

use std::rc::Rc;

use super::{Bend, Fault, with};
use crate::check::{self, Report, Verdict};
use crate::rules::{Binary, Unary};
use crate::{Real, Tape, Tensor, Var, fuse};

const BENDS: [Bend; 10] = [
    Bend::Sign,
    Bend::Factor(2.0),
    Bend::Factor(1.0 + 1e-5),
    Bend::Offset(1.0),
    Bend::Dropped,
    Bend::Swapped,
    Bend::Stale,
    Bend::StaleResult,
    Bend::Value,
    Bend::Other,
];

/// A function of tensors.
pub(super) type Function = Rc<dyn Fn(&[Tensor<f64>]) -> Tensor<f64>>;

type Scalar = Box<dyn Fn(&[Var<f64>]) -> Var<f64>>;

/// A row, and how it is checked: each of these evaluates the slope in a place of its own.
struct Subject {
    name: &'static str,
    points: Vec<Vec<f64>>,
    apply: Scalar,
    fused: Scalar,
    on_tensors: Function,
    faults: Vec<Fault>,
}

/// The first three points that are neither next to a kink, nor next to the domain's edge, nor so large that the baseline
/// sees rounding only.
fn moderate(points: Vec<Vec<f64>>, value: impl Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
    let middle = |x: &f64| *x == 0.0 || (0.01..100.0).contains(&x.abs());
    let around = |x: &[f64]| {
        let moved =
            |c: f64| value(&x.iter().map(|x| x + c * if *x == 0.0 { 1.0 } else { x.abs() }).collect::<Vec<_>>());
        moved(-0.05).is_finite() && moved(0.05).is_finite()
    };
    points.into_iter().filter(|x| x.iter().all(middle) && around(x)).take(3).collect()
}

pub(super) fn unary_points(f: Unary) -> Vec<Vec<f64>> {
    moderate(f.points().iter().map(|&x| vec![x]).collect(), |x| f.value(x[0]))
}

pub(super) fn binary_points(f: Binary) -> Vec<Vec<f64>> {
    // The second operand of some rows is a whole number by contract.
    let around = |x: &[f64]| f.value(x[0], if constant_second(f) { x[1].round() } else { x[1] });
    moderate(f.points().iter().map(|&(a, b)| vec![a, b]).collect(), around)
}

/// Whether the second operand is a constant by contract.
pub(super) fn constant_second(f: Binary) -> bool {
    matches!(f, Binary::Powi | Binary::Polygamma | Binary::SphericalJn)
}

impl Subject {
    fn unary(f: Unary) -> Self {
        Self {
            name: f.name(),
            points: unary_points(f),
            apply: Box::new(move |x| x[0].unary(f)),
            fused: Box::new(move |x| fuse([x[0]], move |[x]| x.unary(f))),
            on_tensors: Rc::new(move |t| t[0].unary(f)),
            faults: BENDS.map(|bend| Fault::Unary(f, bend)).into(),
        }
    }

    fn binary(f: Binary) -> Self {
        Self {
            name: f.name(),
            points: binary_points(f),
            apply: Box::new(move |x| x[0].binary(f, x[1])),
            fused: Box::new(move |x| fuse([x[0], x[1]], move |[a, b]| a.binary(f, b))),
            on_tensors: Rc::new(move |t| t[0].binary(f, &t[1])),
            faults: [0, 1].iter().flat_map(|&i| BENDS.map(|bend| Fault::Binary(f, i, bend))).collect(),
        }
    }

    /// Reports on the row at a point: in the reverse sweep, in forward mode, at second order, on whole tensors in one
    /// pass, and on whole tensors recorded.
    fn reports(&self, x: &[f64]) -> [Report<f64>; 5] {
        let tensors: Vec<Tensor<f64>> = x.iter().map(|&x| Tensor::scalar(x)).collect();
        [
            check::gradient(&self.apply, x),
            check::gradient(&self.fused, x),
            check::hessian(&self.apply, x),
            check::tensor_gradient(&*self.on_tensors, &tensors),
            check::tensor_gradient(|t| recorded(&self.on_tensors, t), &tensors),
        ]
    }
}

const PLACES: [&str; 5] = ["reverse", "forward", "second order", "tensor", "recorded tensor"];

/// A function whose gradient is the one that a recorded sweep finds.
pub(super) fn recorded(f: &Function, t: &[Tensor<f64>]) -> Tensor<f64> {
    let value = f(&t.iter().map(Tensor::untracked).collect::<Vec<_>>());
    let f = Rc::clone(f);
    let gradient = move |cx: &crate::tensor::Vjp<'_, f64>| -> crate::tensor::Grads<f64> {
        let tape = Tape::new();
        let leaves: Vec<Tensor<f64>> = (0..cx.arity()).map(|i| tape.tensor(cx.input(i).untracked())).collect();
        let y = (f(&leaves) * cx.grad().untracked()).sum();
        let found = |x: &Tensor<f64>| y.is_tracked().then(|| tape.grad(&y, &[x]).remove(0).untracked());
        leaves.iter().map(found).collect::<Vec<_>>().into()
    };
    Tensor::custom("recorded", &t.iter().collect::<Vec<_>>(), move |_| value.to_array(), gradient)
}

/// By how much two reports' derivatives from the tape differ, relative to the largest.
fn change(right: &Report<f64>, wrong: &Report<f64>) -> f64 {
    let size = right.entries.iter().chain(&wrong.entries).fold(0.0_f64, |size, entry| size.max(entry.autodiff.abs()));
    let pairs = right.entries.iter().zip(&wrong.entries);
    let largest = pairs.fold(0.0_f64, |largest, (a, b)| largest.max((a.autodiff - b.autodiff).abs()));
    if size == 0.0 { 0.0 } else { largest / size }
}

/// A fault in every row, of every kind, in every place where slopes are evaluated. What changes no number by more than a
/// millionth at a point is no fault there; every other one is caught at each point, unless the baseline cannot tell there
/// even of the right rule.
#[test]
fn every_fault_in_a_row_is_caught() {
    let unary = Unary::ALL.iter().map(|&f| Subject::unary(f));
    let binary = Binary::ALL.iter().map(|&f| Subject::binary(f));
    let (mut faults, mut caught, mut missed) = (0, 0, Vec::new());
    for subject in unary.chain(binary) {
        let right: Vec<_> = subject.points.iter().map(|x| subject.reports(x)).collect();
        for &fault in &subject.faults {
            let wrong: Vec<_> = subject.points.iter().map(|x| with(fault, || subject.reports(x))).collect();
            let mut seen = false;
            for (place, name) in PLACES.iter().enumerate() {
                let pairs = right.iter().zip(&wrong).map(|(right, wrong)| (&right[place], &wrong[place]));
                let telling: Vec<_> =
                    pairs.filter(|(right, wrong)| right.is_pass() && change(right, wrong) > 1e-6).collect();
                let fails = telling.iter().filter(|(_, wrong)| wrong.verdict == Verdict::Fail).count();
                if fails < telling.len() {
                    let left = telling.iter().find(|(_, wrong)| wrong.verdict != Verdict::Fail).expect("one");
                    missed.push(format!("{} {fault:?}, {name}: {}", subject.name, left.1));
                }
                caught += usize::from(fails > 0);
                seen |= fails > 0;
            }
            faults += usize::from(seen);
        }
    }
    println!("{faults} faults in rows, {caught} with the places where each acts");
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    assert!(faults >= 400 && caught >= 1500, "{faults} faults, {caught} with their places");
}
