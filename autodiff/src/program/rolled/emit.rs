//! Native code of a body, in Cranelift's language.

use std::collections::HashMap;

use cranelift::codegen::ir::FuncRef;
use cranelift::codegen::isa::TargetFrontendConfig;
use cranelift::prelude::*;

use super::body::Operation;
use super::shape::{Place, Shape, Source};

/// What code is written for.
pub(super) struct Target<'a> {
    /// The type of numbers.
    pub(super) number: Type,
    /// Where values stand, if that is to be part of the code.
    pub(super) bases: Result<&'a [usize], usize>,
    /// The functions that are called: of one argument and of two, each with the number of the function in front.
    pub(super) calls: [FuncRef; 2],
    pub(super) config: TargetFrontendConfig,
}

/// The parameters of the code: values, adjoints, tables, indices, bases, and how many trips there are.
pub(super) const PARAMETERS: usize = 6;
const VALUES: usize = 0;
const ADJOINTS: usize = 1;
const TABLES: usize = 2;
const INDICES: usize = 3;
const BASES: usize = 4;
const TRIPS: usize = 5;

/// Writes the code of a shape.
pub(super) fn emit(builder: FunctionBuilder<'_>, shape: &Shape, target: &Target<'_>) {
    let lines = shape.lines.len();
    let mut emit = Emit {
        b: builder,
        shape,
        target,
        lanes: 1,
        parameters: Vec::new(),
        given: Vec::new(),
        same: HashMap::new(),
        trip: Trip { number: None, made: vec![None; lines], masks: vec![None; lines], read: HashMap::new() },
        sums: HashMap::new(),
    };
    emit.whole();
    emit.b.finalize(target.config);
}

/// Code that is being written.
pub(super) struct Emit<'a, 'f> {
    pub(super) b: FunctionBuilder<'f>,
    shape: &'a Shape,
    pub(super) target: &'a Target<'a>,
    /// How many trips at once.
    pub(super) lanes: u32,
    parameters: Vec<Value>,
    /// Bases that are given at run time.
    given: Vec<Value>,
    /// What is the same in all trips.
    same: HashMap<Source, Value>,
    pub(super) trip: Trip,
    /// What goes from trip to trip in registers: by line, results of the trip before; by base, adjoints for the next trip;
    /// by line, sums of what one place is given.
    sums: HashMap<Source, Variable>,
}

/// The trip that is being written.
pub(super) struct Trip {
    /// Its number.
    pub(super) number: Option<Value>,
    /// Results by line; those of comparisons also as masks.
    made: Vec<Option<Value>>,
    pub(super) masks: Vec<Option<Value>>,
    read: HashMap<Source, Value>,
}

/// Memory that is there, of numbers, indices or bases; it need not be aligned to vectors.
fn plain() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

impl Emit<'_, '_> {
    fn whole(&mut self) {
        let entry = self.b.create_block();
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        self.b.seal_block(entry);
        self.parameters = self.b.block_params(entry).to_vec();
        let count = self.target.bases.err().unwrap_or(0);
        let word = |k: usize| i32::try_from(8 * k).expect("bases are few");
        self.given =
            (0..count).map(|k| self.b.ins().load(types::I64, plain(), self.parameters[BASES], word(k))).collect();
        let shape = self.shape;
        for (k, line) in shape.lines.iter().enumerate() {
            for &source in &line.arguments {
                if let Source::Same(base) = source {
                    let value = self.load(VALUES, base, None);
                    self.same.insert(source, value);
                }
            }
            if line.is_same {
                let adjoint = line.place.map(|place| self.gather(ADJOINTS, place));
                let value = adjoint.unwrap_or_else(|| self.operation(k, line));
                self.same.insert(Source::Line(k), value);
            }
        }
        let (first, trips) = (self.b.ins().iconst(types::I64, 0), self.parameters[TRIPS]);
        if shape.is_single {
            self.trips(first, trips);
        } else {
            self.lanes = 128 / self.target.number.bits();
            let whole = self.b.ins().band_imm_s(trips, -i64::from(self.lanes));
            self.trips(first, whole);
            self.lanes = 1;
            self.trips(whole, trips);
        }
        self.b.ins().return_(&[]);
    }

