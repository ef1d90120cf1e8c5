//! A program as loops and stretches.

use std::fmt;
use std::ops::Range;

use smallvec::SmallVec;

use super::body::Body;
use crate::Real;
use crate::tape::guard::Guard;
use crate::tape::passes::Output;

/// The loops that were found in a program. Each value that is kept has a place; inputs have the first ones.
#[derive(Debug)]
pub(in crate::program) struct Rolled<T: Real> {
    pub(super) items: Vec<Item<T>>,
    /// Whether functions are the standard library's, in place of vector functions.
    pub(super) exact: bool,
    /// How many places there are.
    pub(in crate::program) places: usize,
    /// By place.
    pub(in crate::program) outputs: Vec<Output<T>>,
    /// By place.
    pub(in crate::program) guards: Vec<Guard<T>>,
}

/// A part of a program; parts come one after the other.
#[derive(Debug)]
pub(super) enum Item<T> {
    /// Entries that are interpreted: their opcodes, and their operand words by place. Their values have the places from `first` on.
    Stretch {
        ops: Range<usize>,
        operands: Vec<u32>,
        first: usize,
    },
    Loop(Loop<T>),
    /// A long sum, or sum of products, whose result has this place.
    Sum {
        place: usize,
        parts: Vec<Part<T>>,
        lists: Lists<T>,
    },
}

/// Trips that do not depend on one another.
#[derive(Debug)]
pub(super) struct Loop<T> {
    pub(super) trips: usize,
    /// The entries of a trip.
    pub(super) entries: usize,
    /// What is gathered, and what adjoints are given to.
    pub(super) operands: Vec<Operand<T>>,
    pub(super) rows: Vec<Rows>,
    pub(super) lists: Lists<T>,
    pub(super) forward: Body<T>,
    pub(super) backward: Body<T>,
}

/// Terms of an inner product: a row of a matrix for each trip, times one vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// The place of the first row's first value; those of a row follow one another.
    pub(super) first: u32,
    /// From row to row.
    pub(super) stride: u32,
    pub(super) count: u32,
    pub(super) vector: Vector,
}

/// The vector that all rows are multiplied by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Vector {
    /// The constants of the table from here on.
    Table(u32),
    /// The values at the places from here on.
    Places(u32),
}

/// Terms of a sum whose factors, one or two, are alike.
#[derive(Debug)]
pub(super) struct Part<T> {
    pub(super) terms: usize,
    pub(super) factors: SmallVec<[Operand<T>; 2]>,
}

/// What operands refer to.
#[derive(Debug)]
pub(super) struct Lists<T> {
    /// Constants that differ from trip to trip.
    pub(super) tables: Vec<T>,
    pub(super) runs: Vec<Run>,
    /// Places, one a trip.
    pub(super) indices: Vec<u32>,
}

impl<T> Lists<T> {
    pub(super) fn new() -> Self {
        Self { tables: Vec::new(), runs: Vec::new(), indices: Vec::new() }
    }
}

/// What stands outside of a trip, for all trips.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand<T> {
    Constant(T),
    /// A constant for each trip: those of the table from here on.
    Table(u32),
    /// The value at one place.
    Same(u32),
    /// The values at the places from this one on.
    Column(u32),
    /// The values at every so many places from this one on.
    Strided(u32, u32),
    /// Places that follow one another, with breaks: these runs.
    Runs(u32, u32),
    /// Places without an order: the indices from here on.
    Indices(u32),
    /// These rows of the loop's, times their vector.
    Rows(u32),
}

/// From a trip on, places one after the other, or one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) trip: u32,
    pub(super) place: u32,
    pub(super) moves: bool,
}

impl<T: Real> fmt::Display for Rolled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut shapes, mut sums, mut single) = (Vec::<(usize, usize, usize)>::new(), Vec::new(), 0);
        for item in &self.items {
            match item {
                Item::Stretch { ops, .. } => single += ops.len(),
                Item::Sum { parts, .. } => sums.push(parts.iter().map(|part| part.terms).sum::<usize>()),
                Item::Loop(Loop { trips, entries, .. }) => {
                    match shapes.iter_mut().find(|shape| (shape.0, shape.1) == (*entries, *trips)) {
                        Some(shape) => shape.2 += 1,
                        None => shapes.push((*entries, *trips, 1)),
                    }
                }
            }
        }
        let shown = shapes.iter().take(4).map(|&(body, trips, count)| match count {
            1 => format!("{body} operations × {trips}"),
            _ => format!("{count} times {body} operations × {trips}"),
        });
        let mut parts: Vec<String> = shown.collect();
        if shapes.len() > 4 {
            parts.push(format!("{} further loops", shapes[4..].iter().map(|shape| shape.2).sum::<usize>()));
        }
        match sums[..] {
            [] => {}
            [terms] => parts.push(format!("a sum of {terms}")),
            _ => parts.push(format!("{} sums", sums.len())),
        }
        if single > 0 {
            parts.push(format!("{single} by themselves"));
        }
        f.write_str(&parts.join(", "))
    }
}
