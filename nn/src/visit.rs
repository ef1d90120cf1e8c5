//! Walks through what a model holds: parameters, buffers, modes, generators, each under its name.

use std::cell::Cell;
use std::collections::HashSet;

use autodiff::{Real, Tape, Tensor};

use crate::buffer::Buffer;
use crate::error::{Kind, Result};
use crate::layer::{Layer, Part, Visit};
use crate::param::{Content, Param};

thread_local! {
    /// Room for a path and for addresses: every step of training walks through the model.
    static ROOM: Cell<(String, Vec<usize>)> = const { Cell::new((String::new(), Vec::new())) };
}

fn walk<T: Real>(model: &(impl Layer<T> + ?Sized), named: bool, found: &mut dyn FnMut(&str, Part<'_, T>)) {
    let (prefix, shown) = ROOM.take();
    let mut visit = Visit { prefix, named, shown, found };
    model.visit(&mut visit);
    visit.shown.clear();
    ROOM.set((visit.prefix, visit.shown));
}

/// Calls `found` with everything a model holds.
pub(crate) fn parts<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, Part<'_, T>)) {
    walk(model, true, &mut found);
}

/// Calls `found` with every parameter. No names are composed, which takes longer than the walk.
pub(crate) fn unnamed<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&Param<T>)) {
    unnamed_parts(model, |part| {
        if let Part::Param(param) = part {
            found(param);
        }
    });
}

/// Calls `found` with everything a model holds, without names.
pub(crate) fn unnamed_parts<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(Part<'_, T>)) {
    walk(model, false, &mut |_, part| found(part));
}

/// Calls `found` with every parameter of a model and its full name.
#[doc(alias = "named_parameters")]
pub fn parameters<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &Param<T>)) {
    parts(model, |name, part| {
        if let Part::Param(param) = part {
            found(name, param);
        }
    });
}

/// Calls `found` with parameter after parameter until it fails.
pub(crate) fn try_parameters<T: Real>(
    model: &(impl Layer<T> + ?Sized),
    mut found: impl FnMut(&str, &Param<T>) -> Result<()>,
) -> Result<()> {
    let mut result = Ok(());
    parameters(model, |name, param| {
        if result.is_ok() {
            result = found(name, param);
        }
    });
    result
}

/// Calls `found` with every buffer of a model and its full name.
///
/// ```
/// let mut names = Vec::new();
/// nn::buffers(&nn::BatchNorm1d::<f64>::new(3), |name, buffer| names.push((name.to_owned(), buffer.value().len())));
/// assert_eq!(names, [("running_mean".to_owned(), 3), ("running_var".to_owned(), 3)]);
/// ```
#[doc(alias = "named_buffers")]
pub fn buffers<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &Buffer<T>)) {
    parts(model, |name, part| {
        if let Part::Buffer(buffer) = part {
            found(name, buffer);
        }
    });
}

/// The values of all parameters, in order. They share their elements with the model until that changes.
pub(crate) fn values<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Vec<Tensor<T>> {
    let mut values = Vec::new();
    unnamed(model, |param| values.push(param.value()));
    values
}

/// All that a weights file holds: the values of parameters and buffers, in the model's order.
pub(crate) fn stored<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &Tensor<T>)) {
    parts(model, |name, part| match part {
        Part::Param(param) => found(name, &param.value()),
        Part::Buffer(buffer) => found(name, &buffer.value()),
        _ => {}
    });
}

/// Replaces the values of parameters and buffers where `value` has new ones.
pub(crate) fn restore<T: Real>(model: &(impl Layer<T> + ?Sized), mut value: impl FnMut(&str) -> Option<Tensor<T>>) {
    parts(model, |name, part| match part {
        Part::Param(param) => value(name).into_iter().for_each(|value| param.set(value)),
        Part::Buffer(buffer) => value(name).into_iter().for_each(|value| buffer.set(value)),
        _ => {}
    });
}

/// Refuses a model in which two things go by one name.
pub(crate) fn distinct<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Result<()> {
    let (mut names, mut twice) = (HashSet::new(), None);
    parts(model, |name, part| {
        if !matches!(part, Part::Layer(_) | Part::Mode(_)) && !names.insert(name.to_owned()) {
            twice.get_or_insert_with(|| name.to_owned());
        }
    });
    twice.map_or(Ok(()), |name| Err(Kind::SameName { name }.into()))
}

