//! What native code is made from: a body's code, apart from where its values stand.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::body::{Argument, Body, Operation, Target};
use super::form::{Loop, Operand};
use crate::Real;
use crate::rules::{Binary, Unary};

/// The code of a body. Loops of one shape can share native code; places and starts of lists are numbered, and given at run time.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) lines: Vec<Line>,
    pub(super) is_chain: bool,
    pub(super) is_backward: bool,
}

/// An operation of a trip.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    /// Its operand, where it has one, is `place`.
    pub(super) op: Operation,
    pub(super) arguments: SmallVec<[Source; 3]>,
    /// What is gathered, or given to.
    pub(super) place: Option<Place>,
    /// Where results are kept, one a trip.
    pub(super) column: Option<usize>,
    pub(super) is_same: bool,
}

/// What a line reads. Numbers are those of bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// By bits.
    Constant(u64),
    /// The result of another line in the same trip.
    Line(usize),
    Same(usize),
    Table(usize),
    Column(usize),
    Adjoint(usize),
    /// In a chain: the result of this line in the trip before.
    Before(usize),
}

/// What is gathered, or given to. Numbers are those of bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Same(usize),
    Column(usize),
    Strided(usize, usize),
    Indices(usize),
    /// In a chain, backward: the adjoints that the next trip to come reads at this base.
    Next(usize),
}

/// Where the values of one loop stand.
#[derive(Debug, Default)]
pub(super) struct Bases {
    /// Places, starts of tables and of indices, strides.
    pub(super) all: Vec<usize>,
    known: HashMap<(u8, u32), usize>,
    /// The first places behind what is read, written and given to; ends of tables.
    pub(super) ends: Ends,
}

/// How long slices have to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) values: usize,
    pub(super) adjoints: usize,
    pub(super) tables: usize,
}

impl Bases {
    /// The number of a base, the same for all uses of one kind.
    fn number(&mut self, kind: u8, base: u32) -> usize {
        let next = self.all.len();
        let number = *self.known.entry((kind, base)).or_insert(next);
        if number == next {
            self.all.push(base as usize);
        }
        number
    }
}

/// The shape of a loop's body, and its bases; indices, those of runs too, are added to the list. None if native code is not made of it.
pub(super) fn shape<T: Real>(item: &Loop<T>, is_backward: bool, indices: &mut Vec<u32>) -> Option<(Shape, Bases)> {
    let body = if is_backward { &item.backward } else { &item.forward };
    let mut form = Form { item, body, shape: Shape::default(), bases: Bases::default(), indices };
    form.shape.is_chain = item.is_chain;
    form.shape.is_backward = is_backward;
    form.lines()?;
    Some((form.shape, form.bases))
}

/// Whether an operation is an instruction or a few.
pub(super) fn is_plain(op: Operation) -> bool {
    use Binary::{Add, Chain, Div, Mul, Sub};
    use Unary::{Abs, Neg, Recip, Sqrt, Square};
    match op {
        Operation::Unary(f) => matches!(f, Abs | Neg | Recip | Sqrt | Square),
        Operation::Binary(f) => matches!(f, Add | Chain | Div | Mul | Sub),
        _ => true,
    }
}

struct Form<'a, T> {
    item: &'a Loop<T>,
    body: &'a Body<T>,
    shape: Shape,
    bases: Bases,
    indices: &'a mut Vec<u32>,
}