    /// The trips from `first` to `end`, as many at once as there are lanes; single ones backward in opposite order.
    fn trips(&mut self, first: Value, end: Value) {
        let shape = self.shape;
        let [body, exit] = [0; 2].map(|_| self.b.create_block());
        let back = shape.is_single && shape.is_backward;
        let trip = self.b.declare_var(types::I64);
        let start = if back { self.b.ins().iadd_imm_s(end, -1) } else { first };
        self.b.def_var(trip, start);
        let begin = self.b.create_block();
        let some = self.b.ins().icmp(IntCC::UnsignedLessThan, first, end);
        let after = self.b.create_block();
        self.b.ins().brif(some, begin, &[], after, &[]);
        self.b.switch_to_block(begin);
        self.b.seal_block(begin);
        self.carried(end);
        self.b.ins().jump(body, &[]);

        self.b.switch_to_block(body);
        let number = self.b.use_var(trip);
        let lines = shape.lines.len();
        self.trip =
            Trip { number: Some(number), made: vec![None; lines], masks: vec![None; lines], read: HashMap::new() };
        let mut next: HashMap<usize, Value> = HashMap::new();
        for (k, line) in shape.lines.iter().enumerate().filter(|(_, line)| !line.is_same) {
            match (line.op, line.place) {
                (Operation::Give(_), Some(place)) => {
                    let term = self.source(line.arguments[0]);
                    self.trip.made[k] = Some(term);
                    self.give(k, place, term, &mut next);
                }
                (Operation::Total(_), _) => self.total(k, line.arguments[0]),
                (_, place) => {
                    let list = if matches!(line.op, Operation::Spread(_)) { ADJOINTS } else { VALUES };
                    let value = place.map(|place| self.gather(list, place));
                    let value = value.unwrap_or_else(|| self.operation(k, line));
                    self.trip.made[k] = Some(value);
                    if let Some(base) = line.column {
                        self.store(VALUES, base, Some(number), value);
                    }
                }
            }
        }
        self.give_columns();
        for (source, variable) in self.sums.clone() {
            match source {
                Source::Before(line) => {
                    let value = self.trip.made[line].expect("a line of the trip");
                    self.b.def_var(variable, value);
                }
                Source::Adjoint(base) => {
                    let value = next.get(&base).copied().unwrap_or_else(|| self.constant(0.0));
                    self.b.def_var(variable, value);
                }
                _ => {}
            }
        }
        let step = if back { -1 } else { i64::from(self.lanes) };
        let following = self.b.ins().iadd_imm_s(number, step);
        self.b.def_var(trip, following);
        let condition = if back { IntCC::SignedGreaterThanOrEqual } else { IntCC::UnsignedLessThan };
        let goes_on = self.b.ins().icmp(condition, following, if back { first } else { end });
        self.b.ins().brif(goes_on, body, &[], exit, &[]);
        self.b.seal_block(body);
        self.b.seal_block(exit);
        self.b.switch_to_block(exit);
        self.trip.number = None;
        for (source, variable) in std::mem::take(&mut self.sums) {
            let value = self.b.use_var(variable);
            match source {
                Source::Line(line) => match shape.lines[line].place {
                    // The last term of a group's further columns.
                    Some(Place::Column(base)) => {
                        let value = self.last_lane(value);
                        let last = self.b.ins().iadd_imm_s(end, -1);
                        let so_far = self.load_scalar(ADJOINTS, base, Some(last));
                        let sum = self.b.ins().fadd(so_far, value);
                        self.store(ADJOINTS, base, Some(last), sum);
                    }
                    Some(Place::Same(base)) => self.store(VALUES, base, None, value),
                    _ => {}
                },
                Source::Same(line) => {
                    let sum = self.across(value);
                    if let Some(Place::Same(base)) = shape.lines[line].place {
                        let so_far = self.load_scalar(ADJOINTS, base, None);
                        let sum = self.b.ins().fadd(so_far, sum);
                        self.store(ADJOINTS, base, None, sum);
                    }
                }
                // One place before the first.
                Source::Adjoint(base) => {
                    let before = self.b.ins().iconst(types::I64, -1);
                    let so_far = self.load(ADJOINTS, base, Some(before));
                    let sum = self.b.ins().fadd(so_far, value);
                    self.store(ADJOINTS, base, Some(before), sum);
                }
                _ => {}
            }
        }
        self.b.ins().jump(after, &[]);
        self.b.seal_block(after);
        self.b.switch_to_block(after);
    }

