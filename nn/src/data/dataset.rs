//! Arrays with one first axis: inputs with their targets, and what else belongs to the items.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autodiff::{Real, Tensor};
use ndarray::{Array, ArrayD, Axis, Dimension};

use super::batch::{Batch, INPUTS, Key, Names, TARGETS, find};
use super::held::Held;
#[cfg(feature = "data")]
use super::stored::Stored;
use crate::error::{Error, Kind, Result, number};

/// Inputs and targets, one item for each index of their first axes.
///
/// ```
/// use ndarray::array;
/// let xor = nn::Dataset::new(array![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], array![[0.], [1.], [1.], [0.]])?;
/// assert_eq!(xor.len(), 4);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// A data set is any number of arrays with one first axis, which counts the items. [`new`](Self::new) pairs the two that a loss
/// needs, `inputs` and `targets`; [`with`](Self::with) and [`with_ids`](Self::with_ids) add masks, weights, class numbers and
/// what else an [objective](crate::Trainer::objective) reads:
///
/// ```
/// use ndarray::array;
/// let rows = nn::Dataset::default()
///     .with_ids("user", array![0, 0, 1])?
///     .with_ids("film", array![2, 3, 2])?
///     .with("rating", array![4.0, 1.0, 5.0])?;
/// assert_eq!(rows.ids("film")[1], 3);
/// # Ok::<(), nn::Error>(())
/// ```
#[doc(alias = "TensorDataset")]
#[derive(Clone, Debug)]
pub struct Dataset<T: Real> {
    names: Arc<Names>,
    arrays: Vec<Held<T>>,
    ids: Vec<ArrayD<usize>>,
}

/// No arrays yet.
impl<T: Real> Default for Dataset<T> {
    fn default() -> Self {
        Self { names: Arc::default(), arrays: Vec::new(), ids: Vec::new() }
    }
}

impl<T: Real> Dataset<T> {
    /// Pairs inputs with targets.
    ///
    /// # Errors
    /// If an array has no axis to count items by, if the counts differ, or if a number is not finite.
    pub fn new<D: Dimension, E: Dimension>(inputs: Array<T, D>, targets: Array<T, E>) -> Result<Self> {
        Self::default().with(INPUTS, inputs)?.with(TARGETS, targets)
    }

    /// Adds an array, or puts it in the place of the one of this name.
    ///
    /// # Errors
    /// If it has no axis to count items by or another number of items, or if a number is not finite.
    pub fn with<D: Dimension>(mut self, name: &str, array: Array<T, D>) -> Result<Self> {
        let array = array.into_dyn();
        let place = self.place(name, array.shape(), true)?;
        if let Some((index, value)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let index = ndarray::Dimension::slice(&index);
            return Err(Error::data(format!("{name}{index:?} is {value}, expected a finite number")));
        }
        self.put(name, place, Held::Memory(array));
        Ok(self)
    }

    /// Adds an array that stays on the disk, of which each batch reads its items, or puts it in the place of the one of this name.
    /// Its numbers are looked at when they are read.
    ///
    /// Batches, splits and folds are as those of arrays in memory; what asks for the whole array panics. A checkpoint knows it by
    /// its shape and 256 of its items. [`Stored`] has an example.
    ///
    /// # Errors
    /// If it has another number of items.
    #[cfg(feature = "data")]
    pub fn with_stored(mut self, name: &str, array: Stored<T>) -> Result<Self> {
        let place = self.place(name, &array.shape(), true)?;
        self.put(name, place, Held::Disk(array));
        Ok(self)
    }

    fn put(&mut self, name: &str, place: Option<usize>, array: Held<T>) {
        // Other targets may have other classes.
        if name == TARGETS && !self.names.classes.is_empty() {
            Arc::make_mut(&mut self.names).classes.clear();
        }
        if let Some(place) = place {
            self.arrays[place] = array;
        } else {
            Arc::make_mut(&mut self.names).arrays.push(name.to_owned());
            self.arrays.push(array);
        }
    }