impl<T: Real> Form<'_, T> {
    fn lines(&mut self) -> Option<()> {
        // The line whose result each strip holds, and those that columns hold.
        let mut strips = vec![0; self.body.strips];
        let mut columns = HashMap::new();
        let steps = &self.body.steps;
        let own: HashMap<u32, usize> = steps
            .iter()
            .enumerate()
            .filter_map(|(k, step)| if let Target::Column(place) = step.target { Some((place, k)) } else { None })
            .collect();
        for (k, step) in steps.iter().enumerate() {
            if !(is_plain(step.op) || self.item.is_chain) {
                return None;
            }
            let mut arguments = SmallVec::new();
            for &argument in self.body.arguments(step) {
                arguments.push(match argument {
                    Argument::Constant(c) => Source::Constant(c.primal().to_bits()),
                    Argument::Strip(strip) | Argument::First(strip) => Source::Line(strips[strip as usize]),
                    Argument::Same(place) => Source::Same(self.value(place, 1)),
                    Argument::Table(start) => {
                        self.bases.ends.tables = self.bases.ends.tables.max(start as usize + self.item.trips);
                        Source::Table(self.bases.number(1, start))
                    }
                    Argument::Adjoint(place) => Source::Adjoint(self.adjoint(place, self.item.trips)),
                    Argument::Column(place) => match (columns.get(&place), own.get(&(place + 1))) {
                        (Some(&line), _) => Source::Line(line),
                        (None, Some(&line)) if self.item.is_chain => {
                            self.value(place, 1);
                            Source::Before(line)
                        }
                        _ => Source::Column(self.value(place, self.item.trips)),
                    },
                    Argument::Rows(_) => return None,
                });
            }
            let (op, place) = match step.op {
                Operation::Load(operand) => (Operation::Load(0), Some(self.place(operand, false)?)),
                Operation::Give(operand) => (Operation::Give(0), Some(self.place(operand, true)?)),
                Operation::GiveRows(_) => return None,
                op => (op, None),
            };
            let column = match step.target {
                Target::Column(place) => {
                    columns.insert(place, k);
                    Some(self.value(place, self.item.trips))
                }
                Target::Strip(strip) => {
                    strips[strip as usize] = k;
                    None
                }
                Target::Nothing => None,
            };
            self.shape.lines.push(Line { op, arguments, place, column, is_same: step.is_same });
        }
        Some(())
    }

    /// The base of so many values.
    fn value(&mut self, place: u32, count: usize) -> usize {
        self.bases.ends.values = self.bases.ends.values.max(place as usize + count);
        self.bases.number(0, place)
    }

    /// The base of so many adjoints; those of a chain have one before them.
    fn adjoint(&mut self, place: u32, count: usize) -> usize {
        self.bases.ends.adjoints = self.bases.ends.adjoints.max(place as usize + count);
        self.bases.number(0, place)
    }

    fn place(&mut self, operand: u32, gives: bool) -> Option<Place> {
        let trips = self.item.trips;
        let base = |form: &mut Self, place, count| {
            if gives { form.adjoint(place, count) } else { form.value(place, count) }
        };
        Some(match self.item.operands[operand as usize] {
            Operand::Same(place) => Place::Same(base(self, place, 1)),
            Operand::Column(place) => {
                let is_read = |argument: &Argument<T>| *argument == Argument::Adjoint(place + 1);
                if self.item.is_chain && gives && self.body.arguments.iter().any(is_read) {
                    Place::Next(self.adjoint(place + 1, trips))
                } else {
                    Place::Column(base(self, place, trips))
                }
            }
            Operand::Strided(place, stride) => {
                let base = base(self, place, stride as usize * (trips - 1) + 1);
                Place::Strided(base, self.bases.number(2, stride))
            }
            Operand::Indices(start) => {
                let all = &self.item.lists.indices[start as usize..][..trips];
                self.indexed(all.iter().copied(), gives)
            }
            Operand::Runs(start, end) => {
                let runs = &self.item.lists.runs[start as usize..end as usize];
                let ends = runs.iter().skip(1).map(|run| run.trip).chain([trips as u32]);
                let all = runs.iter().zip(ends).flat_map(|(run, end)| {
                    (0..end - run.trip).map(|k| run.place + if run.moves { k } else { 0 })
                });
                self.indexed(all, gives)
            }
            Operand::Constant(_) | Operand::Table(_) | Operand::Rows(_) => return None,
        })
    }

    fn indexed(&mut self, places: impl Iterator<Item = u32>, gives: bool) -> Place {
        let (start, ends) = (self.indices.len() as u32, &mut self.bases.ends);
        let end = if gives { &mut ends.adjoints } else { &mut ends.values };
        self.indices.extend(places.inspect(|&place| *end = (*end).max(place as usize + 1)));
        Place::Indices(self.bases.number(3, start))
    }
}
