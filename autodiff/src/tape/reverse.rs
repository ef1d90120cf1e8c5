//! The reverse sweep: adjoints flow from an entry to its operands, by the total-derivative chain rule.
//!
//! For an entry `y = f(a, b)`, `ā += ȳ ∂f/∂a` and `b̄ += ȳ ∂f/∂b`. The sweep is generic over the number type of the
//! adjoints: plain numbers give a gradient, [`Lanes`] several at once, `Dual` a Hessian-vector product, `Var` a gradient
//! that is itself recorded.

use num_traits::One;
use smallvec::SmallVec;

use super::fused::Located;
use super::opcode::{
    self, ADD, ADD_CONSTANT, AT, BINARY, BLOCK, CONSTANT, CONSTANT_ADD, CONSTANT_MUL, DOT, Form, Kind, LEAF, MUL,
    MUL_CONSTANT, PRODUCT, SUB, SUB_CONSTANT, SUB_FROM_CONSTANT, SUM, TENSOR, UNARY,
};
use super::room;
use super::store::{Code, arguments};
use crate::Real;
use crate::rules::Unary;

/// What flows backward: one number, or several side by side.
pub(crate) trait Adjoint<S>: Copy {
    /// Whether there is nothing to pass on.
    fn is_nothing(self) -> bool;

    /// The adjoint times a slope.
    fn times(self, slope: S) -> Self;

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

    #[inline(always)]
    fn negated(self) -> Self {
        -self
    }

    #[inline(always)]
    fn add(&mut self, term: Self) {
        self.accumulate(term);
    }
}

/// The adjoints of several roots at once.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<T, const N: usize>(pub(crate) [T; N]);

impl<T: Real, const N: usize> Adjoint<T> for Lanes<T, N> {
    #[inline(always)]
    fn is_nothing(self) -> bool {
        self.0.iter().all(|x| x.is_exact_zero())
    }

    #[inline(always)]
    fn times(self, slope: T) -> Self {
        Self(self.0.map(|x| x.chain(slope)))
    }

    #[inline(always)]
    fn negated(self) -> Self {
        Self(self.0.map(|x| -x))
    }

    #[inline(always)]
    fn add(&mut self, term: Self) {
        for (sum, term) in self.0.iter_mut().zip(term.0) {
            sum.accumulate(term);
        }
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
    ///
    /// # Safety
    /// `index` is an entry of the program that is swept.
    unsafe fn value(&self, index: usize) -> Self::Number;

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

/// Sweeps from the program's last entry to its first. `adjoints` has one number an entry; seeds are in it already.
///
/// Every SAFETY reason below is that a [`Code`] is well-formed: it has the operand words that its opcodes say, and those
/// that are entries come before the entry they are operands of. Only `store` makes one, from what was recorded.
pub(crate) fn reverse<T: Real, I: Interpreter<T>>(code: Code<'_, T>, interpreter: &mut I, adjoints: &mut [I::Adjoint]) {
    assert_eq!(code.ops.len(), adjoints.len(), "one adjoint for each entry");
    let mut end = code.operands.len();
    // Independent variables pass nothing on, and most programs begin with them.
    let leaves = 8 * code.ops.chunks_exact(8).take_while(|ops| **ops == [LEAF; 8]).count();
    for (index, &op) in code.ops.iter().enumerate().skip(leaves).rev() {
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
                let (x, y) = unsafe { (interpreter.value(a as usize), interpreter.value(b as usize)) };
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
                add(interpreter, adjoints, a, adjoint.times(interpreter.lift(code.constants[c as usize])));
            }
            UNARY..BINARY => {
                let [a] = take(&code, &mut end);
                if interpreter.wants(a as usize) {
                    // SAFETY: operands are entries.
                    let (x, y) = unsafe { (interpreter.value(a as usize), interpreter.value(index)) };
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
            _ => end = by_table(&code, end, index, interpreter, adjoints),
        }
    }
}

/// Adds the term that an entry passes on to the adjoint of an operand.
///
/// # Safety
/// There is an adjoint for the operand.
#[inline(always)]
unsafe fn give<S, A: Adjoint<S>>(adjoints: &mut [A], operand: usize, term: A) {
    // SAFETY: as the caller promises.
    unsafe { adjoints.get_unchecked_mut(operand).add(term) };
}

/// The number that an operand of an n-ary entry stands for.
#[inline(always)]
fn number<T: Real, I: Interpreter<T>>(code: &Code<'_, T>, interpreter: &I, i: u32) -> I::Number {
    if i & CONSTANT == 0 {
        // SAFETY: operands are entries.
        unsafe { interpreter.value(i as usize) }
    } else {
        interpreter.lift(code.constants[(i ^ CONSTANT) as usize])
    }
}

/// Passes on the adjoint of an inner product. Gives where the entry's words begin.
#[inline(never)]
fn dot<T: Real, I: Interpreter<T>>(
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
            pass(a, interpreter.lift(code.constants[(b ^ CONSTANT) as usize]));
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
fn product<T: Real, I: Interpreter<T>>(
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
    index: usize,
    interpreter: &mut I,
    adjoints: &mut [I::Adjoint],
) -> usize {
    let (adjoint, op) = (adjoints[index], code.ops[index]);
    let constant = |interpreter: &I, place: usize| interpreter.lift(code.constants[place]);
    // SAFETY: below, this is asked for the entry itself and for its operands, which are entries.
    let entry = |interpreter: &I, index: usize| unsafe { interpreter.value(index) };
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
                // SAFETY: operands are entries, and there is an adjoint for each.
                unsafe { give(adjoints, b, adjoint.times(f.derivative_b(x, y, value))) };
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
                _ => interpreter.partials(&code.blocks[words[1] as usize], &arguments(interpreter)),
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

/// Which entries of a program depend on one of the `sources`, given which tensor slots do so.
pub(crate) fn dependents<T: Real>(
    code: Code<'_, T>,
    sources: &[bool],
    mut tensor: impl FnMut(usize, usize, &[bool]) -> bool,
) -> Vec<bool> {
    let mut depends = room::copied(sources);
    code.walk(|i, op, words| {
        if !depends[i] {
            depends[i] = match op {
                TENSOR | AT => tensor(i, words[0] as usize, &depends),
                _ => opcode::operands(op, words).iter().any(|&a| a & CONSTANT == 0 && depends[a as usize]),
            };
        }
    });
    depends
}
