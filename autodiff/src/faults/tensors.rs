//! Faults in the vjps of tensor operations: what a vjp is given, and what it gives.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::rows::{Function, recorded};
use super::{Fault, Mistake, with};
use crate::check::{self, Report, Verdict};
use crate::rules::{Binary, Unary};
use crate::tensor::{Conv, Pool, Triangle};
use crate::{Tape, Tensor, elementwise};

/// An operation, as the tape calls it, with the shapes of its operands; where they are square, a fault may turn them.
struct Subject {
    op: &'static str,
    shapes: Vec<Vec<usize>>,
    f: Function,
}

fn subject(op: &'static str, shapes: &[&[usize]], f: impl Fn(&[Tensor<f64>]) -> Tensor<f64> + 'static) -> Subject {
    Subject { op, shapes: shapes.iter().map(|shape| shape.to_vec()).collect(), f: Rc::new(f) }
}

elementwise!(wave(a, b) => (a * b).sin() * b.exp());

/// Every operation that records a vjp.
fn subjects() -> Vec<Subject> {
    let square: &[&[usize]] = &[&[3, 3]];
    let two: &[&[usize]] = &[&[2, 2], &[2, 2]];
    let three: &[&[usize]] = &[&[3, 3], &[3, 3]];
    let wide: &[&[usize]] = &[&[2, 3], &[3]];
    let regular = |a: &Tensor<f64>| a + Tensor::constant(ndarray::Array2::<f64>::eye(a.shape()[0]) * 3.0);
    let mut all = vec![
        subject("select", two, |t| Tensor::select(&t[0].mask(|x| x > 0.8), &t[0], &t[1])),
        subject("custom", two, |t| {
            Tensor::custom(
                "custom",
                &[&t[0], &t[1]],
                |x| &x[0] * &x[1].mapv(f64::exp),
                |cx| [Some(cx.grad() * cx.input(1).exp()), Some(cx.grad() * cx.output())].into(),
            )
        }),
        subject("wave", two, |t| wave(&t[0], &t[1])),
        subject("wave", wide, |t| wave(&t[0], &t[1])),
        subject("map_rows", square, |t| t[0].map_rows(|x| vec![x[0] * x[1].sin(), x[2] * x[0], x[1].exp()])),
        subject("on_grad", square, |t| t[0].on_grad(Tensor::clone).square()),
        subject("sum", square, |t| t[0].sum()),
        subject("sum", square, |t| t[0].sum_axis(1)),
        subject("mean", square, |t| t[0].mean()),
        subject("prod", square, |t| t[0].prod_axes(&[1], false)),
        subject("prod", square, |t| t[0].prod()),
        subject("norm", square, |t| t[0].norm(2.0)),
        subject("norm", square, |t| t[0].norm_axes(3.0, &[1], true)),
        subject("logsumexp", square, |t| t[0].logsumexp(1)),
        subject("softmax", square, |t| t[0].softmax(1)),
        subject("log_softmax", square, |t| t[0].log_softmax(1)),
        subject("cumsum", square, |t| t[0].cumsum(1)),
        subject("softmax_cross_entropy", two, |t| t[0].softmax_cross_entropy(&t[1], 1)),
        subject("bce_with_logits", two, |t| t[0].bce_with_logits(&t[1])),
        subject("matmul", two, |t| t[0].matmul(&t[1])),
        subject("matmul", &[&[2, 3], &[3, 4]], |t| t[0].matmul(&t[1])),
        subject("matmul", &[&[2, 3, 3], &[3, 3]], |t| t[0].matmul(&t[1])),
        subject("linear", &[&[2, 2], &[2, 2], &[2]], |t| t[0].linear(&t[1], &t[2])),
        subject("broadcast_to", &[&[3]], |t| t[0].broadcast_to(&[3, 3])),
        subject("reshape", square, |t| t[0].reshape(&[9])),
        subject("permute", square, |t| t[0].transpose()),
        subject("slice", square, |t| t[0].slice(ndarray::s![.., ..;-1])),
        subject("index_select", square, |t| t[0].index_select(0, &[2, 0, 2])),
        subject("gather", square, |t| t[0].gather(1, &ndarray::array![[0, 2, 1], [1, 1, 0], [2, 0, 0]].into_dyn())),
        subject("scatter_add", three, |t| {
            t[0].scatter_add(1, &ndarray::array![[0, 2, 1], [1, 1, 0], [2, 0, 0]].into_dyn(), &t[1])
        }),
        subject("pad", square, |t| t[0].pad(&[(1, 0), (0, 2)], 0.5)),
        subject("flip", square, |t| t[0].flip(&[1])),
        subject("roll", square, |t| t[0].roll(1, 1)),
        subject("concat", two, |t| Tensor::concat(&[&t[0], &t[1]], 1)),
        subject("diag", &[&[3]], |t| t[0].diag()),
        subject("diag", square, |t| t[0].diag()),
        subject("diagonal", square, |t| Tensor::einsum("ii->i", &[&t[0]])),
        subject("tril", square, |t| t[0].tril(0)),
        subject("triu", square, |t| t[0].triu(0)),
        subject("unfold", &[&[1, 1, 3, 3], &[1, 1, 2, 2]], |t| t[0].conv2d(&t[1], None, Conv::new())),
        subject("unfold", &[&[1, 1, 4, 4]], |t| t[0].avg_pool2d(Pool::new(2))),
        subject("max_pool2d", &[&[1, 1, 4, 4]], |t| t[0].max_pool2d(Pool::new(2))),
        subject("max_axes", square, |t| t[0].max_axes(&[1], false)),
        subject("min_axes", square, |t| t[0].min_axes(&[0], true)),
        subject("cholesky", square, move |t| regular(&t[0]).cholesky().expect("definite")),
        subject("solve_triangular", two, move |t| {
            regular(&t[0]).solve_triangular(&t[1], Triangle::Lower).expect("regular")
        }),
        subject("solve", two, move |t| regular(&t[0]).solve(&t[1]).expect("regular")),
        subject("inverse", square, move |t| regular(&t[0]).inverse().expect("regular")),
        subject("det", square, move |t| regular(&t[0]).det()),
        subject("logdet", square, move |t| regular(&t[0]).logdet().expect("regular")),
        subject("matmul", two, |t| Tensor::einsum("ij,jk->ki", &[&t[0], &t[1]])),
    ];
    // Faults in the rows themselves stand in `rows`; these are the engine's.
    for f in [
        Binary::Add,
        Binary::Sub,
        Binary::Mul,
        Binary::Div,
        Binary::Pow,
        Binary::Hypot,
        Binary::Atan2,
        Binary::LogAddExp,
    ] {
        all.push(subject(f.name(), two, move |t| t[0].binary(f, &t[1])));
        all.push(subject(f.name(), wide, move |t| t[0].binary(f, &t[1])));
    }
    for f in [Unary::Exp, Unary::Tanh, Unary::Sqrt, Unary::Erf] {
        all.push(subject(f.name(), square, move |t| t[0].unary(f)));
    }
    all
}

