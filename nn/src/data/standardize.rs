//! Features of mean 0 and standard deviation 1.

use autodiff::Real;
use ndarray::{ArrayD, Axis};

use crate::error::{Error, Result, number};

/// Shifts and scales each feature: `z = (x - mean) / deviation`, with the mean and the standard deviation (that of the
/// items themselves, divided by `n`) of the array that it was fitted to.
///
/// Fit on the training part alone and apply to every other one: a test set's mean is not known beforehand. A feature that
/// never varies gets deviation 1 and becomes 0. It serves the targets of a regression too; [`invert`](Self::invert) takes
/// predictions back.
///
/// ```
/// use ndarray::array;
/// use nn::{Dataset, Standardizer};
/// let train = Dataset::new(array![[1.0, 5.0], [3.0, 5.0]], array![[0.0], [1.0]])?;
/// let test = Dataset::new(array![[2.0, 6.0]], array![[1.0]])?;
/// let scale = Standardizer::fit(train.inputs())?;
/// let (train, test) = (scale.dataset(&train)?, scale.dataset(&test)?);
/// assert_eq!(train.inputs(), &array![[-1.0, 0.0], [1.0, 0.0]].into_dyn());
/// assert_eq!(test.inputs(), &array![[0.0, 1.0]].into_dyn());
/// assert_eq!(scale.invert(test.inputs())?, array![[2.0, 6.0]].into_dyn());
/// # Ok::<(), nn::Error>(())
/// ```
#[doc(alias = "StandardScaler")]
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer<T: Real> {
    means: Vec<T>,
    deviations: Vec<T>,
}

impl<T: Real> Standardizer<T> {
    /// Fits to the items along the first axis; all that an item holds counts as a row of features.
    ///
    /// # Errors
    /// If there are no items, or if a feature is not finite or too large for its square to be.
    pub fn fit(array: &ArrayD<T>) -> Result<Self> {
        let items = if array.ndim() == 0 { 0 } else { array.len_of(Axis(0)) };
        if items == 0 {
            return Err(Error::data("nothing to fit a standardizer to, expected at least 1 item".to_owned()));
        }
        let rows = || array.axis_iter(Axis(0));
        let n = T::of(items as f64);
        let first: Vec<T> = rows().next().expect("an item").iter().copied().collect();
        let mut varies = vec![false; first.len()];
        let mut means = vec![T::zero(); first.len()];
        for row in rows() {
            for (j, &x) in row.iter().enumerate() {
                means[j] += x / n;
                varies[j] |= x != first[j];
            }
        }
        // Differences from a rounded mean do not add up to 0; what they add up to is the mean's error.
        let (mut squares, mut rest) = (vec![T::zero(); first.len()], vec![T::zero(); first.len()]);
        for row in rows() {
            for (j, &x) in row.iter().enumerate() {
                let d = x - means[j];
                squares[j] += d * d;
                rest[j] += d;
            }
        }
        let mut deviations = Vec::with_capacity(first.len());
        for j in 0..first.len() {
            if !varies[j] {
                means[j] = first[j];
                deviations.push(T::one());
                continue;
            }
            means[j] += rest[j] / n;
            deviations.push((squares[j] / n - (rest[j] / n).square()).max(T::zero()).sqrt());
        }
        Self::new(means, deviations)
    }

    /// Takes means and deviations, as read from a file.
    ///
    /// # Errors
    /// If their numbers differ, a mean is not finite, or a deviation not finite and above 0.
    pub fn new(means: Vec<T>, deviations: Vec<T>) -> Result<Self> {
        if means.len() != deviations.len() {
            let (m, d) = (means.len(), deviations.len());
            return Err(Error::data(format!("{m} means and {d} deviations, expected as many")));
        }
        for (j, (mean, deviation)) in means.iter().zip(&deviations).enumerate() {
            if !mean.is_finite() || !deviation.is_finite() || *deviation <= T::zero() {
                let [mean, deviation] = [mean, deviation].map(|x| number(x.primal()));
                return Err(Error::data(format!(
                    "feature {j} has mean {mean} and deviation {deviation}, expected finite numbers and a deviation above 0"
                )));
            }
        }
        Ok(Self { means, deviations })
    }

    /// The mean of each feature.
    pub fn means(&self) -> &[T] {
        &self.means
    }

    /// The standard deviation of each feature; 1 for one that did not vary.
    pub fn deviations(&self) -> &[T] {
        &self.deviations
    }

    /// Standardises: `(x - mean) / deviation`.
    ///
    /// # Errors
    /// If the items have another number of features.
    pub fn apply(&self, array: &ArrayD<T>) -> Result<ArrayD<T>> {
        self.map(array, |x, mean, deviation| (x - mean) / deviation)
    }

    /// Undoes [`apply`](Self::apply): `z · deviation + mean`.
    ///
    /// # Errors
    /// If the items have another number of features.
    pub fn invert(&self, array: &ArrayD<T>) -> Result<ArrayD<T>> {
        self.map(array, |z, mean, deviation| z * deviation + mean)
    }

    /// Standardises the inputs of a data set.
    ///
    /// # Errors
    /// If the inputs have another number of features, or lie so far off that they are no longer finite.
    pub fn dataset(&self, data: &super::Dataset<T>) -> Result<super::Dataset<T>> {
        data.with_inputs(self.apply(data.inputs())?)
    }

    fn map(&self, array: &ArrayD<T>, f: impl Fn(T, T, T) -> T) -> Result<ArrayD<T>> {
        let features = array.shape().iter().skip(1).product::<usize>();
        if array.ndim() == 0 || features != self.means.len() {
            let (shape, expected) = (array.shape(), self.means.len());
            return Err(Error::data(format!(
                "an array of shape {shape:?} does not hold items of {expected} features each"
            )));
        }
        let mut out = array.clone();
        for mut row in out.axis_iter_mut(Axis(0)) {
            let parameters = self.means.iter().zip(&self.deviations);
            row.iter_mut().zip(parameters).for_each(|(x, (&mean, &deviation))| *x = f(*x, mean, deviation));
        }
        Ok(out)
    }
}
