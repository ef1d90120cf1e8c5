//! What flows backward in a sweep.

use crate::Real;

/// What flows backward: one number, or several side by side.
pub(crate) trait Adjoint<S>: Copy {
    /// Whether there is nothing to pass on.
    fn is_nothing(self) -> bool;

    /// The adjoint times a slope.
    fn times(self, slope: S) -> Self;

    /// The adjoint with its sign changed.
    fn negated(self) -> Self;

    /// Adds a term.
    fn add(&mut self, term: Self);
}

impl<R: Real> Adjoint<R> for R {
    #[inline(always)]
    fn is_nothing(self) -> bool {
        self.is_exact_zero()
    }

    #[inline(always)]
    fn times(self, slope: R) -> Self {
        self.chain(slope)
    }

    #[inline(always)]
    fn negated(self) -> Self {
        -self
    }

    #[inline(always)]
    fn add(&mut self, term: Self) {
        self.accumulate(term);
    }
}

/// The adjoints of several roots at once.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<T, const N: usize>(pub(crate) [T; N]);

impl<T: Real, const N: usize> Adjoint<T> for Lanes<T, N> {
    #[inline(always)]
    fn is_nothing(self) -> bool {
        self.0.iter().all(|x| x.is_exact_zero())
    }

    #[inline(always)]
    fn times(self, slope: T) -> Self {
        Self(self.0.map(|x| x.chain(slope)))
    }

    #[inline(always)]
    fn negated(self) -> Self {
        Self(self.0.map(|x| -x))
    }

    #[inline(always)]
    fn add(&mut self, term: Self) {
        for (sum, term) in self.0.iter_mut().zip(term.0) {
            sum.accumulate(term);
        }
    }
}
