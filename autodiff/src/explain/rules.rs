//! Tensor operations: the formula of the result, and the gradient of an input in terms of the gradient of the result.

use super::expr::{Arena, Id};
use super::forms::Text;
use super::names::escaped;
use super::symbol::{self, Symbol};
use crate::Real;
use crate::error::one_line;
use crate::rules::mathml::{self, element};
use crate::rules::notation::Notation;
use crate::rules::notation::sign::{A, Atom, B, In, Item, Items, Round, Same, Sign, Square};
use crate::rules::{Binary, Unary};
use crate::tensor::entry::OpRef;
use crate::tensor::op::Row;
use crate::tensor::written::{Operands, SUM, Term};

/// `f(x, y)`; the first argument is the function's name.
const APPLIED: Notation = Atom(&[A, In(Round, &[Items(1)])]);
/// `f(x, y, …)`.
const BEGUN: Notation = Atom(&[A, In(Round, &[Items(1), Sign(", …", r", \ldots")])]);
/// `h'(a)`.
const PRIMED: Notation = Atom(&[A, Same("'"), In(Round, &[Item(1)])]);
/// 1 where it holds, 0 elsewhere.
const GREATER: Notation = Atom(&[In(Square, &[A, Same(" > "), B])]);
const LESS: Notation = Atom(&[In(Square, &[A, Same(" < "), B])]);
/// So many arguments are written.
const ARGUMENTS: usize = 6;

/// An operation with the formulas of its operands.
pub(super) struct Operation<'a> {
    pub(super) arena: &'a Arena,
    pub(super) inputs: Vec<Id>,
    pub(super) operands: Operands,
    /// What the function is called, if it has a name.
    pub(super) function: Option<String>,
}

impl Operation<'_> {
    /// The formula of the result.
    pub(super) fn formula<T: Real>(&self, op: &OpRef<T>) -> Id {
        let (arena, x) = (self.arena, &self.inputs);
        match op.row() {
            Some(Row::Unary(f)) => match &self.function {
                Some(function) => called(arena, function, x[0]),
                None => symbol::unary(arena, f, x[0]),
            },
            Some(Row::Binary(f)) => symbol::binary(arena, f, x[0], x[1]),
            None => match op.notation(&self.operands).and_then(|written| written.value) {
                // Nothing in a value refers to the result or its gradient.
                Some(value) => self.term(&value, x[0], x[0]),
                None => call(arena, op.name(), x, !self.operands.shape.is_empty()),
            },
        }
    }

    /// The gradient of input `k`, where that of the result `y` is `g`; `None` if nothing flows.
    pub(super) fn gradient<T: Real>(&self, op: &OpRef<T>, k: usize, y: Id, g: Id) -> Option<Id> {
        let (arena, x) = (self.arena, &self.inputs);
        let gradient = match op.row() {
            Some(Row::Unary(f)) if f.is_step() => return None,
            Some(Row::Unary(f)) => {
                let partial = match &self.function {
                    Some(function) => primed(arena, function, x[0]),
                    None => partial(arena, f, x[0], y),
                };
                return Some(arena.mul(g, partial));
            }
            Some(Row::Binary(f)) => {
                let (a, b) = f.points().first().copied().unwrap_or((0.3, 0.7));
                let symbol = |id: Id, value: f64| Symbol::new(arena, id, arena.as_number(id).unwrap_or(value));
                let (a, b, y) = (symbol(x[0], a), symbol(x[1], b), Symbol::new(arena, y, f.value(a, b)));
                let partial = match (f, k) {
                    (Binary::Max, 0) | (Binary::Min, 1) => arena.apply(GREATER, x, true),
                    (Binary::Max, 1) | (Binary::Min, 0) => arena.apply(LESS, x, true),
                    (_, 0) => f.derivative_a(a, b, y).id(arena),
                    _ => f.derivative_b(a, b, y).id(arena),
                };
                let gradient = arena.mul(g, partial);
                let len = |shape: &[usize]| shape.iter().product::<usize>();
                let stretched = len(&self.operands.shapes[k]) != len(&self.operands.shape);
                return Some(if stretched && arena.is_tensor(gradient) {
                    self.term(&self.operands.summed(k, Term::G), y.id(arena), gradient)
                } else {
                    gradient
                });
            }
            None => op.notation(&self.operands).and_then(|written| {
                let term = written.gradients.get(k).or(written.gradients.last())?;
                Some(self.term(term, y, g))
            }),
        };
        Some(gradient.unwrap_or_else(|| vjp(arena, op.name(), if op.is_own() { g } else { self.array(g) }, true)))
    }

    /// The formula of a term, where the result is `y` and its gradient `g`.
    fn term(&self, term: &Term, y: Id, g: Id) -> Id {
        let arena = self.arena;
        let all = |terms: &[Term]| -> Vec<Id> { terms.iter().map(|term| self.term(term, y, g)).collect() };
        match term {
            Term::G => self.array(g),
            Term::Y => y,
            Term::X(k) => self.inputs[*k],
            Term::Constant(x) => arena.number(*x),
            Term::Index(k) => arena.label(Text::signs(&k.to_string(), k.to_string())),
            Term::Share(n) => arena.pow(arena.number(*n as f64), -1),
            Term::Plus(terms) => {
                let [(a, x), (b, z)] = terms;
                arena.sum(&[(*a, self.term(x, y, g)), (*b, self.term(z, y, g))])
            }
            Term::Times(factors) => {
                let factor = |term: &Term| if *term == Term::G { g } else { self.term(term, y, g) };
                factors.iter().map(factor).fold(arena.number(1.0), |product, factor| arena.mul(product, factor))
            }
            Term::Row(f, x) => symbol::unary(arena, *f, self.term(x, y, g)),
            Term::Total(x) => {
                let (coefficient, rest) = arena.split(self.term(x, y, g));
                arena.scale(coefficient, arena.apply(SUM, &[rest], false))
            }
            Term::Array(notation, terms) => arena.apply(*notation, &all(terms), true),
            Term::Own(notation, terms) => {
                let operands = [Term::G, Term::Y].into_iter().chain((0..self.inputs.len()).map(Term::X));
                let unwritten: Vec<Term> = operands.filter(|operand| !terms.contains(operand)).collect();
                arena.apply_to(*notation, all(terms), all(&unwritten))
            }
            Term::Scalar(notation, terms) => arena.apply(*notation, &all(terms), false),
        }
    }

    /// The same number for each element as an array of ones times it.
    fn array(&self, g: Id) -> Id {
        if self.operands.shape.is_empty() || self.arena.is_tensor(g) {
            return g;
        }
        self.arena.mul(g, self.arena.name(Text::signs("𝟏", r"\mathbf{1}"), true))
    }
}

