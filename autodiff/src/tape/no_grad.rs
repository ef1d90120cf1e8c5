//! Stretches of code whose tensor operations are not recorded.

use std::cell::Cell;
use std::panic::Location;

use super::trace::Place;

thread_local! {
    /// The innermost stretch that is running: its number and where it stands.
    static REGION: Cell<Option<(u64, Place)>> = const { Cell::new(None) };
    static CLOCK: Cell<u64> = const { Cell::new(0) };
}

/// What this thread has begun so far, tapes and stretches: the number of the one that begins now.
pub(crate) fn tick() -> u64 {
    CLOCK.set(CLOCK.get() + 1);
    CLOCK.get()
}

/// Where the `no_grad` stands that keeps operations off a tape with this number. A tape that began within it is a matter of its own.
pub(crate) fn region(born: u64) -> Option<Place> {
    REGION.get().filter(|(number, _)| *number > born).map(|(_, place)| place)
}

/// Runs `work` without recording its tensor operations: results are constants, whatever goes into them.
///
/// For measuring and for updates by hand. Recording goes on afterwards, also if `work` panics. Operations on scalars
/// ([`Var`](crate::Var)) are recorded as ever; take their [`value`](crate::Var::value) instead. A tape that begins within
/// `work` records: derivatives may be computed there.
///
/// ```
/// use autodiff::{Tape, tensor};
/// let tape = Tape::new();
/// let x = tape.tensor(ndarray::array![1.0, 2.0]);
/// let scale = tensor::no_grad(|| x.square().sum());
/// assert!(!scale.is_tracked());
/// assert_eq!((&x / &scale).sum().backward().wrt(&x), ndarray::array![0.2, 0.2].into_dyn());
/// ```
#[doc(alias("inference_mode", "stop_gradient", "enable_grad", "set_grad_enabled"))]
#[track_caller]
pub fn no_grad<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(Option<(u64, Place)>);
    impl Drop for Restore {
        fn drop(&mut self) {
            REGION.set(self.0);
        }
    }
    let _restore = Restore(REGION.replace(Some((tick(), Location::caller()))));
    work()
}
