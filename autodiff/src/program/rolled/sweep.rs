//! Loops forward and backward, a strip of trips at a time.

use std::ops::Range;

use super::body::{Argument, Body, Operation, Step, Target};
use super::form::{Item, Lists, Loop, Operand, Part, Rows, Run, Vector};
use super::strip::{STRIP, Side, add, add_times, binary, choice, in_order, rows, term, times, unary};
use super::whole::Rolled;
use crate::kernels::cpu::{Path, Work};
use crate::kernels::element::Element;
use crate::kernels::reduce;
use crate::tape::code::Code;
use crate::tape::interpreter::Values;
use crate::tape::replay::replay_onto;
use crate::tape::reverse::reverse_from;

pub(super) fn forward<T: Element>(rolled: &Rolled<T>, code: Code<'_, T>, values: &mut [T]) {
    let mut strips = Vec::new();
    for (number, item) in rolled.items.iter().enumerate() {
        match item {
            Item::Stretch { ops, operands, first } => {
                replay_onto(Code { ops: &code.ops[ops.clone()], operands, ..code }, values, *first, &[]);
            }
            Item::Loop(item) => {
                for &[place, of] in &item.before {
                    values[place as usize] = values[of as usize];
                }
                if !runs_native(rolled, item, number, [values, &mut []]) {
                    let work = Trips::of(item, &item.forward, [values, &mut []], &mut strips, rolled.exact);
                    Path::current().run(work);
                }
            }
            Item::Sum { place, goes_on, parts, lists } => {
                // Added to anything, a negative zero leaves all bits.
                let start = if *goes_on { values[*place] } else { -T::zero() };
                let add = |sum, part| sum_forward(part, lists, values, sum, &mut strips);
                values[*place] = parts.iter().fold(start, add);
            }
        }
    }
}

pub(super) fn backward<T: Element>(rolled: &Rolled<T>, code: Code<'_, T>, values: &mut [T], adjoints: &mut [T]) {
    let mut strips = Vec::new();
    for (number, item) in rolled.items.iter().enumerate().rev() {
        match item {
            Item::Stretch { ops, operands, first } => {
                let code = Code { ops: &code.ops[ops.clone()], operands, ..code };
                let end = first + ops.len();
                reverse_from(*first, code, &mut Values::<T>::before(end, values), &mut adjoints[..end]);
            }
            Item::Loop(item) if runs_native(rolled, item, number, [values, adjoints]) => {}
            Item::Loop(item) => {
                let work = Trips::of(item, &item.backward, [values, adjoints], &mut strips, rolled.exact);
                Path::current().run(work);
            }
            Item::Sum { place, parts, lists, .. } => {
                let adjoint = adjoints[*place];
                if adjoint != T::zero() {
                    let strips = &mut strips;
                    Path::current().run(SumBackward { parts, lists, values, adjoint, adjoints, strips });
                }
            }
        }
    }
}

/// Runs a loop that has native code: backward if there are adjoints.
#[allow(unused_variables, reason = "without the feature there is no such code")]
fn runs_native<T: Element>(
    rolled: &Rolled<T>,
    item: &Loop<T>,
    number: usize,
    [values, adjoints]: [&mut [T]; 2],
) -> bool {
    #[cfg(feature = "jit")]
    if let Some(native) = &rolled.native {
        return native.run(item, number, values, adjoints);
    }
    false
}

/// Goes on with a sum in order, as the interpreter has it.
fn sum_forward<T: Element>(part: &Part<T>, lists: &Lists<T>, values: &[T], mut sum: T, strips: &mut Vec<T>) -> T {
    let [first, second, _] = room(strips);
    for from in (0..part.terms).step_by(STRIP) {
        let len = STRIP.min(part.terms - from);
        let a = side(part.factors[0], lists, from, values, &mut first[..len]);
        let b = part.factors.get(1).map(|&b| side(b, lists, from, values, &mut second[..len]));
        sum = in_order(sum, len, a, b);
    }
    sum
}

/// Passes on the adjoint of a sum.
struct SumBackward<'a, T> {
    parts: &'a [Part<T>],
    lists: &'a Lists<T>,
    values: &'a [T],
    adjoint: T,
    adjoints: &'a mut [T],
    strips: &'a mut Vec<T>,
}