    /// Begins what goes from trip to trip.
    fn carried(&mut self, end: Value) {
        let shape = self.shape;
        for (k, line) in shape.lines.iter().enumerate() {
            let before = line.arguments.iter().copied().filter(|source| matches!(source, Source::Before(_)));
            let given = match line.place {
                Some(Place::Same(_)) if matches!(line.op, Operation::Give(_)) => Some(Source::Same(k)),
                Some(Place::Same(_)) if matches!(line.op, Operation::Total(_)) => Some(Source::Line(k)),
                Some(Place::Next(base) | Place::Only(base)) => Some(Source::Adjoint(base)),
                Some(Place::Column(_)) if shape.groups.iter().any(|group| group[1..].contains(&k)) => {
                    Some(Source::Line(k))
                }
                _ => None,
            };
            for source in before.chain(given) {
                if self.sums.contains_key(&source) {
                    continue;
                }
                let start = match source {
                    Source::Before(line) => {
                        let before = self.b.ins().iconst(types::I64, -1);
                        self.load(VALUES, shape.lines[line].column.expect("it is kept"), Some(before))
                    }
                    Source::Adjoint(base) if line.place == Some(Place::Only(base)) => {
                        let last = self.b.ins().iadd_imm_s(end, -1);
                        self.load(ADJOINTS, base, Some(last))
                    }
                    _ => match (line.op, line.place) {
                        (Operation::Total(_), Some(Place::Same(base))) => self.load_scalar(VALUES, base, None),
                        _ => self.constant(0.0),
                    },
                };
                let variable = self.b.declare_var(self.b.func.dfg.value_type(start));
                self.b.def_var(variable, start);
                self.sums.insert(source, variable);
            }
        }
    }

    /// The type of numbers, as many as there are lanes.
    pub(super) fn kind(&self) -> Type {
        self.target.number.by(self.lanes).expect("a vector type")
    }

    /// The address of the element at a base, so many on: a pointer and what is to be added.
    fn address(&mut self, list: usize, base: usize, on: Option<Value>) -> (Value, i32) {
        let size = if list == INDICES { 4 } else { self.target.number.bytes() };
        let mut pointer = self.parameters[list];
        if let Some(on) = on {
            let bytes = self.b.ins().imul_imm_s(on, i64::from(size));
            pointer = self.b.ins().iadd(pointer, bytes);
        }
        let Ok(bases) = self.target.bases else {
            let bytes = self.b.ins().imul_imm_s(self.given[base], i64::from(size));
            return (self.b.ins().iadd(pointer, bytes), 0);
        };
        let bytes = bases[base] as i64 * i64::from(size);
        match i32::try_from(bytes) {
            Ok(offset) => (pointer, offset),
            Err(_) => (self.b.ins().iadd_imm_s(pointer, bytes), 0),
        }
    }

    fn load(&mut self, list: usize, base: usize, on: Option<Value>) -> Value {
        let (kind, (pointer, offset)) = (self.kind(), self.address(list, base, on));
        self.b.ins().load(kind, plain(), pointer, offset)
    }

    fn load_scalar(&mut self, list: usize, base: usize, on: Option<Value>) -> Value {
        let (pointer, offset) = self.address(list, base, on);
        self.b.ins().load(self.target.number, plain(), pointer, offset)
    }

    fn store(&mut self, list: usize, base: usize, on: Option<Value>, value: Value) {
        let (pointer, offset) = self.address(list, base, on);
        self.b.ins().store(plain(), value, pointer, offset);
    }

    pub(super) fn source(&mut self, source: Source) -> Value {
        let found = match source {
            Source::Line(line) => self.trip.made[line],
            _ => self.trip.read.get(&source).copied(),
        };
        if let Some(found) = found {
            return found;
        }
        if let Some(&same) = self.same.get(&source) {
            return self.splat(same);
        }
        let trip = self.trip.number;
        let value = match source {
            Source::Constant(bits) => self.constant(f64::from_bits(bits)),
            Source::Table(base) => self.load(TABLES, base, trip),
            Source::Column(base) => self.load(VALUES, base, trip),
            Source::Adjoint(base) => {
                let given = self.sums.get(&source).map(|&given| self.b.use_var(given));
                let only = self.shape.lines.iter().any(|line| line.place == Some(Place::Only(base)));
                match given {
                    Some(given) if only => given,
                    Some(given) => {
                        let stored = self.load(ADJOINTS, base, trip);
                        self.b.ins().fadd(stored, given)
                    }
                    None => self.load(ADJOINTS, base, trip),
                }
            }
            Source::Before(_) => self.b.use_var(self.sums[&source]),
            Source::Line(_) | Source::Same(_) => unreachable!("written before it is read"),
        };
        if trip.is_some() {
            self.trip.read.insert(source, value);
        }
        value
    }

