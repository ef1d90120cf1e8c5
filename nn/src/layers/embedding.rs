//! Rows of a table by number.

use autodiff::{Real, Tensor};
use ndarray::{ArrayRef, Dimension};
use rand::Rng;

use crate::init::Init;
use crate::layer::{Layer, Visit};
use crate::param::Param;

/// A table of vectors, one for each id: words, users, classes. Only the rows that a step has used are changed by it: an
/// optimiser's memory, momentum and weight decay included, which leave the other rows as they are.
///
/// ```
/// use ndarray::array;
/// use nn::{Embedding, Layer};
/// let table = Embedding::from_weights(array![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]);
/// let y = table.lookup(&array![2, 0]);
/// assert_eq!(y.to_array(), array![[4.0, 5.0], [0.0, 1.0]].into_dyn());
/// // As a layer it takes ids as whole numbers.
/// assert_eq!(table.forward(&array![2.0, 0.0].into()).view(), y.view());
/// ```
#[doc(alias = "Embed")]
#[derive(Clone, Debug)]
pub struct Embedding<T: Real> {
    weight: Param<T>,
}

impl<T: Real> Embedding<T> {
    /// Creates a table of `count` vectors of `width` numbers, drawn from the standard normal distribution.
    pub fn new(count: usize, width: usize, rng: &mut impl Rng) -> Self {
        Self { weight: Param::new(Init::Normal(1.0).sample(&[count, width], count, width, rng)) }
    }

    /// Takes a table, ids × width.
    ///
    /// # Panics
    /// If it is no matrix.
    #[track_caller]
    pub fn from_weights(weight: impl Into<Tensor<T>>) -> Self {
        let weight = weight.into();
        assert!(weight.ndim() == 2, "Embedding: the table has shape {:?}, expected [ids, width]", weight.shape());
        Self { weight: Param::new(weight) }
    }

    /// The table, ids × width.
    pub fn weight(&self) -> &Param<T> {
        &self.weight
    }

    /// Looks up ids: the result has their shape and a last axis of the vectors' width.
    ///
    /// # Panics
    /// If an id is not below the number of vectors.
    #[track_caller]
    pub fn lookup<D: Dimension>(&self, ids: &ArrayRef<usize, D>) -> Tensor<T> {
        self.found(&ids.iter().copied().collect::<Vec<_>>(), ids.shape())
    }

    /// The vectors of ids that have this shape.
    #[track_caller]
    fn found(&self, ids: &[usize], shape: &[usize]) -> Tensor<T> {
        let table = self.weight.value();
        let count = table.shape()[0];
        // Not in a closure: a panic is to point at the caller.
        for (index, &id) in ids.iter().enumerate() {
            assert!(id < count, "Embedding: id {id}, number {index} of shape {shape:?}, of a table of {count}");
        }
        let shape: Vec<usize> = shape.iter().chain(&table.shape()[1..]).copied().collect();
        self.weight.rows(ids).reshape(&shape)
    }
}

impl<T: Real> Layer<T> for Embedding<T> {
    #[track_caller]
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        let mut numbers = Vec::with_capacity(x.len());
        x.view().for_each(|id| numbers.push(id.primal()));
        let mut ids = Vec::with_capacity(numbers.len());
        for number in numbers {
            #[allow(clippy::cast_sign_loss, reason = "checked")]
            let id = number as usize;
            let is_id = id as f64 == number && (0.0..9e15).contains(&number);
            assert!(is_id, "Embedding: the input holds {number}, expected ids: whole numbers from 0");
            ids.push(id);
        }
        self.found(&ids, x.shape())
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        v.param("weight", &self.weight);
    }

    fn describe(&self) -> String {
        let weight = self.weight.value();
        format!("Embedding({} x {})", weight.shape()[0], weight.shape()[1])
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}
