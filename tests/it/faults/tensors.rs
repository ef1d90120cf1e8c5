//! Mistakes in gradients of tensor functions.

use autodiff::check::{self, Verdict};
use autodiff::{Tape, Tensor};
use ndarray::ArrayD;
use tests::is_long;

use super::mistake::{Mistake, Own};
use super::subjects::{self, Subject};

/// Distinct numbers between 0.3 and 1.4 without a pattern.
fn operands(shapes: &[Vec<usize>]) -> Vec<Tensor<f64>> {
    let mut state = 0.2;
    let mut next = || {
        state = f64::fract(state + 0.618_033_988_749_894_9);
        0.3 + 1.1 * state
    };
    shapes.iter().map(|shape| Tensor::constant(ArrayD::from_shape_simple_fn(&shape[..], &mut next))).collect()
}

impl Subject {
    fn own(&self, mistake: Option<Mistake>) -> Own {
        Own { f: self.f.clone(), rule: self.rule.clone(), mistake }
    }

    /// `Σ w f(t) + Σ t²`: no two elements of the result weigh the same, and each operand is read elsewhere, too.
    fn loss(&self, mistake: Option<Mistake>) -> impl Fn(&[Tensor<f64>]) -> Tensor<f64> {
        move |t| {
            let y = Tensor::apply(self.own(mistake), &t.iter().collect::<Vec<_>>()).expect("takes these");
            let weights = operands(&[y.shape().to_vec()]).remove(0) - 0.9;
            t.iter().fold((y * weights).sum(), |loss, t| loss + t.square().sum())
        }
    }

    fn gradient(&self, mistake: Option<Mistake>) -> Vec<f64> {
        let tape = Tape::new();
        let leaves: Vec<Tensor<f64>> = operands(&self.shapes).into_iter().map(|x| tape.tensor(x)).collect();
        let gradients = self.loss(mistake)(&leaves).backward();
        leaves.iter().flat_map(|x| gradients.wrt_or_zeros(x)).collect()
    }

    /// The mistakes that change the gradient by more than a millionth of its largest entry.
    fn mistakes(&self) -> Vec<Mistake> {
        let right = self.gradient(None);
        let size = right.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
        let changes = |&mistake: &Mistake| {
            let wrong = self.gradient(Some(mistake));
            right.iter().zip(&wrong).any(|(a, b)| b.is_nan() || (a - b).abs() > 1e-6 * size.max(b.abs()))
        };
        let all = Mistake::all(self.shapes.len()).into_iter().filter(changes).collect::<Vec<_>>();
        assert!(all.len() >= 4, "{}: hardly a mistake changes anything: {all:?}", self.name);
        all
    }
}

/// Puts every mistake into every subject, or every `step`th one; gives how many there are, all of them caught.
fn caught(
    subjects: &[Subject],
    step: usize,
    verdict: impl Fn(&Subject, Option<Mistake>) -> (Verdict, String),
) -> usize {
    let (mut count, mut missed) = (0, Vec::new());
    for (k, subject) in subjects.iter().enumerate() {
        let (right, report) = verdict(subject, None);
        assert_eq!(right, Verdict::Pass, "{}: {report}", subject.name);
        // Others for each subject.
        for mistake in subject.mistakes().into_iter().skip(k % step).step_by(step) {
            let (wrong, report) = verdict(subject, Some(mistake));
            if wrong != Verdict::Fail {
                missed.push(format!("{} {:?} {mistake:?}: {report}", subject.name, subject.shapes));
            }
            count += 1;
        }
    }
    assert!(missed.is_empty(), "{} of {count} missed:\n{}", missed.len(), missed.join("\n"));
    count
}

#[test]
fn every_mistake_in_a_gradient_is_caught() {
    let step = if is_long() { 1 } else { 8 };
    let count = caught(&subjects::all(), step, |subject, mistake| {
        let report = check::tensor_gradient(subject.loss(mistake), &operands(&subject.shapes));
        (report.verdict, report.to_string())
    });
    println!("{count} wrong gradients of tensor functions, all caught");
    assert!(count * step >= 1000, "{count}");
}

#[test]
fn every_mistake_in_an_own_operation_is_caught() {
    let step = if is_long() { 1 } else { 4 };
    let count = caught(&subjects::by_hand(), step, |subject, mistake| {
        let report = check::op(subject.own(mistake), &operands(&subject.shapes));
        (report.verdict, report.to_string())
    });
    println!("{count} wrong own operations, all caught");
    assert!(count * step >= 70, "{count}");
}
