//! What a chain is made of.

use autodiff::{Real, Tensor};

use super::slot::Slot;
use crate::error::Result;
use crate::param::Param;

/// A link of an optimiser's chain: changes each parameter's update, which is the gradient at first, in place.
///
/// One of your own is a struct and one short method. What it remembers stands in arrays that the optimiser keeps for it, so
/// checkpoints hold it without further code:
///
/// ```
/// use autodiff::{Real, Tensor};
/// use nn::optim::{At, Transform};
///
/// /// `v ← μ v + g`, and the update is the sign of `v`.
/// struct SignMomentum { mu: f64 }
///
/// impl<T: Real> Transform<T> for SignMomentum {
///     fn arrays(&self) -> &'static [&'static str] { &["velocity"] }
///
///     fn apply(&self, update: &mut Tensor<T>, _value: &Tensor<T>, at: &mut At<'_, T>) {
///         let mu = T::of(self.mu);
///         let [velocity] = at.arrays();
///         velocity.update(update, |v, g| mu * v + g);
///         update.update(velocity, |_, v| v.signum());
///     }
/// }
///
/// let optimizer = nn::Sgd::<f64>::new(0.1).clip_norm(1.0).after(SignMomentum { mu: 0.9 });
/// ```
#[doc(alias = "GradientTransformation")]
pub trait Transform<T: Real> {
    /// Names the arrays kept for each parameter; they have its shape and are zero at first.
    fn arrays(&self) -> &'static [&'static str] {
        &[]
    }

    /// Looks at the names of all parameters before the first step.
    ///
    /// # Errors
    /// If they are not what this link needs: there is no step then.
    fn begin(&self, _names: &[&str]) -> Result<()> {
        Ok(())
    }

    /// Returns `Some(self)` if the link looks at all parameters' updates before it changes any.
    fn surveyor(&self) -> Option<&dyn Survey<T>> {
        None
    }

    /// Changes the update of one parameter, whose value is given.
    fn apply(&self, _update: &mut Tensor<T>, _value: &Tensor<T>, _at: &mut At<'_, T>) {}

    /// Changes one parameter after its step, by a projection or a proximal step.
    fn settle(&self, _param: &Param<T>, _at: &mut At<'_, T>) {}
}

/// A link that looks at all parameters together, as one that shortens by their norm does.
pub trait Survey<T: Real> {
    /// Looks at all updates before this link changes any; [`At::survey`] gives the number it returns.
    ///
    /// # Errors
    /// If the step is refused; no parameter is changed then.
    fn survey(&self, updates: &Updates<'_, T>) -> Result<T>;
}

/// The parameter that a [`Transform`] is at, and its step.
#[derive(Debug)]
pub struct At<'a, T: Real> {
    pub(super) name: &'a str,
    pub(super) step: usize,
    pub(super) rate: T,
    pub(super) weight_decay: Option<f64>,
    pub(super) survey: T,
    pub(super) arrays: &'a mut [Tensor<T>],
}

impl<T: Real> At<'_, T> {
    /// The parameter's full name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// The number of this step, from 1.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The parameter's learning rate in this step.
    pub fn rate(&self) -> T {
        self.rate
    }

    /// The weight decay of the parameter's group, if it has its own.
    pub fn weight_decay(&self) -> Option<f64> {
        self.weight_decay
    }

    /// The result of [`Survey::survey`]; 0 for a link that does not look.
    pub fn survey(&self) -> T {
        self.survey
    }

    /// The parameter's arrays, in the order of [`Transform::arrays`]. They are the optimiser's own: changing them by
    /// [`Tensor::update`] copies nothing.
    ///
    /// # Panics
    /// If another number is asked for than the transform named.
    #[track_caller]
    pub fn arrays<const N: usize>(&mut self) -> &mut [Tensor<T>; N] {
        let have = self.arrays.len();
        let Ok(arrays) = self.arrays.try_into() else {
            panic!("At::arrays: {N} arrays are asked for, the transform's `arrays` names {have}")
        };
        arrays
    }
}

/// The updates of all parameters.
pub struct Updates<'a, T: Real>(pub(super) &'a [Slot<T>]);

impl<T: Real> Updates<'_, T> {
    /// Each parameter's full name and its update.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<T>)> + Clone {
        self.0.iter().filter_map(|slot| Some((slot.name.as_str(), &slot.work.as_ref()?.update)))
    }
}
