//! The reverse of straight-line code, written by the table's rules.

use super::body::{Argument, Body, Expr, Node, Operation, Writer};
use super::form::Operand;
use crate::Real;
use crate::rules::{Algebra, Binary, Unary};

/// What passes the adjoints of a body's columns on to its operands; those that nothing outside reads have none. Results without
/// a column are computed again. Products are plain ones: where one is not finite, the whole is left to the interpreter.
pub(super) fn reverse<T: Real>(
    nodes: &[Node<T>],
    columns: &[Option<u32>],
    read: &[bool],
    operands: &mut Vec<Operand<T>>,
) -> Body<T> {
    let writer = Writer::after(&[]);
    let seed = |place| Expr::Written(&writer, Argument::Adjoint(place));
    let seeds = columns.iter().zip(read).map(|(&column, &read)| column.filter(|_| read).map(seed)).collect();
    let give = |operand, sum: Expr<'_, T>| _ = writer.write(Operation::Give(operand), &[sum.argument()]);
    Sweep::new(nodes, columns, Binary::Mul, &writer).run(seeds, &mut |argument, sum| {
        let operand = match argument {
            Argument::Same(place) => Operand::Same(place),
            Argument::Column(place) => Operand::Column(place),
            // A gathered one.
            Argument::Strip(load) => {
                let Operation::Load(operand) = nodes[load as usize].op else { unreachable!("a result has no place") };
                return give(operand, sum);
            }
            _ => unreachable!("only what has a place is given to"),
        };
        give(operands.len() as u32, sum);
        operands.push(operand);
    });
    Body::new(&writer.nodes(), &[])
}

/// The gradient of a result by so many columns, written behind the nodes, which the writer begins with.
pub(super) fn gradient<T: Real>(
    writer: &Writer<T>,
    nodes: &[Node<T>],
    root: Argument<T>,
    inputs: usize,
) -> Vec<Argument<T>> {
    let mut gradient = vec![Argument::Constant(T::zero()); inputs];
    let one = Expr::Written(writer, Argument::Constant(T::one()));
    let mut seeds = vec![None; nodes.len()];
    match root {
        Argument::Strip(of) => seeds[of as usize] = Some(one),
        Argument::Column(place) => gradient[place as usize] = one.argument(),
        _ => {}
    }
    let columns = vec![None; nodes.len()];
    let mut sweep = Sweep::new(nodes, &columns, Binary::Chain, writer);
    sweep.values = (0..nodes.len()).map(|k| Some(Argument::Strip(k as u32))).collect();
    sweep.run(seeds, &mut |argument, sum| {
        if let Argument::Column(place) = argument {
            gradient[place as usize] = sum.argument();
        }
    });
    gradient
}

/// An adjoint, or argument `i`'s tangent, times the partial derivative by argument `i`; by this product.
pub(super) fn term<'a, T: Real>(
    op: Operation,
    product: Binary,
    i: usize,
    g: Expr<'a, T>,
    x: &[Expr<'a, T>],
    y: Expr<'a, T>,
) -> Expr<'a, T> {
    let times = |slope| g.apply2(product, slope);
    match op {
        Operation::Sum | Operation::Total(_) => g,
        Operation::Dot => times(x[if i < x.len() / 2 { i + x.len() / 2 } else { i - x.len() / 2 }]),
        Operation::Unary(Unary::Neg) => -g,
        Operation::Unary(f) => times(f.derivative(x[0], y)),
        Operation::Binary(Binary::Sub) if i == 1 => -g,
        // Either zero wins over what it meets.
        Operation::Binary(Binary::Chain) if i == 1 => {
            Expr::select(x[0].equals(Expr::Constant(0.0)), x[0].chained(g), g.chained(x[0]))
        }
        Operation::Binary(f) if i == 0 => times(f.derivative_a(x[0], x[1], y)),
        Operation::Binary(f) => times(f.derivative_b(x[0], x[1], y)),
        Operation::Select => {
            let zero = Expr::Constant(0.0);
            let (a, b) = if i == 1 { (zero, g) } else { (g, zero) };
            Expr::select(x[0].equals(zero), a, b)
        }
        _ => unreachable!("not differentiated"),
    }
}

