//! First-order descent: a chain of transforms, a rate, groups.

use std::fmt;

use autodiff::Real;

use super::chain::Chain;
use super::clip::{ClipNorm, ClipValue};
use super::decay::WeightDecay;
use super::group::Group;
use super::slot::Slot;
use super::transform::Transform;
use crate::expect;
use crate::schedule::factor::Schedule;
use crate::schedule::plateau::Plateau;

/// Descent along transformed gradients: `w ← w - η u`.
///
/// A chain turns the gradient into the update `u`: what [`before`](Self::before) and the clips added, in that order; weight
/// decay; the rule `R`; decoupled weight decay; what [`after`](Self::after) added. Plain [`Sgd`](super::Sgd) has an empty
/// rule: the place to start for one of your own.
///
/// The rate of a step is the optimiser's or the parameter group's, times the [schedule](Self::schedule)'s factor, times
/// that of the [plateau](Self::plateau). Arrays change in place, and a warm step allocates none.
///
/// A step with other parameters than the first step's is an error: each model needs an optimiser of its own.
pub struct Descent<T: Real, R> {
    pub(super) name: &'static str,
    pub(super) chain: Chain<T, R>,
    pub(super) rate: f64,
    pub(super) schedule: Option<Box<dyn Schedule>>,
    pub(super) plateau: Option<Plateau>,
    pub(super) groups: Vec<Group>,
    pub(super) steps: usize,
    /// One for each parameter, made at the first step.
    pub(super) slots: Vec<Slot<T>>,
}

impl<T: Real, R: Transform<T>> Descent<T, R> {
    /// # Panics
    /// If the rate is not a finite number above 0.
    #[track_caller]
    pub(super) fn with_rule(name: &'static str, rate: f64, rule: R) -> Self {
        let rate = expect::positive(&format!("{name}: the learning rate"), rate);
        let (schedule, plateau, groups, slots) = (None, None, Vec::new(), Vec::new());
        Self { name, chain: Chain::new(rule), rate, schedule, plateau, groups, steps: 0, slots }
    }

    /// Multiplies the rate by `schedule(t)` in the step that `t` steps went before.
    #[doc(alias = "lr_scheduler")]
    pub fn schedule(mut self, schedule: impl Schedule) -> Self {
        self.schedule = Some(Box::new(schedule));
        self
    }

    /// Cuts the rate when the loss that [`observe`](super::Optimizer::observe) is shown stops falling.
    pub fn plateau(mut self, plateau: Plateau) -> Self {
        self.plateau = Some(plateau);
        self
    }

    /// Gives some parameters their own settings. The first group that holds a parameter counts.
    #[doc(alias = "param_groups")]
    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// Adds `lambda · w` to the gradient before the rule: the gradient of `λ/2 |w|²`. For every parameter that no group
    /// says otherwise of, biases included.
    ///
    /// # Panics
    /// If `lambda` is negative or not finite.
    #[track_caller]
    pub fn weight_decay(mut self, lambda: f64) -> Self {
        (self.chain.weight_decay, self.chain.decoupled) = (WeightDecay::new(lambda), false);
        self
    }

    /// Adds `lambda · w` to the update after the rule instead: each step shrinks the weights by `η λ w`.
    ///
    /// # Panics
    /// If `lambda` is negative or not finite.
    #[track_caller]
    pub fn decoupled_weight_decay(mut self, lambda: f64) -> Self {
        (self.chain.weight_decay, self.chain.decoupled) = (WeightDecay::new(lambda), true);
        self
    }

    /// Cuts every number of the gradient to `[-most, most]`.
    ///
    /// # Panics
    /// If `most` is not a finite number above 0.
    #[doc(alias = "clip_grad_value_")]
    #[track_caller]
    pub fn clip_value(self, most: f64) -> Self {
        self.before(ClipValue::new(most))
    }

    /// Shortens the gradient, of all parameters together, to a norm of `most`: see [`ClipNorm`].
    ///
    /// # Panics
    /// If `most` is not a finite number above 0.
    #[doc(alias("clip_grad_norm_", "clip_by_global_norm"))]
    #[track_caller]
    pub fn clip_norm(self, most: f64) -> Self {
        self.before(ClipNorm::new(most))
    }

    /// Adds a link before the weight decay and the rule, after those added so far.
    pub fn before(mut self, link: impl Transform<T> + 'static) -> Self {
        self.chain.before.push(Box::new(link));
        self
    }

    /// Adds a link after the rule and the decoupled weight decay, after those added so far.
    pub fn after(mut self, link: impl Transform<T> + 'static) -> Self {
        self.chain.after.push(Box::new(link));
        self
    }
}

impl<T: Real, R> fmt::Debug for Descent<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(rate {}, {} steps taken)", self.name, self.rate, self.steps)
    }
}