/// Runs a model on other tensors in place of its parameters, in the order of [`parameters`], and puts these back, also if
/// `run` panics. Gradients flow through tensors that are on a tape: for inner steps (MAML), weights that another network
/// makes, ensembles.
///
/// ```
/// use autodiff::Tape;
/// use ndarray::array;
/// use nn::{Layer, Linear};
/// let model = Linear::from_weights(array![[2.0]], array![0.0]);
/// let tape = Tape::new();
/// let (w, b) = (tape.tensor(array![[3.0]]), tape.tensor(array![1.0]));
/// let y = nn::with_parameters(&model, &[w.clone(), b], |model| model.forward(&array![[5.0]].into()).sum());
/// assert_eq!((y.item(), y.backward().wrt(&w)[[0, 0]]), (16.0, 5.0));
/// assert_eq!(model.weight().value().to_array(), array![[2.0]].into_dyn());
/// ```
///
/// # Panics
/// If there is not one tensor of its shape for each parameter.
#[doc(alias = "functional_call")]
#[track_caller]
pub fn with_parameters<T: Real, M: Layer<T> + ?Sized, R>(
    model: &M,
    tensors: &[Tensor<T>],
    run: impl FnOnce(&M) -> R,
) -> R {
    struct PutBack<'m, T: Real, M: Layer<T> + ?Sized>(&'m M, Vec<Content<T>>);
    impl<T: Real, M: Layer<T> + ?Sized> Drop for PutBack<'_, T, M> {
        fn drop(&mut self) {
            let mut old = self.1.drain(..);
            unnamed(self.0, |param| drop(old.next().map(|content| param.exchange(content))));
        }
    }
    if let Err(error) = one_for_each("with_parameters", "tensor", model, tensors) {
        panic!("{error:?}");
    }
    let mut old = PutBack(model, Vec::with_capacity(tensors.len()));
    let mut tensors = tensors.iter();
    unnamed(model, |param| {
        let tensor = tensors.next().expect("one for each parameter");
        old.1.push(param.exchange(Content::new(tensor.clone())));
    });
    run(model)
}

/// Whether there is a tensor of its shape for each parameter; `what` says what the tensors are.
pub(crate) fn one_for_each<T: Real>(
    op: &'static str,
    what: &str,
    model: &(impl Layer<T> + ?Sized),
    tensors: &[Tensor<T>],
) -> Result<()> {
    let wrong = |message: String| Err(Kind::Operand { op, message }.into());
    let mut count = 0;
    try_parameters(model, |name, param| {
        let (value, tensor) = (param.value(), tensors.get(count));
        count += 1;
        match tensor.map(Tensor::shape).filter(|shape| *shape != value.shape()) {
            Some(got) => wrong(format!("the {what} of `{name}` has shape {got:?}, the parameter {:?}", value.shape())),
            None => Ok(()),
        }
    })?;
    if tensors.len() != count {
        return wrong(format!("{} {what}s given for {count} parameters", tensors.len()));
    }
    Ok(())
}

/// Puts all parameters of a model on a tape, for one step.
///
/// ```
/// use autodiff::{Tape, Tensor};
/// use nn::{Activation, Layer, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let tape = Tape::new();
/// nn::watch(&model, &tape);
/// let loss = model.forward(&Tensor::ones(&[4, 2])).square().mean();
/// let gradients = loss.backward();
/// nn::parameters(&model, |name, p| assert!(p.gradient(&gradients).is_some(), "{name}"));
/// ```
#[doc(alias("requires_grad_", "zero_grad"))]
#[track_caller]
pub fn watch<T: Real>(model: &(impl Layer<T> + ?Sized), tape: &Tape<T>) {
    unnamed(model, |param| param.watch(tape));
}

/// Lists the full names of all parameters, in order.
pub fn names<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Vec<String> {
    let mut names = Vec::new();
    parameters(model, |name, _| names.push(name.to_owned()));
    names
}

/// Counts the numbers in a model's parameters, not those in its buffers.
#[doc(alias = "numel")]
pub fn count<T: Real>(model: &(impl Layer<T> + ?Sized)) -> usize {
    let mut count = 0;
    parameters(model, |_, param| count += param.value().len());
    count
}

/// Tells from its full name whether a parameter is a bias: `bias`, or ending in `.bias`. For filters.
///
/// ```
/// assert!(nn::is_bias("layers.0.bias") && !nn::is_bias("layers.0.weight"));
/// ```
pub fn is_bias(name: &str) -> bool {
    name.rsplit('.').next() == Some("bias")
}
