//! Minibatches.

use autodiff::{Real, Tensor};
use rand::Rng;
use rand::seq::SliceRandom;

use super::dataset::Dataset;

/// One pass through the inputs and targets of a data set in shuffled minibatches. The last one may be smaller.
///
/// ```
/// use nn::{Batches, Dataset};
/// use rand::SeedableRng;
/// let data = Dataset::new(ndarray::Array2::<f64>::zeros((10, 2)), ndarray::Array2::zeros((10, 1)))?;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let sizes: Vec<usize> = Batches::new(&data, 4, &mut rng).map(|(x, _)| x.shape()[0]).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// # Ok::<(), nn::Error>(())
/// ```
#[doc(alias = "DataLoader")]
#[derive(Debug)]
pub struct Batches<'d, T: Real> {
    data: &'d Dataset<T>,
    order: Vec<usize>,
    size: usize,
    next: usize,
}

impl<'d, T: Real> Batches<'d, T> {
    /// Shuffles the items into batches of `size`; 0 counts as 1.
    pub fn new(data: &'d Dataset<T>, size: usize, rng: &mut impl Rng) -> Self {
        let mut order: Vec<usize> = (0..data.len()).collect();
        order.shuffle(rng);
        Self { data, order, size: size.max(1), next: 0 }
    }

    /// Leaves out the last batch if it is smaller than the others and not the only one.
    pub fn drop_last(mut self) -> Self {
        let whole = self.order.len() / self.size * self.size;
        self.order.truncate(if whole == 0 { self.order.len() } else { whole });
        self
    }

    /// The items of the next batch.
    pub(crate) fn indices(&mut self) -> Option<&[usize]> {
        let start = self.next;
        self.next = start.saturating_add(self.size).min(self.order.len());
        Some(&self.order[start..self.next]).filter(|indices| !indices.is_empty())
    }

    /// Passes over batches without making them.
    pub(crate) fn pass(&mut self, n: usize) {
        self.next = n.saturating_mul(self.size).saturating_add(self.next).min(self.order.len());
    }
}

impl<T: Real> Iterator for Batches<'_, T> {
    type Item = (Tensor<T>, Tensor<T>);

    fn next(&mut self) -> Option<Self::Item> {
        let data = self.data;
        self.indices().map(|indices| data.items(indices))
    }

    /// Passes over batches without making them.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.pass(n);
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.next).div_ceil(self.size);
        (left, Some(left))
    }
}

impl<T: Real> ExactSizeIterator for Batches<'_, T> {}
