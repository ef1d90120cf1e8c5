//! The reverse sweep: adjoints flow from an entry to its operands, by the total-derivative chain rule.
//!
//! For an entry `y = f(a, b)`, `ā += ȳ ∂f/∂a` and `b̄ += ȳ ∂f/∂b`. The sweep is generic over the number type of the
//! adjoints: plain numbers give a gradient, arrays of them several at once, `Dual` a Hessian-vector product, `Var` a gradient
//! that is itself recorded.

use super::code::{Code, arguments};
use super::interpreter::{Adjoint, Interpreter, give};
use super::opcode::{
    self, ADD, ADD_CONSTANT, BINARY, BLOCK, CONSTANT, CONSTANT_ADD, CONSTANT_MUL, DOT, Form, Kind, LEAF, MUL,
    MUL_CONSTANT, PRODUCT, SUB, SUB_CONSTANT, SUB_FROM_CONSTANT, SUM, TENSOR, UNARY,
};
use super::reverse_many::{dot, product};
use crate::Real;
use crate::rules::{Binary, Unary};

/// Sweeps from the program's last entry to its first. `adjoints` has one number an entry; seeds are in it already.
pub(crate) fn reverse<T: Real, I: Interpreter<T>>(code: Code<'_, T>, interpreter: &mut I, adjoints: &mut [I::Adjoint]) {
    // Independent variables pass nothing on, and most programs begin with them.
    let leaves = 8 * code.ops.chunks_exact(8).take_while(|ops| **ops == [LEAF; 8]).count();
    reverse_from(leaves, Code { ops: &code.ops[leaves..], ..code }, interpreter, adjoints);
}

/// The same for a stretch of a program, whose entries stand at the places from `first` on. Operands are places, too.
///
/// Every SAFETY reason below is that a [`Code`] is well-formed: it has the operand words that its opcodes say, and those
/// that are entries come before the entry they are operands of. Only `store` makes one, from what was recorded.
pub(crate) fn reverse_from<T: Real, I: Interpreter<T>>(
    first: usize,
    code: Code<'_, T>,
    interpreter: &mut I,
    adjoints: &mut [I::Adjoint],
) {
    assert_eq!(first + code.ops.len(), adjoints.len(), "an adjoint for each entry up to the last");
    let mut end = code.operands.len();
    for (k, &op) in code.ops.iter().enumerate().rev() {
        let index = first + k;
        // SAFETY: there is an adjoint for each entry, as asserted above.
        let adjoint = unsafe { *adjoints.get_unchecked(index) };
        if adjoint.is_nothing() && op != TENSOR {
            end = code.before(op, end);
            continue;
        }
        if I::TURNS {
            interpreter.turn(index);
        }
        let add = |interpreter: &I, adjoints: &mut [I::Adjoint], operand: u32, term: I::Adjoint| {
            if interpreter.wants(operand as usize) {
                debug_assert!((operand as usize) < index);
                // SAFETY: operands are entries, and there is an adjoint for each.
                unsafe { give(adjoints, operand as usize, term) };
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
                add(interpreter, adjoints, b, adjoint.negated());
            }
            MUL => {
                let [a, b] = take(&code, &mut end);
                // SAFETY: operands are entries.
                let (x, y) =
                    unsafe { (interpreter.value_unchecked(a as usize), interpreter.value_unchecked(b as usize)) };
                add(interpreter, adjoints, a, adjoint.times(y));
                add(interpreter, adjoints, b, adjoint.times(x));
            }
            ADD_CONSTANT | CONSTANT_ADD | SUB_CONSTANT => {
                let [a, _] = take(&code, &mut end);
                add(interpreter, adjoints, a, adjoint);
            }
            SUB_FROM_CONSTANT => {
                let [a, _] = take(&code, &mut end);
                add(interpreter, adjoints, a, adjoint.negated());
            }
            MUL_CONSTANT | CONSTANT_MUL => {
                let [a, c] = take(&code, &mut end);
                add(interpreter, adjoints, a, adjoint.times(interpreter.constant(code.constants, c as usize)));
            }
            UNARY..BINARY => {
                let [a] = take(&code, &mut end);
                if interpreter.wants(a as usize) {
                    // SAFETY: operands are entries.
                    let (x, y) =
                        unsafe { (interpreter.value_unchecked(a as usize), interpreter.value_unchecked(index)) };
                    let slope = Unary::ALL[usize::from(op - UNARY)].derivative(x, y);
                    add(interpreter, adjoints, a, adjoint.times(slope));
                }
            }
            SUM => {
                let start = code.before(op, end);
                for &i in code.operands[start + 1..end - 1].iter().filter(|&&i| i & CONSTANT == 0) {
                    add(interpreter, adjoints, i, adjoint);
                }
                end = start;
            }
            DOT => end = dot(&code, end, index, interpreter, adjoints),
            PRODUCT => end = product(&code, end, index, interpreter, adjoints),
            BLOCK if I::STORED => {
                let start = code.before(op, end);
                let (partials, operands) = code.stored(op, &code.operands[start + 1..end - 1]);
                for (&partial, &i) in partials.iter().zip(operands) {
                    if i & CONSTANT == 0 {
                        add(interpreter, adjoints, i, adjoint.times(interpreter.lift(partial)));
                    }
                }
                end = start;
            }
            _ => end = by_table(&code, end, (index, op), interpreter, adjoints),
        }
    }
}

