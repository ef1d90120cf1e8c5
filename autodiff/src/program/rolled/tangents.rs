//! A program and its derivative along a direction as one program: its reverse sweep gives second derivatives.
//!
//! Behind all values stand their tangents, in the same order. The tangent of a loop's value is written by the table's rules
//! into the loop's body, so that the loop stays one.

use super::body::{Argument, Body, Expr, Node, Operation, Writer};
use super::derive::{reverse, term};
use super::find::PIECE;
use super::form::{Item, Lists, Loop, Operand, Part, Rows, Run, Vector};
use super::whole::Rolled;
use crate::Real;
use crate::rules::Binary;
use crate::tape::code::Code;

/// Sums of more terms that are in no loop are left to the interpreter.
const WIDEST: usize = 1 << 12;

impl<T: Real> Rolled<T> {
    /// With a tangent for each value, behind all of them. None if there is an entry of which no loop is made.
    pub(in crate::program) fn with_tangents(&self, code: Code<'_, T>) -> Option<Self> {
        let ahead = u32::try_from(2 * self.places).ok()? / 2;
        let mut items = Vec::with_capacity(self.items.len());
        for item in &self.items {
            match item {
                Item::Stretch { ops, operands, first } => {
                    let code = Code { ops: &code.ops[ops.clone()], operands, ..code };
                    items.extend(straight(code, *first)?.iter().map(|own| own.with_tangents(ahead)));
                }
                Item::Loop(own) => items.push(own.with_tangents(ahead)),
                &Item::Sum { place, goes_on, ref parts, ref lists } => {
                    let (moved_lists, moved) = (lists.with_tangents(ahead), lists.moves(ahead));
                    let mut tangents: Vec<Part<T>> = parts.iter().flat_map(|part| part.tangents(&moved)).collect();
                    if tangents.is_empty() && !parts.is_empty() && !goes_on {
                        let factors = [Operand::Constant(T::zero())].into_iter().collect();
                        tangents.push(Part { terms: 1, factors });
                    }
                    let place_of_tangent = place + self.places;
                    items.push(Item::Sum { place, goes_on, parts: parts.clone(), lists: lists.clone() });
                    items.push(Item::Sum { place: place_of_tangent, goes_on, parts: tangents, lists: moved_lists });
                }
            }
        }
        let tangents = self.outputs.iter().map(|y| y.map(|place| place + self.places).map_err(|_| T::zero()));
        Some(Self {
            items,
            exact: self.exact,
            #[cfg(feature = "jit")]
            native: None,
            places: 2 * self.places,
            outputs: self.outputs.iter().copied().chain(tangents).collect(),
            checks: self.checks.clone(),
            guards: self.guards.clone(),
        })
    }
}

impl<T: Real> Part<T> {
    /// By the product rule.
    fn tangents(&self, moved: &impl Fn(Operand<T>) -> Option<Operand<T>>) -> impl Iterator<Item = Self> {
        (0..self.factors.len()).filter_map(|i| {
            let mut factors = self.factors.clone();
            factors[i] = moved(factors[i])?;
            Some(Self { terms: self.terms, factors })
        })
    }
}

impl<T: Real> Lists<T> {
    /// With runs and indices of the tangents, behind those of the values.
    fn with_tangents(&self, ahead: u32) -> Self {
        let mut lists = self.clone();
        lists.runs.extend(self.runs.iter().map(|run| Run { place: run.place + ahead, ..*run }));
        lists.indices.extend(self.indices.iter().map(|place| place + ahead));
        lists
    }

    /// From an operand to its tangents; none for constants.
    fn moves(&self, ahead: u32) -> impl Fn(Operand<T>) -> Option<Operand<T>> + use<T> {
        let [runs, indices] = [self.runs.len() as u32, self.indices.len() as u32];
        move |operand| match operand {
            Operand::Constant(_) | Operand::Table(_) | Operand::Rows(_) => None,
            Operand::Same(place) => Some(Operand::Same(place + ahead)),
            Operand::Column(place) => Some(Operand::Column(place + ahead)),
            Operand::Strided(place, stride) => Some(Operand::Strided(place + ahead, stride)),
            Operand::Runs(start, end) => Some(Operand::Runs(start + runs, end + runs)),
            Operand::Indices(start) => Some(Operand::Indices(start + indices)),
        }
    }
}

