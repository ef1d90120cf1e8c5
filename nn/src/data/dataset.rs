//! Inputs with their targets.

use autodiff::{Real, Tensor};
use ndarray::{Array, ArrayD, Axis, Dimension};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::error::Kind;
use crate::{Error, Result};

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
    /// A data set.
    ///
    /// # Errors
    /// If an array has no axis to count items by, if the counts differ, or if a number is not finite.
    pub fn new<D: Dimension, E: Dimension>(inputs: Array<T, D>, targets: Array<T, E>) -> Result<Self> {
        let (inputs, targets) = (inputs.into_dyn(), targets.into_dyn());
        for (what, array) in [("inputs", &inputs), ("targets", &targets)] {
            if array.ndim() == 0 {
                let what = format!("{what} need a first axis that counts the items");
                return Err(Kind::Data { what }.into());
            }
            if let Some((index, value)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
                let what =
                    format!("{what}{:?} is {value}, expected a finite number", ndarray::Dimension::slice(&index));
                return Err(Kind::Data { what }.into());
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

    /// Some items, as constant tensors for a model and a loss.
    ///
    /// # Panics
    /// If an index is out of range.
    #[track_caller]
    pub fn items(&self, indices: &[usize]) -> (Tensor<T>, Tensor<T>) {
        let pick = |array: &ArrayD<T>| Tensor::constant(array.select(Axis(0), indices));
        (pick(&self.inputs), pick(&self.targets))
    }

    /// Everything, as constant tensors.
    pub fn all(&self) -> (Tensor<T>, Tensor<T>) {
        (Tensor::constant(self.inputs.clone()), Tensor::constant(self.targets.clone()))
    }

    /// Shuffles and splits in two; the first part gets `fraction` of the items, rounded.
    ///
    /// # Errors
    /// If `fraction` is not between 0 and 1, or if a part would be empty.
    pub fn split(&self, fraction: f64, rng: &mut impl Rng) -> Result<(Self, Self)> {
        let fail = |what: String| Error::from(Kind::Data { what });
        if !(0.0..=1.0).contains(&fraction) {
            return Err(fail(format!("cannot split off a fraction of {fraction}, expected 0 to 1")));
        }
        #[allow(clippy::cast_sign_loss, reason = "neither factor is negative")]
        let first = (fraction * self.len() as f64).round() as usize;
        if first == 0 || first == self.len() {
            return Err(fail(format!("splitting {} items at {fraction} leaves one part empty", self.len())));
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(rng);
        let part = |indices: &[usize]| Self {
            inputs: self.inputs.select(Axis(0), indices),
            targets: self.targets.select(Axis(0), indices),
        };
        Ok((part(&order[..first]), part(&order[first..])))
    }
}
