//! The forward sweep: a recorded program evaluated again, in any number type.
//!
//! In plain numbers it gives the value at other inputs; in `Dual` it carries tangents along (Jacobian-vector products). A
//! reverse sweep over the values then gives derivatives: the gradient, Hessian-vector products in `Dual`, a recorded
//! gradient in `Var`.

use smallvec::SmallVec;

use super::fused::{self, Block};
use super::guard::{Guard, Term};
use super::opcode::{self, Form, Kind};
use super::reverse::Interpreter;
use super::store::{Code, arguments};
use crate::kernels::storage::Storage;
use crate::rules::{Binary, Nary, Unary};
use crate::{Dual, Real, Var};

/// A number type in which a program recorded in `T` can be evaluated.
pub(crate) trait Replay<T: Real>: Real {
    /// A constant of the program.
    fn lift(constant: T) -> Self;

    /// The number underneath.
    fn base(self) -> T;

    /// A function of several arguments.
    fn nary(f: Nary, x: &[Self]) -> Self;

    /// Takes note of a comparison, whose entries have these values.
    fn guard(_guard: Guard<T>, _value: impl Fn(usize) -> Self) {}
}

impl<T: Real> Replay<T> for T {
    #[inline(always)]
    fn lift(constant: T) -> T {
        constant
    }

    #[inline(always)]
    fn base(self) -> T {
        self
    }

    #[inline(never)]
    fn nary(f: Nary, x: &[T]) -> T {
        f.value(x)
    }
}

impl<T: Real, const N: usize> Replay<T> for Dual<T, N> {
    #[inline(always)]
    fn lift(constant: T) -> Self {
        Self::constant(constant)
    }

    #[inline(always)]
    fn base(self) -> T {
        self.value()
    }

    #[inline(never)]
    fn nary(f: Nary, x: &[Self]) -> Self {
        Self::apply_n(f, x)
    }
}

impl<T: Real> Replay<T> for Var<T> {
    fn lift(constant: T) -> Self {
        Self::constant(constant)
    }

    fn base(self) -> T {
        self.value()
    }

    fn nary(f: Nary, x: &[Self]) -> Self {
        Self::apply_n(f, x)
    }

    fn guard(guard: Guard<T>, value: impl Fn(usize) -> Self) {
        let of = |term: Term<T>| term.resolve(&value, Self::constant);
        of(guard.left).note(guard.question, of(guard.right), guard.answer, || guard.place);
    }
}

/// Evaluates a program without tensors. `leaf` gives the value of each independent variable by entry index.
pub(crate) fn replay<T: Real, R: Replay<T>>(code: Code<'_, T>, mut leaf: impl FnMut(usize) -> R) -> Storage<R> {
    const ADD: u8 = opcode::binary(Binary::Add, Form::Both);
    const SUB: u8 = opcode::binary(Binary::Sub, Form::Both);
    const MUL: u8 = opcode::binary(Binary::Mul, Form::Both);
    let mut storage = Storage::scratch(code.ops.len());
    let values = storage.make_mut();
    code.walk(|i, op, words| {
        let value = |k: usize| values[words[k] as usize];
        let constant = || R::lift(code.constants[words[1] as usize]);
        // The commonest entries first, as in the reverse sweep.
        values[i] = match op {
            ADD => value(0) + value(1),
            SUB => value(0) - value(1),
            MUL => value(0) * value(1),
            _ => match opcode::decode(op) {
                Kind::Leaf => leaf(i),
                Kind::Unary(f) => unary(f, value(0)),
                Kind::Binary(f, Form::Both) => value(0).binary(f, value(1)),
                Kind::Binary(f, Form::First) => value(0).binary(f, constant()),
                Kind::Binary(f, Form::Second) => constant().binary(f, value(0)),
                Kind::Nary(_) | Kind::Block => {
                    let operands = opcode::operands(op, words);
                    let x = arguments(operands, |i| values[i], |c| R::lift(code.constants[c]));
                    match opcode::decode(op) {
                        Kind::Nary(f) => R::nary(f, &x),
                        _ => fused::value(code.fused(words).0, &x),
                    }
                }
                Kind::Tensor | Kind::At => unreachable!("a program without tensors"),
            },
        };
    });
    storage
}

// Kept out of the loop above, where forty rows inlined would crowd out the common ones.
#[inline(never)]
fn unary<R: Real>(f: Unary, x: R) -> R {
    x.unary(f)
}

/// The values that a replay gave, for the reverse sweep that follows.
pub(crate) struct Values<'a, R>(&'a [R]);

impl<'a, R> Values<'a, R> {
    /// The values of a program's entries.
    pub(crate) fn new<T: Real>(code: Code<'_, T>, values: &'a [R]) -> Self {
        assert!(values.len() >= code.ops.len(), "one value for each entry");
        Self(values)
    }
}

impl<T: Real, R: Replay<T>> Interpreter<T> for Values<'_, R> {
    type Number = R;
    type Adjoint = R;

    #[inline(always)]
    unsafe fn value(&self, index: usize) -> R {
        // SAFETY: there is a value for each entry, as `new` asserted.
        unsafe { *self.0.get_unchecked(index) }
    }

    #[inline(always)]
    fn lift(&self, constant: T) -> R {
        R::lift(constant)
    }

    fn partials(&self, block: &dyn Block<T>, x: &[R]) -> SmallVec<[R; 8]> {
        fused::partials(block, x)
    }
}
