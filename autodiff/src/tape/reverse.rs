//! The reverse sweep: adjoints flow from an entry to its operands, by the total-derivative chain rule.
//!
//! For an entry `y = f(a, b)`, `ā += ȳ ∂f/∂a` and `b̄ += ȳ ∂f/∂b`. The sweep is generic over the number type of the
//! adjoints: plain numbers give a gradient, `Dual` a Hessian-vector product, `Var` a gradient that is itself recorded.

use super::opcode::{self, AT, BINARY, Form, Kind, LEAF, TENSOR, UNARY};
use super::store::{Code, Cursor, nary_arguments};
use crate::Real;
use crate::rules::{Binary, Unary};

const ADD: u8 = opcode::binary(Binary::Add, Form::Both);
const ADD_CONSTANT: u8 = opcode::binary(Binary::Add, Form::First);
const CONSTANT_ADD: u8 = opcode::binary(Binary::Add, Form::Second);
const SUB: u8 = opcode::binary(Binary::Sub, Form::Both);
const SUB_CONSTANT: u8 = opcode::binary(Binary::Sub, Form::First);
const SUB_FROM_CONSTANT: u8 = opcode::binary(Binary::Sub, Form::Second);
const MUL: u8 = opcode::binary(Binary::Mul, Form::Both);
const MUL_CONSTANT: u8 = opcode::binary(Binary::Mul, Form::First);
const CONSTANT_MUL: u8 = opcode::binary(Binary::Mul, Form::Second);

/// What a reverse sweep needs besides the program: values, constants in its number type, and which entries matter.
pub(crate) trait Interpreter<T> {
    /// The number type of the adjoints.
    type Number: Real;

    /// The recorded value of an entry.
    fn value(&self, index: usize) -> Self::Number;

    /// A constant.
    fn lift(&self, constant: T) -> Self::Number;

    /// Whether anybody wants the adjoint of this entry.
    #[inline(always)]
    fn wants(&self, _index: usize) -> bool {
        true
    }

    /// Passes on the adjoint of a tensor operation.
    fn tensor(&mut self, slot: usize, adjoints: &mut [Self::Number]);

    /// Adds the adjoint of one element to its tensor's.
    fn element(&mut self, slot: usize, position: usize, adjoint: Self::Number);
}

/// Sweeps from the program's last entry to its first. `adjoints` has one number an entry; seeds are in it already.
pub(crate) fn reverse<T: Copy, I: Interpreter<T>>(code: Code<'_, T>, interpreter: &mut I, adjoints: &mut [I::Number]) {
    assert_eq!(code.ops.len(), adjoints.len(), "one adjoint for each entry");
    let mut end = code.end();
    for (index, &op) in code.ops.iter().enumerate().rev() {
        let adjoint = adjoints[index];
        if adjoint.is_exact_zero() && op != TENSOR {
            end = code.before(op, end);
            continue;
        }
        let add = |interpreter: &I, adjoints: &mut [I::Number], operand: u32, term: I::Number| {
            if interpreter.wants(operand as usize) {
                adjoints[operand as usize].accumulate(term);
            }
        };
        // The commonest entries first; the table's rows say the same, once, for all others.
        match op {
            LEAF => {}
            ADD => {
                let [a, b] = take(&code, &mut end);
                add(interpreter, adjoints, a, adjoint);
                add(interpreter, adjoints, b, adjoint);
            }
            SUB => {
                let [a, b] = take(&code, &mut end);
                add(interpreter, adjoints, a, adjoint);
                add(interpreter, adjoints, b, -adjoint);
            }
            MUL => {
                let [a, b] = take(&code, &mut end);
                let (x, y) = (interpreter.value(a as usize), interpreter.value(b as usize));
                add(interpreter, adjoints, a, adjoint.chain(y));
                add(interpreter, adjoints, b, adjoint.chain(x));
            }
            ADD_CONSTANT | CONSTANT_ADD | SUB_CONSTANT => {
                let (a, _) = take_with_constant(&code, &mut end);
                add(interpreter, adjoints, a, adjoint);
            }
            SUB_FROM_CONSTANT => {
                let (a, _) = take_with_constant(&code, &mut end);
                add(interpreter, adjoints, a, -adjoint);
            }
            MUL_CONSTANT | CONSTANT_MUL => {
                let (a, c) = take_with_constant(&code, &mut end);
                add(interpreter, adjoints, a, adjoint.chain(interpreter.lift(c)));
            }
            UNARY..BINARY => {
                let [a] = take(&code, &mut end);
                if interpreter.wants(a as usize) {
                    let (x, y) = (interpreter.value(a as usize), interpreter.value(index));
                    let slope = Unary::ALL[usize::from(op - UNARY)].derivative(x, y);
                    adjoints[a as usize].accumulate(adjoint.chain(slope));
                }
            }
            _ => end = by_table(&code, end, index, interpreter, adjoints),
        }
    }
}