impl<T: Element> Work for SumBackward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { parts, lists, values, adjoint, adjoints, strips } = self;
        let [spare, found, _] = room(strips);
        for part in parts {
            for from in (0..part.terms).step_by(STRIP) {
                let len = STRIP.min(part.terms - from);
                for (i, &factor) in part.factors.iter().enumerate() {
                    let other = match part.factors[..] {
                        [a, b] => side(if i == 0 { b } else { a }, lists, from, values, &mut spare[..len]),
                        _ => Side::One(T::one()),
                    };
                    times(Side::One(adjoint), other, &mut found[..len]);
                    give(factor, lists, from, &found[..len], adjoints);
                }
            }
        }
    }
}

/// Strips for what is on its way.
fn room<T: Element>(strips: &mut Vec<T>) -> [&mut [T]; 3] {
    if strips.len() < 2 * STRIP {
        strips.resize(2 * STRIP, T::zero());
    }
    let (first, rest) = strips.split_at_mut(STRIP);
    let (second, rest) = rest.split_at_mut(STRIP);
    [first, second, rest]
}

/// The values of an operand in the trips from `from` on, in `spare` if they have to be gathered.
pub(super) fn side<'a, T: Element>(
    operand: Operand<T>,
    lists: &'a Lists<T>,
    from: usize,
    values: &'a [T],
    spare: &'a mut [T],
) -> Side<'a, T> {
    match operand {
        Operand::Constant(c) => Side::One(c),
        Operand::Same(place) => Side::One(values[place as usize]),
        Operand::Column(first) => Side::Many(&values[first as usize + from..][..spare.len()]),
        Operand::Table(start) => Side::Many(&lists.tables[start as usize + from..][..spare.len()]),
        _ => {
            load(operand, lists, from, values, spare);
            Side::Many(spare)
        }
    }
}

/// Gathers the values of an operand.
fn load<T: Element>(operand: Operand<T>, lists: &Lists<T>, from: usize, values: &[T], out: &mut [T]) {
    match operand {
        Operand::Strided(first, stride) => {
            let all = values[first as usize + from * stride as usize..].iter().step_by(stride as usize);
            out.iter_mut().zip(all).for_each(|(x, &value)| *x = value);
        }
        Operand::Indices(start) => {
            let indices = &lists.indices[start as usize + from..][..out.len()];
            out.iter_mut().zip(indices).for_each(|(x, &place)| *x = values[place as usize]);
        }
        Operand::Runs(start, end) => {
            for (to, place, moves) in pieces(&lists.runs[start as usize..end as usize], from, out.len()) {
                let target = &mut out[to.clone()];
                if moves {
                    target.copy_from_slice(&values[place..place + to.len()]);
                } else {
                    target.fill(values[place]);
                }
            }
        }
        _ => unreachable!("read in its place"),
    }
}

/// Adds terms to the adjoint of an operand.
#[inline(always)]
fn give<T: Element>(operand: Operand<T>, lists: &Lists<T>, from: usize, terms: &[T], adjoints: &mut [T]) {
    match operand {
        Operand::Constant(_) | Operand::Table(_) | Operand::Rows(_) => {}
        Operand::Same(place) => adjoints[place as usize] += reduce::sum(terms),
        Operand::Column(first) => add(&mut adjoints[first as usize + from..][..terms.len()], terms),
        Operand::Strided(first, stride) => {
            let all = adjoints[first as usize + from * stride as usize..].iter_mut().step_by(stride as usize);
            all.zip(terms).for_each(|(adjoint, &term)| *adjoint += term);
        }
        Operand::Indices(start) => {
            let indices = &lists.indices[start as usize + from..][..terms.len()];
            terms.iter().zip(indices).for_each(|(&term, &place)| adjoints[place as usize] += term);
        }
        Operand::Runs(start, end) => {
            for (to, place, moves) in pieces(&lists.runs[start as usize..end as usize], from, terms.len()) {
                let terms = &terms[to];
                if moves {
                    add(&mut adjoints[place..][..terms.len()], terms);
                } else {
                    adjoints[place] += reduce::sum(terms);
                }
            }
        }
    }
}

/// Adds terms times one factor of rows to the adjoints of the other.
#[inline(always)]
fn give_rows<T: Element>(rows: Rows, lists: &Lists<T>, from: usize, terms: &[T], values: &[T], adjoints: &mut [T]) {
    let Rows { first, stride, count, .. } = rows;
    let (vector, count) = (rows.vector(lists, values), count as usize);
    for (trip, &g) in (from..).zip(terms).filter(|(_, g)| **g != T::zero()) {
        let row = first as usize + trip * stride as usize;
        add_times(g, vector, &mut adjoints[row..row + count]);
        if let Vector::Places(place) = rows.vector {
            add_times(g, &values[row..row + count], &mut adjoints[place as usize..][..count]);
        }
    }
}

