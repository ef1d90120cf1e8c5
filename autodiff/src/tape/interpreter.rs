//! What a reverse sweep works with: what flows backward, and the values and slopes on the way.

use std::marker::PhantomData;

use smallvec::SmallVec;

use super::block::Located;
use super::code::Code;
use super::opcode::CONSTANT;
use crate::{Dual, Real};

/// What flows backward: one number, or several side by side.
pub(crate) trait Adjoint<S>: Copy {
    /// Whether there is nothing to pass on.
    fn is_nothing(self) -> bool;

    /// The adjoint times a slope.
    fn times(self, slope: S) -> Self;

    /// The adjoint times the slope of a [`Chain`](crate::rules::Binary::Chain) by its second factor, which is the first: where that
    /// is 0, the product is 0 whatever the second is, so the slope wins.
    fn times_winning(self, slope: S) -> Self;

    /// The adjoint with its sign changed.
    fn negated(self) -> Self;

    /// Adds a term.
    fn add(&mut self, term: Self);
}

impl<R: Real> Adjoint<R> for R {
    #[inline(always)]
    fn is_nothing(self) -> bool {
        self.is_exact_zero()
    }

    #[inline(always)]
    fn times(self, slope: R) -> Self {
        self.chain(slope)
    }

    fn times_winning(self, slope: R) -> Self {
        slope.chain(self)
    }

    #[inline(always)]
    fn negated(self) -> Self {
        -self
    }

    #[inline(always)]
    fn add(&mut self, term: Self) {
        self.accumulate(term);
    }
}

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

    /// The constant at a place of the program's.
    #[inline(always)]
    fn constant(&self, constants: &[T], place: usize) -> Self::Number {
        self.lift(constants[place])
    }

    /// Whether anybody wants the adjoint of this entry.
    #[inline(always)]
    fn wants(&self, _index: usize) -> bool {
        true
    }

    /// The partial derivatives of the fused block at a place, if [`STORED`](Self::STORED) ones are not good enough.
    fn partials(&self, blocks: &[Located<T>], place: usize, x: &[Self::Number]) -> SmallVec<[Self::Number; 8]>;

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
        interpreter.constant(code.constants, (i ^ CONSTANT) as usize)
    }
}

/// A number type in which a program recorded in `T` can be interpreted.
pub(crate) trait Interprets<T: Real>: Real {
    /// A constant of the program.
    fn lift(constant: T) -> Self;

    /// The partial derivatives of a fused block.
    fn partials(block: &Located<T>, x: &[Self]) -> SmallVec<[Self; 8]>;
}

impl<T: Real> Interprets<T> for T {
    #[inline(always)]
    fn lift(constant: T) -> T {
        constant
    }

    fn partials(block: &Located<T>, x: &[T]) -> SmallVec<[T; 8]> {
        block.gradient(x).1
    }
}

impl<T: Real, const N: usize> Interprets<T> for Dual<T, N> {
    #[inline(always)]
    fn lift(constant: T) -> Self {
        Self::constant(constant)
    }

    fn partials(block: &Located<T>, _: &[Self]) -> SmallVec<[Self; 8]> {
        block.refuse_second_order()
    }
}

/// The values of a program's entries, for a reverse sweep. `A` is what flows backward; `STORED` says that they are those
/// that were recorded, to which stored partial derivatives belong.
pub(crate) struct Values<'a, R, A = R, const STORED: bool = false>(&'a [R], PhantomData<A>);

impl<'a, R, A, const STORED: bool> Values<'a, R, A, STORED> {
    /// One value for each entry.
    pub(crate) fn new<T: Real>(code: Code<'_, T>, values: &'a [R]) -> Self {
        assert!(values.len() >= code.ops.len(), "one value for each entry");
        Self(values, PhantomData)
    }

    /// One value for each place before `end`, for a stretch of a program that ends there.
    pub(crate) fn before(end: usize, values: &'a [R]) -> Self {
        assert!(values.len() >= end, "one value for each place");
        Self(values, PhantomData)
    }
}

impl<T: Real, R: Interprets<T>, A: Adjoint<R>, const STORED: bool> Interpreter<T> for Values<'_, R, A, STORED> {
    type Number = R;
    type Adjoint = A;
    const STORED: bool = STORED;

    #[inline(always)]
    fn value(&self, index: usize) -> R {
        self.0[index]
    }

    #[inline(always)]
    unsafe fn value_unchecked(&self, index: usize) -> R {
        // SAFETY: there is a value for each entry, as `new` asserted.
        unsafe { *self.0.get_unchecked(index) }
    }

    #[inline(always)]
    fn lift(&self, constant: T) -> R {
        R::lift(constant)
    }

    fn partials(&self, blocks: &[Located<T>], place: usize, x: &[R]) -> SmallVec<[R; 8]> {
        R::partials(&blocks[place], x)
    }
}