/// Entries that are in no loop, as loops of one trip. The first of them has this place.
fn straight<T: Real>(code: Code<'_, T>, first: usize) -> Option<Vec<Loop<T>>> {
    let mut pieces: Vec<Vec<Node<T>>> = Vec::new();
    let mut complete = true;
    code.walk(|k, op, words| {
        if k % PIECE == 0 {
            pieces.push(Vec::with_capacity(PIECE));
        }
        let (start, piece) = (first + k / PIECE * PIECE, pieces.last_mut().expect("it has just been begun"));
        let argument = |place: u32| match (place as usize).checked_sub(start) {
            Some(own) => Argument::Strip(own as u32),
            None => Argument::Same(place),
        };
        match Node::of(code, op, words, argument).filter(|node| node.arguments.len() <= WIDEST) {
            Some(node) => piece.push(node),
            None => complete = false,
        }
    });
    let mut place = first as u32;
    let piece = |nodes: Vec<Node<T>>| {
        let columns: Vec<_> = nodes.iter().zip(place..).map(|(_, place)| Some(place)).collect();
        place += nodes.len() as u32;
        Loop::of(1, nodes, columns)
    };
    complete.then(|| pieces.into_iter().map(piece).collect())
}

impl<T: Real> Loop<T> {
    fn of(trips: usize, nodes: Vec<Node<T>>, columns: Vec<Option<u32>>) -> Self {
        Self {
            trips,
            entries: nodes.len(),
            is_chain: false,
            before: Vec::new(),
            given: Vec::new(),
            operands: Vec::new(),
            rows: Vec::new(),
            lists: Lists::new(),
            forward: Body::new(&[], &[]),
            backward: Body::new(&[], &[]),
            read: vec![true; nodes.len()],
            nodes,
            columns,
        }
    }

    /// The same with tangents so many places ahead.
    fn with_tangents(&self, ahead: u32) -> Item<T> {
        let writer = Writer::after(&self.nodes);
        let mut tangents = Tangents {
            writer: &writer,
            of: Vec::with_capacity(self.nodes.len()),
            moved: self.lists.moves(ahead),
            ahead,
            operands: self.operands.clone(),
            rows: self.rows.clone(),
        };
        let (mut columns, mut read) = (self.columns.clone(), self.read.clone());
        for (k, node) in self.nodes.iter().enumerate() {
            let mut tangent = tangents.tangent(k, node);
            if let Some(place) = self.columns[k] {
                columns.resize(writer.len(), None);
                // Each column is a node's own.
                let is_free = |of: u32| of as usize >= self.nodes.len() && columns[of as usize].is_none();
                let of = match tangent.map(Expr::argument) {
                    Some(Argument::Strip(of)) if is_free(of) => of,
                    argument => writer.copy(argument.unwrap_or(Argument::Constant(T::zero()))),
                };
                columns.resize(writer.len(), None);
                columns[of as usize] = Some(place + ahead);
                read.resize(writer.len(), false);
                read[of as usize] = self.read[k];
                tangent = Some(Expr::Written(&writer, Argument::Strip(of)));
            }
            tangents.of.push(tangent);
        }
        let Tangents { mut operands, rows, .. } = tangents;
        let nodes = writer.nodes();
        columns.resize(nodes.len(), None);
        read.resize(nodes.len(), false);
        let (forward, backward) = (Body::new(&nodes, &columns), reverse(&nodes, &columns, &read, &mut operands));
        Item::Loop(Box::new(Self {
            before: self.before.iter().flat_map(|&[place, of]| [[place, of], [place + ahead, of + ahead]]).collect(),
            given: self.given.iter().flat_map(|&place| [place, place + ahead]).collect(),
            operands,
            rows,
            lists: self.lists.with_tangents(ahead),
            forward,
            backward,
            nodes: Vec::new(),
            columns: Vec::new(),
            read: Vec::new(),
            ..*self
        }))
    }
}

