//! Items of a data set, for one step.

use std::fmt;
use std::sync::Arc;

use autodiff::{Real, Tensor};
use ndarray::ArrayD;

/// Names of a data set's arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) arrays: Vec<String>,
    pub(super) ids: Vec<String>,
    /// What the classes of the targets are called, if they have names.
    pub(super) classes: Vec<String>,
}

/// The items of a data set that a step computes with: arrays as constant tensors, ids as arrays.
///
/// ```
/// use ndarray::array;
/// let data = nn::Dataset::default().with_ids("user", array![2, 0, 1])?.with("rating", array![5.0, 3.0, 1.0])?;
/// let batch = data.batch(&[0, 2]);
/// assert_eq!(batch.len(), 2);
/// assert_eq!(batch.ids("user"), &array![2, 1].into_dyn());
/// assert_eq!(batch.array("rating").to_array(), batch.array(0).to_array());
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batch<T: Real> {
    pub(super) names: Arc<Names>,
    pub(super) arrays: Vec<Tensor<T>>,
    pub(super) ids: Vec<ArrayD<usize>>,
    pub(super) len: usize,
}

impl<T: Real> Batch<T> {
    /// The array called `inputs`, if there is one.
    pub(crate) fn find_inputs(&self) -> Option<&Tensor<T>> {
        INPUTS.place(&self.names.arrays).map(|place| &self.arrays[place])
    }

    /// Inputs and targets.
    #[track_caller]
    pub(crate) fn pair(&self) -> (&Tensor<T>, &Tensor<T>) {
        (self.inputs(), self.targets())
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The array called `inputs`.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn inputs(&self) -> &Tensor<T> {
        self.array(INPUTS)
    }

    /// The array called `targets`.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn targets(&self) -> &Tensor<T> {
        self.array(TARGETS)
    }

    /// The array of this name or number.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn array(&self, key: impl Key) -> &Tensor<T> {
        &self.arrays[find(key, "array", &self.names.arrays)]
    }

    /// The ids of this name or number.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn ids(&self, key: impl Key) -> &ArrayD<usize> {
        &self.ids[find(key, "array of ids", &self.names.ids)]
    }
}

pub(super) const INPUTS: &str = "inputs";
pub(super) const TARGETS: &str = "targets";

/// The name of an array, or its number in the order in which arrays of its kind were added.
pub trait Key: Copy + fmt::Debug {
    #[doc(hidden)]
    fn place(self, names: &[String]) -> Option<usize>;
}

impl Key for usize {
    fn place(self, names: &[String]) -> Option<usize> {
        Some(self).filter(|&k| k < names.len())
    }
}

impl Key for &str {
    fn place(self, names: &[String]) -> Option<usize> {
        names.iter().position(|name| name == self)
    }
}

#[track_caller]
pub(super) fn find(key: impl Key, what: &str, names: &[String]) -> usize {
    match key.place(names) {
        Some(place) => place,
        None => panic!("data set: no {what} {key:?}; there are {}", crate::error::listed(names)),
    }
}
