//! The instructions of an operation, for as many trips as there are lanes.

use cranelift::codegen::ir::Endianness;
use cranelift::prelude::*;

use super::body::Operation;
use super::emit::Emit;
use super::shape::{Line, Source};
use crate::rules::{Binary, Unary};

/// The same bits as another type.
fn bits() -> MemFlagsData {
    MemFlagsData::new().with_endianness(Endianness::Little)
}

impl Emit<'_, '_> {
    /// A number for every lane.
    pub(super) fn splat(&mut self, value: Value) -> Value {
        let kind = self.kind();
        if self.lanes == 1 { value } else { self.b.ins().splat(kind, value) }
    }

    pub(super) fn constant(&mut self, c: f64) -> Value {
        let value =
            if self.target.number == types::F32 { self.b.ins().f32const(c as f32) } else { self.b.ins().f64const(c) };
        self.splat(value)
    }

    /// Terms one trip on: the last of the trips before comes first.
    pub(super) fn moved(&mut self, before: Variable, terms: Value) -> Value {
        let (kind, last) = (self.kind(), self.b.use_var(before));
        self.b.def_var(before, terms);
        if self.lanes == 1 {
            return last;
        }
        let first = 16 - self.target.number.bytes() as u8;
        let bytes: Vec<u8> = (first..first + 16).collect();
        let mask = self.b.func.dfg.immediates.push(bytes.into());
        let [last, terms] = [last, terms].map(|x| self.b.ins().bitcast(types::I8X16, bits(), x));
        let moved = self.b.ins().shuffle(last, terms, mask);
        self.b.ins().bitcast(kind, bits(), moved)
    }

    pub(super) fn last_lane(&mut self, value: Value) -> Value {
        match self.b.func.dfg.value_type(value).lane_count() {
            1 => value,
            lanes => self.b.ins().extractlane(value, lanes as u8 - 1),
        }
    }

    /// The sum over lanes.
    pub(super) fn across(&mut self, value: Value) -> Value {
        let lanes = self.b.func.dfg.value_type(value).lane_count();
        if lanes == 1 {
            return value;
        }
        let lanes: Vec<Value> = (0..lanes).map(|lane| self.b.ins().extractlane(value, lane as u8)).collect();
        lanes.into_iter().reduce(|sum, lane| self.b.ins().fadd(sum, lane)).expect("a lane")
    }

    /// Lane by lane `a` where the mask holds, else `b`.
    fn choose(&mut self, mask: Value, a: Value, b: Value) -> Value {
        if self.lanes == 1 {
            return self.b.ins().select(mask, a, b);
        }
        let kind = self.kind();
        let mask = self.b.ins().bitcast(kind, bits(), mask);
        self.b.ins().bitselect(mask, a, b)
    }

    /// Lane by lane 0 where `a` is an exact zero, else `b`.
    fn unless_zero(&mut self, a: Value, b: Value) -> Value {
        let (kind, zero) = (self.kind(), self.constant(0.0));
        if self.lanes == 1 {
            // One jump, that is foreseen; NaN stays NaN either way.
            let mask = self.b.ins().fcmp(FloatCC::UnorderedOrEqual, a, zero);
            return self.b.ins().select(mask, a, b);
        }
        let mask = self.b.ins().fcmp(FloatCC::Equal, a, zero);
        let mask = self.b.ins().bitcast(kind, bits(), mask);
        self.b.ins().band_not(b, mask)
    }

    pub(super) fn operation(&mut self, k: usize, line: &Line) -> Value {
        let x: Vec<Value> = line.arguments.iter().map(|&source| self.source(source)).collect();
        match line.op {
            Operation::Sum => x.into_iter().reduce(|sum, x| self.b.ins().fadd(sum, x)).expect("a term"),
            Operation::Dot => {
                let (a, b) = x.split_at(x.len() / 2);
                let terms: Vec<Value> = a.iter().zip(b).map(|(&a, &b)| self.b.ins().fmul(a, b)).collect();
                terms.into_iter().reduce(|sum, term| self.b.ins().fadd(sum, term)).expect("a term")
            }
            Operation::Less | Operation::Equals => {
                let condition = if line.op == Operation::Less { FloatCC::LessThan } else { FloatCC::Equal };
                let mask = self.b.ins().fcmp(condition, x[0], x[1]);
                if self.trip.number.is_some() {
                    self.trip.masks[k] = Some(mask);
                }
                let [one, zero] = [1.0, 0.0].map(|c| self.constant(c));
                self.choose(mask, one, zero)
            }
            Operation::Select => {
                let mask = match line.arguments[0] {
                    Source::Line(line) => self.trip.masks[line],
                    _ => None,
                };
                if let Some(mask) = mask {
                    return self.choose(mask, x[1], x[2]);
                }
                let zero = self.constant(0.0);
                let mask = self.b.ins().fcmp(FloatCC::Equal, x[0], zero);
                self.choose(mask, x[2], x[1])
            }
            Operation::Unary(f) => match f {
                Unary::Neg => self.b.ins().fneg(x[0]),
                Unary::Abs => self.b.ins().fabs(x[0]),
                Unary::Sqrt => self.b.ins().sqrt(x[0]),
                Unary::Square => self.b.ins().fmul(x[0], x[0]),
                Unary::Recip => {
                    let one = self.constant(1.0);
                    self.b.ins().fdiv(one, x[0])
                }
                _ => self.call(0, f as i64, &x),
            },
            Operation::Binary(f) => match f {
                Binary::Add => self.b.ins().fadd(x[0], x[1]),
                Binary::Sub => self.b.ins().fsub(x[0], x[1]),
                Binary::Mul => self.b.ins().fmul(x[0], x[1]),
                Binary::Div => self.b.ins().fdiv(x[0], x[1]),
                Binary::Chain => {
                    let product = self.b.ins().fmul(x[0], x[1]);
                    match line.arguments[1] {
                        Source::Constant(bits) if f64::from_bits(bits).is_finite() => product,
                        _ => self.unless_zero(x[0], product),
                    }
                }
                _ => self.call(1, f as i64, &x),
            },
            Operation::Load(_)
            | Operation::Total(_)
            | Operation::Spread(_)
            | Operation::Give(_)
            | Operation::GiveRows(_) => unreachable!("they have places"),
        }
    }

    /// Calls a function of the library.
    fn call(&mut self, arity: usize, function: i64, x: &[Value]) -> Value {
        let function = self.b.ins().iconst(types::I32, function);
        let arguments: Vec<Value> = [function].into_iter().chain(x.iter().copied()).collect();
        let call = self.b.ins().call(self.target.calls[arity], &arguments);
        self.b.inst_results(call)[0]
    }
}
