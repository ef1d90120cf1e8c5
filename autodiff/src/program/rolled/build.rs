//! Where values stand, and what each operation of a loop's body reads.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::body::{Argument, Body, Node, Operation};
use super::checks::Checks;
use super::derive::reverse;
use super::find::{Entries, Trips, loops, starts, with_straight};
use super::form::{For, Item, Lists, Loop, Operand, Part, constants, variables};
use super::rows::{Read, with_rows};
use super::whole::Rolled;
use crate::Real;
use crate::rules::{Binary, Unary};
use crate::tape::code::Code;
use crate::tape::guard::{Guard, Term};
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, CONSTANT, Form, Kind, SUM};
use crate::tape::passes::Output;

/// Programs of fewer operands are not looked at: the interpreter is as fast.
const SMALLEST: usize = 256;

/// From so many terms on, sums that stand by themselves are no longer interpreted.
const LONG: usize = 32;

/// Native code is made of so many entries that are in no loop.
const STRAIGHT: usize = 1024;

/// How results of an operation are read outside their own trip.
#[derive(Clone, Copy, Default)]
struct Use {
    is_read: bool,
    /// Whether those of another trip than the last are read elsewhere than in the following trip.
    is_given: bool,
    /// The long sum of which they are terms, in order from this one on, and how many of them; `usize::MAX` if they are read otherwise.
    sum: usize,
    from: usize,
    terms: usize,
}

/// The place of a value that is not kept, and the loop of an entry that is in none.
const NONE: u32 = u32::MAX;

impl<T: Real> Rolled<T> {
    /// The loops in a program; `None` if most of its entries are in none.
    pub(in crate::program) fn find(
        code: Code<'_, T>,
        inputs: usize,
        outputs: &[Output<T>],
        guards: &[Guard<T>],
        exact: bool,
        wanted: For,
    ) -> Option<Self> {
        if wanted == For::Columns && code.operands.len() < SMALLEST {
            return None;
        }
        let entries = Entries::new(code);
        let mut loops = loops(&entries, inputs, wanted != For::Columns);
        let work = |trips: &Trips| (entries.words[trips.end()] - entries.words[trips.start]) as usize;
        let rest = code.operands.len() - loops.iter().map(work).sum::<usize>();
        let is_short =
            code.ops.len() - inputs - loops.iter().map(|trips| trips.end() - trips.start).sum::<usize>() <= STRAIGHT;
        if wanted == For::Inputs || wanted == For::Native && is_short {
            loops = with_straight(&entries, inputs, loops, LONG);
        } else if 2 * rest > code.operands.len() {
            return None;
        }
        let places = vec![NONE; code.ops.len()];
        let mut build = Build { entries, loops, places, next: 0, starts: Vec::new(), sums: HashMap::new() };
        build.long_sums(inputs);
        let uses = build.uses(inputs, outputs, guards);
        let items = build.items(inputs, &uses);
        let place = |term: Term<T>| term.resolve(|i| Term::Entry(build.places[i]), Term::Constant);
        let guards: Vec<_> =
            guards.iter().map(|g| Guard { left: place(g.left), right: place(g.right), ..g.clone() }).collect();
        let outputs = outputs.iter().map(|y| y.map(|i| build.places[i] as usize)).collect();
        Some(Self {
            items,
            exact,
            #[cfg(feature = "jit")]
            native: None,
            places: build.next as usize,
            outputs,
            checks: Checks::new(&guards),
            guards,
        })
    }
}

struct Build<'a, T: Real> {
    entries: Entries<'a, T>,
    loops: Vec<Trips>,
    places: Vec<u32>,
    /// The first place that is free.
    next: u32,
    /// Of the operations of a chain's body: the entry that stands for their result before the first trip.
    starts: Vec<Option<usize>>,
    /// The long sums.
    sums: HashMap<usize, Long>,
}

