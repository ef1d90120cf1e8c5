//! Walks through what a model holds: parameters, buffers, modes, generators, each under its name.

use std::cell::Cell;

use autodiff::{Real, Tape, Tensor};

use crate::buffer::Buffer;
use crate::error::Result;
use crate::layer::{Layer, Part, PartMut, Visit, VisitMut};
use crate::param::Param;

thread_local! {
    /// Room for a path: every step of training walks through the model.
    static ROOM: Cell<String> = const { Cell::new(String::new()) };
}

/// Calls `found` with everything a model holds.
pub(crate) fn parts<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, Part<'_, T>)) {
    let mut visit = Visit { prefix: ROOM.take(), found: &mut found };
    model.visit(&mut visit);
    ROOM.set(visit.prefix);
}

/// Calls `found` with everything a model holds, to change it.
pub(crate) fn parts_mut<T: Real>(model: &mut (impl Layer<T> + ?Sized), mut found: impl FnMut(&str, PartMut<'_, T>)) {
    let mut visit = VisitMut { prefix: ROOM.take(), named: true, found: &mut found };
    model.visit_mut(&mut visit);
    ROOM.set(visit.prefix);
}

/// Calls `found` with every parameter, to change it. No names are composed, which takes longer than the walk.
pub(crate) fn unnamed_mut<T: Real>(model: &mut (impl Layer<T> + ?Sized), mut found: impl FnMut(&mut Param<T>)) {
    let mut each = |_: &str, part: PartMut<'_, T>| {
        if let PartMut::Param(param) = part {
            found(param);
        }
    };
    model.visit_mut(&mut VisitMut { prefix: String::new(), named: false, found: &mut each });
}

/// Calls `found` with every parameter of a model and its full name.
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

/// Calls `found` with every parameter of a model and its full name, to change it.
pub fn parameters_mut<T: Real>(model: &mut (impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &mut Param<T>)) {
    parts_mut(model, |name, part| {
        if let PartMut::Param(param) = part {
            found(name, param);
        }
    });
}

/// Calls `found` with every buffer of a model and its full name.
///
/// ```
/// let mut names = Vec::new();
/// nn::buffers(&nn::BatchNorm1d::<f64>::new(3), |name, buffer| names.push((name.to_owned(), buffer.value().len())));
/// assert_eq!(names, [("running_mean".to_owned(), 3), ("running_var".to_owned(), 3)]);
/// ```
pub fn buffers<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &Buffer<T>)) {
    parts(model, |name, part| {
        if let Part::Buffer(buffer) = part {
            found(name, buffer);
        }
    });
}

/// The values of all parameters, in order. They share their elements with the model until that changes.
pub(crate) fn values<T: Real>(model: &impl Layer<T>) -> Vec<Tensor<T>> {
    let mut values = Vec::new();
    parameters(model, |_, param| values.push(param.value().clone()));
    values
}

/// All that a weights file holds: the values of parameters and buffers, in the model's order.
pub(crate) fn stored<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &Tensor<T>)) {
    parts(model, |name, part| match part {
        Part::Param(param) => found(name, param.value()),
        Part::Buffer(buffer) => found(name, &buffer.value()),
        _ => {}
    });
}

/// Replaces the values of parameters and buffers where `value` has new ones.
pub(crate) fn restore<T: Real>(model: &mut (impl Layer<T> + ?Sized), mut value: impl FnMut(&str) -> Option<Tensor<T>>) {
    parts_mut(model, |name, part| match part {
        PartMut::Param(param) => value(name).into_iter().for_each(|value| param.set(value)),
        PartMut::Buffer(buffer) => value(name).into_iter().for_each(|value| buffer.set(value)),
        _ => {}
    });
}

/// Puts all parameters of a model on a tape, for one step.
///
/// ```
/// use autodiff::{Tape, Tensor};
/// use nn::{Activation, Layer, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let mut model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let tape = Tape::new();
/// nn::watch(&mut model, &tape);
/// let loss = model.forward(&Tensor::ones(&[4, 2])).square().mean();
/// let gradients = loss.backward();
/// nn::parameters(&model, |name, p| assert!(p.gradient(&gradients).is_some(), "{name}"));
/// ```
#[track_caller]
pub fn watch<T: Real>(model: &mut (impl Layer<T> + ?Sized), tape: &Tape<T>) {
    unnamed_mut(model, |param| param.watch(tape));
}

/// Lists the full names of all parameters, in order.
pub fn names<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Vec<String> {
    let mut names = Vec::new();
    parameters(model, |name, _| names.push(name.to_owned()));
    names
}

/// Counts the numbers in a model's parameters, not those in its buffers.
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
