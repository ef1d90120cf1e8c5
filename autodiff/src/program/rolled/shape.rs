//! What native code is made from: a body's code, apart from where its values stand.

use std::collections::HashMap;
use std::ops::Range;

use smallvec::SmallVec;

use super::body::{Argument, Body, Operation, Step, Target};
use super::form::{Loop, Operand, Run};
use crate::Real;
use crate::rules::{Binary, Unary};

/// Into so many pieces a loop is cut.
const MOST: usize = 8;
/// So many trips a piece should have.
const SHORTEST: usize = 8;

/// The code of a body. Loops of one shape can share native code; places and starts of lists are numbered, and given at run time.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) lines: Vec<Line>,
    /// Whether trips run one by one: those of a chain in order, backward from the last to the first.
    pub(super) is_single: bool,
    pub(super) is_backward: bool,
    /// Lines that give to columns, each to one place behind the one before it.
    pub(super) groups: Vec<Vec<usize>>,
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
    /// In a chain, backward: the adjoints that the trip before reads at this base.
    Next(usize),
    /// The same where nothing else is given to them, but for those of the last trip.
    Only(usize),
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

/// The trips of a loop, cut where runs break, so that places follow one another; one piece if these would be many.
pub(super) fn pieces<T: Real>(item: &Loop<T>) -> Vec<Range<usize>> {
    let runs = item.operands.iter().filter_map(|operand| match *operand {
        Operand::Runs(start, end) => Some(&item.lists.runs[start as usize..end as usize]),
        _ => None,
    });
    let mut edges: Vec<usize> = runs.flatten().map(|run| run.trip as usize).chain([0, item.trips]).collect();
    edges.sort_unstable();
    edges.dedup();
    if item.is_chain || edges.len() > MOST || SHORTEST * edges.len() > item.trips {
        edges = vec![0, item.trips];
    }
    edges.windows(2).map(|edge| edge[0]..edge[1]).collect()
}

