//! A tensor in the costume of a number, so that the table's derivative rules run on whole tensors.

use std::cell::RefCell;

use super::Tensor;
use crate::Real;
use crate::rules::{Algebra, Binary, Unary, algebra_operators};

/// Holds the tensors that a rule makes on its way.
pub(super) struct Arena<T: Real>(RefCell<Vec<Tensor<T>>>);

impl<T: Real> Arena<T> {
    pub(super) fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    pub(super) fn lift(&self, tensor: Tensor<T>) -> TensorExpr<'_, T> {
        let mut tensors = self.0.borrow_mut();
        tensors.push(tensor);
        TensorExpr::Tensor(self, tensors.len() - 1)
    }

    fn get(&self, at: usize) -> Tensor<T> {
        self.0.borrow()[at].clone()
    }
}

/// A tensor or a constant; copied freely, as [`Algebra`] asks.
#[derive(Clone, Copy)]
pub(super) enum TensorExpr<'a, T: Real> {
    Constant(f64),
    Tensor(&'a Arena<T>, usize),
}

impl<T: Real> TensorExpr<'_, T> {
    pub(super) fn tensor(self) -> Tensor<T> {
        match self {
            Self::Constant(value) => Tensor::scalar(T::of(value)),
            Self::Tensor(arena, at) => arena.get(at),
        }
    }
}

/// A truth value for all elements or for each.
#[derive(Clone, Copy)]
pub(super) enum ExprMask<'a, T: Real> {
    All(bool),
    Each(&'a Arena<T>, usize),
}

impl<'a, T: Real> TensorExpr<'a, T> {
    fn compare(self, other: Self, holds: impl Fn(T, T) -> bool) -> ExprMask<'a, T> {
        let arena = match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => return ExprMask::All(holds(T::of(a), T::of(b))),
            (Self::Tensor(arena, _), _) | (_, Self::Tensor(arena, _)) => arena,
        };
        let mask = self.tensor().compare("compare", &other.tensor(), holds);
        match arena.lift(mask) {
            Self::Tensor(arena, at) => ExprMask::Each(arena, at),
            Self::Constant(_) => unreachable!("`lift` holds tensors"),
        }
    }
}

impl<'a, T: Real> Algebra for TensorExpr<'a, T> {
    type Mask = ExprMask<'a, T>;

    fn constant(value: f64) -> Self {
        Self::Constant(value)
    }

    fn apply1(self, f: Unary) -> Self {
        match self {
            Self::Constant(x) => Self::Constant(x.unary(f)),
            Self::Tensor(arena, at) => arena.lift(arena.get(at).unary(f)),
        }
    }

    fn apply2(self, f: Binary, other: Self) -> Self {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => Self::Constant(a.binary(f, b)),
            (Self::Tensor(arena, _), _) | (_, Self::Tensor(arena, _)) => {
                arena.lift(self.tensor().binary(f, &other.tensor()))
            }
        }
    }

    fn chained(self, slope: Self) -> Self {
        if let Self::Constant(0.0) = self { self } else { self.apply2(Binary::Chain, slope) }
    }

    fn less(self, other: Self) -> Self::Mask {
        self.compare(other, |a, b| a < b)
    }

    fn equals(self, other: Self) -> Self::Mask {
        self.compare(other, |a, b| a == b)
    }

    fn select(mask: Self::Mask, a: Self, b: Self) -> Self {
        match mask {
            ExprMask::All(true) => a,
            ExprMask::All(false) => b,
            ExprMask::Each(arena, at) => arena.lift(Tensor::select(&arena.get(at), a.tensor(), b.tensor())),
        }
    }
}

algebra_operators!({'a, T: Real} {TensorExpr<'a, T>});
