//! What a layer is.

use autodiff::{Real, Tensor};

use crate::{Trace, Visit, VisitMut};

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
///
/// What else a layer may hold is listed in the same way: a [`Buffer`](crate::Buffer), a [`Mode`](crate::Mode), a generator
/// ([`Random`](crate::Random)), inner layers. A layer that has none of them never mentions them.
pub trait Layer<T: Real> {
    /// The layer's output, recorded if the input or a parameter is on a tape. The first axis counts the items of a batch.
    fn forward(&self, x: &Tensor<T>) -> Tensor<T>;

    /// Shows the parameters and inner layers, each under its name, always in the same order.
    fn visit(&self, v: &mut Visit<'_, T>);

    /// The same list as [`visit`](Self::visit), for changing.
    fn visit_mut(&mut self, v: &mut VisitMut<'_, T>);

    /// What kind of layer this is, for [`summary`](crate::summary): the type's name, unless the layer says more.
    fn describe(&self) -> String {
        let name = std::any::type_name::<Self>();
        let plain = name.split('<').next().unwrap_or(name);
        plain.rsplit("::").next().unwrap_or(plain).to_owned()
    }

    /// What the model is made of, as JSON, for weights files: what the parameters' names and shapes do not say.
    fn architecture(&self) -> Option<String> {
        None
    }

    /// [`forward`](Self::forward), with every inner layer run through [`Trace::layer`], so that
    /// [`summary`](crate::summary) can show the inner layers' output shapes. A layer that does not say otherwise is shown
    /// with its own output shape only.
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
