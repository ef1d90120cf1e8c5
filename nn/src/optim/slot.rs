//! What an optimiser keeps for one parameter.

use autodiff::{Gradients, Real, Tensor};

use super::Group;
use crate::error::Kind;
use crate::{Param, Result};

/// A parameter's settings and arrays.
pub(super) struct Slot<T: Real> {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// The rate before the schedule; 0 for a parameter that keeps its value.
    pub(super) rate: f64,
    pub(super) weight_decay: Option<f64>,
    /// One after the other for all links of the chain.
    pub(super) arrays: Vec<Tensor<T>>,
    /// Set during a step.
    pub(super) work: Option<Work<T>>,
}

/// A parameter's part in a step.
pub(super) struct Work<T: Real> {
    pub(super) update: Tensor<T>,
    pub(super) value: Tensor<T>,
}

impl<T: Real> Slot<T> {
    pub(super) fn new(name: &str, shape: &[usize], rate: f64, group: Option<&Group>, arrays: usize) -> Self {
        let rate = group.and_then(|group| group.rate).unwrap_or(rate);
        let arrays = if rate == 0.0 { 0 } else { arrays };
        Self {
            name: name.to_owned(),
            shape: shape.to_vec(),
            rate,
            weight_decay: group.and_then(|group| group.weight_decay),
            arrays: (0..arrays).map(|_| Tensor::zeros(shape)).collect(),
            work: None,
        }
    }

    /// Takes a parameter's gradient and value for a step.
    pub(super) fn take(&mut self, param: &Param<T>, gradients: &Gradients<T>) -> Result<()> {
        if self.rate == 0.0 {
            return Ok(());
        }
        let Some(gradient) = param.gradient(gradients) else {
            return Err(Kind::Severed { name: self.name.clone() }.into());
        };
        self.work = Some(Work { update: gradient.clone(), value: param.value().clone() });
        Ok(())
    }
}

pub(super) fn describe(name: &str, shape: &[usize]) -> String {
    format!("`{name}` of shape {shape:?}")
}