    /// The number of a lane's trip, or of what it stands at.
    fn lane(&mut self, place: Place, lane: u32) -> (usize, Value) {
        let trip = self.trip.number.expect("in a trip");
        let trip = self.b.ins().iadd_imm_s(trip, i64::from(lane));
        match place {
            Place::Strided(base, stride) => {
                let on = match self.target.bases {
                    Ok(bases) => self.b.ins().imul_imm_s(trip, bases[stride] as i64),
                    Err(_) => self.b.ins().imul(trip, self.given[stride]),
                };
                (base, on)
            }
            Place::Indices(base) => {
                let (pointer, offset) = self.address(INDICES, base, Some(trip));
                let index = self.b.ins().load(types::I32, plain(), pointer, offset);
                (usize::MAX, self.b.ins().uextend(types::I64, index))
            }
            Place::Same(base) | Place::Column(base) | Place::Next(base) | Place::Only(base) => (base, trip),
        }
    }

    /// The pointer to what a lane reads or is given.
    fn pointer(&mut self, list: usize, place: Place, lane: u32) -> (Value, i32) {
        match self.lane(place, lane) {
            (usize::MAX, on) => {
                let bytes = self.b.ins().imul_imm_s(on, i64::from(self.target.number.bytes()));
                (self.b.ins().iadd(self.parameters[list], bytes), 0)
            }
            (base, on) => self.address(list, base, Some(on)),
        }
    }

    fn gather(&mut self, list: usize, place: Place) -> Value {
        match place {
            Place::Same(base) => {
                let value = self.load_scalar(list, base, None);
                self.splat(value)
            }
            Place::Column(base) | Place::Next(base) | Place::Only(base) => self.load(list, base, self.trip.number),
            Place::Strided(..) | Place::Indices(_) => {
                let (kind, mut all) = (self.kind(), None);
                for lane in 0..self.lanes {
                    let (pointer, offset) = self.pointer(list, place, lane);
                    let value = self.b.ins().load(self.target.number, plain(), pointer, offset);
                    all = Some(match all {
                        None if self.lanes == 1 => value,
                        None => self.b.ins().scalar_to_vector(kind, value),
                        Some(all) => self.b.ins().insertlane(all, value, lane as u8),
                    });
                }
                all.expect("a lane")
            }
        }
    }

    /// Goes on with a sum, trip by trip.
    fn total(&mut self, line: usize, term: Source) {
        let (term, sum) = (self.source(term), self.sums[&Source::Line(line)]);
        for lane in 0..self.lanes {
            let own = if self.lanes == 1 { term } else { self.b.ins().extractlane(term, lane as u8) };
            let so_far = self.b.use_var(sum);
            let so_far = self.b.ins().fadd(so_far, own);
            self.b.def_var(sum, so_far);
        }
    }

    /// Adds a term to adjoints.
    fn give(&mut self, line: usize, place: Place, term: Value, next: &mut HashMap<usize, Value>) {
        match place {
            Place::Same(_) => {
                let sum = self.sums[&Source::Same(line)];
                let so_far = self.b.use_var(sum);
                let so_far = self.b.ins().fadd(so_far, term);
                self.b.def_var(sum, so_far);
            }
            Place::Next(base) | Place::Only(base) => {
                let sum = next.get(&base).map_or(term, |&so_far| self.b.ins().fadd(so_far, term));
                next.insert(base, sum);
            }
            // With the others of its group.
            Place::Column(_) => {}
            Place::Strided(..) | Place::Indices(_) => {
                for lane in 0..self.lanes {
                    let (pointer, offset) = self.pointer(ADJOINTS, place, lane);
                    let so_far = self.b.ins().load(self.target.number, plain(), pointer, offset);
                    let own = if self.lanes == 1 { term } else { self.b.ins().extractlane(term, lane as u8) };
                    let sum = self.b.ins().fadd(so_far, own);
                    self.b.ins().store(plain(), sum, pointer, offset);
                }
            }
        }
    }

    /// Adds the terms of each group to adjoints, those that fall on one place at once: each place is read and written once, where reading
    /// across what has just been written would wait.
    fn give_columns(&mut self) {
        let (shape, trip) = (self.shape, self.trip.number);
        for group in &shape.groups {
            let mut term = None;
            for &line in group.iter().rev() {
                let own = self.trip.made[line].expect("a term");
                let sum = term.map_or(own, |term| self.b.ins().fadd(own, term));
                term = Some(match self.sums.get(&Source::Line(line)) {
                    Some(&over) => self.moved(over, sum),
                    None => sum,
                });
            }
            if let (Some(Place::Column(base)), Some(term)) = (shape.lines[group[0]].place, term) {
                let so_far = self.load(ADJOINTS, base, trip);
                let sum = self.b.ins().fadd(so_far, term);
                self.store(ADJOINTS, base, trip, sum);
            }
        }
    }
}