/// The name of an operation.
pub(super) fn operator(arena: &Arena, name: &str) -> Id {
    arena.label(Text {
        plain: one_line(name),
        latex: format!(r"\operatorname{{{}}}", escaped(name)),
        mathml: element("mi", &mathml::escaped(name)),
    })
}

/// `f(x, y)` for an operation that says nothing about how it is written.
pub(super) fn call(arena: &Arena, name: &str, inputs: &[Id], tensor: bool) -> Id {
    let list: Vec<Id> = [operator(arena, name)].iter().chain(inputs.iter().take(ARGUMENTS)).copied().collect();
    arena.apply(if inputs.len() > ARGUMENTS { BEGUN } else { APPLIED }, &list, tensor)
}

/// The gradient of an operation that says nothing about it.
pub(super) fn vjp(arena: &Arena, name: &str, g: Id, tensor: bool) -> Id {
    let plain = format!("vjp of {}", one_line(name));
    let (latex, mathml) = (format!(r"\text{{vjp of {}}}", escaped(name)), mathml::words(&plain));
    arena.apply(APPLIED, &[arena.label(Text { plain, latex, mathml }), g], tensor)
}

/// `h(a)` for a function with a name.
pub(super) fn called(arena: &Arena, function: &str, x: Id) -> Id {
    arena.apply(APPLIED, &[arena.named(function, false), x], arena.is_tensor(x))
}

/// `h'(a)`.
pub(super) fn primed(arena: &Arena, function: &str, x: Id) -> Id {
    arena.apply(PRIMED, &[arena.named(function, false), x], arena.is_tensor(x))
}

/// The derivative of a row of the table, off its kinks.
pub(super) fn partial(arena: &Arena, f: Unary, x: Id, y: Id) -> Id {
    let point = f.points().iter().copied().find(|&x| x != 0.0).unwrap_or(0.3);
    f.derivative(Symbol::new(arena, x, point), Symbol::new(arena, y, f.value(point))).id(arena)
}

/// `h(a) = σ(a), h'(a) = …` for a function with a name of its own.
pub(super) fn meaning(arena: &Arena, function: &str, f: Unary) -> [(Id, Id); 2] {
    let a = arena.named("a", false);
    let value = called(arena, function, a);
    [(value, symbol::unary(arena, f, a)), (primed(arena, function, a), partial(arena, f, a, value))]
}