/// Tangents of a body's results, which are being written.
struct Tangents<'w, T, M> {
    writer: &'w Writer<T>,
    /// By node.
    of: Vec<Option<Expr<'w, T>>>,
    moved: M,
    ahead: u32,
    operands: Vec<Operand<T>>,
    rows: Vec<Rows>,
}

impl<'w, T: Real, M: Fn(Operand<T>) -> Option<Operand<T>>> Tangents<'w, T, M> {
    /// The tangent of a node's result; none for what does not vary.
    fn tangent(&mut self, k: usize, node: &Node<T>) -> Option<Expr<'w, T>> {
        let written = |argument| Expr::Written(self.writer, argument);
        let write = |op, arguments: &[_]| Some(written(self.writer.write(op, arguments)));
        match node.op {
            Operation::Load(operand) => {
                let operand = (self.moved)(self.operands[operand as usize])?;
                self.operands.push(operand);
                write(Operation::Load(self.operands.len() as u32 - 1), &[])
            }
            Operation::Total(place) => {
                let zero = Expr::Constant(0.0);
                let tangent = self.argument(node.arguments[0]).unwrap_or(zero).argument();
                self.writer.write(Operation::Total(place + self.ahead), &[tangent]);
                None
            }
            Operation::Sum => {
                let terms: Vec<_> = node.arguments.iter().filter_map(|&x| Some(self.argument(x)?.argument())).collect();
                match terms[..] {
                    [] => None,
                    [one] => Some(written(one)),
                    _ => write(Operation::Sum, &terms),
                }
            }
            Operation::Dot => {
                let (first, second) = node.arguments.split_at(node.arguments.len() / 2);
                let mut factors = [Vec::new(), Vec::new()];
                for (&a, &b) in first.iter().zip(second) {
                    for [a, b] in self.product(a, b) {
                        factors[0].push(a);
                        factors[1].push(b);
                    }
                }
                if factors[0].is_empty() { None } else { write(Operation::Dot, &factors.concat()) }
            }
            op => {
                let x: Vec<_> = node.arguments.iter().map(|&argument| written(argument)).collect();
                let y = written(Argument::Strip(k as u32));
                let terms = node
                    .arguments
                    .iter()
                    .enumerate()
                    .filter_map(|(i, &argument)| Some(term(op, Binary::Mul, i, self.argument(argument)?, &x, y)));
                terms.reduce(|sum, term| sum + term)
            }
        }
    }

    /// The terms of a product's tangent.
    fn product(&mut self, a: Argument<T>, b: Argument<T>) -> Vec<[Argument<T>; 2]> {
        let Argument::Rows(number) = a else {
            let tangents = [self.argument(a), self.argument(b)].map(|tangent| tangent.map(Expr::argument));
            let products = [tangents[0].map(|tangent| [tangent, b]), tangents[1].map(|tangent| [a, tangent])];
            return products.into_iter().flatten().collect();
        };
        let own = self.rows[number as usize];
        let mut add = |rows| {
            self.rows.push(rows);
            [Argument::Rows(self.rows.len() as u32 - 1), b]
        };
        let mut terms = vec![add(Rows { first: own.first + self.ahead, ..own })];
        if let Vector::Places(place) = own.vector {
            terms.push(add(Rows { vector: Vector::Places(place + self.ahead), ..own }));
        }
        terms
    }

    fn argument(&self, argument: Argument<T>) -> Option<Expr<'w, T>> {
        let ahead = match argument {
            Argument::Strip(of) => return self.of[of as usize],
            Argument::Same(place) => Argument::Same(place + self.ahead),
            Argument::Column(place) => Argument::Column(place + self.ahead),
            _ => return None,
        };
        Some(Expr::Written(self.writer, ahead))
    }
}
