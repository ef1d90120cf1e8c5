//! An array of a data set: in memory or on the disk.

use autodiff::Real;
use ndarray::{ArrayD, Axis, CowArray, IxDyn};

#[cfg(feature = "data")]
use super::stored::Stored;
use crate::error::Result;

/// An array of a data set.
#[derive(Clone, Debug)]
pub(crate) enum Held<T: Real> {
    Memory(ArrayD<T>),
    #[cfg(feature = "data")]
    Disk(Stored<T>),
}

impl<T: Real> Held<T> {
    pub(crate) fn shape(&self) -> Vec<usize> {
        match self {
            Self::Memory(array) => array.shape().to_vec(),
            #[cfg(feature = "data")]
            Self::Disk(stored) => stored.shape(),
        }
    }

    /// The number of items.
    pub(super) fn items(&self) -> usize {
        match self {
            Self::Memory(array) => array.shape()[0],
            #[cfg(feature = "data")]
            Self::Disk(stored) => stored.shape()[0],
        }
    }

    /// The array called `name`.
    ///
    /// # Panics
    /// If it is on the disk.
    #[track_caller]
    #[cfg_attr(not(feature = "data"), allow(unused_variables, reason = "all arrays are in memory then"))]
    pub(super) fn array(&self, name: &str) -> &ArrayD<T> {
        match self {
            Self::Memory(array) => array,
            #[cfg(feature = "data")]
            Self::Disk(_) => panic!("data set: `{name}` is on the disk as a whole; `batch` reads items of it"),
        }
    }

    /// Some of the items, in this order.
    #[track_caller]
    pub(crate) fn rows(&self, indices: &[usize]) -> Result<ArrayD<T>> {
        match self {
            Self::Memory(array) => Ok(array.select(Axis(0), indices)),
            #[cfg(feature = "data")]
            Self::Disk(stored) => stored.rows(indices),
        }
    }

    /// All items.
    pub(super) fn all(&self) -> Result<ArrayD<T>> {
        match self {
            Self::Memory(array) => Ok(array.clone()),
            #[cfg(feature = "data")]
            Self::Disk(stored) => stored.rows(&(0..self.items()).collect::<Vec<_>>()),
        }
    }

    #[track_caller]
    pub(super) fn subset(&self, indices: &[usize]) -> Self {
        match self {
            Self::Memory(array) => Self::Memory(array.select(Axis(0), indices)),
            #[cfg(feature = "data")]
            Self::Disk(stored) => Self::Disk(stored.subset(indices)),
        }
    }

    /// Items that stand for all in a hash: all in memory, and at most 256 of those on the disk, spread evenly.
    pub(crate) fn sample(&self) -> Result<CowArray<'_, T, IxDyn>> {
        match self {
            Self::Memory(array) => Ok(array.view().into()),
            #[cfg(feature = "data")]
            Self::Disk(stored) => {
                let (items, most) = (self.items(), self.items().min(256));
                stored.rows(&(0..most).map(|k| k * items / most).collect::<Vec<_>>()).map(Into::into)
            }
        }
    }
}
