//! What a trip of a loop does: straight-line code without branches, and how it is written.

use std::cell::RefCell;
use std::collections::HashMap;

use smallvec::SmallVec;

use crate::Real;
use crate::rules::{Algebra, Binary, Unary, algebra_operators};
use crate::tape::code::Code;
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, CONSTANT, Form, Kind};

/// The code of a trip.
#[derive(Debug)]
pub(super) struct Body<T> {
    pub(super) steps: Vec<Step>,
    pub(super) arguments: Vec<Argument<T>>,
    /// How many strips of results are in use at once.
    pub(super) strips: usize,
}

/// An operation of a trip.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) op: Operation,
    /// Where its arguments stand, and where they end.
    arguments: [usize; 2],
    pub(super) target: Target,
    /// Whether the result is the same in all trips: then it is computed once a strip.
    pub(super) is_same: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Unary(Unary),
    Binary(Binary),
    /// The sum in order.
    Sum,
    /// `Σ a_i b_i` in order; first all `a`, then all `b`.
    Dot,
    /// 1 where `a < b`, else 0.
    Less,
    /// 1 where `a = b`, else 0.
    Equals,
    /// `b` where `a` is not 0, else `c`.
    Select,
    /// The values of this one of the loop's operands, gathered.
    Load(u32),
    /// Adds its argument to the value at one place, in order.
    Total(u32),
    /// The adjoint at one place.
    Spread(u32),
    /// Adds its argument to the adjoint of this one of the loop's operands.
    Give(u32),
    /// Adds its argument times one factor of these rows to the adjoints of the other.
    GiveRows(u32),
}

impl Operation {
    /// Whether it adds to values or adjoints, and has no result.
    pub(super) fn gives(self) -> bool {
        matches!(self, Self::Total(_) | Self::Give(_) | Self::GiveRows(_))
    }
}

/// Where a step's results go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Nothing,
    Strip(u32),
    /// To the places from here on, one a trip.
    Column(u32),
}

/// What a step reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Argument<T> {
    Constant(T),
    /// A constant for each trip: those of the loop's table from here on.
    Table(u32),
    /// The value at one place.
    Same(u32),
    /// The values at the places from this one on.
    Column(u32),
    /// The adjoints at the places from this one on.
    Adjoint(u32),
    /// The same trip's result of another step: while the body is written its number, afterwards its strip.
    Strip(u32),
    /// The result that all trips have, the first in this strip.
    First(u32),
    /// In an inner product: the terms of these rows of the loop's.
    Rows(u32),
}

impl<T> Body<T> {
    /// The same body where columns are so many places apart.
    pub(super) fn widen(&mut self, width: u32) {
        for argument in &mut self.arguments {
            if let Argument::Column(place) = argument {
                *place *= width;
            }
        }
        for step in &mut self.steps {
            if let Target::Column(place) = &mut step.target {
                *place *= width;
            }
        }
    }

    pub(super) fn arguments(&self, step: &Step) -> &[Argument<T>] {
        let [start, end] = step.arguments;
        &self.arguments[start..end]
    }
}

/// A body that is being written. Equal operations are written once.
pub(super) struct Writer<T> {
    nodes: RefCell<Vec<Node<T>>>,
    known: RefCell<HashMap<Key, u32>>,
}

/// An operation and what its arguments are, by bits.
type Key = (Operation, SmallVec<[(u8, u64); 3]>);

#[derive(Clone, Debug)]
pub(super) struct Node<T> {
    pub(super) op: Operation,
    pub(super) arguments: SmallVec<[Argument<T>; 3]>,
}

impl<T: Real> Node<T> {
    /// An entry; `argument` is what stands at a place. None for operations that bodies do not have.
    pub(super) fn of(code: Code<'_, T>, op: u8, words: &[u32], argument: impl Fn(u32) -> Argument<T>) -> Option<Self> {
        let constant = |place: u32| Argument::Constant(code.constants[place as usize]);
        let operand = |&word: &u32| if word & CONSTANT == 0 { argument(word) } else { constant(word ^ CONSTANT) };
        let mut arguments: SmallVec<_> = opcode::operands(op, words).iter().map(operand).collect();
        let op = match opcode::decode(op) {
            Kind::Unary(f) => Operation::Unary(f),
            Kind::Binary(f, form) => {
                match form {
                    Form::Both => {}
                    Form::First => arguments.push(constant(words[1])),
                    Form::Second => arguments.insert(0, constant(words[1])),
                }
                Operation::Binary(f)
            }
            Kind::Nary(Nary::Sum) => Operation::Sum,
            Kind::Nary(Nary::Dot) => Operation::Dot,
            _ => return None,
        };
        Some(Self { op, arguments })
    }
}

