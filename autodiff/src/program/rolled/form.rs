//! The parts of a program: loops, stretches and sums.

use std::ops::Range;

use smallvec::SmallVec;

use super::body::{Body, Node, Operation, Step};
use crate::Real;

/// What loops are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::program) enum For {
    /// Loops whose trips run side by side.
    Columns,
    /// Native code: trips may also run in order, and what is in no loop is one of a single trip, if it is not much.
    #[cfg_attr(not(feature = "jit"), allow(dead_code, reason = "nothing asks"))]
    Native,
    /// Many inputs side by side: the same for all of the program.
    Inputs,
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
    Loop(Box<Loop<T>>),
    /// A long sum, or sum of products, whose result has this place.
    Sum {
        place: usize,
        /// Whether it goes on with what is there.
        goes_on: bool,
        parts: Vec<Part<T>>,
        lists: Lists<T>,
    },
}

/// Trips that do not depend on one another, or that run in order.
#[derive(Debug)]
pub(super) struct Loop<T> {
    pub(super) trips: usize,
    /// The entries of a trip.
    pub(super) entries: usize,
    /// Whether trips run in order.
    pub(super) is_chain: bool,
    /// Of a chain: places for what stands before the first trip, each with the place of its value.
    pub(super) before: Vec<[u32; 2]>,
    /// The first places of what is read elsewhere than in the following trip, before the last one.
    #[cfg_attr(not(feature = "jit"), allow(dead_code, reason = "native code asks"))]
    pub(super) given: Vec<u32>,
    /// What is gathered, and what adjoints are given to.
    pub(super) operands: Vec<Operand<T>>,
    pub(super) rows: Vec<Rows>,
    pub(super) lists: Lists<T>,
    pub(super) forward: Body<T>,
    pub(super) backward: Body<T>,
    /// Of what the bodies were made, with the columns of results that are kept.
    pub(super) nodes: Vec<Node<T>>,
    pub(super) columns: Vec<Option<u32>>,
    /// Whether they are read outside their own trip.
    pub(super) read: Vec<bool>,
}

impl<T> Loop<T> {
    /// The places of sums of its results.
    pub(super) fn sums(&self) -> impl Iterator<Item = usize> {
        let place = |step: &Step| if let Operation::Total(place) = step.op { Some(place as usize) } else { None };
        self.forward.steps.iter().filter_map(place)
    }
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
#[derive(Clone, Debug)]
pub(super) struct Part<T> {
    pub(super) terms: usize,
    pub(super) factors: SmallVec<[Operand<T>; 2]>,
}

/// What operands refer to.
#[derive(Clone, Debug)]
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

/// An operand that is a constant in each trip.
pub(super) fn constants<T: Real>(trips: usize, value: &dyn Fn(usize) -> T, lists: &mut Lists<T>) -> Operand<T> {
    let first = value(0);
    if (1..trips).all(|trip| value(trip).bits() == first.bits()) {
        return Operand::Constant(first);
    }
    Operand::Table(listed(&mut lists.tables, (0..trips).map(value).collect(), |a, b| a.bits() == b.bits()))
}

/// An operand whose values have places: which one it is in each trip.
pub(super) fn variables<T>(trips: usize, place: &dyn Fn(usize) -> u32, lists: &mut Lists<T>) -> Operand<T> {
    let places = (0..trips).map(place);
    let mut runs: Vec<Run> = Vec::new();
    for (trip, place) in places.clone().enumerate() {
        let trip = trip as u32;
        if let Some(run) = runs.last_mut() {
            let (moved, far) = (trip - run.trip, place.wrapping_sub(run.place));
            if moved == 1 && far <= 1 {
                run.moves = far == 1;
                continue;
            }
            if far == if run.moves { moved } else { 0 } {
                continue;
            }
        }
        runs.push(Run { trip, place, moves: true });
    }
    let first = place(0);
    let stride = place(1.min(trips - 1)).wrapping_sub(first);
    match runs[..] {
        [Run { place, moves: true, .. }] => Operand::Column(place),
        [Run { place, moves: false, .. }] => Operand::Same(place),
        _ if (2..1 << 20).contains(&stride)
            && places
                .clone()
                .zip(0..)
                .all(|(place, trip): (u32, u32)| place == first.wrapping_add(stride.wrapping_mul(trip))) =>
        {
            Operand::Strided(first, stride)
        }
        _ if 8 * runs.len() <= trips => {
            let count = runs.len() as u32;
            let start = listed(&mut lists.runs, runs, |a, b| a == b);
            Operand::Runs(start, start + count)
        }
        _ => Operand::Indices(listed(&mut lists.indices, places.collect(), |a, b| a == b)),
    }
}

/// Where these stand in a list. They are added, if no operand before has had the same.
fn listed<E>(list: &mut Vec<E>, own: Vec<E>, same: impl Fn(&E, &E) -> bool) -> u32 {
    let is_own = |known: &[E]| known.len() == own.len() && known.iter().zip(&own).all(|(a, b)| same(a, b));
    let known = list.chunks(own.len()).position(is_own).map(|chunk| chunk * own.len());
    let start = known.unwrap_or(list.len());
    if known.is_none() {
        list.extend(own);
    }
    start as u32
}
