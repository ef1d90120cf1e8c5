//! A fused block on the tape: a function of a few numbers that gives its partial derivatives too.

use std::panic::Location;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::Real;
use crate::error::{Error, Kind};

/// A fused block, without the number of its inputs in the type.
pub(crate) trait Block<T: Real>: Send + Sync {
    /// The value and the partial derivatives at a point.
    fn gradient(&self, x: &[T], partials: &mut [T]) -> T;
}

/// A block and where it stands in the source.
pub(crate) struct Located<T: Real> {
    pub(crate) block: Arc<dyn Block<T>>,
    pub(crate) place: &'static Location<'static>,
}

impl<T: Real> Clone for Located<T> {
    fn clone(&self) -> Self {
        Self { block: Arc::clone(&self.block), place: self.place }
    }
}

impl<T: Real> Located<T> {
    /// The value and the partial derivatives at a point.
    pub(crate) fn gradient(&self, x: &[T]) -> (T, SmallVec<[T; 8]>) {
        let mut partials = SmallVec::from_elem(T::zero(), x.len());
        (self.block.gradient(x, &mut partials), partials)
    }

    /// Says that a block has no second derivatives.
    #[cold]
    pub(crate) fn refuse_second_order(&self) -> ! {
        Error::from(Kind::FusedSecond { place: self.place.to_string() }).raise()
    }
}
