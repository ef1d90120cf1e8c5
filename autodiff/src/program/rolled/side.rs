//! Inputs side by side: the trips of a program's loops, one after the other, each for all of them.

use ndarray::ArrayView2;

use super::batch::Check;
use super::body::{Argument, Body, Operation, Step, Target};
use super::form::{Item, Lists, Loop, Operand, Part, Vector};
use super::strip::{Side, add, binary, choice, term, times, unary};
use super::whole::Rolled;
use crate::Real;
use crate::error::Result;
use crate::kernels::cpu::{Path, Work};
use crate::kernels::element::Element;

/// How many inputs run side by side.
const WIDTH: usize = 64;

impl<T: Real> Rolled<T> {
    /// How many inputs run side by side. None if something in the program does not, or if most of it is better off otherwise.
    pub(in crate::program) fn width(&self) -> Option<usize> {
        let work = |item: &Item<T>| match item {
            Item::Loop(own) => own.trips * (own.entries + own.sums().count()),
            Item::Sum { parts, .. } => parts.iter().map(|part| part.terms).sum(),
            Item::Stretch { .. } => 0,
        };
        let is_chain = |item: &&Item<T>| matches!(item, Item::Loop(own) if own.is_chain);
        let chains: usize = self.items.iter().filter(is_chain).map(work).sum();
        let is_offered = !self.items.iter().any(|item| matches!(item, Item::Stretch { .. }));
        let all: usize = self.items.iter().map(work).sum();
        (is_offered && 2 * chains >= all).then_some(WIDTH)
    }
}

/// Writes for each row the outputs, or with `gradient` that of the first.
pub(super) fn run<T: Element>(
    rolled: &Rolled<T>,
    rows: &ArrayView2<'_, T>,
    gradient: bool,
    results: &mut [T],
    check: Check<'_, T>,
) -> Result<()> {
    let width = rows.nrows();
    let mut lanes = Lanes {
        rolled,
        width,
        values: vec![T::zero(); rolled.places * width],
        adjoints: vec![T::zero(); if gradient { rolled.places * width } else { 0 }],
        strips: Vec::new(),
    };
    for (lanes, x) in lanes.values.chunks_exact_mut(width).zip(rows.columns()) {
        lanes.iter_mut().zip(x).for_each(|(to, &from)| *to = from);
    }
    if let (true, Some(&Ok(root))) = (gradient, rolled.outputs.first()) {
        lanes.adjoints[root * width..][..width].fill(T::one());
    }
    Path::current().run(Sweep(&mut lanes, gradient));
    let each = if gradient { rows.ncols() } else { rolled.outputs.len() };
    for lane in 0..width {
        let at = |place: usize| lanes.values[place * width + lane];
        let out = results[lane * each..][..each].iter_mut();
        if gradient {
            out.enumerate().for_each(|(place, to)| *to = lanes.adjoints[place * width + lane]);
        } else {
            out.zip(&rolled.outputs).for_each(|(to, output)| *to = output.map_or_else(|constant| constant, at));
        }
        if !rolled.guards.is_empty() {
            let sides = rolled.guards.iter().flat_map(|guard| [guard.left, guard.right]);
            check(&sides.map(|side| side.resolve(at, |c| c)).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}

/// Values and adjoints of all places, so many side by side.
struct Lanes<'a, T: Real> {
    rolled: &'a Rolled<T>,
    width: usize,
    values: Vec<T>,
    adjoints: Vec<T>,
    /// Those of a body, and two for what is on its way.
    strips: Vec<T>,
}

struct Sweep<'a, 'b, T: Real>(&'a mut Lanes<'b, T>, bool);

impl<T: Element> Work for Sweep<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self(lanes, gradient) = self;
        let items = &lanes.rolled.items;
        for item in items {
            match item {
                Item::Loop(item) => {
                    for &[slot, of] in &item.before {
                        let from = of as usize * lanes.width;
                        lanes.values.copy_within(from..from + lanes.width, slot as usize * lanes.width);
                    }
                    for trip in 0..item.trips {
                        lanes.trip(item, &item.forward, trip);
                    }
                }
                Item::Sum { place, goes_on, parts, lists } => lanes.sum(*place, *goes_on, parts, lists),
                Item::Stretch { .. } => unreachable!("asked before"),
            }
        }
        for item in items.iter().rev().filter(|_| gradient) {
            match item {
                Item::Loop(item) => {
                    for trip in (0..item.trips).rev() {
                        lanes.trip(item, &item.backward, trip);
                    }
                    for &[slot, of] in &item.before {
                        let [own, of] = [slot, of].map(|place| place as usize * lanes.width);
                        for lane in 0..lanes.width {
                            let adjoint = lanes.adjoints[own + lane];
                            lanes.adjoints[of + lane] += adjoint;
                        }
                    }
                }
                Item::Sum { place, parts, lists, .. } => lanes.sum_backward(*place, parts, lists),
                Item::Stretch { .. } => unreachable!("asked before"),
            }
        }
    }
}

