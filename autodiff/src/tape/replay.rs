//! The forward sweep: a recorded program evaluated again, in any number type.
//!
//! In plain numbers it gives the value at other inputs; in `Dual` it carries tangents along (Jacobian-vector products). A
//! reverse sweep over the values then gives derivatives: the gradient, and in `Dual` Hessian-vector products.

use smallvec::SmallVec;

use super::block::Located;
use super::code::Code;
use super::interpreter::Interprets;
use super::nary::Nary;
use super::opcode::{
    self, ADD, ADD_CONSTANT, BINARY, CONSTANT, CONSTANT_ADD, CONSTANT_MUL, Form, Kind, LEAF, MUL, MUL_CONSTANT, SUB,
    SUB_CONSTANT, SUB_FROM_CONSTANT, UNARY,
};
use crate::kernels::storage::Storage;
use crate::rules::{Binary, Unary};
use crate::{Dual, Real};

/// A number type in which a program recorded in `T` can be evaluated again.
pub(crate) trait Replay<T: Real>: Interprets<T> {
    /// A function of several arguments, given by place.
    fn nary(f: Nary, operands: &[u32], get: impl Fn(u32) -> Self) -> Self;

    /// A fused block.
    fn block(block: &Located<T>, x: &[Self]) -> Self;
}

impl<T: Real> Replay<T> for T {
    fn nary(f: Nary, operands: &[u32], get: impl Fn(u32) -> T) -> T {
        match f {
            Nary::Dot => {
                let (a, b) = operands.split_at(operands.len() / 2);
                let Some((&first, &second)) = a.first().zip(b.first()) else { return T::zero() };
                let mut sum = get(first) * get(second);
                for (&a, &b) in a.iter().zip(b).skip(1) {
                    sum += get(a) * get(b);
                }
                sum
            }
            _ => f.value_of(operands.len(), |i| get(operands[i])),
        }
    }

    fn block(block: &Located<T>, x: &[T]) -> T {
        block.gradient(x).0
    }
}

impl<T: Real, const N: usize> Replay<T> for Dual<T, N> {
    fn nary(f: Nary, operands: &[u32], get: impl Fn(u32) -> Self) -> Self {
        if f == Nary::Dot {
            return dot(operands, get);
        }
        let x = collect(operands, get);
        let values: SmallVec<[T; 8]> = x.iter().map(|x| x.value()).collect();
        let y = f.value(&values);
        Self::composed(y, &f.derivatives(&values, y), &x)
    }

    fn block(block: &Located<T>, x: &[Self]) -> Self {
        let (value, partials) = block.gradient(&x.iter().map(|x| x.value()).collect::<SmallVec<[T; 8]>>());
        Self::composed(value, &partials, x)
    }
}

/// An inner product, the commonest entry of a program, without lists of values and partial derivatives.
fn dot<T: Real, const N: usize>(operands: &[u32], get: impl Fn(u32) -> Dual<T, N>) -> Dual<T, N> {
    let (a, b) = operands.split_at(operands.len() / 2);
    let value = a.iter().zip(b).map(|(&a, &b)| get(a).value() * get(b).value()).reduce(|sum, term| sum + term);
    let mut tangent = [T::zero(); N];
    for (&i, &slope) in a.iter().zip(b).chain(b.iter().zip(a)).filter(|&(&i, _)| i & CONSTANT == 0) {
        let slope = get(slope).value();
        tangent.iter_mut().zip(get(i).tangent()).for_each(|(sum, t)| *sum += t.chain(slope));
    }
    Dual::new(value.unwrap_or(T::zero()), tangent)
}

/// Evaluates a program without tensors. Its first entries are `inputs`; further independent variables, which a function
/// made for itself, have the value at their index in `others`. No closure gives them: this is compiled once for each number type.
///
/// Every SAFETY reason below is that a [`Code`] is well-formed, as in the reverse sweep: operands come before the entry,
/// and the values of those before it are written when its turn comes.
pub(crate) fn replay<T: Real, R: Replay<T>>(code: Code<'_, T>, inputs: &[R], others: &[T]) -> Storage<R> {
    let mut storage = Storage::scratch(code.ops.len());
    let values = storage.make_mut();
    values[..inputs.len()].copy_from_slice(inputs);
    replay_onto(Code { ops: &code.ops[inputs.len()..], ..code }, values, inputs.len(), others);
    storage
}

