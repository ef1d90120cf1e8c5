//! Inputs with their targets.

use std::collections::{BTreeMap, BTreeSet};

use autodiff::{Real, Tensor};
use ndarray::{Array, ArrayD, Axis, Dimension};

use crate::error::{Error, Kind, Result};

/// Inputs and targets, one item for each index of their first axes.
///
/// ```
/// use ndarray::array;
/// let xor = nn::Dataset::new(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![[0.], [1.], [1.], [0.]])?;
/// assert_eq!(xor.len(), 4);
/// # Ok::<(), nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dataset<T: Real> {
    inputs: ArrayD<T>,
    targets: ArrayD<T>,
}

impl<T: Real> Dataset<T> {
    /// Pairs inputs with targets.
    ///
    /// # Errors
    /// If an array has no axis to count items by, if the counts differ, or if a number is not finite.
    pub fn new<D: Dimension, E: Dimension>(inputs: Array<T, D>, targets: Array<T, E>) -> Result<Self> {
        let (inputs, targets) = (inputs.into_dyn(), targets.into_dyn());
        for (what, array) in [("inputs", &inputs), ("targets", &targets)] {
            if array.ndim() == 0 {
                return Err(Error::data(format!("{what} need a first axis that counts the items")));
            }
            if let Some((index, value)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
                let index = ndarray::Dimension::slice(&index);
                return Err(Error::data(format!("{what}{index:?} is {value}, expected a finite number")));
            }
        }
        let (n, m) = (inputs.len_of(Axis(0)), targets.len_of(Axis(0)));
        if n != m {
            return Err(Kind::Lengths { inputs: n, targets: m }.into());
        }
        Ok(Self { inputs, targets })
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.inputs.len_of(Axis(0))
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All inputs.
    pub fn inputs(&self) -> &ArrayD<T> {
        &self.inputs
    }

    /// All targets.
    pub fn targets(&self) -> &ArrayD<T> {
        &self.targets
    }

    /// Selects items, as constant tensors for a model and a loss.
    ///
    /// # Panics
    /// If an index is out of range.
    #[track_caller]
    pub fn items(&self, indices: &[usize]) -> (Tensor<T>, Tensor<T>) {
        let pick = |array: &ArrayD<T>| Tensor::constant(array.select(Axis(0), indices));
        (pick(&self.inputs), pick(&self.targets))
    }

    /// Returns all inputs and targets as constant tensors.
    pub fn all(&self) -> (Tensor<T>, Tensor<T>) {
        (Tensor::constant(self.inputs.clone()), Tensor::constant(self.targets.clone()))
    }

    /// Selects items, as a data set.
    ///
    /// # Panics
    /// If an index is out of range.
    #[track_caller]
    pub fn subset(&self, indices: &[usize]) -> Self {
        let pick = |array: &ArrayD<T>| array.select(Axis(0), indices);
        Self { inputs: pick(&self.inputs), targets: pick(&self.targets) }
    }

    /// Replaces the inputs, as after standardising.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_inputs<D: Dimension>(&self, inputs: Array<T, D>) -> Result<Self> {
        Self::new(inputs, self.targets.clone())
    }

    /// Replaces the targets.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_targets<D: Dimension>(&self, targets: Array<T, D>) -> Result<Self> {
        Self::new(self.inputs.clone(), targets)
    }

    /// Returns the class of each item, from 0: the position of the 1 in a one-hot row; the rank of a single whole number
    /// among those that occur.
    ///
    /// ```
    /// use ndarray::array;
    /// let data = nn::Dataset::new(array![[0.5], [0.7], [0.2]], array![[1.0], [-1.0], [1.0]])?;
    /// assert_eq!(data.classes()?, [1, 0, 1]);
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a target is neither.
    pub fn classes(&self) -> Result<Vec<usize>> {
        let width = self.targets.len() / self.len().max(1);
        let rows = self.targets.axis_iter(Axis(0)).map(|row| row.iter().map(|x| x.primal()).collect::<Vec<f64>>());
        let fail = |item: usize, row: &[f64]| {
            Error::data(format!("the target of item {item} is {row:?}, expected a one-hot row or a whole number"))
        };
        if width == 1 {
            let mut numbers = Vec::with_capacity(self.len());
            for (item, row) in rows.enumerate() {
                // Less than 2^53: every whole number is one that was meant.
                let whole = row[0].fract() == 0.0 && row[0].abs() < 9e15;
                numbers.push(if whole { row[0] as i64 } else { return Err(fail(item, &row)) });
            }
            let ranks: BTreeSet<i64> = numbers.iter().copied().collect();
            let ranks: BTreeMap<i64, usize> = ranks.into_iter().enumerate().map(|(rank, x)| (x, rank)).collect();
            return Ok(numbers.iter().map(|x| ranks[x]).collect());
        }
        rows.enumerate()
            .map(|(item, row)| {
                let zeros = row.iter().filter(|&&x| x == 0.0).count();
                let one = row.iter().position(|&x| x == 1.0).filter(|_| zeros + 1 == row.len());
                one.ok_or_else(|| fail(item, &row))
            })
            .collect()
    }
}

/// Converts an array of class numbers, as from a file of labels.
///
/// ```
/// assert_eq!(nn::data::labels(&ndarray::array![2.0, 0.0].into_dyn())?, [2, 0]);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If an entry is not a whole number from 0.
pub fn labels<T: Real>(array: &ArrayD<T>) -> Result<Vec<usize>> {
    let label = |(item, x): (usize, &T)| {
        let x = x.primal();
        #[allow(clippy::cast_sign_loss, reason = "checked before")]
        if x.fract() == 0.0 && (0.0..9e15).contains(&x) {
            Ok(x as usize)
        } else {
            Err(Error::data(format!("label {item} is {x}, expected a whole number from 0")))
        }
    };
    array.iter().enumerate().map(label).collect()
}