impl<T: Real> Argument<T> {
    /// None for constants that cannot be told apart.
    fn key(self) -> Option<(u8, u64)> {
        Some(match self {
            Self::Constant(c) => (0, c.bits()?),
            Self::Table(at) => (1, at.into()),
            Self::Same(at) => (2, at.into()),
            Self::Column(at) => (3, at.into()),
            Self::Adjoint(at) => (4, at.into()),
            Self::Strip(at) => (5, at.into()),
            Self::First(at) => (6, at.into()),
            Self::Rows(at) => (7, at.into()),
        })
    }

    pub(super) fn is(self, c: T) -> bool {
        matches!(self, Self::Constant(own) if own.bits().is_some() && own.bits() == c.bits())
    }
}

impl<T: Real> Writer<T> {
    /// After these, which stay as they are.
    pub(super) fn after(nodes: &[Node<T>]) -> Self {
        let writer = Self { nodes: RefCell::default(), known: RefCell::default() };
        for node in nodes {
            writer.push(node.op, &node.arguments, Self::key(node.op, &node.arguments));
        }
        writer
    }

    fn key(op: Operation, arguments: &[Argument<T>]) -> Option<Key> {
        let keys = arguments.iter().map(|argument| argument.key()).collect::<Option<_>>()?;
        (!op.gives()).then_some((op, keys))
    }

    fn push(&self, op: Operation, arguments: &[Argument<T>], key: Option<Key>) -> u32 {
        let mut nodes = self.nodes.borrow_mut();
        let place = nodes.len() as u32;
        nodes.push(Node { op, arguments: arguments.into() });
        if let Some(key) = key {
            self.known.borrow_mut().entry(key).or_insert(place);
        }
        place
    }

    /// The result of an operation.
    pub(super) fn write(&self, op: Operation, arguments: &[Argument<T>]) -> Argument<T> {
        let key = Self::key(op, arguments);
        let known = key.as_ref().and_then(|key| self.known.borrow().get(key).copied());
        Argument::Strip(known.unwrap_or_else(|| self.push(op, arguments, key)))
    }

    /// What a result is the negative of, if it has been written so.
    fn negated(&self, argument: Argument<T>) -> Option<Argument<T>> {
        let Argument::Strip(of) = argument else { return None };
        let node = &self.nodes.borrow()[of as usize];
        (node.op == Operation::Unary(Unary::Neg)).then(|| node.arguments[0])
    }

    /// The number of a node of its own, with the same result.
    pub(super) fn copy(&self, argument: Argument<T>) -> u32 {
        self.push(Operation::Sum, &[argument], None)
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.borrow().len()
    }

    pub(super) fn nodes(self) -> Vec<Node<T>> {
        self.nodes.into_inner()
    }
}

impl<T: Real> Body<T> {
    /// The body that computes these; what has a column is written there, what nothing reads is left out.
    pub(super) fn new(nodes: &[Node<T>], columns: &[Option<u32>]) -> Self {
        let column = |k: usize| columns.get(k).copied().flatten();
        let mut last: Vec<Option<usize>> = vec![None; nodes.len()];
        // What is given away is there for every trip.
        let mut is_given = vec![false; nodes.len()];
        for (k, node) in nodes.iter().enumerate().rev() {
            if last[k].is_none() && column(k).is_none() && !node.op.gives() {
                continue;
            }
            for argument in &node.arguments {
                if let Argument::Strip(of) = *argument {
                    last[of as usize].get_or_insert(k);
                    is_given[of as usize] |= node.op.gives();
                }
            }
        }
        let mut body = Self { steps: Vec::new(), arguments: Vec::new(), strips: 0 };
        let mut targets = vec![Target::Nothing; nodes.len()];
        let mut same: Vec<bool> = Vec::with_capacity(nodes.len());
        let mut free = Vec::new();
        for (k, node) in nodes.iter().enumerate() {
            let is_same = |argument: &Argument<T>| match *argument {
                Argument::Constant(_) | Argument::Same(_) => true,
                Argument::Strip(of) => same[of as usize],
                _ => false,
            };
            let moves = column(k).is_some() || is_given[k] || node.op.gives() || matches!(node.op, Operation::Load(_));
            same.push(!moves && node.arguments.iter().all(is_same));
            targets[k] = match (node.op, column(k), last[k]) {
                (op, ..) if op.gives() => Target::Nothing,
                (_, Some(place), _) => Target::Column(place),
                (_, None, None) => continue,
                (_, None, Some(_)) => Target::Strip(free.pop().unwrap_or_else(|| {
                    body.strips += 1;
                    body.strips as u32 - 1
                })),
            };
            let start = body.arguments.len();
            for &argument in &node.arguments {
                let Argument::Strip(of) = argument else {
                    body.arguments.push(argument);
                    continue;
                };
                body.arguments.push(match targets[of as usize] {
                    Target::Strip(strip) if same[of as usize] => Argument::First(strip),
                    Target::Strip(strip) => Argument::Strip(strip),
                    Target::Column(place) => Argument::Column(place),
                    Target::Nothing => unreachable!("what is read has a result"),
                });
            }
            let arguments = [start, body.arguments.len()];
            body.steps.push(Step { op: node.op, arguments, target: targets[k], is_same: same[k] });
            for argument in &node.arguments {
                if let Argument::Strip(of) = *argument
                    && let Target::Strip(strip) = targets[of as usize]
                    && last[of as usize] == Some(k)
                    && !free.contains(&strip)
                {
                    free.push(strip);
                }
            }
        }
        body
    }
}

