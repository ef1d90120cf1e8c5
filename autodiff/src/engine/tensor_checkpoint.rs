//! Recomputing instead of keeping: a function of tensors as one entry.

use std::rc::Rc;

use super::recorded::recorded;
use crate::error::{Error, Kind};
use crate::rules::notation::sign::Sign;
use crate::tensor::rule::Rule;
use crate::tensor::written::Written;
use crate::tensor::{Grads, Vjp};
use crate::{Real, Tape, Tensor};

/// Any number of tensors to one. Without its type, because the gradient of a checkpointed function is one again.
type Function<T> = Rc<dyn Fn(&[Tensor<T>]) -> Tensor<T>>;

/// The gradients of a checkpointed function, which is run again.
fn again<T: Real>(cx: &Vjp<'_, T>, f: &Function<T>) -> Grads<T> {
    let n = cx.arity();
    let wanted: Vec<bool> = (0..n).map(|i| cx.needs(i)).collect();
    if !cx.recording() {
        let tape = Tape::beside(cx.inputs);
        let inputs = cx.inputs.iter().zip(&wanted);
        let leaves: Vec<Tensor<T>> =
            inputs.map(|(x, &wanted)| if wanted { tape.tensor(x.untracked()) } else { x.untracked() }).collect();
        let y = f(&leaves);
        same_again(&y, cx.output());
        if !y.is_tracked() {
            return (0..n).map(|_| None::<Tensor<T>>).collect();
        }
        let mut found = y.backward_with(cx.grad());
        return leaves.iter().map(|x| x.place().and_then(|_| found.take(x))).collect();
    }
    // Recorded, the gradient is a checkpointed function itself: of the inputs and of the gradient that comes in.
    let (f, asked) = (Rc::clone(f), wanted.clone());
    let pulled = Rc::new(move |t: &[Tensor<T>]| pull(&f, &asked, t));
    let inputs: Vec<&Tensor<T>> = cx.inputs.iter().chain([cx.grad()]).collect();
    let all = run(pulled, &inputs);
    let mut start = 0;
    let mut part = |x: &Tensor<T>| {
        let end = start + x.len();
        let part = all.narrow(0, start..end).reshape(x.shape());
        start = end;
        part
    };
    cx.inputs.iter().zip(wanted).map(|(x, wanted)| wanted.then(|| part(x))).collect()
}

/// The gradients of `Σ g f(x)` with respect to the inputs that want one, one after another; `t` is `x` and then `g`.
fn pull<T: Real>(f: &Function<T>, wanted: &[bool], t: &[Tensor<T>]) -> Tensor<T> {
    let Some(node) = t.iter().find_map(Tensor::place) else {
        let tape = Tape::new();
        let leaves: Vec<Tensor<T>> = t.iter().map(|t| tape.tensor(t.untracked())).collect();
        return pull(f, wanted, &leaves).untracked();
    };
    let (x, g) = t.split_at(t.len() - 1);
    // A gradient is wanted by handle, so what is a constant here becomes a leaf.
    let x: Vec<Tensor<T>> =
        x.iter().map(|x| if x.is_tracked() { x.clone() } else { x.untracked().leaf(node.cell) }).collect();
    let y = (f(&x) * &g[0]).sum();
    let x = x.iter().zip(wanted).filter(|(_, wanted)| **wanted).map(|(x, _)| x);
    let places: Vec<usize> = x.clone().filter_map(Tensor::place).map(|node| node.index as usize).collect();
    let found = y.place().map(|root| {
        let seed = Some((root, Tensor::ones(y.shape())));
        recorded(node.cell, root.index as usize, seed, &places)
    });
    let gradient = |x: &Tensor<T>| found.as_ref()?.tensor(x.place()?.slot);
    let parts: Vec<Tensor<T>> = x.map(|x| gradient(x).unwrap_or_else(|| Tensor::zeros(x.shape())).flatten()).collect();
    Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0)
}

/// Panics unless the function gave what it gave at first.
fn same_again<T: Real>(now: &Tensor<T>, before: &Tensor<T>) {
    let same = |(a, b): (&T, &T)| a == b || a.is_nan() && b.is_nan();
    if now.shape() != before.shape() || !now.view().iter().zip(&before.view()).all(same) {
        Error::from(Kind::CheckpointChanged { before: before.shape().to_vec(), now: now.shape().to_vec() }).raise();
    }
}

#[track_caller]
fn run<T: Real>(f: Function<T>, inputs: &[&Tensor<T>]) -> Tensor<T> {
    let constants: Vec<Tensor<T>> = inputs.iter().map(|x| x.untracked()).collect();
    let output = f(&constants);
    if output.is_tracked() {
        Error::from(Kind::CheckpointCaptured).raise();
    }
    Rule {
        name: "checkpoint",
        with: f,
        forward: |x, f| Ok(f(x)),
        vjp: again,
        notation: |_, _| Written::linear(Sign("vjp of checkpoint", r"\text{vjp of checkpoint}")),
    }
    .record(inputs, output)
}

/// Applies `f` and keeps nothing of it but its inputs: the backward sweep runs it again.
///
/// For functions whose intermediate results take more memory than it is worth. They are freed as soon as `f` returns; a
/// sweep that comes to this entry records `f` on a tape of its own, sweeps through that and frees it. Values and
/// gradients are those of `f`, to any order; each order runs it once more.
///
/// All that gradients are to flow to must be among the inputs, and `f` must give the same result whenever it is called.
///
/// ```
/// use autodiff::{Tape, Tensor, tensor};
/// use ndarray::array;
/// let tape = Tape::new();
/// let w = tape.tensor(array![[0.1, 0.2], [0.3, 0.4]]);
/// let x = tape.tensor(array![1.0, 2.0]);
/// let deep = |t: &[Tensor<f64>]| (0..100).fold(t[1].clone(), |x, _| t[0].matmul(&x).tanh());
/// let y = tensor::checkpoint(deep, &[&w, &x]);
/// assert_eq!(tape.len(), 3);
/// let plain = deep(&[w.clone(), x.clone()]);
/// assert_eq!(y.sum().backward().wrt(&w), plain.sum().backward().wrt(&w));
/// ```
///
/// For long loops over scalars there is [`checkpoint::sequence`](crate::checkpoint::sequence).
///
/// # Panics
/// If `f` uses a recorded tensor that is not among its inputs; if inputs are stale or recorded on different tapes; in a
/// sweep, if `f` gives another result than at first.
#[doc(alias = "remat")]
#[track_caller]
pub fn checkpoint<T: Real>(f: impl Fn(&[Tensor<T>]) -> Tensor<T> + 'static, inputs: &[&Tensor<T>]) -> Tensor<T> {
    run(Rc::new(f), inputs)
}
