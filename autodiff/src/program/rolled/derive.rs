//! The reverse of a loop's body, written by the table's rules.

use super::body::{Argument, Body, Expr, Node, Operation, Writer};
use super::form::Operand;
use crate::Real;
use crate::rules::{Algebra, Binary, Unary};

/// What passes the adjoints of a body's columns on to its operands. Results without a column are computed again.
pub(super) fn reverse<T: Real>(nodes: &[Node<T>], columns: &[Option<u32>], operands: &mut Vec<Operand<T>>) -> Body<T> {
    let writer = Writer::new();
    let mut sweep = Sweep { nodes, columns, writer: &writer, values: vec![None; nodes.len()], outside: Vec::new() };
    let mut sums: Vec<Option<Expr<'_, T>>> = columns
        .iter()
        .map(|column| column.map(|place| Expr::Written(&writer, Argument::Adjoint(place))))
        .collect();
    nodes.iter().flat_map(|node| &node.arguments).for_each(|&argument| sweep.count(argument));
    for (k, node) in nodes.iter().enumerate().rev() {
        let Some(adjoint) = sums[k] else {
            node.arguments.iter().for_each(|&argument| sweep.give(argument, None, operands));
            continue;
        };
        if let Operation::Load(operand) = node.op {
            writer.write(Operation::Give(operand), &[adjoint.argument()]);
            continue;
        }
        let y = sweep.value(Argument::Strip(k as u32));
        let x: Vec<Expr<'_, T>> = node.arguments.iter().map(|&argument| sweep.value(argument)).collect();
        for (i, &argument) in node.arguments.iter().enumerate() {
            if let Argument::Constant(_) | Argument::Table(_) = argument {
                continue;
            }
            let term = term(node.op, i, adjoint, &x, y);
            match argument {
                Argument::Strip(of) => {
                    let sum = &mut sums[of as usize];
                    *sum = Some(sum.map_or(term, |sum| sum + term));
                }
                _ => sweep.give(argument, Some(term), operands),
            }
        }
    }
    writer.finish()
}

/// The adjoint times the partial derivative by argument `i`.
fn term<'a, T: Real>(op: Operation, i: usize, g: Expr<'a, T>, x: &[Expr<'a, T>], y: Expr<'a, T>) -> Expr<'a, T> {
    match op {
        Operation::Sum => g,
        Operation::Dot => g.chained(x[if i < x.len() / 2 { i + x.len() / 2 } else { i - x.len() / 2 }]),
        Operation::Unary(Unary::Neg) => -g,
        Operation::Unary(f) => g.chained(f.derivative(x[0], y)),
        Operation::Binary(Binary::Sub) if i == 1 => -g,
        // Either zero wins over what it meets.
        Operation::Binary(Binary::Chain) if i == 1 => {
            Expr::select(x[0].equals(Expr::Constant(0.0)), x[0].chained(g), g.chained(x[0]))
        }
        Operation::Binary(f) if i == 0 => g.chained(f.derivative_a(x[0], x[1], y)),
        Operation::Binary(f) => g.chained(f.derivative_b(x[0], x[1], y)),
        _ => unreachable!("no operation of a program"),
    }
}

struct Sweep<'a, T> {
    nodes: &'a [Node<T>],
    columns: &'a [Option<u32>],
    writer: &'a Writer<T>,
    /// The nodes' results in the new body.
    values: Vec<Option<Argument<T>>>,
    /// What is read from outside: how often yet, and the sum of the terms for its adjoint so far.
    outside: Vec<(Argument<T>, usize, Option<Expr<'a, T>>)>,
}

impl<'a, T: Real> Sweep<'a, T> {
    /// What an argument is in the new body.
    fn value(&mut self, argument: Argument<T>) -> Expr<'a, T> {
        let Argument::Strip(of) = argument else { return Expr::Written(self.writer, argument) };
        let of = of as usize;
        let found = match (self.columns[of], self.values[of]) {
            (Some(place), _) => Argument::Column(place),
            (None, Some(value)) => value,
            (None, None) => {
                let nodes = self.nodes;
                let arguments: Vec<_> = nodes[of].arguments.iter().map(|&x| self.value(x).argument()).collect();
                self.writer.write(nodes[of].op, &arguments)
            }
        };
        self.values[of] = Some(found);
        Expr::Written(self.writer, found)
    }

    fn count(&mut self, argument: Argument<T>) {
        if let Argument::Same(_) | Argument::Column(_) = argument {
            match self.outside.iter_mut().find(|known| known.0 == argument) {
                Some(known) => known.1 += 1,
                None => self.outside.push((argument, 1, None)),
            }
        }
    }

    /// Adds a term to the adjoint of what is outside; the last one passes the sum on.
    fn give(&mut self, argument: Argument<T>, term: Option<Expr<'a, T>>, operands: &mut Vec<Operand<T>>) {
        let Some((_, left, sum)) = self.outside.iter_mut().find(|known| known.0 == argument) else { return };
        *left -= 1;
        if let Some(term) = term {
            *sum = Some(sum.map_or(term, |sum| sum + term));
        }
        if let (0, Some(sum)) = (*left, *sum) {
            let operand = match argument {
                Argument::Same(place) => Operand::Same(place),
                Argument::Column(place) => Operand::Column(place),
                _ => unreachable!("only what has a place is given to"),
            };
            self.writer.write(Operation::Give(operands.len() as u32), &[sum.argument()]);
            operands.push(operand);
        }
    }
}