/// A number in the table's rules, of which a body is written.
#[derive(Clone, Copy)]
pub(super) enum Expr<'a, T> {
    Constant(f64),
    Written(&'a Writer<T>, Argument<T>),
}

/// The outcome of a comparison.
#[derive(Clone, Copy)]
pub(super) enum Mask<'a, T> {
    All(bool),
    Each(&'a Writer<T>, Argument<T>),
}

impl<'a, T: Real> Expr<'a, T> {
    pub(super) fn argument(self) -> Argument<T> {
        match self {
            Self::Constant(c) => Argument::Constant(T::of(c)),
            Self::Written(_, argument) => argument,
        }
    }

    fn writer(self, other: Self) -> Result<&'a Writer<T>, [f64; 2]> {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => Err([a, b]),
            (Self::Written(writer, _), _) | (_, Self::Written(writer, _)) => Ok(writer),
        }
    }

    fn compare(self, op: Operation, other: Self, holds: impl Fn(T, T) -> bool) -> Mask<'a, T> {
        match self.writer(other) {
            Err([a, b]) => Mask::All(holds(T::of(a), T::of(b))),
            Ok(writer) => match [self.argument(), other.argument()] {
                [Argument::Constant(a), Argument::Constant(b)] => Mask::All(holds(a, b)),
                arguments => Mask::Each(writer, writer.write(op, &arguments)),
            },
        }
    }
}

impl<'a, T: Real> Algebra for Expr<'a, T> {
    type Mask = Mask<'a, T>;

    fn constant(value: f64) -> Self {
        Self::Constant(value)
    }

    fn apply1(self, f: Unary) -> Self {
        match self {
            Self::Constant(x) => Self::Constant(x.unary(f)),
            Self::Written(writer, Argument::Constant(x)) => Self::Written(writer, Argument::Constant(x.unary(f))),
            Self::Written(writer, x) => Self::Written(writer, writer.write(Operation::Unary(f), &[x])),
        }
    }

    fn apply2(self, f: Binary, other: Self) -> Self {
        let writer = match self.writer(other) {
            Err([a, b]) => return Self::Constant(if f == Binary::Chain { a.chain(b) } else { a.binary(f, b) }),
            Ok(writer) => writer,
        };
        let (a, b) = (self.argument(), other.argument());
        let result = match (f, a, b) {
            (Binary::Chain, Argument::Constant(a), Argument::Constant(b)) => Argument::Constant(a.chain(b)),
            (_, Argument::Constant(a), Argument::Constant(b)) => Argument::Constant(a.binary(f, b)),
            (Binary::Chain | Binary::Mul | Binary::Div, a, b) if b.is(T::one()) => a,
            (Binary::Chain | Binary::Mul, a, b) if a.is(T::one()) => b,
            (Binary::Chain | Binary::Mul, a, b) if b.is(-T::one()) => writer.write(Operation::Unary(Unary::Neg), &[a]),
            (Binary::Add, a, b) => match (writer.negated(a), writer.negated(b)) {
                (_, Some(b)) => writer.write(Operation::Binary(Binary::Sub), &[a, b]),
                (Some(a), _) => writer.write(Operation::Binary(Binary::Sub), &[b, a]),
                _ => writer.write(Operation::Binary(f), &[a, b]),
            },
            // One division for all trips. Where it overflows, what is computed is not finite, and left to the interpreter.
            (Binary::Div, a, b @ Argument::Same(_)) if !a.is(T::one()) => {
                let one = Argument::Constant(T::one());
                let inverse = writer.write(Operation::Binary(Binary::Div), &[one, b]);
                writer.write(Operation::Binary(Binary::Mul), &[a, inverse])
            }
            _ => writer.write(Operation::Binary(f), &[a, b]),
        };
        Self::Written(writer, result)
    }

    fn less(self, other: Self) -> Self::Mask {
        self.compare(Operation::Less, other, |a, b| a < b)
    }

    fn equals(self, other: Self) -> Self::Mask {
        self.compare(Operation::Equals, other, |a, b| a == b)
    }

    fn select(mask: Self::Mask, a: Self, b: Self) -> Self {
        match mask {
            Mask::All(true) => a,
            Mask::All(false) => b,
            Mask::Each(writer, mask) => {
                let arguments = [mask, a.argument(), b.argument()];
                Self::Written(writer, writer.write(Operation::Select, &arguments))
            }
        }
    }
}

algebra_operators!({'a, T: Real} {Expr<'a, T>});