/// The place of an operand in a trip, or its constant.
#[inline(always)]
fn at<T: Real>(operand: Operand<T>, lists: &Lists<T>, trip: usize) -> Result<usize, T> {
    Ok(match operand {
        Operand::Constant(c) => return Err(c),
        Operand::Table(start) => return Err(lists.tables[start as usize + trip]),
        Operand::Same(place) => place as usize,
        Operand::Column(place) => place as usize + trip,
        Operand::Strided(place, stride) => place as usize + trip * stride as usize,
        Operand::Indices(start) => lists.indices[start as usize + trip] as usize,
        Operand::Runs(start, end) => {
            let runs = &lists.runs[start as usize..end as usize];
            let run = runs[runs.partition_point(|run| run.trip as usize <= trip) - 1];
            run.place as usize + if run.moves { trip - run.trip as usize } else { 0 }
        }
        Operand::Rows(_) => unreachable!("in an inner product alone"),
    })
}

impl<T: Element> Lanes<'_, T> {
    #[inline(always)]
    fn of(&self, place: usize) -> &[T] {
        &self.values[place * self.width..][..self.width]
    }

    #[inline(always)]
    fn side(&self, operand: Operand<T>, lists: &Lists<T>, trip: usize) -> Side<'_, T> {
        at(operand, lists, trip).map_or_else(Side::One, |place| Side::Many(self.of(place)))
    }

    #[inline(always)]
    fn trip(&mut self, item: &Loop<T>, body: &Body<T>, trip: usize) {
        let (width, spare) = (self.width, body.strips);
        if self.strips.len() < (spare + 2) * width {
            self.strips.resize((spare + 2) * width, T::zero());
        }
        // What goes to a place goes to a spare strip first, so that what is read may stand anywhere.
        let mut room = std::mem::take(&mut self.strips);
        for step in &body.steps {
            let arguments = body.arguments(step);
            match step.target {
                Target::Strip(strip) => {
                    let (before, rest) = room.split_at_mut(strip as usize * width);
                    let (out, after) = rest.split_at_mut(width);
                    self.step(item, step, arguments, trip, [before, after], out);
                }
                Target::Column(place) => {
                    let (strips, spares) = room.split_at_mut(spare * width);
                    self.step(item, step, arguments, trip, [strips, &[]], &mut spares[..width]);
                    self.values[(place as usize + trip) * width..][..width].copy_from_slice(&spares[..width]);
                }
                Target::Nothing => {
                    let (strips, spares) = room.split_at_mut(spare * width);
                    let (terms, spare) = spares.split_at_mut(width);
                    if let Operation::Total(place) = step.op {
                        let mut alone = *step;
                        alone.op = Operation::Sum;
                        self.step(item, &alone, arguments, trip, [strips, &[]], terms);
                        add(&mut self.values[place as usize * width..][..width], terms);
                        continue;
                    }
                    match arguments[0] {
                        Argument::Adjoint(place) => {
                            terms.copy_from_slice(&self.adjoints[(place as usize + trip) * width..][..width]);
                        }
                        Argument::Strip(strip) => terms.copy_from_slice(&strips[strip as usize * width..][..width]),
                        _ => unreachable!("an adjoint is computed"),
                    }
                    self.give(item, step.op, trip, terms, &mut spare[..width]);
                }
            }
        }
        self.strips = room;
    }

    #[inline(always)]
    fn step(
        &self,
        item: &Loop<T>,
        step: &Step,
        arguments: &[Argument<T>],
        trip: usize,
        [before, after]: [&[T]; 2],
        out: &mut [T],
    ) {
        let width = self.width;
        let side = |argument: Argument<T>| match argument {
            Argument::Constant(c) => Side::One(c),
            Argument::Same(place) => Side::Many(self.of(place as usize)),
            Argument::Table(start) => Side::One(item.lists.tables[start as usize + trip]),
            Argument::Column(place) => Side::Many(self.of(place as usize + trip)),
            Argument::Adjoint(place) => Side::Many(&self.adjoints[(place as usize + trip) * width..][..width]),
            Argument::Strip(strip) | Argument::First(strip) => {
                let start = strip as usize * width;
                let strip =
                    if start < before.len() { &before[start..] } else { &after[start - before.len() - width..] };
                Side::Many(&strip[..width])
            }
            Argument::Rows(_) => unreachable!("in an inner product alone"),
        };
        let exact = self.rolled.exact;
        match (step.op, arguments) {
            (Operation::Load(operand), _) => {
                term(true, self.side(item.operands[operand as usize], &item.lists, trip), None, out);
            }
            (Operation::Spread(place), _) => out.copy_from_slice(&self.adjoints[place as usize * width..][..width]),
            (Operation::Sum, _) => {
                for (k, &a) in arguments.iter().enumerate() {
                    term(k == 0, side(a), None, out);
                }
            }
            (Operation::Dot, _) => {
                let count = arguments.len() / 2;
                for k in 0..count {
                    let Argument::Rows(number) = arguments[k] else {
                        term(k == 0, side(arguments[k]), Some(side(arguments[count + k])), out);
                        continue;
                    };
                    let rows = item.rows[number as usize];
                    for j in 0..rows.count {
                        let [own, vector] = self.row_terms(item, number, trip, j);
                        term(k == 0 && j == 0, own, Some(vector), out);
                    }
                }
            }
            (Operation::Unary(f), &[a]) => unary(f, exact, side(a), out),
            (Operation::Binary(f), &[a, b]) => binary(f, exact, side(a), side(b), out),
            (op, &[a, b]) => choice(op, [side(a), side(b), side(b)], out),
            (op, _) => choice(op, [0, 1, 2].map(|k| side(arguments[k])), out),
        }
    }

    /// A row's element in a trip, and what it is multiplied by.
    #[inline(always)]
    fn row_terms(&self, item: &Loop<T>, number: u32, trip: usize, j: u32) -> [Side<'_, T>; 2] {
        let rows = item.rows[number as usize];
        let own = (rows.first + rows.stride * trip as u32 + j) as usize;
        let vector = match rows.vector {
            Vector::Table(start) => Side::One(item.lists.tables[(start + j) as usize]),
            Vector::Places(place) => Side::Many(self.of((place + j) as usize)),
        };
        [Side::Many(self.of(own)), vector]
    }

    /// Adds to the adjoints of a place.
    #[inline(always)]
    fn give_place(&mut self, place: usize, terms: &[T]) {
        add(&mut self.adjoints[place * self.width..][..self.width], terms);
    }

    #[inline(always)]
    fn give(&mut self, item: &Loop<T>, op: Operation, trip: usize, terms: &[T], spare: &mut [T]) {
        match op {
            Operation::Give(operand) => {
                if let Ok(place) = at(item.operands[operand as usize], &item.lists, trip) {
                    self.give_place(place, terms);
                }
            }
            Operation::GiveRows(number) => {
                let rows = item.rows[number as usize];
                for j in 0..rows.count {
                    let [_, vector] = self.row_terms(item, number, trip, j);
                    times(Side::Many(terms), vector, spare);
                    self.give_place((rows.first + rows.stride * trip as u32 + j) as usize, spare);
                    if let Vector::Places(place) = rows.vector {
                        let [own, _] = self.row_terms(item, number, trip, j);
                        times(Side::Many(terms), own, spare);
                        self.give_place((place + j) as usize, spare);
                    }
                }
            }
            _ => unreachable!("it has a result"),
        }
    }

    #[inline(always)]
    fn sum(&mut self, place: usize, goes_on: bool, parts: &[Part<T>], lists: &Lists<T>) {
        let range = place * self.width..(place + 1) * self.width;
        let mut out = if goes_on { self.values[range.clone()].to_vec() } else { vec![-T::zero(); self.width] };
        for part in parts {
            for k in 0..part.terms {
                let factor = part.factors.get(1).map(|&factor| self.side(factor, lists, k));
                term(false, self.side(part.factors[0], lists, k), factor, &mut out);
            }
        }
        self.values[range].copy_from_slice(&out);
    }

    #[inline(always)]
    fn sum_backward(&mut self, place: usize, parts: &[Part<T>], lists: &Lists<T>) {
        let [mut terms, mut adjoint] = [0; 2].map(|_| self.spare());
        adjoint.copy_from_slice(&self.adjoints[place * self.width..][..self.width]);
        for part in parts {
            for (k, i) in (0..part.terms).flat_map(|k| (0..part.factors.len()).map(move |i| (k, i))) {
                let Ok(own) = at(part.factors[i], lists, k) else { continue };
                let other = match part.factors[..] {
                    [a, b] => self.side(if i == 0 { b } else { a }, lists, k),
                    _ => Side::One(T::one()),
                };
                times(Side::Many(&adjoint), other, &mut terms);
                self.give_place(own, &terms);
            }
        }
    }

    fn spare(&self) -> Vec<T> {
        vec![T::zero(); self.width]
    }
}