    /// Adds an array of whole numbers: rows of an [`Embedding`](crate::Embedding), class numbers, places.
    ///
    /// # Errors
    /// If it has no axis to count items by or another number of items.
    pub fn with_ids<D: Dimension>(mut self, name: &str, ids: Array<usize, D>) -> Result<Self> {
        let ids = ids.into_dyn();
        if let Some(place) = self.place(name, ids.shape(), false)? {
            self.ids[place] = ids;
        } else {
            Arc::make_mut(&mut self.names).ids.push(name.to_owned());
            self.ids.push(ids);
        }
        Ok(self)
    }

    /// Where an array of this name stands, if there is one; refuses an array that does not fit the others.
    fn place(&self, name: &str, shape: &[usize], numbers: bool) -> Result<Option<usize>> {
        let Some(&items) = shape.first() else {
            return Err(Error::data(format!("{name} need a first axis that counts the items")));
        };
        let Names { arrays, ids, .. } = &*self.names;
        let (own, other) = if numbers { (arrays, ids) } else { (ids, arrays) };
        if other.iter().any(|known| known == name) {
            return Err(Error::data(format!(
                "there are numbers and ids called `{name}`; each array needs a name of its own"
            )));
        }
        let shapes = arrays.iter().zip(&self.arrays).map(|(name, array)| (name, array.items()));
        let shapes = shapes.chain(ids.iter().zip(&self.ids).map(|(name, ids)| (name, ids.shape()[0])));
        if let Some((first, n)) = shapes.into_iter().find(|(known, n)| *known != name && *n != items) {
            return Err(Kind::Lengths { first: first.clone(), n, other: name.to_owned(), m: items }.into());
        }
        Ok(own.iter().position(|known| known == name))
    }

    /// Says what the classes of the targets are called, for messages. Data sets from CSV files know it.
    ///
    /// ```
    /// use ndarray::array;
    /// use rand::SeedableRng;
    /// let data = nn::Dataset::<f64>::new(array![[0.5], [0.7], [0.2]], array![[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])?;
    /// let data = data.with_class_names(vec!["oak".to_owned(), "fern".to_owned()]);
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let message = data.stratified_split(0.5, &mut rng).unwrap_err().to_string();
    /// assert_eq!(message, "data set: class `fern` has 1 item, expected at least 2 to have one in both parts");
    /// # Ok::<(), nn::Error>(())
    /// ```
    pub fn with_class_names(mut self, names: Vec<String>) -> Self {
        Arc::make_mut(&mut self.names).classes = names;
        self
    }

    /// What a class is called whose first item is this one: its name, its number among the targets, or its rank.
    pub(super) fn class_name(&self, class: usize, item: usize) -> String {
        let row = self.targets().index_axis(Axis(0), item);
        match self.names.classes.get(class) {
            Some(name) => format!("`{}`", crate::error::shortened(name)),
            None if row.len() == 1 => row.iter().map(|x| number(x.primal())).collect(),
            None => class.to_string(),
        }
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        let first = self.arrays.first().map(Held::items);
        first.or_else(|| Some(self.ids.first()?.shape()[0])).unwrap_or(0)
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All inputs: the array called `inputs`.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn inputs(&self) -> &ArrayD<T> {
        self.array(INPUTS)
    }

    /// All targets: the array called `targets`.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn targets(&self) -> &ArrayD<T> {
        self.array(TARGETS)
    }

