//! Loops forward and backward, a strip of trips at a time.

use std::any::Any;

use super::form::{Item, Loop, Operand, Operation, Rolled, Run, Step};
use super::strip::{
    STRIP, Side, add, add_times, in_order, plus, plus_product, subtract, terms, times, total, value,
};
use crate::rules::Binary;
use crate::Real;
use crate::kernels::cpu::{Path, Work};
use crate::kernels::element::Element;
use crate::tape::code::Code;
use crate::tape::interpreter::Values;
use crate::tape::replay::replay_onto;
use crate::tape::reverse::reverse_from;

/// The sweeps of one number type, which are compiled in this crate.
struct Sweeps<T: Real> {
    forward: fn(&Rolled<T>, Code<'_, T>, &mut [T]),
    backward: fn(&Rolled<T>, Code<'_, T>, &[T], &mut [T]),
}

static F32: Sweeps<f32> = Sweeps { forward, backward };
static F64: Sweeps<f64> = Sweeps { forward, backward };

impl<T: Real> Sweeps<T> {
    fn of() -> Option<&'static Self> {
        let tables: [&dyn Any; 2] = [&F32, &F64];
        tables.into_iter().find_map(|table| table.downcast_ref())
    }
}

impl<T: Real> Rolled<T> {
    /// Whether there are loops for this number type.
    pub(in crate::program) fn is_offered() -> bool {
        Sweeps::<T>::of().is_some()
    }

    /// Computes all values that are kept; those of the inputs are in their places.
    pub(in crate::program) fn forward(&self, code: Code<'_, T>, values: &mut [T]) {
        (Sweeps::of().expect("asked before").forward)(self, code, values);
    }

    /// Adds to the adjoints of all places what flows back from those that have some.
    pub(in crate::program) fn backward(&self, code: Code<'_, T>, values: &[T], adjoints: &mut [T]) {
        (Sweeps::of().expect("asked before").backward)(self, code, values, adjoints);
    }
}

fn forward<T: Element>(rolled: &Rolled<T>, code: Code<'_, T>, values: &mut [T]) {
    let mut strips = Vec::new();
    for item in &rolled.items {
        match item {
            Item::Stretch { ops, operands, first } => {
                replay_onto(Code { ops: &code.ops[ops.clone()], operands, ..code }, values, *first, &[]);
            }
            Item::Loop(item) => Path::current().run(Forward { item, values, strips: &mut strips }),
            Item::Sum { place, parts } => {
                let add = |sum, part| sum_forward(part, values, sum, &mut strips);
                if let Some(sum) = parts.iter().fold(None, add) {
                    values[*place] = sum;
                }
            }
        }
    }
}

fn backward<T: Element>(rolled: &Rolled<T>, code: Code<'_, T>, values: &[T], adjoints: &mut [T]) {
    let (mut strips, mut sums) = (Vec::new(), Vec::new());
    for item in rolled.items.iter().rev() {
        match item {
            Item::Stretch { ops, operands, first } => {
                let code = Code { ops: &code.ops[ops.clone()], operands, ..code };
                let end = first + ops.len();
                reverse_from(*first, code, &mut Values::<T>::before(end, values), &mut adjoints[..end]);
            }
            Item::Loop(item) => {
                let (strips, sums) = (&mut strips, &mut sums);
                Path::current().run(Backward { item, values, adjoints, strips, sums });
            }
            Item::Sum { place, parts } => {
                let adjoint = adjoints[*place];
                if adjoint != T::zero() {
                    parts.iter().for_each(|part| sum_backward(part, values, adjoint, adjoints, &mut strips));
                }
            }
        }
    }
}

/// Goes on with a sum in order, as the interpreter has it.
fn sum_forward<T: Element>(item: &Loop<T>, values: &[T], mut sum: Option<T>, strips: &mut Vec<T>) -> Option<T> {
    room(strips, 0);
    let (first, second) = strips.split_at_mut(STRIP);
    let step = &item.body[0];
    for from in (0..item.trips).step_by(STRIP) {
        let len = STRIP.min(item.trips - from);
        let operands = item.operands_of(step);
        let a = item.side(operands[0], from, values, &[], &mut first[..len]);
        let b = operands.get(1).map(|&b| item.side(b, from, values, &[], &mut second[..len]));
        sum = Some(in_order(sum, len, a, b));
    }
    sum
}

/// Passes on the adjoint of a sum.
fn sum_backward<T: Element>(item: &Loop<T>, values: &[T], adjoint: T, adjoints: &mut [T], strips: &mut Vec<T>) {
    room(strips, 1);
    let step = &item.body[0];
    let (spare, rest) = strips.split_at_mut(STRIP);
    let (found, g) = rest.split_at_mut(STRIP);
    g[..STRIP].fill(adjoint);
    let operands = item.operands_of(step);
    for from in (0..item.trips).step_by(STRIP) {
        let len = STRIP.min(item.trips - from);
        let g = &g[..len];
        for (i, &operand) in operands.iter().enumerate().filter(|(_, operand)| operand.varies()) {
            match operands.get(1 - i.min(1)).filter(|_| operands.len() == 2) {
                Some(&other) => {
                    times(g, item.side(other, from, values, &[], &mut spare[..len]), &mut found[..len]);
                    give(item, operand, from, &found[..len], &mut [], adjoints);
                }
                None => give(item, operand, from, g, &mut [], adjoints),
            }
        }
    }
}

/// Strips for the values of a body's operations, and two for operands.
fn room<T: Element>(strips: &mut Vec<T>, body: usize) {
    if strips.len() < (body + 2) * STRIP {
        strips.resize((body + 2) * STRIP, T::zero());
    }
}

impl<T> Operand<T> {
    fn varies(&self) -> bool {
        !matches!(self, Self::Constant(_) | Self::Table(_))
    }
}

impl<T: Element> Loop<T> {
    /// The values of an operand in the trips from `from` on; `spare` is as long as the strip.
    #[inline(always)]
    fn side<'a>(
        &'a self,
        operand: Operand<T>,
        from: usize,
        values: &'a [T],
        strips: &'a [T],
        spare: &'a mut [T],
    ) -> Side<'a, T> {
        let len = spare.len();
        match operand {
            Operand::Constant(c) => Side::One(c),
            Operand::Same(place) => Side::One(values[place as usize]),
            Operand::Local(of) => Side::Many(&strips[of as usize * STRIP..][..len]),
            Operand::Column(first) => Side::Many(&values[first as usize + from..][..len]),
            Operand::Table(start) => Side::Many(&self.tables[start as usize + from..][..len]),
            Operand::Strided(first, stride) => {
                let all = values[first as usize + from * stride as usize..].iter().step_by(stride as usize);
                spare.iter_mut().zip(all).for_each(|(x, &value)| *x = value);
                Side::Many(spare)
            }
            Operand::Indices(start) => {
                let indices = &self.indices[start as usize + from..][..len];
                spare.iter_mut().zip(indices).for_each(|(x, &place)| *x = values[place as usize]);
                Side::Many(spare)
            }
            Operand::Runs(start, end) => {
                for (to, place, moves) in pieces(&self.runs[start as usize..end as usize], from, len) {
                    let target = &mut spare[to.clone()];
                    if moves {
                        target.copy_from_slice(&values[place..place + to.len()]);
                    } else {
                        target.fill(values[place]);
                    }
                }
                Side::Many(spare)
            }
        }
    }
}

