//! Which entries are the trips of a loop.
//!
//! Code that was written as a loop repeats its opcodes. Its trips can run side by side if none reads what an earlier one made:
//! where one does, the loop is cut. What is left in too short pieces is a chain, whose trips run in order.

use crate::Real;
use crate::tape::code::Code;
use crate::tape::opcode::{self, CONSTANT, DOT, SUM, UNARY};

/// Sums of more operands stand by themselves.
const WIDEST: u32 = 4095;
/// The longest body that is looked for.
const LONGEST: usize = 48;
/// The same where trips may run in order.
const LONGEST_CHAIN: usize = 128;
/// So many entries make one piece of straight code.
pub(super) const PIECE: usize = 96;
/// A loop of fewer trips is slower than the interpreter.
const SHORTEST: usize = 12;
/// Once a period accounts for so many entries no longer one is looked for.
const ENOUGH: usize = 512;
/// So many trips, behind the first, are looked at to find where a body begins.
const SAMPLE: usize = 5;

/// Entries from `start` on: trips of `period` entries each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trips {
    pub(super) start: usize,
    pub(super) period: usize,
    pub(super) count: usize,
    /// Whether they run in order, since they read what earlier ones made.
    pub(super) is_chain: bool,
}

impl Trips {
    pub(super) fn end(self) -> usize {
        self.start + self.period * self.count
    }
}

/// A program whose entries' operands are at hand.
pub(super) struct Entries<'a, T: Real> {
    pub(super) code: Code<'a, T>,
    /// Where the operand words of each entry begin.
    pub(super) words: Vec<u32>,
    /// What an entry does, with the number of operands of sums; 0 for what no loop has.
    kinds: Vec<u32>,
}

impl<'a, T: Real> Entries<'a, T> {
    pub(super) fn new(code: Code<'a, T>) -> Self {
        let (mut words, mut kinds) = (Vec::with_capacity(code.ops.len() + 1), Vec::with_capacity(code.ops.len()));
        let mut at = 0;
        for &op in code.ops {
            words.push(at as u32);
            let kind = match (op, code.operands.get(at)) {
                (UNARY.., _) => u32::from(op),
                (SUM | DOT, Some(&count @ 1..=WIDEST)) => u32::from(op) << 12 | count,
                _ => 0,
            };
            kinds.push(kind);
            at += opcode::words(op).unwrap_or_else(|| code.operands[at] as usize + 2);
        }
        words.push(at as u32);
        Self { code, words, kinds }
    }

    /// The operand words of an entry, without counts.
    pub(super) fn split(&self, entry: usize) -> &'a [u32] {
        opcode::split(self.code.ops[entry], self.words(entry)).0
    }

    /// The operand words of an entry, counts and all.
    pub(super) fn words(&self, entry: usize) -> &'a [u32] {
        &self.code.operands[self.words[entry] as usize..self.words[entry + 1] as usize]
    }

    /// How many terms a sum, or sum of products, has.
    pub(super) fn terms(&self, entry: usize) -> usize {
        match self.code.ops[entry] {
            SUM => self.split(entry).len(),
            DOT => self.split(entry).len() / 2,
            _ => 0,
        }
    }

    /// Those that are entries or, marked, constants.
    pub(super) fn operands(&self, entry: usize) -> &'a [u32] {
        opcode::operands(self.code.ops[entry], self.split(entry))
    }
}

/// The loops among the entries behind the inputs, in order; with `chains` those too whose trips run in order.
pub(super) fn loops<T: Real>(entries: &Entries<'_, T>, inputs: usize, chains: bool) -> Vec<Trips> {
    let kinds = &entries.kinds;
    let longest = if chains { LONGEST_CHAIN } else { LONGEST };
    let mut found = Vec::new();
    let (mut at, mut until) = (inputs, inputs);
    while at < kinds.len() {
        if until <= at {
            until = at + kinds[at..].iter().take_while(|&&kind| kind != 0).count();
        }
        match period(&kinds[at..until], longest) {
            Some((period, len)) => {
                let trips = in_phase(entries, at, period, len);
                let before = found.len();
                cut(entries, trips, &mut found);
                if chains {
                    let apart = found.split_off(before);
                    let mut from = trips.start;
                    for own in apart.into_iter().chain([Trips { start: trips.end(), count: 0, ..trips }]) {
                        let count = (own.start - from) / period;
                        cut(entries, Trips { start: from, count, is_chain: true, ..trips }, &mut found);
                        from = own.end();
                        found.extend((own.count > 0).then_some(own));
                    }
                }
                at = trips.end();
            }
            None => at += 1,
        }
    }
    found
}