/// Takes an entry's operand words, which are the last before `end`.
#[inline(always)]
fn take<T: Real, const K: usize>(code: &Code<'_, T>, end: &mut usize) -> [u32; K] {
    *end -= K;
    debug_assert!(*end + K <= code.operands.len());
    // SAFETY: a program has as many operand words as its opcodes say, and `end` was walked down from their number.
    unsafe { code.operands.as_ptr().add(*end).cast::<[u32; K]>().read_unaligned() }
}

/// Any entry that the loop leaves: decodes it and looks up its row. Gives where the entry's words begin.
#[inline(never)]
fn by_table<T: Real, I: Interpreter<T>>(
    code: &Code<'_, T>,
    mut end: usize,
    (index, op): (usize, u8),
    interpreter: &mut I,
    adjoints: &mut [I::Adjoint],
) -> usize {
    let adjoint = adjoints[index];
    let constant = |interpreter: &I, place: usize| interpreter.constant(code.constants, place);
    // SAFETY: below, this is asked for the entry itself and for its operands, which are entries.
    let entry = |interpreter: &I, index: usize| unsafe { interpreter.value_unchecked(index) };
    match opcode::decode(op) {
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
            let [first, second] = take(code, &mut end).map(|i| i as usize);
            let x = entry(interpreter, first);
            let (a, b, x, y) = match form {
                Form::Both => (Some(first), Some(second), x, entry(interpreter, second)),
                Form::First => (Some(first), None, x, constant(interpreter, second)),
                Form::Second => (None, Some(first), constant(interpreter, second), x),
            };
            let value = entry(interpreter, index);
            if let Some(a) = a.filter(|&a| interpreter.wants(a)) {
                // SAFETY: operands are entries, and there is an adjoint for each.
                unsafe { give(adjoints, a, adjoint.times(f.derivative_a(x, y, value))) };
            }
            if let Some(b) = b.filter(|&b| interpreter.wants(b)) {
                let term = if f == Binary::Chain {
                    adjoint.times_winning(x)
                } else {
                    adjoint.times(f.derivative_b(x, y, value))
                };
                // SAFETY: operands are entries, and there is an adjoint for each.
                unsafe { give(adjoints, b, term) };
            }
        }
        kind @ (Kind::Nary(_) | Kind::Block) => {
            let start = code.before(op, end);
            let words = &code.operands[start + 1..end - 1];
            let operands = opcode::operands(op, words);
            let arguments =
                |interpreter: &I| arguments(operands, |i| entry(interpreter, i), |c| constant(interpreter, c));
            let slopes = match kind {
                Kind::Nary(f) if I::STORED && f.stores_partials() => {
                    code.stored(op, words).0.iter().map(|&partial| interpreter.lift(partial)).collect()
                }
                Kind::Nary(f) => f.derivatives(&arguments(interpreter), entry(interpreter, index)),
                _ => interpreter.partials(code.blocks, words[1] as usize, &arguments(interpreter)),
            };
            for (&slope, &i) in slopes.iter().zip(operands) {
                if i & CONSTANT == 0 && interpreter.wants(i as usize) {
                    // SAFETY: operands are entries, and there is an adjoint for each.
                    unsafe { give(adjoints, i as usize, adjoint.times(slope)) };
                }
            }
            end = start;
        }
    }
    end
}