/// Takes an entry's operands, which are the last before `end`.
#[inline(always)]
fn take<T, const K: usize>(code: &Code<'_, T>, end: &mut Cursor) -> [u32; K] {
    end.operands -= K;
    *code.operands[end.operands..].first_chunk().expect("as many operands as the opcode says")
}

/// Takes an entry's operand and constant, which are the last before `end`.
#[inline(always)]
fn take_with_constant<T: Copy>(code: &Code<'_, T>, end: &mut Cursor) -> (u32, T) {
    let [operand] = take(code, end);
    end.constants -= 1;
    (operand, code.constants[end.constants])
}

/// Any entry that the loop leaves: decodes it and looks up its row. Gives where the entry's operands begin.
#[inline(never)]
fn by_table<T: Copy, I: Interpreter<T>>(
    code: &Code<'_, T>,
    mut end: Cursor,
    index: usize,
    interpreter: &mut I,
    adjoints: &mut [I::Number],
) -> Cursor {
    let adjoint = adjoints[index];
    match opcode::decode(code.ops[index]) {
        Kind::Leaf | Kind::Unary(_) => unreachable!("met in the loop"),
        Kind::Tensor => {
            let [slot] = take(code, &mut end);
            interpreter.tensor(slot as usize, adjoints);
        }
        Kind::At => {
            let [slot, position] = take(code, &mut end);
            interpreter.element(slot as usize, position as usize, adjoint);
        }
        Kind::Binary(f, form) => {
            let (a, b, x, y) = match form {
                Form::Both => {
                    let [a, b] = take(code, &mut end).map(|i| i as usize);
                    (Some(a), Some(b), interpreter.value(a), interpreter.value(b))
                }
                Form::First => {
                    let (a, constant) = take_with_constant(code, &mut end);
                    (Some(a as usize), None, interpreter.value(a as usize), interpreter.lift(constant))
                }
                Form::Second => {
                    let (b, constant) = take_with_constant(code, &mut end);
                    (None, Some(b as usize), interpreter.lift(constant), interpreter.value(b as usize))
                }
            };
            let value = interpreter.value(index);
            if let Some(a) = a.filter(|&a| interpreter.wants(a)) {
                adjoints[a].accumulate(adjoint.chain(f.derivative_a(x, y, value)));
            }
            if let Some(b) = b.filter(|&b| interpreter.wants(b)) {
                adjoints[b].accumulate(adjoint.chain(f.derivative_b(x, y, value)));
            }
        }
        Kind::Nary(f) => {
            let start = code.before(code.ops[index], end);
            let operands = &code.operands[start.operands + 1..end.operands - 1];
            let constants = &code.constants[start.constants..end.constants];
            let x = nary_arguments(operands, constants, |i| interpreter.value(i), |c| interpreter.lift(c));
            for (slope, &i) in f.derivatives(&x, interpreter.value(index)).into_iter().zip(operands) {
                if i != opcode::CONSTANT && interpreter.wants(i as usize) {
                    adjoints[i as usize].accumulate(adjoint.chain(slope));
                }
            }
            end = start;
        }
    }
    end
}

/// Which entries of a program depend on one of the `sources`, given which tensor slots do so.
pub(crate) fn dependents<T: Copy>(
    code: Code<'_, T>,
    sources: &[bool],
    mut tensor: impl FnMut(usize, usize, &[bool]) -> bool,
) -> Vec<bool> {
    let mut depends = sources.to_vec();
    code.walk(|i, op, operands, _| {
        if !depends[i] {
            depends[i] = match op {
                TENSOR | AT => tensor(i, operands[0] as usize, &depends),
                _ => operands.iter().any(|&a| a != opcode::CONSTANT && depends[a as usize]),
            };
        }
    });
    depends
}

/// Plain numbers, for tapes without tensors: the gradient.
pub(crate) struct Plain<'a, T>(pub(crate) &'a [T]);

impl<T: Real> Interpreter<T> for Plain<'_, T> {
    type Number = T;

    #[inline(always)]
    fn value(&self, index: usize) -> T {
        self.0[index]
    }

    #[inline(always)]
    fn lift(&self, constant: T) -> T {
        constant
    }

    fn tensor(&mut self, _: usize, _: &mut [T]) {
        unreachable!("a tape without tensors");
    }

    fn element(&mut self, _: usize, _: usize, _: T) {
        unreachable!("a tape without tensors");
    }
}
