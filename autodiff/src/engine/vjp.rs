//! What one tensor operation passes on to its inputs.

use std::rc::Rc;

use ndarray::{ArrayD, ArrayViewD};
use smallvec::SmallVec;

use crate::error::{Error, Kind, Result};
use crate::tape::trace::Place;
use crate::tensor::entry::{OpRef, Source, TensorEntry};
use crate::tensor::node::Node;
use crate::tensor::part::Part;
use crate::tensor::{Grads, Op, Vjp};
use crate::{Real, Tensor};

/// A tensor root with its cotangent.
pub(crate) type Seed<T> = (Node<T>, Tensor<T>);

/// What an operation passes on to one of its inputs.
pub(super) struct Passed<'a, T: Real> {
    /// Which of the operation's inputs it is.
    pub(super) number: usize,
    pub(super) input: &'a Tensor<T>,
    pub(super) gradient: Tensor<T>,
    /// The part of the input to which the gradient belongs, unless that is all of it.
    pub(super) part: Option<Part>,
}

/// Runs an operation's vjp and gives what it passes on to `take`, with the slot of the input that it is for; `parts` says that
/// a part of a gradient will do.
pub(super) fn pass_on<T: Real>(
    entry: &TensorEntry<T>,
    adjoint: &Tensor<T>,
    recording: bool,
    parts: bool,
    wanted: impl Fn(&Tensor<T>) -> bool,
    mut take: impl FnMut(u32, Passed<'_, T>) -> Result<()>,
) -> Result<()> {
    let Source::Op { inputs, .. } = &entry.source else { return Ok(()) };
    let (gradients, mut part) = given(entry, adjoint, recording, parts, wanted)?;
    for (number, (gradient, input)) in gradients.into_iter().zip(inputs).enumerate() {
        let (Some(gradient), Some(node)) = (gradient, input.place()) else { continue };
        take(node.slot, Passed { number, input, gradient, part: part.take() })?;
    }
    Ok(())
}

/// What an operation's vjp gives for each of its inputs that is wanted, brought to the input's shape.
pub(crate) fn vjp<T: Real>(
    entry: &TensorEntry<T>,
    adjoint: &Tensor<T>,
    recording: bool,
    wanted: impl Fn(&Tensor<T>) -> bool,
) -> Result<SmallVec<[Option<Tensor<T>>; 3]>> {
    given(entry, adjoint, recording, false, wanted).map(|(gradients, _)| gradients)
}

/// Gradients, and the part of its input to which the only one belongs, unless that is all of it.
type Given<T> = (SmallVec<[Option<Tensor<T>>; 3]>, Option<Part>);

/// What an operation's vjp gives, as [`vjp`]; `parts` says that a part of a gradient will do.
fn given<T: Real>(
    entry: &TensorEntry<T>,
    adjoint: &Tensor<T>,
    recording: bool,
    parts: bool,
    wanted: impl Fn(&Tensor<T>) -> bool,
) -> Result<Given<T>> {
    let Source::Op { op, inputs, output } = &entry.source else { return Ok(Given::default()) };
    let needs: SmallVec<[bool; 4]> = inputs.iter().map(wanted).collect();
    if !needs.contains(&true) {
        return Ok(Given::default());
    }
    let cx = Vjp { inputs, output, grad: adjoint, needs, recording, parts };
    let mut grads = op.vjp(&cx);
    let part = grads.part.take();
    let mut gradients = recordable(grads, op.name(), entry.place, &cx);
    if part.is_some() {
        return Ok((gradients, part));
    }
    if gradients.len() != inputs.len() {
        let (got, want) = (gradients.len(), inputs.len());
        return Err(Kind::VjpArity { op: op.name().to_owned(), got, want }.into());
    }
    for (i, (gradient, input)) in gradients.iter_mut().zip(inputs).enumerate() {
        let Some(given) = gradient.take().filter(|_| cx.needs[i]) else { continue };
        match given.unbroadcast(input.shape()) {
            Ok(fitted) => *gradient = Some(fitted),
            Err(given) => {
                let (got, want) = (given.shape().to_vec(), input.shape().to_vec());
                return Err(Kind::VjpShape { op: op.name().to_owned(), input: i, got, want }.into());
            }
        }
    }
    Ok((gradients, None))
}

/// Adds to a sum: as an operation if that is recorded, in place if not.
pub(super) fn add<T: Real>(sum: &mut Option<Tensor<T>>, term: Tensor<T>, recording: bool) {
    *sum = Some(match sum.take() {
        None => term,
        Some(mut sum) if !recording => {
            sum.accumulate(&term);
            sum
        }
        Some(sum) => sum + term,
    });
}

/// Gradients of the operation `op` at `place`, fit to be recorded if the sweep is.
fn recordable<T: Real>(grads: Grads<T>, op: &str, place: Place, cx: &Vjp<'_, T>) -> SmallVec<[Option<Tensor<T>>; 3]> {
    if !(grads.plain && cx.recording) {
        return grads.gradients;
    }
    let inputs: SmallVec<[&Tensor<T>; 4]> = cx.inputs.iter().chain([cx.grad]).collect();
    let end = |gradient| {
        let op = OpRef::End(Rc::new(FirstOnly { op: op.to_owned(), place }));
        Tensor::record_tracked(op, &inputs, gradient)
    };
    grads.gradients.into_iter().map(|gradient| gradient.map(end)).collect()
}

/// A gradient that came as an array: recorded, so that whoever differentiates it is told.
struct FirstOnly {
    op: String,
    place: Place,
}

impl FirstOnly {
    fn error(&self) -> Error {
        Kind::FirstOnly { op: self.op.clone(), place: self.place }.into()
    }
}

impl<T: Real> Op<T> for FirstOnly {
    fn name(&self) -> &str {
        &self.op
    }

    fn forward(&self, _: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        Err(self.error())
    }

    fn vjp(&self, _: &Vjp<'_, T>) -> Grads<T> {
        self.error().raise()
    }
}