/// Evaluates a stretch of a program, whose values go to the places from `first` on; operands are places before their entry's.
#[inline]
pub(crate) fn replay_onto<T: Real, R: Replay<T>>(code: Code<'_, T>, values: &mut [R], first: usize, others: &[T]) {
    assert!(values.len() >= first + code.ops.len(), "a place for each entry");
    let mut start = 0;
    for (index, &op) in (first..).zip(code.ops) {
        // SAFETY: operands are entries.
        let entry = |i: u32| unsafe { *values.get_unchecked(i as usize) };
        let constant = |place: u32| R::lift(code.constants[place as usize]);
        // The commonest entries first; the table's rows say the same, once, for all others.
        let value = match op {
            LEAF => R::lift(others[index]),
            ADD => {
                let [a, b] = take(&code, &mut start);
                entry(a) + entry(b)
            }
            SUB => {
                let [a, b] = take(&code, &mut start);
                entry(a) - entry(b)
            }
            MUL => {
                let [a, b] = take(&code, &mut start);
                entry(a) * entry(b)
            }
            ADD_CONSTANT | CONSTANT_ADD => {
                let [a, c] = take(&code, &mut start);
                entry(a) + constant(c)
            }
            SUB_CONSTANT => {
                let [a, c] = take(&code, &mut start);
                entry(a) - constant(c)
            }
            SUB_FROM_CONSTANT => {
                let [a, c] = take(&code, &mut start);
                constant(c) - entry(a)
            }
            MUL_CONSTANT | CONSTANT_MUL => {
                let [a, c] = take(&code, &mut start);
                entry(a) * constant(c)
            }
            UNARY..BINARY => {
                let [a] = take(&code, &mut start);
                entry(a).unary(Unary::ALL[usize::from(op - UNARY)])
            }
            _ => {
                let (value, end) = by_table(&code, start, op, values);
                start = end;
                value
            }
        };
        values[index] = value;
    }
}

/// Takes an entry's operand words, which are the first from `start`.
#[inline(always)]
fn take<T: Real, const K: usize>(code: &Code<'_, T>, start: &mut usize) -> [u32; K] {
    let at = *start;
    *start += K;
    debug_assert!(*start <= code.operands.len());
    // SAFETY: a program has as many operand words as its opcodes say, and `start` was walked up from the first.
    unsafe { code.operands.as_ptr().add(at).cast::<[u32; K]>().read_unaligned() }
}

/// Any entry that the loop leaves: decodes it and looks up its row. Gives where the entry's words end, too: so the loop can
/// keep its place in a register.
#[inline(never)]
fn by_table<T: Real, R: Replay<T>>(code: &Code<'_, T>, start: usize, op: u8, values: &[R]) -> (R, usize) {
    let (words, rest) = opcode::split(op, &code.operands[start..]);
    let operands = opcode::operands(op, words);
    // SAFETY: operands are entries or places of constants.
    let constant = |place: u32| R::lift(unsafe { *code.constants.get_unchecked(place as usize) });
    // SAFETY: as above.
    let entry = |i: u32| unsafe { *values.get_unchecked(i as usize) };
    let get = |i: u32| if i & CONSTANT == 0 { entry(i) } else { constant(i ^ CONSTANT) };
    let value = match opcode::decode(op) {
        Kind::Binary(f, form) => {
            let (a, b) = match form {
                Form::Both => (entry(words[0]), entry(words[1])),
                Form::First => (entry(words[0]), constant(words[1])),
                Form::Second => (constant(words[1]), entry(words[0])),
            };
            if f == Binary::Chain { a.chain(b) } else { a.binary(f, b) }
        }
        Kind::Nary(f) => R::nary(f, operands, get),
        Kind::Block => R::block(&code.blocks[words[1] as usize], &collect(operands, get)),
        Kind::Leaf | Kind::Unary(_) => unreachable!("met in the loop"),
        Kind::Tensor | Kind::At => unreachable!("a program without tensors"),
    };
    (value, code.operands.len() - rest.len())
}

/// One entry that is no variable, whose operand words are the first from `start`, by the values of those before it.
#[cfg(feature = "page")]
pub(crate) fn evaluate<T: Real>(code: &Code<'_, T>, start: usize, index: usize, values: &[T]) -> T {
    assert!(values.len() >= index && code.ops.len() > index, "entry {index}: {} values", values.len());
    match opcode::decode(code.ops[index]) {
        Kind::Unary(f) => values[code.operands[start] as usize].unary(f),
        _ => by_table(code, start, code.ops[index], values).0,
    }
}

fn collect<R>(operands: &[u32], get: impl Fn(u32) -> R) -> SmallVec<[R; 8]> {
    operands.iter().map(|&i| get(i)).collect()
}
