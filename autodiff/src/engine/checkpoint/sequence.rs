//! A loop's steps as one entry.

use super::plan::Plan;
use super::run;
use crate::{Outputs, Real, Var};

/// Runs `steps` steps from `state`: step `k` maps state `k` to state `k + 1`. Gives the last state.
///
/// As the plain loop, to the bit: the results are variables on the tape of `state`, constants where the loop would give
/// constants, and where a step returns an input unchanged, they are that input. `backward` and `grad` of whatever is
/// computed from them go through the steps. Memory is bounded as the [module](super) says, with the default number of
/// kept states.
///
/// # Panics
/// If the state is recorded on two tapes or is stale. If a step returns another number of variables than it was given,
/// or variables of another tape; in a sweep, if a step gives another result than before.
///
/// ```
/// use autodiff::{checkpoint, grad};
/// // Newton's method for √a, as a function of a.
/// let slope = grad(|a| checkpoint::sequence(&[a[0], a[0]], 20, |s, _| [0.5 * (s[0] + s[1] / s[0]), s[1]])[0], &[2.0_f64]);
/// assert!((slope[0] - 0.5 / 2.0_f64.sqrt()).abs() < 1e-15);
/// ```
#[doc(alias("scan", "fori_loop", "while_loop"))]
#[track_caller]
pub fn sequence<T: Real, Y: Outputs<T>>(
    state: &[Var<T>],
    steps: usize,
    step: impl Fn(&[Var<T>], usize) -> Y + 'static,
) -> Vec<Var<T>> {
    Sequence::new(steps).run(state, step)
}

/// A sequence of steps to be run, with a number of kept states of one's own choice.
///
/// ```
/// use autodiff::{Tape, checkpoint::Sequence};
/// let tape = Tape::<f64>::new();
/// let x = tape.var(0.5);
/// let loops = Sequence::new(1000).slots(20);
/// let y = loops.run(&[x], |s, _| s[0] + 1e-3 * s[0].sin())[0];
/// assert!(y.backward().wrt(x) > 1.0);
/// assert_eq!(loops.plan().to_string(), "1000 steps, 20 slots: 3748 step evaluations, work factor 3.748");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sequence {
    plan: Plan,
}

impl Sequence {
    /// A sequence of this many steps. By default it keeps the fewest states with which the work factor is at most 3.
    pub fn new(steps: usize) -> Self {
        Self { plan: Plan::new(steps) }
    }

    /// Keeps this many states at a time, the first one included. Fewer states mean more evaluations: see [`Plan`].
    ///
    /// # Panics
    /// If that is 0.
    #[track_caller]
    pub fn slots(self, slots: usize) -> Self {
        Self { plan: self.plan.with_slots(slots) }
    }

    /// What the sequence costs.
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Runs the steps; see [`sequence`].
    ///
    /// # Panics
    /// As [`sequence`].
    #[track_caller]
    pub fn run<T: Real, Y: Outputs<T>>(
        &self,
        state: &[Var<T>],
        step: impl Fn(&[Var<T>], usize) -> Y + 'static,
    ) -> Vec<Var<T>> {
        run::run(self.plan, state, step)
    }
}
