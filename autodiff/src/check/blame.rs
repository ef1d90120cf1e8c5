//! Finds the operation that makes a derivative wrong.
//!
//! The function is recorded again at points along a line, and of every entry the share is taken that it has in the
//! difference between the true derivative and the tape's (see `inspect::recording`): by differences, with a bound, like any other
//! derivative. Where an entry's share is not 0, its rule is wrong, or it reads a constant that moves with the inputs.

use super::cause::{Cause, Fault, Wrong};
use super::judge::{SLACK, agrees};
use super::kink::bend;
use super::problem::{Root, weights};
use crate::inspect::recording::{Recording, Share};
use crate::numeric::{self, Estimate, Level, Span, replaced};
use crate::tensor::layout::index_of;
use crate::{Real, Tape, Tensor};

/// Of a longer tape the entries are not looked at one by one.
const MOST_ENTRIES: usize = 100_000;
/// The elements of a tensor that are looked at, for the first wrong one.
const MOST_ELEMENTS: usize = 256;
/// The causes that are reported.
const MOST_CAUSES: usize = 3;
/// Shares below this part of the largest are left out.
const MINOR: f64 = 1e-3;

/// A function along a line: records it on an empty tape, its inputs first.
pub(super) struct Line<'a, T: Real> {
    /// Records the function at a place on the line. A result that is a constant comes with where it became one.
    pub(super) record: &'a dyn Fn(&Tape<T>, T) -> Root<T>,
    /// How many entries the inputs take.
    pub(super) inputs: usize,
    /// The steps along the line.
    pub(super) span: Span<T>,
}