    /// The array of this name, or of this number in the order in which arrays were added.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn array(&self, key: impl Key) -> &ArrayD<T> {
        let place = find(key, "array", &self.names.arrays);
        self.arrays[place].array(&self.names.arrays[place])
    }

    /// The ids of this name, or of this number in the order in which ids were added.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn ids(&self, key: impl Key) -> &ArrayD<usize> {
        &self.ids[find(key, "array of ids", &self.names.ids)]
    }

    /// All arrays of numbers, and all ids.
    pub(crate) fn all_arrays(&self) -> (&[Held<T>], &[ArrayD<usize>]) {
        (&self.arrays, &self.ids)
    }

    /// Selects items, for one step.
    ///
    /// # Panics
    /// If an index is out of range, or if an array on the disk cannot be read.
    #[track_caller]
    pub fn batch(&self, indices: &[usize]) -> Batch<T> {
        read(self.try_batch(indices))
    }

    /// Selects items, for one step, or says why they cannot be read.
    #[track_caller]
    pub(crate) fn try_batch(&self, indices: &[usize]) -> Result<Batch<T>> {
        let Self { names, arrays, ids } = self;
        let mut tensors = Vec::with_capacity(arrays.len());
        for array in arrays {
            tensors.push(Tensor::constant(array.rows(indices)?));
        }
        let ids = ids.iter().map(|ids| ids.select(Axis(0), indices)).collect();
        Ok(Batch { names: Arc::clone(names), arrays: tensors, ids, len: indices.len() })
    }

    /// Returns all items, for one step, or says why they cannot be read.
    pub(crate) fn try_whole(&self) -> Result<Batch<T>> {
        let arrays = self.arrays.iter().map(|array| array.all().map(Tensor::constant)).collect::<Result<_>>()?;
        Ok(Batch { names: Arc::clone(&self.names), arrays, ids: self.ids.clone(), len: self.len() })
    }

    /// Returns all items, for one step.
    ///
    /// # Panics
    /// If an array on the disk cannot be read.
    #[track_caller]
    pub fn whole(&self) -> Batch<T> {
        read(self.try_whole())
    }

    /// Selects items, as constant tensors for a model and a loss.
    ///
    /// # Panics
    /// If an index is out of range, or if there are no inputs or targets.
    #[track_caller]
    pub fn items(&self, indices: &[usize]) -> (Tensor<T>, Tensor<T>) {
        let pick = |array: &ArrayD<T>| Tensor::constant(array.select(Axis(0), indices));
        (pick(self.inputs()), pick(self.targets()))
    }

    /// Returns all inputs and targets as constant tensors.
    ///
    /// # Panics
    /// If there are no inputs or targets.
    #[track_caller]
    pub fn all(&self) -> (Tensor<T>, Tensor<T>) {
        (Tensor::constant(self.inputs().clone()), Tensor::constant(self.targets().clone()))
    }

    /// Selects items, as a data set.
    ///
    /// # Panics
    /// If an index is out of range.
    #[doc(alias = "Subset")]
    #[track_caller]
    pub fn subset(&self, indices: &[usize]) -> Self {
        let arrays = self.arrays.iter().map(|array| array.subset(indices)).collect();
        let ids = self.ids.iter().map(|ids| ids.select(Axis(0), indices)).collect();
        Self { names: Arc::clone(&self.names), arrays, ids }
    }

    /// Replaces the inputs, as after standardising.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn with_inputs<D: Dimension>(&self, inputs: Array<T, D>) -> Result<Self> {
        self.clone().with(INPUTS, inputs)
    }

    /// Replaces the targets.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn with_targets<D: Dimension>(&self, targets: Array<T, D>) -> Result<Self> {
        self.clone().with(TARGETS, targets)
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
        let width = self.targets().len() / self.len().max(1);
        let rows = self.targets().axis_iter(Axis(0)).map(|row| row.iter().map(|x| x.primal()).collect::<Vec<f64>>());
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

#[track_caller]
fn read<T: Real>(batch: Result<Batch<T>>) -> Batch<T> {
    match batch {
        Ok(batch) => batch,
        Err(error) => panic!("{error}"),
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
            Err(Error::data(format!("label {item} is {}, expected a whole number from 0", number(x))))
        }
    };
    array.iter().enumerate().map(label).collect()
}