/// Adds what is between loops as loops of one trip; what they do not have, and sums of so many terms, is left out.
pub(super) fn with_straight<T: Real>(
    entries: &Entries<'_, T>,
    inputs: usize,
    loops: Vec<Trips>,
    long: usize,
) -> Vec<Trips> {
    let len = entries.kinds.len();
    let mut all = Vec::with_capacity(loops.len());
    let mut at = inputs;
    for own in loops.into_iter().chain([Trips { start: len, period: 1, count: 0, is_chain: false }]) {
        let mut start = at;
        for entry in at..=own.start {
            let ends = entry == own.start || entries.kinds[entry] == 0 || entries.terms(entry) >= long;
            if ends || entry - start == PIECE {
                let period = entry - start;
                all.extend((period > 0).then_some(Trips { start, period, count: 1, is_chain: false }));
                start = if ends { entry + 1 } else { entry };
            }
        }
        at = own.end();
        all.extend((own.count > 0).then_some(own));
    }
    all
}

/// The length of a body and of the entries that repeat it, from the first one on.
fn period(kinds: &[u32], longest: usize) -> Option<(usize, usize)> {
    let mut best = None;
    let mut covered = 0;
    for period in 1..=longest.min(kinds.len() / SHORTEST) {
        let len = period + kinds.iter().zip(&kinds[period..]).take_while(|(a, b)| a == b).count();
        if len >= SHORTEST * period && len > covered {
            (best, covered) = (Some((period, len)), len);
            if covered >= ENOUGH {
                break;
            }
        }
    }
    best
}

/// The trips in so many entries, begun so that as few operands as possible come from the trip before.
fn in_phase<T: Real>(entries: &Entries<'_, T>, start: usize, period: usize, len: usize) -> Trips {
    let crossing = |shift: usize| {
        let first = start + shift;
        let trip = |entry: usize| first + (entry - first) / period * period;
        let crosses = |entry: usize| {
            let own = trip(entry);
            // What comes from farther back counts for more: a chain hands on results to the next trip alone.
            let back = |&operand: &u32| match operand as usize {
                at if !(first..own).contains(&at) => 0,
                at if at + period < own => period,
                _ => 1,
            };
            entries.operands(entry).iter().map(back).sum::<usize>()
        };
        (first + period..first + SAMPLE * period).map(crosses).sum::<usize>()
    };
    let shift = (0..period).min_by_key(|&shift| crossing(shift)).unwrap_or(0);
    Trips { start: start + shift, period, count: (len - shift) / period, is_chain: false }
}

/// Cuts trips into loops in which all trips read alike and none what another one made, unless they run in order. Those that are
/// too short are left out.
fn cut<T: Real>(entries: &Entries<'_, T>, all: Trips, found: &mut Vec<Trips>) {
    const OUTSIDE: u32 = u32::MAX;
    const BEFORE: u32 = u32::MAX - 1;
    let Trips { period, is_chain, .. } = all;
    let mut first = all.start;
    // What the operands of the loop's first trip are, one after the other.
    let mut pattern: Vec<u32> = Vec::with_capacity(2 * period);
    let mut own: Vec<u32> = Vec::with_capacity(2 * period);
    let mut close = |first: usize, end: usize| {
        let count = (end - first) / period;
        if count >= SHORTEST {
            found.push(Trips { start: first, count, ..all });
        }
    };
    for trip in (all.start..all.end()).step_by(period) {
        own.clear();
        let mut crosses = false;
        for entry in trip..trip + period {
            for &operand in entries.operands(entry) {
                let at = operand as usize;
                crosses |= !is_chain && (first..trip).contains(&at);
                own.push(match operand {
                    CONSTANT.. => CONSTANT,
                    _ if at >= trip => (at - trip) as u32,
                    _ if is_chain && at + period >= trip && at >= first => BEFORE,
                    _ => OUTSIDE,
                });
            }
        }
        // A chain's first trip begins with what stands before it.
        let begins = |pattern: &[u32]| {
            is_chain
                && trip == first + period
                && pattern.iter().zip(&own).all(|(a, b)| a == b || (*a, *b) == (OUTSIDE, BEFORE))
                && starts(entries, Trips { start: first, ..all }).is_some()
        };
        if (crosses || own != pattern) && !begins(&pattern) {
            close(first, trip);
            first = trip;
            // What was before is outside now.
            own.iter_mut().filter(|own| **own == BEFORE).for_each(|own| *own = OUTSIDE);
        }
        if trip == first || trip == first + period {
            std::mem::swap(&mut pattern, &mut own);
        }
    }
    close(first, all.end());
}

/// Of the operations of a chain's body: the entry that stands for their result before the first trip. None if there are two.
pub(super) fn starts<T: Real>(
    entries: &Entries<'_, T>,
    Trips { start, period, .. }: Trips,
) -> Option<Vec<Option<usize>>> {
    let mut starts = vec![None; period];
    for entry in start..start + period {
        for (&first, &next) in entries.operands(entry).iter().zip(entries.operands(entry + period)) {
            let [first, next] = [first, next].map(|operand| operand as usize);
            if (start..start + period).contains(&next) && *starts[next - start].get_or_insert(first) != first {
                return None;
            }
        }
    }
    Some(starts)
}
