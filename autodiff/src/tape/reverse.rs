//! The reverse sweep: adjoints flow from an entry to its operands, by the total-derivative chain rule.
//!
//! For an entry `y = f(a, b)`, `ā += ȳ ∂f/∂a` and `b̄ += ȳ ∂f/∂b`. The sweep is generic over the number type of the
//! adjoints: plain numbers give a gradient, `Dual` a Hessian-vector product, `Var` a gradient that is itself recorded.

use super::opcode::{self, AT, Form, Kind, LEAF, TENSOR};
use super::store::{Code, nary_arguments};
use crate::Real;
use crate::rules::Binary;

const ADD: u8 = opcode::binary(Binary::Add, Form::Both);
const ADD_CONSTANT: u8 = opcode::binary(Binary::Add, Form::First);
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
pub(crate) fn reverse<T: Copy, I: Interpreter<T>>(
    mut code: Code<'_, T>,
    interpreter: &mut I,
    adjoints: &mut [I::Number],
) {
    assert_eq!(code.ops.len(), adjoints.len(), "one adjoint for each entry");
    while let Some(&op) = code.ops.last() {
        let index = code.ops.len() - 1;
        let adjoint = adjoints[index];
        if adjoint.is_exact_zero() && op != TENSOR {
            code.pop();
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
                let [a, b] = take(&mut code);
                add(interpreter, adjoints, a, adjoint);
                add(interpreter, adjoints, b, adjoint);
            }
            SUB => {
                let [a, b] = take(&mut code);
                add(interpreter, adjoints, a, adjoint);
                add(interpreter, adjoints, b, -adjoint);
            }
            MUL => {
                let [a, b] = take(&mut code);
                let (x, y) = (interpreter.value(a as usize), interpreter.value(b as usize));
                add(interpreter, adjoints, a, adjoint.chain(y));
                add(interpreter, adjoints, b, adjoint.chain(x));
            }
            ADD_CONSTANT | SUB_CONSTANT => {
                let (a, _) = take_with_constant(&mut code);
                add(interpreter, adjoints, a, adjoint);
            }
            SUB_FROM_CONSTANT => {
                let (a, _) = take_with_constant(&mut code);
                add(interpreter, adjoints, a, -adjoint);
            }
            MUL_CONSTANT | CONSTANT_MUL => {
                let (a, c) = take_with_constant(&mut code);
                add(interpreter, adjoints, a, adjoint.chain(interpreter.lift(c)));
            }
            _ => by_table(&mut code, index, interpreter, adjoints),
        }
        code.ops = &code.ops[..index];
    }
}

/// Takes the last entry's operands.
#[inline(always)]
fn take<T, const K: usize>(code: &mut Code<'_, T>) -> [u32; K] {
    let (rest, operands) = code.operands.split_last_chunk().expect("as many operands as the opcode says");
    code.operands = rest;
    *operands
}

/// Takes the last entry's operand and constant.
#[inline(always)]
fn take_with_constant<T: Copy>(code: &mut Code<'_, T>) -> (u32, T) {
    let [operand] = take(code);
    let (&constant, constants) = code.constants.split_last().expect("one constant");
    code.constants = constants;
    (operand, constant)
}

/// Any entry: decodes it and looks up its row.
fn by_table<T: Copy, I: Interpreter<T>>(
    code: &mut Code<'_, T>,
    index: usize,
    interpreter: &mut I,
    adjoints: &mut [I::Number],
) {
    let adjoint = adjoints[index];
    match opcode::decode(code.ops[index]) {
        Kind::Leaf => {}
        Kind::Tensor => {
            let [slot] = take(code);
            interpreter.tensor(slot as usize, adjoints);
        }
        Kind::At => {
            let [slot, position] = take(code);
            interpreter.element(slot as usize, position as usize, adjoint);
        }
        Kind::Unary(f) => {
            let [a] = take(code).map(|a| a as usize);
            if interpreter.wants(a) {
                let slope = f.derivative(interpreter.value(a), interpreter.value(index));
                adjoints[a].accumulate(adjoint.chain(slope));
            }
        }
        Kind::Binary(f, form) => {
            let (a, b, x, y) = match form {
                Form::Both => {
                    let [a, b] = take(code).map(|i| i as usize);
                    (Some(a), Some(b), interpreter.value(a), interpreter.value(b))
                }
                Form::First => {
                    let (a, constant) = take_with_constant(code);
                    (Some(a as usize), None, interpreter.value(a as usize), interpreter.lift(constant))
                }
                Form::Second => {
                    let (b, constant) = take_with_constant(code);
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
            let operands = code.nary_operands();
            let constants = operands.iter().filter(|&&i| i == opcode::CONSTANT).count();
            let (rest, constants) = code.constants.split_at(code.constants.len() - constants);
            let x = nary_arguments(operands, constants, |i| interpreter.value(i), |c| interpreter.lift(c));
            for (slope, &i) in f.derivatives(&x, interpreter.value(index)).into_iter().zip(operands) {
                if i != opcode::CONSTANT && interpreter.wants(i as usize) {
                    adjoints[i as usize].accumulate(adjoint.chain(slope));
                }
            }
            code.operands = &code.operands[..code.operands.len() - operands.len() - 2];
            code.constants = rest;
        }
    }
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