impl<T: Real> Line<'_, T> {
    fn at(&self, t: T) -> Option<Recording<T>> {
        let tape = Tape::new();
        let target = (self.record)(&tape, t).ok()?;
        Some(Recording::of(tape, target))
    }

    /// By how much each share is off.
    fn measure(&self, origin: &Recording<T>, shares: &[Share<T>]) -> Vec<Estimate<T>> {
        let nothing = || Level::new(T::one(), 2, T::nan(), T::nan(), |y| y);
        let unit = self.span.top;
        let limits = self.span.limits(1, |step| {
            let sides = self.at(step).zip(self.at(-step));
            let Some((plus, minus)) = sides.filter(|(plus, minus)| {
                // Somewhere else the function may be another program.
                origin.moved(plus).is_some() && origin.moved(minus).is_some()
            }) else {
                return shares.iter().map(|_| nothing()).collect();
            };
            let width = (step + step) / unit;
            let level = |share: &Share<T>| {
                let ((right, above), (left, below)) = (plus.sum(share), minus.sum(share));
                Level::new(step, 2, right - left, above + below, |y| y / width)
            };
            shares.iter().map(level).collect()
        });
        limits.into_iter().map(|limit| limit.per(unit)).collect()
    }

    /// What makes the derivative along this line wrong, the worst first; empty if every rule is right and nothing is cut.
    pub(super) fn causes(&self) -> Vec<Cause<T>> {
        let tape = Tape::new();
        tape.trace_lines(true);
        let origin = match (self.record)(&tape, T::zero()) {
            Ok(target) => Recording::of(tape, target),
            Err(cut) => return vec![Cause::whole(Fault::Constant { cut }, 0)],
        };
        let Ok(shares) = origin.shares(self.inputs) else { return Vec::new() };
        if shares.len() > MOST_ENTRIES {
            return vec![Cause::whole(Fault::TooLong, origin.len())];
        }
        // What is not finite has no share. The sweep goes from the last entry to the first.
        let spoilt = shares.iter().rev().find(|share| share.spoils()).map(|share| share.index);
        if let Some((index, wrong)) = spoilt.and_then(|index| Some((index, self.wrong(&origin, index)?))) {
            return vec![cause(&origin, index, Fault::Rule(Some(wrong)), T::nan())];
        }
        let near = self.span.least();
        let moved = [near, -near].map(|t| self.at(t).and_then(|other| origin.moved(&other)));
        let moved = |index: usize| moved.iter().flatten().any(|moved| moved[index]);
        let found = self.measure(&origin, &shares);
        let significant = |share: &Estimate<T>| share.value.abs() > T::of(SLACK) * share.error;
        let sum = |shares: &mut dyn Iterator<Item = &Estimate<T>>| {
            shares
                .filter(|x| x.value.is_finite())
                .fold((T::zero(), T::zero()), |(value, error), x| (value + x.value, error + x.error))
        };
        let (total, bound) = sum(&mut found.iter());
        let guilty = shares.iter().zip(found.iter().copied()).filter(|(_, estimate)| significant(estimate));
        // A constant that moves explains a share, whatever the rule. Several may cancel, as a maximum that is taken out
        // for stability: they are to blame for what wrong rules leave unexplained only.
        let (mut severed, rules): (Vec<_>, Vec<_>) = guilty.partition(|(share, _)| moved(share.index));
        let (explained, slack) = sum(&mut rules.iter().map(|(_, x)| x));
        if (total - explained).abs() <= T::of(SLACK) * (bound + slack) {
            severed.clear();
        }
        let alone = rules.is_empty();
        let mut causes = Vec::new();
        for (mut list, is_rule) in [(rules, true), (severed, false)] {
            let largest = list.iter().map(|(_, x)| x.value.abs()).fold(T::zero(), T::max);
            let floor = largest * T::of(MINOR);
            list.retain(|(_, x)| x.value.abs() >= floor);
            list.sort_by(|(_, a), (_, b)| b.value.abs().primal().total_cmp(&a.value.abs().primal()));
            for (share, estimate) in list.into_iter().take(MOST_CAUSES - causes.len()) {
                let fault = if is_rule {
                    Fault::Rule(self.wrong(&origin, share.index))
                } else {
                    let cut = origin.cuts(share.index).first().map(|cut| (cut.by, cut.place));
                    Fault::Severed { cut, alone, leaf: origin.is_leaf(share.index) }
                };
                causes.push(cause(&origin, share.index, fault, estimate.value));
            }
        }
        if !causes.iter().any(Cause::is_shown) {
            // Rules that seem right by themselves: an infinite slope that nothing met is where the derivative is lost.
            let edges = edges(&origin, self.inputs, true);
            if !edges.is_empty() {
                return edges;
            }
        }
        causes
    }

    /// The first derivative that the rule of an entry has wrong.
    fn wrong(&self, origin: &Recording<T>, index: usize) -> Option<Wrong<T>> {
        if let Some(alone) = origin.scalar(index) {
            return (0..alone.operands.len()).find_map(|k| {
                let (x, given) = (alone.operands[k], alone.slopes[k]);
                let numeric = numeric::first(|moved| origin.at(index, &replaced(&alone.operands, k, moved)), x);
                let differs = numeric.error.is_finite() && !agrees(given, numeric);
                differs.then_some(Wrong::Operand { at: x, given, numeric })
            });
        }
        let (op, inputs, output) = origin.operation(index)?;
        let weights = weights(output.shape());
        let constants: Vec<Tensor<T>> = inputs.iter().map(Tensor::untracked).collect();
        if op.value(&constants).is_some() {
            let given = origin.pull(index, &weights).ok()?;
            for (k, x) in constants.iter().enumerate().filter(|&(k, _)| inputs[k].is_tracked()) {
                for (flat, &value) in x.view().iter().enumerate().take(MOST_ELEMENTS) {
                    let line = |moved: T| {
                        let mut inputs = constants.clone();
                        inputs[k] = with_element(x, flat, moved);
                        let y = op.value(&inputs).filter(|y| y.shape() == weights.shape());
                        y.map_or_else(T::nan, |y| y.view().iter().zip(weights.view()).map(|(&y, &w)| y * w).sum())
                    };
                    let index = index_of(x.shape(), flat);
                    let given = given.get(k)?.as_ref().map_or_else(T::zero, |g| g.view()[index.as_slice()]);
                    let numeric = numeric::first(line, value);
                    if numeric.error.is_finite() && !agrees(given, numeric) {
                        return Some(Wrong::Element { input: k, index, at: value, given, numeric });
                    }
                }
            }
        }
        // Of an operation that cannot be run alone, the elements of its result are looked at.
        let shares = origin.element_shares(index, MOST_ELEMENTS).ok()?;
        let found = self.measure(origin, &shares);
        let wrong = found.iter().position(|x| x.value.abs() > T::of(SLACK) * x.error)?;
        Some(Wrong::Result { index: index_of(output.shape(), wrong), off: found[wrong] })
    }
}

