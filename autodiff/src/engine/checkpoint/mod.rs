//! Long loops in bounded memory: some states are kept, and the steps between them are evaluated again in the sweep.
//!
//! The tape of a loop of a million steps holds a million times one step's entries. [`sequence`] runs such a loop and puts
//! it on the tape as one entry. When a reverse sweep comes to it, the steps are recorded one at a time, from the last to
//! the first, on a tape of their own; each starts from a state that is kept, or that is computed again from the nearest
//! one that is. Which states to keep is Revolve's binomial schedule, which needs the fewest evaluations that are possible
//! (A. Griewank, A. Walther: Algorithm 799: Revolve: an implementation of checkpointing for the reverse or adjoint mode
//! of computational differentiation. ACM Transactions on Mathematical Software 26, 2000, pages 19–45).
//!
//! ```
//! use autodiff::{Tape, Var, checkpoint};
//! // An oscillator x'' = -ω² x with semi-implicit Euler steps; the parameter ω is part of the state.
//! let step = |s: &[Var<f64>], _: usize| {
//!     let (x, v, omega) = (s[0], s[1], s[2]);
//!     let v = v - 1e-3 * omega * omega * x;
//!     [x + 1e-3 * v, v, omega]
//! };
//! let tape = Tape::<f64>::new();
//! let state = tape.vars(&[1.0, 0.0, 2.0]);
//! let end = checkpoint::sequence(&state, 10_000, step);
//! let checkpointed = end[0].backward().wrt(state[2]);
//! assert!(tape.len() < 10);
//!
//! // The plain loop gives the same bits, with an entry for every operation.
//! let mut s = state.clone();
//! for k in 0..10_000 {
//!     s = step(&s, k).to_vec();
//! }
//! assert_eq!(s[0].value().to_bits(), end[0].value().to_bits());
//! assert_eq!(s[0].backward().wrt(state[2]).to_bits(), checkpointed.to_bits());
//! assert!(tape.len() > 60_000);
//! ```
//!
//! # What a step may do
//!
//! A step is called several times for each `k`, and on other tapes than that of the state. So it must give the same
//! result whenever it is called with the same state and number (a different one is noticed), and whatever tracked value
//! it uses must be in the state. Parameters that all steps share are carried along: a step returns them unchanged. A
//! step may use tensors ([`Tensor::from_vars`], [`Tensor::to_vars`]), and sequences of its own.
//!
//! # Memory
//!
//! From the run until the tape is reset, [`Plan::slots`] states are kept, plus the last two; a sweep keeps at most as many
//! more while it runs, and one step's tape. A state takes 16 bytes for each `f64`. With the default, about `√(2 · steps)`
//! states, every step is evaluated at most three times on average, the run and one sweep taken together: 1412 states for a
//! million steps.
//!
//! # Derivatives of derivatives
//!
//! [`Tape::grad`] through a sequence gives the same bits as through the plain loop, too, and can be differentiated
//! again. For that, it records all steps on the tape: second derivatives, and so [`hessian`](crate::hessian()),
//! [`hvp`](crate::hvp()) and [`jvp`](crate::jvp()), take the memory of the plain loop. They agree with those of the plain
//! loop but for rounding. For a second derivative in bounded memory, use a dual number inside the tape's:
//! `Tape<Dual<f64>>`.
//!
//! [`Tensor::from_vars`]: crate::Tensor::from_vars
//! [`Tensor::to_vars`]: crate::Tensor::to_vars
//! [`Tape::grad`]: crate::Tape::grad

mod plan;
mod run;
mod sequence;

pub use self::plan::Plan;
pub use self::sequence::{Sequence, sequence};
