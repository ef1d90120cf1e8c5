//! A number that knows its formula, so that the table's derivative rules write themselves out.

use super::expr::{Arena, Id};
use crate::rules::{Algebra, Binary, Unary, algebra_operators};

/// A number and how it came about; copied freely, as [`Algebra`] asks. Choices are made by the number: a formula is written
/// out as it applies where it is evaluated.
#[derive(Clone, Copy)]
pub(super) struct Symbol<'a> {
    /// `None` for a constant that has met no formula yet.
    arena: Option<(&'a Arena, Id)>,
    pub(super) value: f64,
}

impl<'a> Symbol<'a> {
    pub(super) fn new(arena: &'a Arena, id: Id, value: f64) -> Self {
        Self { arena: Some((arena, id)), value }
    }

    pub(super) fn id(self, arena: &Arena) -> Id {
        self.arena.map_or_else(|| arena.number(self.value), |(_, id)| id)
    }
}

algebra_operators!({'a} {Symbol<'a>});

impl Algebra for Symbol<'_> {
    type Mask = bool;

    fn constant(value: f64) -> Self {
        Self { arena: None, value }
    }

    fn apply1(self, f: Unary) -> Self {
        let value = f.value(self.value);
        let Some((arena, id)) = self.arena else { return Self::constant(value) };
        Self::new(arena, unary(arena, f, id), value)
    }

    fn apply2(self, f: Binary, other: Self) -> Self {
        let value = f.value(self.value, other.value);
        let Some((arena, _)) = self.arena.or(other.arena) else { return Self::constant(value) };
        Self::new(arena, binary(arena, f, self.id(arena), other.id(arena)), value)
    }

    fn less(self, other: Self) -> bool {
        self.value < other.value
    }

    fn equals(self, other: Self) -> bool {
        self.value == other.value
    }

    fn select(mask: bool, a: Self, b: Self) -> Self {
        if mask { a } else { b }
    }
}

/// The formula of a function of one argument.
pub(super) fn unary(arena: &Arena, f: Unary, x: Id) -> Id {
    match f {
        Unary::Neg => arena.scale(-1.0, x),
        Unary::Recip => arena.pow(x, -1),
        Unary::Square => arena.pow(x, 2),
        _ => match arena.as_number(x) {
            Some(number) => arena.number(f.value(number)),
            None => arena.apply(f.notation(), &[x], arena.is_tensor(x)),
        },
    }
}

/// The formula of a function of two arguments.
pub(super) fn binary(arena: &Arena, f: Binary, a: Id, b: Id) -> Id {
    match f {
        Binary::Add => arena.add(a, b),
        Binary::Sub => arena.sum(&[(1.0, a), (-1.0, b)]),
        Binary::Mul | Binary::Chain => arena.mul(a, b),
        Binary::Div => arena.div(a, b),
        _ => {
            if let (Binary::Pow | Binary::Powi, Some(power)) = (f, arena.as_number(b)) {
                if power.fract() == 0.0 && power.abs() < 1e6 {
                    return arena.pow(a, power as i32);
                }
                if power == 0.5 {
                    return unary(arena, Unary::Sqrt, a);
                }
            }
            let tensor = arena.is_tensor(a) || arena.is_tensor(b);
            arena.apply(f.notation(), &[a, b], tensor)
        }
    }
}
