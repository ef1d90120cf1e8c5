//! The derivation of a derivative, written out as people write it.
//!
//! [`derivation`] reads a tape and writes down what is on it: the values in the order in which they were computed, then the
//! derivatives from the root to the chosen variable, each as the sum over its uses, with the factors in symbols, in numbers,
//! and the result. `Display` gives plain text, [`Derivation::latex`] LaTeX, [`Derivation::mathml`] MathML.
//!
//! ```
//! use autodiff::{Tape, explain};
//! let tape = Tape::<f64>::new();
//! let y = tape.var(1.3).named("y");
//! let x = (2.0 * y).named("x");
//! let z = y.sin().named("z");
//! let f = (x * x * z).named("f");
//! assert_eq!(explain::derivation(f, y).to_string(), "\
//! df/dy
//!
//! values
//!   y = 1.3
//!   x = 2y = 2.6
//!   z = sin y = 0.963558
//!   f = x²z = 6.51365
//!
//! derivatives
//!   df/dz = x² = 6.76
//!   df/dx = 2xz = 5.0105
//!   df/dy = df/dx · dx/dy + df/dz · dz/dy
//!         = 2xz · 2 + x² · cos y
//!         = 5.0105 · 2 + 6.76 · 0.267499
//!         = 10.021 + 1.80829
//!         = 11.8293
//! ");
//! ```
//!
//! Quantities are what has a name, is used more than once, or is a variable; what is used once and has no name is written
//! inside the formula that uses it. Lines that repeat are shown once, with their number, so that the text stays short
//! whatever the length of the tape. For tensors, each operation's rule is written with whole arrays: `δᵀ x`, `W[2]ᵀ δ`.
//!
//! The tape is read and never changed. Adjoints are computed by one sweep, in which hooks
//! ([`Tensor::on_grad`](crate::Tensor::on_grad)) run as in any other.

#![allow(clippy::format_push_string, reason = "texts are short, and `write!` has a result that says nothing")]

mod choices;
mod derivation;
mod expr;
mod fold;
mod forms;
mod formulas;
mod names;
mod paths;
mod quantities;
mod rules;
#[cfg(feature = "page")]
mod steps;
mod symbol;
mod text;

pub use choices::{Explain, derivation};
pub use derivation::Derivation;
pub use paths::{Path, Paths, paths};

#[cfg(feature = "page")]
pub(crate) use {
    derivation::{Question, write},
    paths::routes,
    quantities::is_variable,
    steps::{Step, steps},
};

pub(crate) use text::plain_number;
