//! What a reverse sweep asks of the number type that it runs in.

use smallvec::SmallVec;

use super::adjoint::Adjoint;
use super::block::Located;
use super::code::Code;
use super::opcode::CONSTANT;
use crate::Real;

/// What a reverse sweep needs besides the program: values, constants in its number type, and which entries matter.
pub(crate) trait Interpreter<T: Real> {
    /// The number type of values and slopes.
    type Number: Real;

    /// What flows backward.
    type Adjoint: Adjoint<Self::Number>;

    /// Whether partial derivatives that recording stored are good for this sweep: those of the first order are.
    const STORED: bool = false;

    /// The recorded value of an entry.
    fn value(&self, index: usize) -> Self::Number;

    /// The same where it is known that there is such an entry.
    ///
    /// # Safety
    /// `index` is an entry of the program that is swept.
    #[inline(always)]
    unsafe fn value_unchecked(&self, index: usize) -> Self::Number {
        self.value(index)
    }

    /// A constant.
    fn lift(&self, constant: T) -> Self::Number;

    /// Whether anybody wants the adjoint of this entry.
    #[inline(always)]
    fn wants(&self, _index: usize) -> bool {
        true
    }

    /// The partial derivatives of a fused block, if [`STORED`](Self::STORED) ones are not good enough.
    fn partials(&self, block: &Located<T>, x: &[Self::Number]) -> SmallVec<[Self::Number; 8]>;

    /// Whether the interpreter wants to know which entry's turn it is. A constant, so that others' loops show no trace of it.
    const TURNS: bool = false;

    /// An entry's turn has come.
    fn turn(&mut self, _index: usize) {}

    /// Passes on the adjoint of a tensor operation.
    fn tensor(&mut self, _slot: usize, _adjoints: &mut [Self::Adjoint]) {
        unreachable!("a program without tensors");
    }

    /// Adds the adjoint of one element to its tensor's.
    fn element(&mut self, _slot: usize, _position: usize, _adjoint: Self::Adjoint) {
        unreachable!("a program without tensors");
    }
}

/// Adds the term that an entry passes on to the adjoint of an operand.
///
/// # Safety
/// There is an adjoint for the operand.
#[inline(always)]
pub(super) unsafe fn give<S, A: Adjoint<S>>(adjoints: &mut [A], operand: usize, term: A) {
    // SAFETY: as the caller promises.
    unsafe { adjoints.get_unchecked_mut(operand).add(term) };
}

/// The number that an operand of an n-ary entry stands for.
#[inline(always)]
pub(super) fn number<T: Real, I: Interpreter<T>>(code: &Code<'_, T>, interpreter: &I, i: u32) -> I::Number {
    if i & CONSTANT == 0 {
        // SAFETY: operands are entries.
        unsafe { interpreter.value_unchecked(i as usize) }
    } else {
        interpreter.lift(code.constants[(i ^ CONSTANT) as usize])
    }
}