/// The pieces of runs in the trips from `from` on: which trips of the strip, the first place, whether places move.
fn pieces(runs: &[Run], from: usize, len: usize) -> impl Iterator<Item = (std::ops::Range<usize>, usize, bool)> {
    let first = runs.partition_point(|run| run.trip as usize <= from).saturating_sub(1);
    runs[first..].iter().enumerate().map_while(move |(k, run)| {
        let start = (run.trip as usize).max(from);
        let end = runs.get(first + k + 1).map_or(from + len, |next| next.trip as usize).min(from + len);
        let place = run.place as usize + if run.moves { start - run.trip as usize } else { 0 };
        (start < end).then(|| (start - from..end - from, place, run.moves))
    })
}

struct Forward<'a, T> {
    item: &'a Loop<T>,
    values: &'a mut [T],
    strips: &'a mut Vec<T>,
}

impl<T: Element> Work for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { item, values, strips } = self;
        room(strips, item.body.len());
        for from in (0..item.trips).step_by(STRIP) {
            let len = STRIP.min(item.trips - from);
            for (k, step) in item.body.iter().enumerate() {
                step_forward(item, step, k, from, len, values, strips);
                if let Some(first) = step.column {
                    values[first as usize + from..][..len].copy_from_slice(&strips[k * STRIP..][..len]);
                }
            }
        }
    }
}

/// Computes the strip of operation `k`.
#[inline(always)]
fn step_forward<T: Element>(
    item: &Loop<T>,
    step: &Step,
    k: usize,
    from: usize,
    len: usize,
    values: &[T],
    strips: &mut [T],
) {
    let (before, rest) = strips.split_at_mut(k * STRIP);
    let (out, rest) = rest.split_at_mut((item.body.len() - k) * STRIP);
    let out = &mut out[..len];
    let (first, second) = rest.split_at_mut(STRIP);
    let (first, second) = (&mut first[..len], &mut second[..len]);
    match (step.op, item.operands_of(step)) {
        (Operation::Sum, operands) => {
            for (i, &operand) in operands.iter().enumerate() {
                plus(out, item.side(operand, from, values, before, first), i == 0);
            }
        }
        (Operation::Dot, operands) => {
            let (a, b) = operands.split_at(operands.len() / 2);
            for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
                let a = item.side(a, from, values, before, first);
                plus_product(out, a, item.side(b, from, values, before, second), i == 0);
            }
        }
        (op, &[a]) => {
            let a = item.side(a, from, values, before, first);
            value(op, [a, a], out);
        }
        (op, operands) => {
            let a = item.side(operands[0], from, values, before, first);
            value(op, [a, item.side(operands[1], from, values, before, second)], out);
        }
    }
}