/// A reverse sweep that is being written.
struct Sweep<'a, 'w, T> {
    nodes: &'a [Node<T>],
    columns: &'a [Option<u32>],
    /// By which adjoints and partial derivatives are multiplied.
    product: Binary,
    writer: &'w Writer<T>,
    /// The nodes' results in the new code.
    values: Vec<Option<Argument<T>>>,
    /// What is read from outside: how often yet, and the sum of the terms for its adjoint so far.
    outside: Vec<(Argument<T>, usize, Option<Expr<'w, T>>)>,
}

impl<'a, 'w, T: Real> Sweep<'a, 'w, T> {
    fn new(nodes: &'a [Node<T>], columns: &'a [Option<u32>], product: Binary, writer: &'w Writer<T>) -> Self {
        let values = vec![None; nodes.len()];
        let mut sweep = Self { nodes, columns, product, writer, values, outside: Vec::new() };
        for &argument in nodes.iter().flat_map(|node| &node.arguments) {
            if let Argument::Same(_) | Argument::Column(_) = argument {
                match sweep.outside.iter_mut().find(|known| known.0 == argument) {
                    Some(known) => known.1 += 1,
                    None => sweep.outside.push((argument, 1, None)),
                }
            }
        }
        sweep
    }

    /// Sweeps from the last node to the first; what is outside gets its adjoint as soon as that is complete.
    fn run(mut self, mut adjoints: Vec<Option<Expr<'w, T>>>, give: &mut dyn FnMut(Argument<T>, Expr<'w, T>)) {
        let nodes = self.nodes;
        for (k, node) in nodes.iter().enumerate().rev() {
            if let (Operation::Load(_), Some(adjoint)) = (node.op, adjoints[k]) {
                give(Argument::Strip(k as u32), adjoint);
            }
            let adjoint = match node.op {
                Operation::Total(place) => {
                    Some(Expr::Written(self.writer, self.writer.write(Operation::Spread(place), &[])))
                }
                _ => adjoints[k],
            };
            let known = adjoint.map(|g| {
                let x: Vec<_> = node.arguments.iter().map(|&argument| self.value(argument)).collect();
                (g, x, if node.op.gives() { g } else { self.value(Argument::Strip(k as u32)) })
            });
            for (i, &argument) in node.arguments.iter().enumerate() {
                match (argument, &known) {
                    (Argument::Constant(_) | Argument::Table(_), _) | (Argument::Rows(_), None) => continue,
                    (Argument::Rows(rows), Some((g, ..))) => {
                        self.writer.write(Operation::GiveRows(rows), &[g.argument()]);
                        continue;
                    }
                    _ => {}
                }
                let term = known
                    .as_ref()
                    .filter(|_| passes_on(node.op, i))
                    .map(|(g, x, y)| term(node.op, self.product, i, *g, x, *y));
                if let Argument::Strip(of) = argument {
                    let sum = &mut adjoints[of as usize];
                    *sum = added(*sum, term);
                } else if let Some((_, left, sum)) = self.outside.iter_mut().find(|known| known.0 == argument) {
                    *left -= 1;
                    *sum = added(*sum, term);
                    if let (0, Some(sum)) = (*left, *sum) {
                        give(argument, sum);
                    }
                }
            }
        }
    }

    /// What an argument is in the new code.
    fn value(&mut self, argument: Argument<T>) -> Expr<'w, T> {
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
}

/// Whether an adjoint flows on to argument `i`.
fn passes_on(op: Operation, i: usize) -> bool {
    match op {
        Operation::Less | Operation::Equals => false,
        Operation::Select => i > 0,
        _ => true,
    }
}

fn added<'w, T: Real>(sum: Option<Expr<'w, T>>, term: Option<Expr<'w, T>>) -> Option<Expr<'w, T>> {
    match (sum, term) {
        (Some(sum), Some(term)) => Some(sum + term),
        (sum, term) => sum.or(term),
    }
}