/// A long sum that is in no loop.
struct Long {
    /// Where its parts begin, and where the last one ends: in each the first factors are all variables or all constants, and so are
    /// the second ones.
    edges: Vec<usize>,
    /// How many terms are added up.
    done: usize,
    /// Where the loop begins that was the last to do so.
    by: usize,
}

impl<T: Real> Build<'_, T> {
    /// For each loop and operation of its body how results are read outside their own trip.
    fn uses(&self, inputs: usize, outputs: &[Output<T>], guards: &[Guard<T>]) -> Vec<Vec<Use>> {
        let ops = self.entries.code.ops;
        let mut uses: Vec<_> = self.loops.iter().map(|trips| vec![Use::default(); trips.period]).collect();
        let mut of = vec![NONE; ops.len()];
        for (number, trips) in self.loops.iter().enumerate() {
            of[trips.start..trips.end()].fill(number as u32);
        }
        // An entry that is read where entries before `end` are the following trip's.
        let mut read = |entry: usize, end: usize, sum: usize, term: usize| {
            let number = of[entry] as usize;
            if let Some(trips) = self.loops.get(number) {
                let (trip, k) = ((entry - trips.start) / trips.period, (entry - trips.start) % trips.period);
                let own = &mut uses[number][k];
                own.is_read = true;
                own.is_given |= trip + 1 < trips.count && trips.start + (trip + 2) * trips.period != end;
                if own.terms == 0 {
                    (own.sum, own.from) = (sum, term);
                }
                let is_next = trip == own.terms && sum == own.sum && term == own.from + trip;
                own.terms = if is_next { trip + 1 } else { usize::MAX };
            }
        };
        for (entry, &own) in of.iter().enumerate().skip(inputs) {
            let own = self.loops.get(own as usize);
            // Where the entry's own trip begins and ends; what comes from there is no further concern.
            let start = own.map_or(entry, |trips| entry - (entry - trips.start) % trips.period);
            let end = own.map_or(0, |trips| start + trips.period);
            let (operands, terms) = (self.entries.operands(entry), self.entries.terms(entry));
            let is_long = self.sums.contains_key(&entry);
            for (k, &operand) in operands.iter().enumerate() {
                if operand & CONSTANT == 0 && (operand as usize) < start {
                    // A factor's other one is a constant.
                    let is_term = is_long && (ops[entry] == SUM || operands[(k + terms) % (2 * terms)] & CONSTANT != 0);
                    let (sum, term) = if is_term { (entry, k % terms) } else { (usize::MAX, 0) };
                    read(operand as usize, end, sum, term);
                }
            }
        }
        let asked = guards.iter().flat_map(|guard| [&guard.left, &guard.right]);
        let asked = asked.filter_map(|term| if let Term::Entry(i) = term { Some(*i as usize) } else { None });
        outputs.iter().flatten().copied().chain(asked).for_each(|x| read(x, 0, usize::MAX, 0));
        uses
    }

    /// Gives out places and describes the parts of the program by them.
    fn items(&mut self, inputs: usize, uses: &[Vec<Use>]) -> Vec<Item<T>> {
        let mut items = Vec::new();
        (0..inputs).for_each(|i| self.places[i] = i as u32);
        self.next = inputs as u32;
        let mut at = inputs;
        for (trips, uses) in self.loops.clone().into_iter().zip(uses) {
            self.others(at, trips.start, &mut items);
            let sums: Vec<_> = uses.iter().map(|own| self.begun(trips, own, &mut items)).collect();
            items.push(Item::Loop(Box::new(self.body(trips, uses, &sums))));
            at = trips.end();
        }
        self.others(at, self.places.len(), &mut items);
        items
    }

    /// Entries that are in no loop: long sums by themselves, and stretches between them.
    fn others(&mut self, start: usize, end: usize, items: &mut Vec<Item<T>>) {
        let mut at = start;
        for entry in start..end {
            if self.entries.terms(entry) < LONG {
                continue;
            }
            items.extend(self.stretch(at, entry));
            at = entry;
            if self.sums.contains_key(&entry) {
                items.extend(self.sum(entry, self.entries.terms(entry)));
                at = entry + 1;
            }
        }
        items.extend(self.stretch(at, end));
    }

    /// Finds the sums whose parts are long.
    fn long_sums(&mut self, inputs: usize) {
        let ends = self.loops.iter().map(|trips| trips.end());
        let starts = self.loops.iter().map(|trips| trips.start).chain([self.places.len()]);
        for entry in [inputs].into_iter().chain(ends).zip(starts).flat_map(|(start, end)| start..end) {
            let (words, terms) = (self.entries.split(entry), self.entries.terms(entry));
            if terms < LONG {
                continue;
            }
            let kind = |term: usize| (term..words.len()).step_by(terms).map(|k| words[k] & CONSTANT != 0);
            let breaks = (1..terms).filter(|&term| !kind(term).eq(kind(term - 1)));
            let edges: Vec<usize> = [0].into_iter().chain(breaks).chain([terms]).collect();
            if 8 * edges.len() <= terms {
                self.sums.insert(entry, Long { edges, done: 0, by: usize::MAX });
            }
        }
    }

    /// Goes on with a long sum, up to this term.
    fn sum(&mut self, entry: usize, end: usize) -> Option<Item<T>> {
        let (words, terms) = (self.entries.split(entry), self.entries.terms(entry));
        let Long { edges, done, .. } = &self.sums[&entry];
        let goes_on = self.places[entry] != NONE;
        let mut lists = Lists::new();
        let part = |edge: &[usize]| {
            let from = edge[0].max(*done);
            let terms_here = edge[1].min(end) - from;
            let factor = |first: usize| {
                let word = |term: usize| (words[first + term] & !CONSTANT) as usize;
                if words[first] & CONSTANT == 0 {
                    variables(terms_here, &|term| self.places[word(term)], &mut lists)
                } else {
                    constants(terms_here, &|term| self.entries.code.constants[word(term)], &mut lists)
                }
            };
            Part { terms: terms_here, factors: (from..words.len()).step_by(terms).map(factor).collect() }
        };
        let first = edges.partition_point(|edge| edge <= done) - 1;
        let parts: Vec<_> = edges[first..].windows(2).take_while(|edge| edge[0].max(*done) < end).map(part).collect();
        if !goes_on {
            self.places[entry] = self.next;
            self.next += 1;
        }
        let place = self.places[entry] as usize;
        (!goes_on || !parts.is_empty()).then_some(Item::Sum { place, goes_on, parts, lists })
    }

    /// The place of a long sum to which the trips of a loop add the results of an operation, if nothing else reads them; begun with
    /// the terms in front of them.
    fn begun(&mut self, trips: Trips, own: &Use, items: &mut Vec<Item<T>>) -> Option<u32> {
        let sum = self.sums.get(&own.sum).filter(|_| trips.count > 1 && !trips.is_chain && own.terms == trips.count)?;
        let is_there = |&word: &u32| word & CONSTANT != 0 || (word as usize) < trips.start;
        let mut factors = self.entries.split(own.sum).chunks(self.entries.terms(own.sum));
        // Only one operation of a trip adds to a sum, or the order would be another one.
        let is_next = sum.by != trips.start && sum.done <= own.from;
        if !is_next || !factors.all(|words| words[sum.done..own.from].iter().all(is_there)) {
            return None;
        }
        items.extend(self.sum(own.sum, own.from));
        let sum = self.sums.get_mut(&own.sum)?;
        (sum.done, sum.by) = (own.from + own.terms, trips.start);
        Some(self.places[own.sum])
    }

    /// Entries that are interpreted.
    fn stretch(&mut self, start: usize, end: usize) -> Option<Item<T>> {
        let first = self.next as usize;
        let mut operands = Vec::new();
        for entry in start..end {
            self.places[entry] = self.next;
            self.next += 1;
            let (op, from) = (self.entries.code.ops[entry], operands.len());
            operands.extend_from_slice(self.entries.words(entry));
            // Before and behind the words of an entry of many operands stands their number.
            let around = usize::from(opcode::words(op).is_none());
            let words = from + around..operands.len() - around;
            for operand in
                opcode::operands_mut(op, &mut operands[words]).iter_mut().filter(|operand| **operand & CONSTANT == 0)
            {
                *operand = self.places[*operand as usize];
                assert_ne!(*operand, NONE, "what is read outside its trip has a place");
            }
        }
        (start < end).then_some(Item::Stretch { ops: start..end, operands, first })
    }

    /// A loop; `sums` are the places of sums to which results are added.
    fn body(&mut self, trips: Trips, uses: &[Use], sums: &[Option<u32>]) -> Loop<T> {
        let (mut operands, mut rows, mut lists) = (Vec::new(), Vec::new(), Lists::new());
        let (mut nodes, mut columns, mut read) = (Vec::new(), Vec::new(), Vec::new());
        let ops = &self.entries.code.ops[trips.start..][..trips.period];
        let is_read: Vec<bool> = uses.iter().zip(sums).map(|(own, sum)| own.is_read && sum.is_none()).collect();
        let kept: Vec<bool> =
            ops.iter().zip(&is_read).map(|(&op, is_read)| *is_read || Operation::of(op).is_dear()).collect();
        let before = if trips.is_chain { self.chain(trips, &kept) } else { Vec::new() };
        // The node of each entry.
        let mut of = Vec::with_capacity(trips.period);
        for (k, &kept) in kept.iter().enumerate() {
            let op = self.entries.code.ops[trips.start + k];
            let words = self.entries.split(trips.start + k).len();
            let mut reads: Vec<_> = (0..words).map(|word| self.operand(trips, k, word, &mut lists)).collect();
            if Operation::of(op) == Operation::Dot && !trips.is_chain {
                reads = with_rows(&reads, &mut rows, &mut lists);
            }
            let mut arguments = SmallVec::new();
            for operand in reads {
                let argument = match operand {
                    Err(local) => Argument::Strip(of[local]),
                    Ok(Operand::Constant(c)) => Argument::Constant(c),
                    Ok(Operand::Table(start)) => Argument::Table(start),
                    Ok(Operand::Same(place)) => Argument::Same(place),
                    Ok(Operand::Column(place)) => Argument::Column(place),
                    Ok(Operand::Rows(rows)) => Argument::Rows(rows),
                    Ok(operand) => {
                        let known = operands.iter().position(|known| *known == operand);
                        let number = known.unwrap_or_else(|| {
                            operands.push(operand);
                            nodes.push(Node {
                                op: Operation::Load(operands.len() as u32 - 1),
                                arguments: SmallVec::new(),
                            });
                            columns.push(None);
                            operands.len() - 1
                        });
                        let is_load = |node: &Node<T>| node.op == Operation::Load(number as u32);
                        Argument::Strip(nodes.iter().position(is_load).expect("it has just been written") as u32)
                    }
                };
                arguments.push(argument);
            }
            if let Kind::Binary(_, Form::Second) = opcode::decode(op) {
                arguments.swap(0, 1);
            }
            of.push(nodes.len() as u32);
            nodes.push(Node { op: Operation::of(op), arguments });
            if kept && !trips.is_chain {
                self.column(trips, k);
            }
            columns.push(kept.then(|| self.places[trips.start + k]));
            if let Some(place) = sums[k] {
                let weight = self.weight(trips, uses[k], &mut lists);
                let mut add = |op, arguments: &[_]| nodes.push(Node { op, arguments: arguments.into() });
                let mut result = Argument::Strip(of[k]);
                if !weight.is(T::one()) {
                    add(Operation::Binary(Binary::Mul), &[result, weight]);
                    result = Argument::Strip(of[k] + 1);
                }
                add(Operation::Total(place), &[result]);
                columns.resize(nodes.len(), None);
            }
        }
        read.resize(nodes.len(), false);
        of.iter().zip(is_read).for_each(|(&node, is_read)| read[node as usize] = is_read);
        let (forward, backward) = (Body::new(&nodes, &columns), reverse(&nodes, &columns, &read, &mut operands));
        let Trips { start, period, count, is_chain } = trips;
        let given = (0..period).filter(|&k| is_chain && uses[k].is_given).map(|k| self.places[start + k]).collect();
        Loop {
            trips: count,
            entries: period,
            is_chain,
            before,
            given,
            operands,
            rows,
            lists,
            forward,
            backward,
            nodes,
            columns,
            read,
        }
    }

    /// The constants by which a long sum multiplies the results of an operation.
    fn weight(&self, trips: Trips, own: Use, lists: &mut Lists<T>) -> Argument<T> {
        let words = self.entries.split(own.sum);
        let weight = |trip: usize| {
            let factors = words.iter().skip(own.from + trip).step_by(self.entries.terms(own.sum));
            factors
                .copied()
                .find(|word| word & CONSTANT != 0)
                .map_or(T::one(), |word| self.entries.code.constants[(word ^ CONSTANT) as usize])
        };
        match constants(trips.count, &weight, lists) {
            Operand::Table(start) => Argument::Table(start),
            Operand::Constant(c) => Argument::Constant(c),
            _ => unreachable!("constants have no places"),
        }
    }

    /// Gives places to the results of an operation.
    fn column(&mut self, trips: Trips, k: usize) {
        for trip in 0..trips.count {
            self.places[trips.start + trip * trips.period + k] = self.next;
            self.next += 1;
        }
    }

    /// Gives places to what a chain keeps, each behind one for what stands before the first trip; which places these are, each with
    /// the place of its value.
    fn chain(&mut self, trips: Trips, kept: &[bool]) -> Vec<[u32; 2]> {
        self.starts = starts(&self.entries, trips).expect("asked when the chain was found");
        let mut before = Vec::new();
        for k in (0..trips.period).filter(|&k| kept[k]) {
            if let Some(first) = self.starts[k] {
                before.push([self.next, self.places[first]]);
            }
            self.next += 1;
            self.column(trips, k);
        }
        before
    }

    /// What an operand word stands for in the trips: outside of them, or an entry of the same trip.
    fn operand(&self, trips: Trips, k: usize, word: usize, lists: &mut Lists<T>) -> Read<T> {
        let at = |trip: usize| trips.start + trip * trips.period + k;
        let entry = |trip: usize| self.entries.split(at(trip))[word] as usize;
        let all = self.entries.code.constants;
        // The second word of a row with one variable is the place of a constant.
        match opcode::decode(self.entries.code.ops[at(0)]) {
            Kind::Binary(_, Form::First | Form::Second) if word == 1 => {
                return Ok(constants(trips.count, &|trip| all[entry(trip)], lists));
            }
            Kind::Nary(_) if entry(0) & CONSTANT as usize != 0 => {
                return Ok(constants(trips.count, &|trip| all[entry(trip) ^ CONSTANT as usize], lists));
            }
            _ => {}
        }
        if entry(0) >= trips.start {
            return Err(entry(0) - trips.start);
        }
        // What the trip before made: from the place before its results on.
        let is_before = trips.is_chain && entry(1) >= trips.start;
        Ok(if is_before {
            Operand::Column(self.places[entry(1)] - 1)
        } else {
            variables(trips.count, &|trip| self.places[entry(trip)], lists)
        })
    }
}

impl Operation {
    fn of(op: u8) -> Self {
        match opcode::decode(op) {
            Kind::Unary(f) => Self::Unary(f),
            Kind::Binary(f, _) => Self::Binary(f),
            Kind::Nary(Nary::Dot) => Self::Dot,
            _ => Self::Sum,
        }
    }

    /// Whether computing it again takes longer than reading it.
    fn is_dear(self) -> bool {
        use Unary::{Abs, Neg, Relu, Square};
        !matches!(
            self,
            Self::Sum
                | Self::Dot
                | Self::Binary(Binary::Add | Binary::Sub | Binary::Mul)
                | Self::Unary(Abs | Neg | Relu | Square)
        )
    }
}
