//! What a layer is, and how its parameters are found.

use autodiff::{Real, Tape, Tensor};

use crate::Param;

/// A function with parameters.
///
/// An own layer is a struct, its `forward`, and the list of its parameters:
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
pub trait Layer<T: Real> {
    /// The layer's output, recorded if the input or a parameter is on a tape. The first axis counts the items of a batch.
    fn forward(&self, x: &Tensor<T>) -> Tensor<T>;

    /// As [`forward`](Self::forward), showing the outputs of inner layers on the way: they say where a number stopped
    /// being finite. A layer made of layers calls them through [`Outputs::layer`].
    fn forward_shown(&self, x: &Tensor<T>, _outputs: &mut Outputs<'_, T>) -> Tensor<T> {
        self.forward(x)
    }

    /// What the model is made of, as JSON, for weights files: what the parameters' names and shapes do not say.
    fn architecture(&self) -> Option<String> {
        None
    }

    /// Shows the parameters and inner layers, each under its name, always in the same order.
    fn visit(&self, v: &mut Visit<'_, T>);

    /// The same list as [`visit`](Self::visit), for changing.
    fn visit_mut(&mut self, v: &mut VisitMut<'_, T>);
}

/// Walks through a model's parameters; names of nested layers are joined by dots.
pub struct Visit<'f, T: Real> {
    prefix: String,
    found: &'f mut dyn FnMut(&str, &Param<T>),
}

impl<T: Real> Visit<'_, T> {
    /// A parameter of this layer.
    pub fn param(&mut self, name: &str, param: &Param<T>) {
        let before = enter(&mut self.prefix, name);
        (self.found)(&self.prefix, param);
        self.prefix.truncate(before);
    }

    /// A layer within this layer.
    pub fn layer(&mut self, name: &str, layer: &dyn Layer<T>) {
        let before = enter(&mut self.prefix, name);
        layer.visit(self);
        self.prefix.truncate(before);
    }
}

/// Walks through a model's parameters for changing them.
pub struct VisitMut<'f, T: Real> {
    prefix: String,
    found: &'f mut dyn FnMut(&str, &mut Param<T>),
}

impl<T: Real> VisitMut<'_, T> {
    /// A parameter of this layer.
    pub fn param(&mut self, name: &str, param: &mut Param<T>) {
        let before = enter(&mut self.prefix, name);
        (self.found)(&self.prefix, param);
        self.prefix.truncate(before);
    }

    /// A layer within this layer.
    pub fn layer(&mut self, name: &str, layer: &mut dyn Layer<T>) {
        let before = enter(&mut self.prefix, name);
        layer.visit_mut(self);
        self.prefix.truncate(before);
    }
}

/// Is shown the outputs of a model's inner layers, under their names.
pub struct Outputs<'f, T: Real> {
    prefix: String,
    found: &'f mut dyn FnMut(&str, &Tensor<T>),
}

impl<'f, T: Real> Outputs<'f, T> {
    pub(crate) fn new(found: &'f mut dyn FnMut(&str, &Tensor<T>)) -> Self {
        Self { prefix: String::new(), found }
    }

    /// The output of a layer within this layer, shown.
    #[track_caller]
    pub fn layer(&mut self, name: &str, layer: &dyn Layer<T>, x: &Tensor<T>) -> Tensor<T> {
        let before = enter(&mut self.prefix, name);
        let y = layer.forward_shown(x, self);
        (self.found)(&self.prefix, &y);
        self.prefix.truncate(before);
        y
    }
}

/// Appends a name to a path; gives the length to cut back to.
fn enter(prefix: &mut String, name: &str) -> usize {
    let before = prefix.len();
    if before > 0 {
        prefix.push('.');
    }
    prefix.push_str(name);
    before
}

/// Calls `found` with every parameter of a model and its full name.
pub fn parameters<T: Real>(model: &(impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &Param<T>)) {
    model.visit(&mut Visit { prefix: String::new(), found: &mut found });
}

/// Calls `found` with every parameter of a model and its full name, for changing.
pub fn parameters_mut<T: Real>(model: &mut (impl Layer<T> + ?Sized), mut found: impl FnMut(&str, &mut Param<T>)) {
    model.visit_mut(&mut VisitMut { prefix: String::new(), found: &mut found });
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
    parameters_mut(model, |_, param| param.watch(tape));
}

/// The names of all parameters, in order.
pub fn names<T: Real>(model: &(impl Layer<T> + ?Sized)) -> Vec<String> {
    let mut names = Vec::new();
    parameters(model, |name, _| names.push(name.to_owned()));
    names
}

/// How many numbers the model's parameters hold.
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