struct Backward<'a, T> {
    item: &'a Loop<T>,
    values: &'a [T],
    adjoints: &'a mut [T],
    strips: &'a mut Vec<T>,
    sums: &'a mut Vec<T>,
}

impl<T: Element> Work for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { item, values, adjoints, strips, sums } = self;
        let body = item.body.len();
        room(strips, body);
        room(sums, body);
        for from in (0..item.trips).step_by(STRIP).rev() {
            let len = STRIP.min(item.trips - from);
            for (k, step) in item.body.iter().enumerate() {
                match step.column {
                    Some(first) if step.is_asked => {
                        strips[k * STRIP..][..len].copy_from_slice(&values[first as usize + from..][..len]);
                    }
                    None if step.is_asked => step_forward(item, step, k, from, len, values, strips),
                    _ => {}
                }
                let sum = &mut sums[k * STRIP..][..len];
                match step.column {
                    Some(first) => sum.copy_from_slice(&adjoints[first as usize + from..][..len]),
                    None => sum.fill(T::zero()),
                }
            }
            for (k, step) in item.body.iter().enumerate().rev() {
                let (of_locals, rest) = sums.split_at_mut(k * STRIP);
                let (g, found) = rest.split_at_mut((body - k) * STRIP);
                let (g, found) = (&g[..len], &mut found[..len]);
                let (results, spare) = strips.split_at_mut(body * STRIP);
                let (first, second) = spare.split_at_mut(STRIP);
                let (first, second) = (&mut first[..len], &mut second[..len]);
                let operands = item.operands_of(step);
                match step.op {
                    Operation::Sum => {
                        operands.iter().for_each(|&operand| give(item, operand, from, g, of_locals, adjoints));
                    }
                    Operation::Dot => {
                        let half = operands.len() / 2;
                        for (i, &operand) in operands.iter().enumerate().filter(|(_, operand)| operand.varies()) {
                            let other = operands[if i < half { i + half } else { i - half }];
                            times(g, item.side(other, from, values, results, first), found);
                            give(item, operand, from, found, of_locals, adjoints);
                        }
                    }
                    op => {
                        let a = item.side(operands[0], from, values, results, first);
                        let b = match operands.get(1) {
                            Some(&b) => item.side(b, from, values, results, second),
                            None => a,
                        };
                        let y = &results[k * STRIP..][..len];
                        for (i, &operand) in operands.iter().enumerate().filter(|(_, operand)| operand.varies()) {
                            let slice = match operand {
                                Operand::Local(of) => Some(&mut of_locals[of as usize * STRIP..][..len]),
                                Operand::Column(first) => Some(&mut adjoints[first as usize + from..][..len]),
                                _ => None,
                            };
                            match (op, i, slice) {
                                (Operation::Binary(Binary::Sub), 1, Some(sums)) => subtract(sums, g),
                                (Operation::Binary(Binary::Mul), 0, Some(sums)) => add_times(sums, g, b),
                                (Operation::Binary(Binary::Mul), 1, Some(sums)) => add_times(sums, g, a),
                                (Operation::Binary(Binary::Add), ..) | (Operation::Binary(Binary::Sub), 0, _) => {
                                    give(item, operand, from, g, of_locals, adjoints);
                                }
                                _ => {
                                    terms(op, i, g, [a, b], y, found);
                                    give(item, operand, from, found, of_locals, adjoints);
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Adds terms to what an operand has for its adjoint.
#[inline(always)]
fn give<T: Element>(
    item: &Loop<T>,
    operand: Operand<T>,
    from: usize,
    found: &[T],
    of_locals: &mut [T],
    adjoints: &mut [T],
) {
    let len = found.len();
    match operand {
        Operand::Constant(_) | Operand::Table(_) => {}
        Operand::Local(of) => add(&mut of_locals[of as usize * STRIP..][..len], found),
        Operand::Same(place) => adjoints[place as usize] += total(found),
        Operand::Column(first) => add(&mut adjoints[first as usize + from..][..len], found),
        Operand::Strided(first, stride) => {
            let all = adjoints[first as usize + from * stride as usize..].iter_mut().step_by(stride as usize);
            all.zip(found).for_each(|(adjoint, &term)| *adjoint += term);
        }
        Operand::Indices(start) => {
            let indices = &item.indices[start as usize + from..][..len];
            found.iter().zip(indices).for_each(|(&term, &place)| adjoints[place as usize] += term);
        }
        Operand::Runs(start, end) => {
            for (to, place, moves) in pieces(&item.runs[start as usize..end as usize], from, len) {
                let found = &found[to];
                if moves {
                    add(&mut adjoints[place..][..found.len()], found);
                } else {
                    adjoints[place] += total(found);
                }
            }
        }
    }
}