/// Everything that can be wrong with the vjp of an operation with these operands.
pub(super) fn mistakes(shapes: &[Vec<usize>]) -> Vec<Mistake> {
    let mut all = vec![
        Mistake::StaleOutput,
        Mistake::AdjointIgnored,
        Mistake::SummedEarly,
        Mistake::InputsSwapped,
        Mistake::GradientsSwapped,
        Mistake::Overwrites,
    ];
    for i in 0..shapes.len() {
        all.extend([Mistake::Sign(i), Mistake::Factor(i, 2.0), Mistake::Factor(i, 1.0 + 1e-5), Mistake::Dropped(i)]);
        all.extend([Mistake::OffByOne(i), Mistake::LastLost(i), Mistake::Reversed(i), Mistake::Transposed(i)]);
        all.extend([Mistake::WrongAxis(i), Mistake::Stale(i), Mistake::SumMissing(i)]);
    }
    all
}

/// Distinct numbers between 0.3 and 1.4 without a pattern.
pub(super) fn operands(shapes: &[Vec<usize>]) -> Vec<Tensor<f64>> {
    let mut state = 0.2;
    let mut next = || {
        state = f64::fract(state + 0.618_033_988_749_894_9);
        0.3 + 1.1 * state
    };
    shapes.iter().map(|shape| Tensor::constant(ndarray::ArrayD::from_shape_simple_fn(&shape[..], &mut next))).collect()
}

/// `Σ w f(t) + Σ t²`: no two elements of the result weigh the same, and each operand is read elsewhere, too.
fn loss(f: &Function, t: &[Tensor<f64>]) -> Tensor<f64> {
    let y = f(t);
    let weights = operands(&[y.shape().to_vec()]).remove(0) - 0.9;
    t.iter().fold((y * weights).sum(), |loss, t| loss + t.square().sum())
}

impl Subject {
    /// The loss, with its gradient from a plain sweep or from one that is recorded.
    fn loss(&self, is_recorded: usize) -> impl Fn(&[Tensor<f64>]) -> Tensor<f64> {
        let f = Rc::clone(&self.f);
        let f: Function = if is_recorded == 1 { Rc::new(move |t| recorded(&f, t)) } else { f };
        move |t| loss(&f, t)
    }

