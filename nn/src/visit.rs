//! How what a model holds is found: parameters, buffers, modes, generators, each under its name.

use std::cell::Cell;
use std::fmt::Write;

use autodiff::{Real, Tape, Tensor};

use crate::{Buffer, Layer, Mode, Param, Random};

/// Something that a layer holds.
pub(crate) enum Part<'a, T: Real> {
    Param(&'a Param<T>),
    Buffer(&'a Buffer<T>),
    Mode(&'a Cell<Mode>),
    Random(&'a Random),
    Layer(&'a dyn Layer<T>),
}

/// Something that a layer holds, for changing.
pub(crate) enum PartMut<'a, T: Real> {
    Param(&'a mut Param<T>),
    Buffer(&'a mut Buffer<T>),
    Mode(&'a mut Cell<Mode>),
    Random(&'a mut Random),
}

/// Walks through what a model holds; names of nested layers are joined by dots.
pub struct Visit<'f, T: Real> {
    prefix: String,
    found: &'f mut dyn FnMut(&str, Part<'_, T>),
}

impl<T: Real> Visit<'_, T> {
    /// A parameter of this layer.
    pub fn param(&mut self, name: &str, param: &Param<T>) {
        self.part(name, Part::Param(param));
    }

    /// Values that belong to the model but are not trained; see [`Buffer`].
    pub fn buffer(&mut self, name: &str, buffer: &Buffer<T>) {
        self.part(name, Part::Buffer(buffer));
    }

    /// The mode of a layer that computes differently while it is trained; see [`Mode`].
    pub fn mode(&mut self, mode: &Cell<Mode>) {
        (self.found)(&self.prefix, Part::Mode(mode));
    }

    /// A generator that the layer draws from; see [`Random`].
    pub fn random(&mut self, name: &str, random: &Random) {
        self.part(name, Part::Random(random));
    }

    /// A layer within this layer.
    pub fn layer(&mut self, name: &str, layer: &dyn Layer<T>) {
        let before = enter(&mut self.prefix, name);
        (self.found)(&self.prefix, Part::Layer(layer));
        layer.visit(self);
        self.prefix.truncate(before);
    }

    /// Layer number `index` of a list of layers within this layer: `layers.0`, `layers.1`.
    pub fn layer_at(&mut self, list: &str, index: usize, layer: &dyn Layer<T>) {
        let before = enter_at(&mut self.prefix, list, index);
        (self.found)(&self.prefix, Part::Layer(layer));
        layer.visit(self);
        self.prefix.truncate(before);
    }

    fn part(&mut self, name: &str, part: Part<'_, T>) {
        let before = enter(&mut self.prefix, name);
        (self.found)(&self.prefix, part);
        self.prefix.truncate(before);
    }
}

/// Walks through what a model holds, for changing it.
pub struct VisitMut<'f, T: Real> {
    prefix: String,
    /// Whether anybody wants names.
    named: bool,
    found: &'f mut dyn FnMut(&str, PartMut<'_, T>),
}

impl<T: Real> VisitMut<'_, T> {
    /// A parameter of this layer.
    pub fn param(&mut self, name: &str, param: &mut Param<T>) {
        self.part(name, PartMut::Param(param));
    }

    /// Values that belong to the model but are not trained; see [`Buffer`].
    pub fn buffer(&mut self, name: &str, buffer: &mut Buffer<T>) {
        self.part(name, PartMut::Buffer(buffer));
    }

    /// The mode of a layer that computes differently while it is trained; see [`Mode`].
    pub fn mode(&mut self, mode: &mut Cell<Mode>) {
        (self.found)(&self.prefix, PartMut::Mode(mode));
    }

    /// A generator that the layer draws from; see [`Random`].
    pub fn random(&mut self, name: &str, random: &mut Random) {
        self.part(name, PartMut::Random(random));
    }

    /// A layer within this layer.
    pub fn layer(&mut self, name: &str, layer: &mut dyn Layer<T>) {
        let before = if self.named { enter(&mut self.prefix, name) } else { 0 };
        layer.visit_mut(self);
        self.prefix.truncate(before);
    }

    /// Layer number `index` of a list of layers within this layer: `layers.0`, `layers.1`.
    pub fn layer_at(&mut self, list: &str, index: usize, layer: &mut dyn Layer<T>) {
        let before = if self.named { enter_at(&mut self.prefix, list, index) } else { 0 };
        layer.visit_mut(self);
        self.prefix.truncate(before);
    }

    fn part(&mut self, name: &str, part: PartMut<'_, T>) {
        let before = if self.named { enter(&mut self.prefix, name) } else { 0 };
        (self.found)(&self.prefix, part);
        self.prefix.truncate(before);
    }
}

/// Appends a name to a path; gives the length to cut back to.
pub(crate) fn enter(prefix: &mut String, name: &str) -> usize {
    let before = prefix.len();
    if before > 0 {
        prefix.push('.');
    }
    prefix.push_str(name);
    before
}

/// Appends the name of a layer in a list to a path; gives the length to cut back to.
fn enter_at(prefix: &mut String, list: &str, index: usize) -> usize {
    let before = enter(prefix, list);
    write!(prefix, ".{index}").expect("a string takes everything");
    before
}

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

/// Calls `found` with everything a model holds, for changing.
pub(crate) fn parts_mut<T: Real>(model: &mut (impl Layer<T> + ?Sized), mut found: impl FnMut(&str, PartMut<'_, T>)) {
    let mut visit = VisitMut { prefix: ROOM.take(), named: true, found: &mut found };
    model.visit_mut(&mut visit);
    ROOM.set(visit.prefix);
}

/// Calls `found` with every parameter, for changing. Names are not put together, which takes longer than the walk.
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

/// Calls `found` with every parameter of a model and its full name, for changing.
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
        PartMut::Param(param) => {
            if let Some(value) = value(name) {
                param.set(value);
            }
        }
        PartMut::Buffer(buffer) => {
            if let Some(value) = value(name) {
                buffer.set(value);
            }
        }
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

/// The names of all parameters, in order.
pub fn names<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Vec<String> {
    let mut names = Vec::new();
    parameters(model, |name, _| names.push(name.to_owned()));
    names
}

/// How many numbers the model's parameters hold; buffers are not counted.
pub fn count<T: Real>(model: &(impl Layer<T> + ?Sized)) -> usize {
    let mut count = 0;
    parameters(model, |_, param| count += param.value().len());
    count
}

/// Whether a parameter is a bias, by its full name: `bias`, or ending in `.bias`. For filters.
///
/// ```
/// assert!(nn::is_bias("layers.0.bias") && !nn::is_bias("layers.0.weight"));
/// ```
pub fn is_bias(name: &str) -> bool {
    name.rsplit('.').next() == Some("bias")
}

/// Names for a message.
pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
