//! What a layer is, and how it lists what it holds.

use std::cell::Cell;
use std::fmt::Write;

use autodiff::{Real, Tensor};

use crate::buffer::Buffer;
use crate::mode::Mode;
use crate::param::Param;
use crate::random::Random;
use crate::trace::Trace;

/// A function with parameters.
///
/// A layer of your own is a struct, its `forward`, and the list of its parameters:
///
/// ```
/// use autodiff::{Real, Tensor};
/// use nn::{Layer, Param, Visit, VisitMut};
///
/// /// `x ⊙ scale`.
/// struct Scale<T: Real> { scale: Param<T> }
///
/// impl<T: Real> Layer<T> for Scale<T> {
///     fn forward(&self, x: &Tensor<T>) -> Tensor<T> { x * self.scale.tensor() }
///     fn visit(&self, v: &mut Visit<'_, T>) { v.param("scale", &self.scale) }
///     fn visit_mut(&mut self, v: &mut VisitMut<'_, T>) { v.param("scale", &mut self.scale) }
/// }
///
/// let layer = Scale { scale: Param::new(ndarray::array![2.0, 3.0]) };
/// assert_eq!(nn::names(&layer), ["scale"]);
/// assert_eq!(nn::count(&layer), 2);
/// ```
///
/// Whatever else a layer holds is listed in the same way: a [`Buffer`](crate::Buffer), a [`Mode`](crate::Mode), a generator
/// ([`Random`](crate::Random)), inner layers. A layer without them never mentions them.
pub trait Layer<T: Real> {
    /// Computes the layer's output, recorded if the input or a parameter is on a tape. The first axis counts the items of a
    /// batch.
    fn forward(&self, x: &Tensor<T>) -> Tensor<T>;

    /// Shows the parameters and inner layers, each under its name, always in the same order.
    fn visit(&self, v: &mut Visit<'_, T>);

    /// Shows the same list as [`visit`](Self::visit), for changing.
    fn visit_mut(&mut self, v: &mut VisitMut<'_, T>);

    /// Describes the layer for [`summary`](crate::summary): by the type's name, unless the layer says more.
    fn describe(&self) -> String {
        let name = std::any::type_name::<Self>();
        let plain = name.split('<').next().unwrap_or(name);
        plain.rsplit("::").next().unwrap_or(plain).to_owned()
    }

    /// Describes the model as JSON, for weights files: what the parameters' names and shapes do not say.
    fn architecture(&self) -> Option<String> {
        None
    }

    /// Does what [`forward`](Self::forward) does, with every inner layer run through [`Trace::layer`], so that
    /// [`summary`](crate::summary) can show the inner layers' output shapes. By default only the layer's own is shown.
    fn trace(&self, x: &Tensor<T>, _trace: &mut Trace) -> Tensor<T> {
        self.forward(x)
    }
}

/// A layer of any kind, chosen at run time.
impl<T: Real, L: Layer<T> + ?Sized> Layer<T> for Box<L> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        (**self).forward(x)
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        (**self).visit(v);
    }

    fn visit_mut(&mut self, v: &mut VisitMut<'_, T>) {
        (**self).visit_mut(v);
    }

    fn describe(&self) -> String {
        (**self).describe()
    }

    fn architecture(&self) -> Option<String> {
        (**self).architecture()
    }

    fn trace(&self, x: &Tensor<T>, trace: &mut Trace) -> Tensor<T> {
        (**self).trace(x, trace)
    }
}

/// Something that a layer holds.
pub(crate) enum Part<'a, T: Real> {
    Param(&'a Param<T>),
    Buffer(&'a Buffer<T>),
    Mode(&'a Cell<Mode>),
    Random(&'a Random),
    Layer(&'a dyn Layer<T>),
}

/// Something that a layer holds, to be changed.
pub(crate) enum PartMut<'a, T: Real> {
    Param(&'a mut Param<T>),
    Buffer(&'a mut Buffer<T>),
    Mode(&'a mut Cell<Mode>),
    Random(&'a mut Random),
}

/// Walks through what a model holds; names of nested layers are joined by dots.
pub struct Visit<'f, T: Real> {
    pub(crate) prefix: String,
    pub(crate) found: &'f mut dyn FnMut(&str, Part<'_, T>),
}

impl<T: Real> Visit<'_, T> {
    /// Lists a parameter of this layer.
    pub fn param(&mut self, name: &str, param: &Param<T>) {
        self.part(name, Part::Param(param));
    }

    /// Lists values that belong to the model but are not trained; see [`Buffer`].
    pub fn buffer(&mut self, name: &str, buffer: &Buffer<T>) {
        self.part(name, Part::Buffer(buffer));
    }

    /// Lists the mode of a layer that computes differently while it is trained; see [`Mode`].
    pub fn mode(&mut self, mode: &Cell<Mode>) {
        (self.found)(&self.prefix, Part::Mode(mode));
    }

    /// Lists a generator that the layer draws from; see [`Random`].
    pub fn random(&mut self, name: &str, random: &Random) {
        self.part(name, Part::Random(random));
    }

    /// Lists a layer within this layer.
    pub fn layer(&mut self, name: &str, layer: &dyn Layer<T>) {
        let before = enter(&mut self.prefix, name);
        (self.found)(&self.prefix, Part::Layer(layer));
        layer.visit(self);
        self.prefix.truncate(before);
    }

    /// Lists layer number `index` of a list of layers within this layer: `layers.0`, `layers.1`.
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

/// Walks through what a model holds, to change it.
pub struct VisitMut<'f, T: Real> {
    pub(crate) prefix: String,
    /// Whether anybody wants names.
    pub(crate) named: bool,
    pub(crate) found: &'f mut dyn FnMut(&str, PartMut<'_, T>),
}

impl<T: Real> VisitMut<'_, T> {
    /// Lists a parameter of this layer.
    pub fn param(&mut self, name: &str, param: &mut Param<T>) {
        self.part(name, PartMut::Param(param));
    }

    /// Lists values that belong to the model but are not trained; see [`Buffer`].
    pub fn buffer(&mut self, name: &str, buffer: &mut Buffer<T>) {
        self.part(name, PartMut::Buffer(buffer));
    }

    /// Lists the mode of a layer that computes differently while it is trained; see [`Mode`].
    pub fn mode(&mut self, mode: &mut Cell<Mode>) {
        (self.found)(&self.prefix, PartMut::Mode(mode));
    }

    /// Lists a generator that the layer draws from; see [`Random`].
    pub fn random(&mut self, name: &str, random: &mut Random) {
        self.part(name, PartMut::Random(random));
    }

    /// Lists a layer within this layer.
    pub fn layer(&mut self, name: &str, layer: &mut dyn Layer<T>) {
        let before = if self.named { enter(&mut self.prefix, name) } else { 0 };
        layer.visit_mut(self);
        self.prefix.truncate(before);
    }

    /// Lists layer number `index` of a list of layers within this layer: `layers.0`, `layers.1`.
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

/// Appends a name to a path; returns the length to cut back to.
pub(crate) fn enter(prefix: &mut String, name: &str) -> usize {
    let before = prefix.len();
    if before > 0 {
        prefix.push('.');
    }
    prefix.push_str(name);
    before
}

/// Appends the name of a layer in a list to a path; returns the length to cut back to.
fn enter_at(prefix: &mut String, list: &str, index: usize) -> usize {
    let before = enter(prefix, list);
    write!(prefix, ".{index}").expect("a string takes everything");
    before
}
