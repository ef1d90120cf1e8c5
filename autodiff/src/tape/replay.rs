//! The forward sweep: a recorded program evaluated again, in any number type.
//!
//! In `Dual` it carries tangents along (Jacobian-vector products); a reverse sweep over dual values then gives
//! Hessian-vector products.

use super::opcode::{self, Form, Kind};
use super::reverse::Interpreter;
use super::store::{Code, nary_arguments};
use crate::rules::{Nary, Unary};
use crate::{Dual, Real};

/// Evaluates a program without tensors. `leaf` gives the value of each independent variable by entry index.
pub(crate) fn replay<T: Real, const N: usize>(
    code: Code<'_, T>,
    mut leaf: impl FnMut(usize) -> Dual<T, N>,
) -> Vec<Dual<T, N>> {
    let mut values: Vec<Dual<T, N>> = Vec::with_capacity(code.ops.len());
    code.walk(|i, op, operands, constants| {
        let value = |k: usize| values[operands[k] as usize];
        let constant = || Dual::constant(constants[0]);
        let y = match opcode::decode(op) {
            Kind::Leaf => leaf(i),
            Kind::Unary(f) => unary(f, value(0)),
            Kind::Binary(f, Form::Both) => value(0).apply2(f, value(1)),
            Kind::Binary(f, Form::First) => value(0).apply2(f, constant()),
            Kind::Binary(f, Form::Second) => constant().apply2(f, value(0)),
            Kind::Nary(f) => nary(f, &nary_arguments(operands, constants, |i| values[i], Dual::constant)),
            Kind::Tensor | Kind::At => unreachable!("a tape without tensors"),
        };
        values.push(y);
    });
    values
}

// Kept out of the loop above, where forty rows inlined would crowd out the common ones.
#[inline(never)]
fn unary<T: Real, const N: usize>(f: Unary, x: Dual<T, N>) -> Dual<T, N> {
    x.apply1(f)
}

#[inline(never)]
fn nary<T: Real, const N: usize>(f: Nary, x: &[Dual<T, N>]) -> Dual<T, N> {
    Dual::apply_n(f, x)
}

/// Dual numbers, for tapes without tensors: derivatives of the gradient along `N` directions.
pub(crate) struct Duals<T, const N: usize>(pub(crate) Vec<Dual<T, N>>);

impl<T: Real, const N: usize> Interpreter<T> for Duals<T, N> {
    type Number = Dual<T, N>;

    #[inline(always)]
    fn value(&self, index: usize) -> Dual<T, N> {
        self.0[index]
    }

    #[inline(always)]
    fn lift(&self, constant: T) -> Dual<T, N> {
        Dual::constant(constant)
    }

    fn tensor(&mut self, _: usize, _: &mut [Dual<T, N>]) {
        unreachable!("a tape without tensors");
    }

    fn element(&mut self, _: usize, _: usize, _: Dual<T, N>) {
        unreachable!("a tape without tensors");
    }
}