impl Rows {
    fn vector<'a, T>(self, lists: &'a Lists<T>, values: &'a [T]) -> &'a [T] {
        match self.vector {
            Vector::Table(start) => &lists.tables[start as usize..][..self.count as usize],
            Vector::Places(place) => &values[place as usize..][..self.count as usize],
        }
    }
}

/// The pieces of runs in the trips from `from` on: which trips of the strip, the first place, whether places move.
fn pieces(runs: &[Run], from: usize, len: usize) -> impl Iterator<Item = (Range<usize>, usize, bool)> {
    let first = runs.partition_point(|run| run.trip as usize <= from).saturating_sub(1);
    runs[first..].iter().enumerate().map_while(move |(k, run)| {
        let start = (run.trip as usize).max(from);
        let end = runs.get(first + k + 1).map_or(from + len, |next| next.trip as usize).min(from + len);
        let place = run.place as usize + if run.moves { start - run.trip as usize } else { 0 };
        (start < end).then(|| (start - from..end - from, place, run.moves))
    })
}

/// A body, run for all trips, `width` at a time.
pub(super) struct Trips<'a, T> {
    pub(super) count: usize,
    pub(super) width: usize,
    pub(super) operands: &'a [Operand<T>],
    pub(super) rows: &'a [Rows],
    pub(super) lists: &'a Lists<T>,
    pub(super) body: &'a Body<T>,
    pub(super) values: &'a mut [T],
    pub(super) adjoints: &'a mut [T],
    pub(super) strips: &'a mut Vec<T>,
    pub(super) exact: bool,
}

impl<'a, T: Element> Trips<'a, T> {
    fn of(
        item: &'a Loop<T>,
        body: &'a Body<T>,
        [values, adjoints]: [&'a mut [T]; 2],
        strips: &'a mut Vec<T>,
        exact: bool,
    ) -> Self {
        let Loop { trips, operands, rows, lists, .. } = item;
        Self { count: *trips, width: STRIP, operands, rows, lists, body, values, adjoints, strips, exact }
    }
}

impl<T: Element> Work for Trips<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { count, width, operands, rows, lists, body, values, adjoints, strips, exact } = self;
        let room = body.strips * width;
        if strips.len() < room {
            strips.resize(room, T::zero());
        }
        let mut totals: Vec<Total<T>> = Vec::new();
        let share = width.div_ceil(body.steps.len().max(1));
        for from in (0..count).step_by(width) {
            let trips = from..count.min(from + width);
            for step in &body.steps {
                for total in &mut totals {
                    total.go_on(share);
                }
                let arguments = body.arguments(step);
                let trips = from..if step.is_same { from + 1 } else { trips.end };
                match step.target {
                    Target::Strip(strip) => {
                        let (before, rest) = strips.split_at_mut(strip as usize * width);
                        let (out, after) = rest.split_at_mut(width);
                        let known = Known { operands, rows, lists, values, adjoints, strips: [before, after], width };
                        known.step(step, arguments, trips.clone(), &mut out[..trips.len()], exact);
                    }
                    Target::Column(place) => {
                        // What a body reads stands before what it writes.
                        let (values, column) = values.split_at_mut(place as usize);
                        let known = Known { operands, rows, lists, values, adjoints, strips: [strips, &[]], width };
                        known.step(step, arguments, trips.clone(), &mut column[trips.clone()], exact);
                    }
                    Target::Nothing => {
                        if let Operation::Total(place) = step.op {
                            let known = Known { operands, rows, lists, values, adjoints, strips: [strips, &[]], width };
                            let terms = known.side(arguments[0], &trips);
                            let place = place as usize;
                            let at = totals.iter().position(|total| total.place == place).unwrap_or_else(|| {
                                totals.push(Total { place, sum: values[place], terms: [T::zero(); STRIP], left: 0..0 });
                                totals.len() - 1
                            });
                            totals[at].begin(terms, trips.len());
                            continue;
                        }
                        // The adjoints of a body's columns stand behind those that it gives to.
                        let (own, terms) = match arguments[0] {
                            Argument::Adjoint(place) => {
                                let (own, columns) = adjoints.split_at_mut(place as usize);
                                (own, &columns[trips.clone()])
                            }
                            Argument::Strip(strip) => {
                                (&mut *adjoints, &strips[strip as usize * width..][..trips.len()])
                            }
                            _ => unreachable!("an adjoint is computed"),
                        };
                        match step.op {
                            Operation::Give(operand) => give(operands[operand as usize], lists, from, terms, own),
                            Operation::GiveRows(k) => give_rows(rows[k as usize], lists, from, terms, values, own),
                            _ => unreachable!("it has a result"),
                        }
                    }
                }
            }
        }
        for mut total in totals {
            total.go_on(width);
            values[total.place] = total.sum;
        }
    }
}

