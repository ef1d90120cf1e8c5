//! What an optimiser keeps for one parameter.

use autodiff::{Real, Tensor};

use super::group::Group;

/// A parameter's settings and arrays.
pub(super) struct Slot<T: Real> {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// The rate before the schedule; 0 for a parameter that keeps its value.
    pub(super) rate: f64,
    pub(super) weight_decay: Option<f64>,
    /// One after the other for all links of the chain.
    pub(super) arrays: Vec<Tensor<T>>,
    /// Set while links look at all parameters at once.
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

    /// The slot of some rows of the parameter.
    pub(super) fn part(&self, rows: &[usize]) -> Self {
        let arrays = self.arrays.iter().map(|array| array.index_select(0, rows)).collect();
        let (name, shape, work) = (self.name.clone(), self.shape.clone(), None);
        Self { name, shape, rate: self.rate, weight_decay: self.weight_decay, arrays, work }
    }

    /// Takes the arrays of some rows back.
    pub(super) fn put(&mut self, rows: &[usize], part: &Self) {
        self.arrays.iter_mut().zip(&part.arrays).for_each(|(array, part)| array.update_rows(rows, part, |_, new| new));
    }

    /// Whether the parameter keeps its value.
    pub(super) fn is_frozen(&self) -> bool {
        self.rate == 0.0
    }
}

pub(super) fn describe(name: &str, shape: &[usize]) -> String {
    format!("`{name}` of shape {shape:?}")
}
