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
/// use nn::{Layer, Param, Visit};
///
/// /// `x ⊙ scale + shift`.
/// struct Affine<T: Real> { scale: Param<T>, shift: Param<T> }
///
/// impl<T: Real> Layer<T> for Affine<T> {
///     fn forward(&self, x: &Tensor<T>) -> Tensor<T> { x * self.scale.tensor() + self.shift.tensor() }
///     fn visit(&self, v: &mut Visit<'_, T>) {
///         v.param("scale", &self.scale);
///         v.param("shift", &self.shift);
///     }
/// }
///
/// let layer = Affine { scale: Param::new(ndarray::array![2.0, 3.0]), shift: Param::new(ndarray::array![0.0, 1.0]) };
/// assert_eq!(nn::names(&layer), ["scale", "shift"]);
/// assert_eq!(nn::count(&layer), 4);
/// ```
///
/// Whatever else a layer holds is listed in the same way: a [`Buffer`](crate::Buffer), a [`Mode`](crate::Mode), a generator
/// ([`Random`](crate::Random)), inner layers. A layer without them never mentions them.
///
/// What is listed twice, as an inner layer that is used in two places, is *shared*: it is updated, counted and saved once,
/// under the name of its first place.
#[doc(alias = "Module")]
pub trait Layer<T: Real> {
    /// Computes the layer's output, recorded if the input or a parameter is on a tape. The first axis counts the items of a
    /// batch.
    fn forward(&self, x: &Tensor<T>) -> Tensor<T>;

    /// Shows the parameters and inner layers, each under its name, always in the same order.
    fn visit(&self, v: &mut Visit<'_, T>);

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

    /// Copies the layer into a box: `Some(Box::new(self.clone()))`. Models that hold layers of any kind, as
    /// [`Sequential`](crate::Sequential) does, are cloned by this; a layer that is never part of a clone needs none.
    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        None
    }
}

/// A layer of any kind, chosen at run time.
impl<T: Real, L: Layer<T> + ?Sized> Layer<T> for Box<L> {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        (**self).forward(x)
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        (**self).visit(v);
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

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        (**self).boxed()
    }
}

/// A copy by [`Layer::boxed`].
///
/// # Panics
/// If the layer does not have that method.
impl<T: Real> Clone for Box<dyn Layer<T>> {
    fn clone(&self) -> Self {
        self.boxed().unwrap_or_else(|| {
            let kind = self.describe();
            panic!("`{kind}` cannot be copied: give its `Layer` the method `boxed`, `Some(Box::new(self.clone()))`")
        })
    }
}

/// A bare list of parameters, named `0`, `1`, …, which computes nothing: its output is its input. Optimisers, derivatives
/// and checks take it as they take a model.
///
/// ```
/// use ndarray::array;
/// use nn::{Optimizer, Param, Sgd};
/// let w = vec![Param::new(array![3.0, 4.0]), Param::new(array![1.0])];
/// let g = nn::param_grad(&w, |w| w[0].tensor().square().sum() + w[1].tensor().sum())?;
/// Sgd::<f64>::new(0.5).step_with(&w, &g)?;
/// assert_eq!(w[0].value().to_array(), array![0.0, 0.0].into_dyn());
/// # Ok::<(), nn::Error>(())
/// ```
impl<T: Real> Layer<T> for Vec<Param<T>> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        x.clone()
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        self.iter().enumerate().for_each(|(k, param)| v.param(&k.to_string(), param));
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
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

/// Walks through what a model holds; names of nested layers are joined by dots.
pub struct Visit<'f, T: Real> {
    pub(crate) prefix: String,
    /// Whether anybody wants names: composing them takes longer than the walk.
    pub(crate) named: bool,
    /// Where the parts lie that have been shown, in order.
    pub(crate) shown: Vec<usize>,
    pub(crate) found: &'f mut dyn FnMut(&str, Part<'_, T>),
}

impl<T: Real> Visit<'_, T> {
    /// Lists a parameter of this layer.
    #[doc(alias = "register_parameter")]
    pub fn param(&mut self, name: &str, param: &Param<T>) {
        self.part(name, std::ptr::from_ref(param).addr(), Part::Param(param));
    }

    /// Lists values that belong to the model but are not trained; see [`Buffer`].
    #[doc(alias = "register_buffer")]
    pub fn buffer(&mut self, name: &str, buffer: &Buffer<T>) {
        self.part(name, std::ptr::from_ref(buffer).addr(), Part::Buffer(buffer));
    }

    /// Lists the mode of a layer that computes differently while it is trained; see [`Mode`].
    pub fn mode(&mut self, mode: &Cell<Mode>) {
        self.part("", std::ptr::from_ref(mode).addr(), Part::Mode(mode));
    }

    /// Lists a generator that the layer draws from; see [`Random`].
    pub fn random(&mut self, name: &str, random: &Random) {
        self.part(name, std::ptr::from_ref(random).addr(), Part::Random(random));
    }

    /// Lists a layer within this layer.
    #[doc(alias = "register_module")]
    pub fn layer(&mut self, name: &str, layer: &dyn Layer<T>) {
        self.inner(layer, |prefix| enter(prefix, name));
    }

    /// Lists layer number `index` of a list of layers within this layer: `layers.0`, `layers.1`.
    #[doc(alias = "ModuleList")]
    pub fn layer_at(&mut self, list: &str, index: usize, layer: &dyn Layer<T>) {
        self.inner(layer, |prefix| enter_at(prefix, list, index));
    }

    fn inner(&mut self, layer: &dyn Layer<T>, enter: impl FnOnce(&mut String) -> usize) {
        let before = if self.named { enter(&mut self.prefix) } else { 0 };
        (self.found)(&self.prefix, Part::Layer(layer));
        layer.visit(self);
        self.prefix.truncate(before);
    }

    /// Shows what lies at an address, unless it has been shown.
    fn part(&mut self, name: &str, address: usize, part: Part<'_, T>) {
        // Mostly parts lie one after the other.
        if self.shown.last().is_none_or(|&last| last < address) {
            self.shown.push(address);
        } else {
            let Err(at) = self.shown.binary_search(&address) else { return };
            self.shown.insert(at, address);
        }
        let before = if self.named && !name.is_empty() { enter(&mut self.prefix, name) } else { self.prefix.len() };
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