/// A sum over trips, in order. Each addition waits for the one before, so it is done in shares, between the steps for the following trips.
struct Total<T> {
    place: usize,
    sum: T,
    terms: [T; STRIP],
    /// The terms that are not yet added.
    left: Range<usize>,
}

impl<T: Element> Total<T> {
    #[inline(always)]
    fn go_on(&mut self, share: usize) {
        let end = self.left.end.min(self.left.start + share);
        self.sum = self.terms[self.left.start..end].iter().fold(self.sum, |sum, &term| sum + term);
        self.left.start = end;
    }

    #[inline(always)]
    fn begin(&mut self, terms: Side<'_, T>, count: usize) {
        self.go_on(STRIP);
        term(true, terms, None, &mut self.terms[..count]);
        self.left = 0..count;
    }
}

/// What a step may read.
struct Known<'a, T> {
    operands: &'a [Operand<T>],
    rows: &'a [Rows],
    lists: &'a Lists<T>,
    values: &'a [T],
    adjoints: &'a [T],
    /// Those before the step's own, and those behind it.
    strips: [&'a [T]; 2],
    width: usize,
}

impl<'a, T: Element> Known<'a, T> {
    #[inline(always)]
    fn side(&self, argument: Argument<T>, trips: &Range<usize>) -> Side<'a, T> {
        let at = |place: u32| place as usize + trips.start;
        match argument {
            Argument::Constant(c) => Side::One(c),
            Argument::Same(place) => Side::One(self.values[place as usize]),
            Argument::Table(start) => Side::Many(&self.lists.tables[at(start)..][..trips.len()]),
            Argument::Column(place) => Side::Many(&self.values[at(place)..][..trips.len()]),
            Argument::Adjoint(place) => Side::Many(&self.adjoints[at(place)..][..trips.len()]),
            Argument::Strip(strip) => Side::Many(&self.strip(strip)[..trips.len()]),
            Argument::First(strip) => Side::One(self.strip(strip)[0]),
            Argument::Rows(_) => unreachable!("in an inner product alone"),
        }
    }

    #[inline(always)]
    fn strip(&self, strip: u32) -> &'a [T] {
        let (start, [before, after]) = (strip as usize * self.width, self.strips);
        if start < before.len() { &before[start..] } else { &after[start - before.len() - self.width..] }
    }

    #[inline(always)]
    fn step(&self, step: &Step, arguments: &[Argument<T>], trips: Range<usize>, out: &mut [T], exact: bool) {
        let count = arguments.len();
        match (step.op, arguments) {
            (Operation::Load(operand), _) => {
                load(self.operands[operand as usize], self.lists, trips.start, self.values, out);
            }
            (Operation::Spread(place), _) => out.fill(self.adjoints[place as usize]),
            (Operation::Sum, _) => {
                for (k, &a) in arguments.iter().enumerate() {
                    term(k == 0, self.side(a, &trips), None, out);
                }
            }
            (Operation::Dot, _) => {
                for k in 0..count / 2 {
                    if let Argument::Rows(number) = arguments[k] {
                        let own = self.rows[number as usize];
                        let (stride, vector) = (own.stride as usize, own.vector(self.lists, self.values));
                        let matrix = &self.values[own.first as usize + trips.start * stride..];
                        rows(k == 0, matrix, stride, vector, out);
                        continue;
                    }
                    let [a, b] = [k, count / 2 + k].map(|k| self.side(arguments[k], &trips));
                    term(k == 0, a, Some(b), out);
                }
            }
            (Operation::Unary(f), &[a]) => unary(f, exact, self.side(a, &trips), out),
            (Operation::Binary(f), &[a, b]) => binary(f, exact, self.side(a, &trips), self.side(b, &trips), out),
            (op, &[a, b]) => {
                let (a, b) = (self.side(a, &trips), self.side(b, &trips));
                choice(op, [a, b, b], out);
            }
            (op, _) => {
                let [a, b, c] = [0, 1, 2].map(|k| self.side(arguments[k], &trips));
                choice(op, [a, b, c], out);
            }
        }
    }
}