    fn gradient(&self, is_recorded: usize) -> Vec<f64> {
        let tape = Tape::new();
        let leaves: Vec<Tensor<f64>> = operands(&self.shapes).into_iter().map(|x| tape.tensor(x)).collect();
        let gradients = self.loss(is_recorded)(&leaves).backward();
        leaves.iter().flat_map(|x| gradients.wrt_or_zeros(x)).collect()
    }

    fn report(&self, is_recorded: usize) -> Report<f64> {
        check::tensor_gradient(self.loss(is_recorded), &operands(&self.shapes))
    }
}

/// Whether two gradients differ by more than this share of their largest entry.
pub(super) fn differ(share: f64, a: &[f64], b: &[f64]) -> bool {
    let size = a.iter().chain(b).fold(0.0_f64, |size, x| size.max(x.abs()));
    a.iter().zip(b).any(|(a, b)| (a - b).abs() > share * size || b.is_nan())
}

#[test]
fn every_fault_in_a_vjp_is_caught() {
    let (mut faults, mut caught, mut missed, mut few) = (0, 0, Vec::new(), Vec::new());
    for subject in subjects() {
        let gradients = [0, 1].map(|k| subject.gradient(k));
        for k in [0, 1] {
            subject.report(k).assert_pass();
        }
        let mut effective = 0;
        for mistake in mistakes(&subject.shapes) {
            let fault = Fault::Vjp(subject.op, mistake);
            let wrong = [0, 1].map(|k| with(fault, || subject.gradient(k)));
            let acts = [0, 1].map(|k| differ(1e-6, &gradients[k], &wrong[k]));
            effective += usize::from(acts.contains(&true));
            // The same wrong numbers get the same verdict.
            let same = acts == [true; 2] && !differ(1e-9, &wrong[0], &wrong[1]);
            for k in (0..2).filter(|&k| acts[k] && !(same && k == 1)) {
                let report = with(fault, || subject.report(k));
                if report.verdict == Verdict::Fail {
                    caught += 1 + usize::from(same);
                } else {
                    missed.push(format!("{} {:?} {mistake:?}: {report}", subject.op, subject.shapes));
                }
            }
        }
        if effective < 4 {
            few.push(format!("{}: {effective}", subject.op));
        }
        faults += effective;
    }
    println!("{faults} faults in vjps, {caught} with the plain and the recorded sweep");
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    assert!(few.is_empty(), "hardly a fault acts on {few:?}: is the operation called so?");
    assert!(faults >= 1000, "{faults}");
}

/// Names of operations that only a second derivative records.
const LATER: [&str; 4] = ["fold", "undiagonal", "unslice", "index_add"];

/// An operation stands on the tape under its name; those of the second derivative, too.
#[test]
fn every_operation_records_its_name() {
    let mut recorded = BTreeSet::new();
    for subject in subjects() {
        let tape = Tape::new();
        let leaves: Vec<Tensor<f64>> = operands(&subject.shapes).into_iter().map(|x| tape.tensor(x)).collect();
        // Squared, so that gradients depend on the operands.
        let root = loss(&subject.f, &leaves).square();
        let names = || tape.stats().by_operation.into_iter().map(|row| row.name).collect::<BTreeSet<_>>();
        assert!(names().contains(subject.op), "{}: {:?}", subject.op, names());
        tape.grad(root, &leaves);
        recorded.extend(names());
    }
    for name in LATER {
        assert!(recorded.contains(name), "{name}: {recorded:?}");
    }
}

/// Each operation that the source says has a vjp is among the subjects, by the name that it gives itself.
#[test]
fn every_vjp_has_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tensor");
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(folder).expect("the source is there") {
        let source = std::fs::read_to_string(file.expect("readable").path()).expect("text");
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            if line.trim().ends_with("fn name(&self) -> &'static str {") || line.trim() == "fn name(&self) -> &str {" {
                names.extend(
                    lines.next().into_iter().flat_map(|line| line.split('"').skip(1).step_by(2)).map(str::to_owned),
                );
            }
        }
    }
    assert!(names.len() > 30, "{names:?}");
    let subjects = subjects();
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !LATER.contains(&name.as_str()) && !["tensor", "checkpoint"].contains(&name.as_str()))
        .filter(|name| subjects.iter().all(|subject| subject.op != name.as_str()))
        .collect();
    assert!(missing.is_empty(), "operations without a fault: {missing:?}");
}
