//! What makes a derivative wrong, in words.

use std::fmt;

use crate::Real;
use crate::numeric::Estimate;
use crate::tape::trace::Place;

/// What makes a derivative wrong: an operation on the tape, by its rule or by what it reads.
///
/// Displays as a sentence with the operation, its source line and the values that went in.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause<T> {
    /// What is wrong.
    pub fault: Fault<T>,
    /// The operation's name; empty where no single one is to blame.
    pub operation: String,
    /// The line that recorded it.
    pub place: Option<Place>,
    /// Its place on the tape, counted from 0, variables included.
    pub entry: usize,
    /// What went in: values of numbers, shapes of tensors.
    pub inputs: Vec<String>,
    /// Its part of the difference between the true derivative and the tape's, along the line that was looked at. The
    /// parts of all entries add up to the whole. NaN where the tape's is not finite.
    pub share: T,
}

/// What is wrong with an operation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault<T> {
    /// Its derivative, and where if that could be told.
    Rule(Option<Wrong<T>>),
    /// It reads a constant that changes with the inputs: a value left the tape.
    Severed {
        /// What took the value off the tape, where that was noted: `detach`, a mask, `no_grad`.
        cut: Option<(&'static str, Place)>,
        /// Whether all rules are right.
        alone: bool,
        /// Whether the value came back as a new variable.
        leaf: bool,
    },
    /// The function's result is a constant to the tape.
    Constant {
        /// What made it one, where that was noted.
        cut: Option<(&'static str, Place)>,
    },
    /// Its rule is right, but it stands where its function has no derivative, and what the rule gives there is a convention; see
    /// [`rules`](crate::rules).
    Edge {
        /// Whether the slope is infinite there. An adjoint of 0 passes nothing on, though the limit of the product may be another.
        infinite: bool,
    },
    /// The tape is too long for its entries to be looked at one by one.
    TooLong,
}

/// A derivative that a rule has wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Wrong<T> {
    /// By an operand that is a number.
    Operand {
        /// The operand's value.
        at: T,
        /// What the rule gives.
        given: T,
        /// What differences give.
        numeric: Estimate<T>,
    },
    /// By an element of a tensor, of a sum of the result's elements with different weights. The first such element.
    Element {
        /// The number of the input.
        input: usize,
        /// The element's index.
        index: Vec<usize>,
        /// Its value.
        at: T,
        /// What the vjp gives.
        given: T,
        /// What differences give.
        numeric: Estimate<T>,
    },
    /// Of an element of the result, for an operation that cannot be run alone. The first such element.
    Result {
        /// The element's index.
        index: Vec<usize>,
        /// By how much the vjp misses the element's derivative along the line.
        off: Estimate<T>,
    },
}

impl<T: Real> Cause<T> {
    /// A fault of the whole tape.
    pub(super) fn whole(fault: Fault<T>, entry: usize) -> Self {
        Self { fault, operation: String::new(), place: None, entry, inputs: Vec::new(), share: T::nan() }
    }

    /// Whether the operation by itself is seen to be wrong, or what it reads: not only that its share is off.
    pub(super) fn is_shown(&self) -> bool {
        !matches!(self.fault, Fault::Rule(None | Some(Wrong::Result { .. })) | Fault::Edge { .. })
    }
}

impl<T: Real> fmt::Display for Cause<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (op, entry) = (&self.operation, self.entry);
        let at = self.place.map_or_else(String::new, |place| format!(" at {place}"));
        let by = |cut: &Option<(&str, Place)>| cut.map(|(by, place)| format!("`{by}` at {place} took it off the tape"));
        match &self.fault {
            Fault::Rule(wrong) => {
                write!(f, "the derivative of `{op}`{at} (entry {entry}) is wrong")?;
                match wrong {
                    Some(Wrong::Operand { at, given, numeric }) => {
                        write!(f, ": by the operand {at} it gives {given}, differences give {numeric}")?;
                    }
                    Some(Wrong::Element { input, index, at, given, numeric }) => {
                        write!(
                            f,
                            ": by input {input} at {index:?}, which is {at}, the vjp gives {given}, differences give {numeric}"
                        )?;
                    }
                    Some(Wrong::Result { index, off }) => {
                        write!(f, ": the vjp misses its result's element {index:?} by {off}")?;
                    }
                    None => {}
                }
                if self.inputs.is_empty() { Ok(()) } else { write!(f, "; inputs {}", self.inputs.join(", ")) }
            }
            Fault::Severed { cut, alone, leaf } => {
                if *alone {
                    write!(f, "no rule on the tape is wrong: ")?;
                }
                let what = if *leaf { "is a variable made inside the function that" } else { "reads a constant that" };
                write!(f, "`{op}`{at} (entry {entry}) {what} changes with the inputs; ")?;
                let how = by(cut).unwrap_or_else(|| "a value left the tape, by `value()` or beside it".to_owned());
                write!(f, "{how}")
            }
            Fault::Constant { cut } => match by(cut) {
                Some(how) => write!(f, "the result is a constant to the tape; {how}"),
                None => write!(f, "the result is a constant to the tape: no recorded variable went into it"),
            },
            Fault::Edge { infinite } => {
                let why = if *infinite {
                    "has an infinite derivative there, to which an adjoint of 0 passes nothing on"
                } else {
                    "is at a kink, where derivatives beyond the first count as 0"
                };
                write!(f, "no rule on the tape is wrong: `{op}`{at} (entry {entry}) {why}")?;
                if self.inputs.is_empty() { Ok(()) } else { write!(f, "; inputs {}", self.inputs.join(", ")) }
            }
            Fault::TooLong => write!(f, "the tape has {entry} entries, too many to look for the wrong one among them"),
        }
    }
}
