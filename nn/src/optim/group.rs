//! Settings for some of the parameters.

use crate::expect;

/// Parameters with a rate or a weight decay of their own, chosen by name.
///
/// A parameter belongs to the first group whose filter holds for its full name, as in `layers.0.weight`. Schedules
/// multiply a group's rate as they do the optimiser's.
///
/// ```
/// use nn::optim::Group;
/// use nn::{Sgd, is_bias};
/// let sgd = Sgd::<f64>::new(0.1)
///     .weight_decay(1e-4)
///     .group(Group::new(|name| name.starts_with("layers.0.")).rate(0.0)) // keeps its values
///     .group(Group::new(is_bias).weight_decay(0.0));
/// ```
pub struct Group {
    pub(super) filter: Box<dyn Fn(&str) -> bool>,
    pub(super) rate: Option<f64>,
    pub(super) weight_decay: Option<f64>,
}

impl Group {
    /// Chooses the parameters for whose names `filter` holds. If there are none, the first step is an error.
    pub fn new(filter: impl Fn(&str) -> bool + 'static) -> Self {
        Self { filter: Box::new(filter), rate: None, weight_decay: None }
    }

    /// Sets their learning rate. With 0 they are frozen: they keep their values, and need no gradient.
    ///
    /// # Panics
    /// If the rate is negative or not finite.
    #[track_caller]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = Some(expect::not_negative("Group: the learning rate", rate));
        self
    }

    /// Sets their weight decay, of the optimiser's kind.
    ///
    /// # Panics
    /// If it is negative or not finite.
    #[track_caller]
    pub fn weight_decay(mut self, decay: f64) -> Self {
        self.weight_decay = Some(expect::not_negative("Group: the weight decay", decay));
        self
    }
}
