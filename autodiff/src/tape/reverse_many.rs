//! The reverse sweep through inner products and products, out of its loop: inlined there, they cost it its registers.

use num_traits::One;
use smallvec::SmallVec;

use super::code::Code;
use super::interpreter::{Adjoint, Interpreter, give, number};
use super::opcode::{CONSTANT, DOT, PRODUCT};
use crate::Real;

/// Passes on the adjoint of an inner product. Gives where the entry's words begin.
#[inline(never)]
pub(super) fn dot<T: Real, I: Interpreter<T>>(
    code: &Code<'_, T>,
    end: usize,
    index: usize,
    interpreter: &I,
    adjoints: &mut [I::Adjoint],
) -> usize {
    let adjoint = adjoints[index];
    let start = code.before(DOT, end);
    let (a, b) = code.operands[start + 1..end - 1].split_at((end - start) / 2 - 1);
    let mut pass = |i: u32, slope: I::Number| {
        if interpreter.wants(i as usize) {
            // SAFETY: operands are entries, and there is an adjoint for each.
            unsafe { give(adjoints, i as usize, adjoint.times(slope)) };
        }
    };
    // Variables times constants is the commonest; known beforehand, it is a short loop.
    if b.iter().all(|b| b & CONSTANT != 0) && a.iter().all(|a| a & CONSTANT == 0) {
        for (&a, &b) in a.iter().zip(b) {
            pass(a, interpreter.constant(code.constants, (b ^ CONSTANT) as usize));
        }
        return start;
    }
    for (&a, &b) in a.iter().zip(b) {
        let (x, y) = (number(code, interpreter, a), number(code, interpreter, b));
        if a & CONSTANT == 0 {
            pass(a, y);
        }
        if b & CONSTANT == 0 {
            pass(b, x);
        }
    }
    start
}

/// Passes on the adjoint of a product: to each factor times all others, without a division, for a factor may be 0. Gives
/// where the entry's words begin.
///
/// A product is a chain in which each multiplication waits for the one before: the first half's and the second half's
/// are worked off side by side.
#[inline(never)]
pub(super) fn product<T: Real, I: Interpreter<T>>(
    code: &Code<'_, T>,
    end: usize,
    index: usize,
    interpreter: &I,
    adjoints: &mut [I::Adjoint],
) -> usize {
    let adjoint = adjoints[index];
    let start = code.before(PRODUCT, end);
    let factors = &code.operands[start + 1..end - 1];
    let x = |i: u32| number(code, interpreter, i);
    let mut pass = |i: u32, others: I::Number| {
        if i & CONSTANT == 0 && interpreter.wants(i as usize) {
            // SAFETY: operands are entries, and there is an adjoint for each.
            unsafe { give(adjoints, i as usize, adjoint.times(others)) };
        }
    };
    let (first, second) = factors.split_at(factors.len() / 2);
    let mut before: SmallVec<[I::Number; 16]> = SmallVec::from_elem(I::Number::one(), factors.len());
    let (before_first, before_second) = before.split_at_mut(first.len());
    let (mut a, mut b) = (I::Number::one(), I::Number::one());
    for (k, (&i, &j)) in first.iter().zip(second).enumerate() {
        (before_first[k], before_second[k]) = (a, b);
        (a, b) = (a * x(i), b * x(j));
    }
    // What is behind, from the halves' ends, times the whole other half. The second half may be one longer.
    let (mut behind_first, mut behind_second) = (b, a);
    if let Some(&j) = second.get(first.len()) {
        pass(j, b * a);
        behind_first = b * x(j);
        behind_second = a * x(j);
    }
    for (k, (&i, &j)) in first.iter().zip(second).enumerate().rev() {
        pass(i, before_first[k] * behind_first);
        pass(j, before_second[k] * behind_second);
        (behind_first, behind_second) = (behind_first * x(i), behind_second * x(j));
    }
    start
}