/// The entries of a recording that stand where their functions have no derivative: those that have an infinite slope, or, if there
/// are none, those at a kink.
pub(super) fn edges_of<T: Real>(record: &dyn Fn(&Tape<T>) -> Root<T>, inputs: usize) -> Vec<Cause<T>> {
    let tape = Tape::new();
    tape.trace_lines(true);
    let Ok(target) = record(&tape) else { return Vec::new() };
    let origin = Recording::of(tape, target);
    let poles = edges(&origin, inputs, true);
    if poles.is_empty() { edges(&origin, inputs, false) } else { poles }
}

fn edges<T: Real>(origin: &Recording<T>, inputs: usize, infinite: bool) -> Vec<Cause<T>> {
    let is_edge = |&index: &usize| if infinite { has_infinite_slope(origin, index) } else { is_kink(origin, index) };
    let found = (inputs..origin.len().min(MOST_ENTRIES)).filter(is_edge).take(MOST_CAUSES);
    found.map(|index| cause(origin, index, Fault::Edge { infinite }, T::nan())).collect()
}

/// Whether an entry's rule has an infinite slope at finite operands.
fn has_infinite_slope<T: Real>(origin: &Recording<T>, index: usize) -> bool {
    if let Some(alone) = origin.scalar(index) {
        return alone.operands.iter().all(|x| x.is_finite()) && alone.slopes.iter().any(|slope| slope.is_infinite());
    }
    let Some((_, inputs, output)) = origin.operation(index) else { return false };
    let passed = origin.pull(index, &Tensor::ones(output.shape())).unwrap_or_default();
    let infinite = |x: &Tensor<T>| x.view().iter().any(|x| x.is_infinite());
    inputs.iter().all(Tensor::is_finite) && passed.iter().flatten().any(infinite)
}

/// Whether an entry's own function has a kink where it stands.
fn is_kink<T: Real>(origin: &Recording<T>, index: usize) -> bool {
    let bends = |line: &dyn Fn(T) -> T, x: T| bend(line, x, Span::along(x, T::one(), 1), T::zero());
    if let Some(alone) = origin.scalar(index) {
        return (0..alone.operands.len()).any(|k| {
            let line = |moved: T| origin.at(index, &replaced(&alone.operands, k, moved));
            bends(&line, alone.operands[k])
        });
    }
    let Some((op, inputs, output)) = origin.operation(index) else { return false };
    let constants: Vec<Tensor<T>> = inputs.iter().map(Tensor::untracked).collect();
    let weigh = weights(output.shape());
    inputs.iter().enumerate().filter(|(_, x)| x.is_tracked()).any(|(k, x)| {
        // All elements move, each by another distance.
        let way = weights::<T>(x.shape());
        let line = |t: T| {
            let mut inputs = constants.clone();
            inputs[k] = &constants[k] + &way * t;
            let y = op.value(&inputs).filter(|y| y.shape() == weigh.shape());
            y.map_or_else(T::nan, |y| y.view().iter().zip(weigh.view()).map(|(&y, &w)| y * w).sum())
        };
        bends(&line, T::zero())
    })
}

/// What is wrong with an entry, with all that is known of that.
fn cause<T: Real>(origin: &Recording<T>, entry: usize, fault: Fault<T>, share: T) -> Cause<T> {
    let (operation, place) = origin.name(entry);
    Cause { fault, operation, place, entry, inputs: origin.operands(entry), share }
}

/// The tensor with one element, counted row by row, replaced.
pub(super) fn with_element<T: Real>(x: &Tensor<T>, flat: usize, moved: T) -> Tensor<T> {
    let mut x = x.untracked();
    x.make_mut()[flat] = moved;
    x
}