/// The shape of a loop's body, and its bases for these trips; what is gathered by indices is added to the list. None if native code
/// is not made of it.
pub(super) fn shape<T: Real>(
    item: &Loop<T>,
    trips: Range<usize>,
    is_backward: bool,
    indices: &mut Vec<u32>,
) -> Option<(Shape, Bases)> {
    let body = if is_backward { &item.backward } else { &item.forward };
    let mut form = Form { item, trips, body, shape: Shape::default(), bases: Bases::default(), indices };
    form.shape.is_single = item.is_chain || item.trips == 1;
    form.shape.is_backward = is_backward;
    form.lines()?;
    form.groups();
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
    trips: Range<usize>,
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
        let target = |(k, step): (usize, &Step)| match step.target {
            Target::Column(place) => Some((place, k)),
            _ => None,
        };
        let own: HashMap<u32, usize> = steps.iter().enumerate().filter_map(target).collect();
        for (k, step) in steps.iter().enumerate() {
            if !(is_plain(step.op) || self.shape.is_single) {
                return None;
            }
            let mut arguments = SmallVec::new();
            for &argument in self.body.arguments(step) {
                arguments.push(match argument {
                    Argument::Constant(c) => Source::Constant(c.primal().to_bits()),
                    Argument::Strip(strip) | Argument::First(strip) => Source::Line(strips[strip as usize]),
                    Argument::Same(place) => Source::Same(self.place(false, place, 1)),
                    Argument::Table(start) => {
                        let start = self.first(start);
                        self.bases.ends.tables = self.bases.ends.tables.max(start as usize + self.trips.len());
                        Source::Table(self.bases.number(1, start))
                    }
                    Argument::Adjoint(place) => Source::Adjoint(self.column(true, place)),
                    Argument::Column(place) => match (columns.get(&place), own.get(&(place + 1))) {
                        (Some(&line), _) => Source::Line(line),
                        (None, Some(&line)) if self.item.is_chain => {
                            self.place(false, place, 1);
                            Source::Before(line)
                        }
                        _ => Source::Column(self.column(false, place)),
                    },
                    Argument::Rows(_) => return None,
                });
            }
            let (op, place) = match step.op {
                Operation::Load(operand) => (Operation::Load(0), Some(self.operand(operand, false)?)),
                Operation::Total(place) => (Operation::Total(0), Some(Place::Same(self.place(false, place, 1)))),
                Operation::Spread(place) => (Operation::Spread(0), Some(Place::Same(self.place(true, place, 1)))),
                Operation::Give(operand) => (Operation::Give(0), Some(self.operand(operand, true)?)),
                Operation::GiveRows(_) => return None,
                op => (op, None),
            };
            let column = match step.target {
                Target::Column(place) => {
                    columns.insert(place, k);
                    Some(self.column(false, place))
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

    /// Puts lines that give to columns beside one another together.
    fn groups(&mut self) {
        let lines = self.shape.lines.iter().enumerate();
        let mut gives: Vec<(usize, usize)> = lines
            .filter_map(|(k, line)| match (line.op, line.place) {
                (Operation::Give(_), Some(Place::Column(base))) => Some((self.bases.all[base], k)),
                _ => None,
            })
            .collect();
        gives.sort_unstable();
        let mut last = None;
        for (place, k) in gives {
            match self.shape.groups.last_mut() {
                Some(group) if last.is_some_and(|last| last + 1 == place) && !self.shape.is_single => group.push(k),
                _ => self.shape.groups.push(vec![k]),
            }
            last = Some(place);
        }
    }

    /// What is the first for these trips.
    fn first(&self, start: u32) -> u32 {
        start + self.trips.start as u32
    }

    /// The base of a column of values or adjoints.
    fn column(&mut self, is_adjoint: bool, place: u32) -> usize {
        self.place(is_adjoint, self.first(place), self.trips.len())
    }

    /// The base of so many values or adjoints.
    fn place(&mut self, is_adjoint: bool, place: u32, count: usize) -> usize {
        let ends = &mut self.bases.ends;
        let end = if is_adjoint { &mut ends.adjoints } else { &mut ends.values };
        *end = (*end).max(place as usize + count);
        self.bases.number(0, place)
    }

    fn operand(&mut self, operand: u32, gives: bool) -> Option<Place> {
        let Range { start: from, end: to } = self.trips;
        Some(match self.item.operands[operand as usize] {
            Operand::Same(place) => Place::Same(self.place(gives, place, 1)),
            Operand::Column(place) => {
                let is_read = |argument: &Argument<T>| *argument == Argument::Adjoint(place + 1);
                if self.item.is_chain && gives && self.body.arguments.iter().any(is_read) {
                    let base = self.column(true, place + 1);
                    if self.item.given.contains(&(place + 1)) { Place::Next(base) } else { Place::Only(base) }
                } else {
                    Place::Column(self.column(gives, place))
                }
            }
            Operand::Strided(place, stride) => {
                let place = place + stride * from as u32;
                let base = self.place(gives, place, stride as usize * (to - from - 1) + 1);
                Place::Strided(base, self.bases.number(2, stride))
            }
            Operand::Indices(start) => {
                let all = &self.item.lists.indices[start as usize..][from..to];
                self.indexed(all.iter().copied(), gives)
            }
            Operand::Runs(start, end) => {
                let runs = &self.item.lists.runs[start as usize..end as usize];
                let ends = runs.iter().skip(1).map(|run| run.trip as usize).chain([usize::MAX]);
                let place = |run: &Run, trip: usize| run.place + if run.moves { trip as u32 - run.trip } else { 0 };
                let mut spans = runs.iter().zip(ends).filter(|(run, end)| (run.trip as usize) < to && *end > from);
                let (run, end) = spans.clone().next()?;
                if end >= to && (run.moves || to - from == 1) {
                    return Some(Place::Column(self.place(gives, place(run, from), to - from)));
                }
                if end >= to {
                    return Some(Place::Same(self.place(gives, run.place, 1)));
                }
                let all = spans.by_ref().flat_map(|(run, end)| {
                    ((run.trip as usize).max(from)..end.min(to)).map(move |trip| place(run, trip))
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
