//! What is on a tape, as a picture: DOT text, and SVG with feature `graph-svg`.
//!
//! ```
//! use autodiff::{Tape, graph::Graph};
//! let tape = Tape::<f64>::new();
//! let y = tape.var(1.3).named("y");
//! let (x, z) = ((2.0 * y).named("x"), y.sin().named("z"));
//! let f = (x.powi(2) * z).named("f");
//! let graph = Graph::of(f)?;
//! assert_eq!((graph.nodes().len(), graph.edges().len()), (5, 5));
//! assert!(graph.dot().starts_with("digraph"));
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! A node is an entry of the tape with its name, operation, shape, value, and the derivative of the root with respect to it.
//! Colours tell [roles](Role) apart; what was recorded within [`Tape::group`](crate::Tape::group) stands in a box of its own.
//! Draw DOT with Graphviz: `dot -Tsvg graph.dot -o graph.svg`.

mod dot;
#[cfg(feature = "graph-svg")]
mod layout;
mod of;
mod parts;
#[cfg(feature = "graph-svg")]
mod svg;

#[cfg(feature = "page")]
pub(crate) use of::{Drawing, Placed};
pub use parts::{Edge, Graph, Group, Node, Role};
