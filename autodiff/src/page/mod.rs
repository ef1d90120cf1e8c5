//! A sweep to be watched in a browser, step by step.
//!
//! [`Page`] writes one file that needs no network and no library: the graph of what is on a tape, the tape beside it, and
//! buttons that step forward through the values and backward through the derivatives, each term being added along its edge.
//!
//! ```
//! use autodiff::{Tape, page::Page};
//! let tape = Tape::<f64>::new();
//! tape.trace_lines(true);
//! let y = tape.var(1.3).named("y");
//! let (x, z) = ((2.0 * y).named("x"), y.sin().named("z"));
//! let f = (x.powi(2) * z).named("f");
//! let folder = std::env::temp_dir();
//! Page::of(f).title("Two paths").save(folder.join("two_paths.html"))?;
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! A click on an entry, in the picture or in the table, chooses it: its total derivative is written as the sum over the paths
//! that the sweep has come along so far. Layers recorded within [`Tape::group`](crate::Tape::group) fold. Where the gradient
//! stops, at a `detach`, a mask or an exact zero, the page says so and why. The keys: ← and → step, Home and End go to the ends,
//! the space bar runs, +, − and 0 zoom. `two_paths.html#12` opens at step 12, `#end` at the end.
//!
//! Up to 2,000 entries are shown one by one, and up to 300 drawn one by one; beyond, stretches of the tape are.

mod checked;
mod content;
mod door;
mod json;
mod rows;
mod stretches;
mod terms;

pub use door::Page;
