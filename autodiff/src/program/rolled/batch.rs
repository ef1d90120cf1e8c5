//! A small program at many inputs: these are the trips of a loop.

use smallvec::SmallVec;

use super::body::{Argument, Body, Node, Operation, Writer};
use super::derive::gradient;
use super::form::Lists;
use super::strip::STRIP;
use super::sweep::Trips;
use crate::Real;
use crate::kernels::cpu::Path;
use crate::kernels::element::Element;
use crate::tape::code::Code;
use crate::tape::guard::Guard;
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, CONSTANT, Form, Kind};
use crate::tape::passes::Output;

/// Programs of more entries, or with more operations for what is asked for, are run input by input.
const LARGEST: usize = 1 << 12;

/// What the strips that are in use at once may hold.
const ROOM: usize = 1 << 13;

/// What is computed for each input.
#[derive(Clone, Copy)]
pub(in crate::program) enum Asked {
    Values,
    Jacobian,
    /// Of the only output.
    Hessian,
}

/// Results of a program as a body whose trips are inputs.
#[derive(Debug)]
pub(in crate::program) struct Batch<T> {
    body: Body<T>,
    /// How many inputs at a time.
    pub(in crate::program) width: usize,
    /// How many columns there are, inputs included.
    columns: usize,
    /// What is asked for, then both sides of each guard.
    results: Vec<Argument<T>>,
    exact: bool,
}

impl<T: Real> Batch<T> {
    /// None if it would be too large, or has operations that bodies do not have.
    pub(in crate::program) fn new(
        code: Code<'_, T>,
        inputs: usize,
        outputs: &[Output<T>],
        guards: &[Guard<T>],
        asked: Asked,
        exact: bool,
    ) -> Option<Self> {
        if code.ops.len() > LARGEST {
            return None;
        }
        let mut nodes = nodes(code, inputs)?;
        let of = |entry: usize| match entry.checked_sub(inputs) {
            Some(node) => Argument::Strip(node as u32),
            None => Argument::Column(entry as u32),
        };
        let mut results: Vec<_> = outputs.iter().map(|output| output.map_or_else(Argument::Constant, of)).collect();
        let order = match asked {
            Asked::Values => 0,
            Asked::Jacobian => 1,
            Asked::Hessian => 2,
        };
        for _ in 0..order {
            let writer = Writer::after(&nodes);
            let mut rows = Vec::with_capacity(results.len() * inputs);
            for &result in &results {
                rows.extend(gradient(&writer, &nodes, result, inputs));
                if writer.len() > LARGEST {
                    return None;
                }
            }
            (nodes, results) = (writer.nodes(), rows);
        }
        let sides = guards.iter().flat_map(|guard| [guard.left, guard.right]);
        results.extend(sides.map(|side| side.resolve(of, Argument::Constant)));
        (!results.is_empty()).then(|| Self::with(&nodes, inputs, results, exact))
    }

    fn with(nodes: &[Node<T>], inputs: usize, mut results: Vec<Argument<T>>, exact: bool) -> Self {
        let mut columns = vec![None; nodes.len()];
        for result in &results {
            if let Argument::Strip(of) = *result {
                columns[of as usize] = Some(0);
            }
        }
        let mut count = inputs as u32;
        for column in columns.iter_mut().flatten() {
            *column = count;
            count += 1;
        }
        let mut body = Body::new(nodes, &columns);
        let width = (ROOM / body.strips.max(1)).clamp(16, STRIP) as u32;
        body.widen(width);
        for result in &mut results {
            *result = match *result {
                Argument::Strip(of) => Argument::Column(columns[of as usize].unwrap_or_default() * width),
                Argument::Column(place) => Argument::Column(place * width),
                constant => constant,
            };
        }
        Self { body, width: width as usize, columns: count as usize, results, exact }
    }
}

/// The operations of a program; inputs are columns.
fn nodes<T: Real>(code: Code<'_, T>, inputs: usize) -> Option<Vec<Node<T>>> {
    let mut nodes = Vec::with_capacity(code.ops.len() - inputs);
    let mut complete = true;
    code.walk(|i, op, words| {
        if i < inputs || !complete {
            return;
        }
        let constant = |place: u32| Argument::Constant(code.constants[place as usize]);
        let operand = |&word: &u32| match (word & CONSTANT, (word as usize).checked_sub(inputs)) {
            (0, Some(node)) => Argument::Strip(node as u32),
            (0, None) => Argument::Column(word),
            _ => constant(word ^ CONSTANT),
        };
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
            _ => return complete = false,
        };
        nodes.push(Node { op, arguments });
    });
    complete.then_some(nodes)
}

/// Runs a batch at rows of inputs, at most its width, and adds the results of each row.
pub(super) fn run<T: Element>(batch: &Batch<T>, rows: &[Vec<T>], results: &mut Vec<T>) {
    let mut values = vec![T::zero(); batch.columns * batch.width];
    for (trip, row) in rows.iter().enumerate() {
        for (column, &x) in values.chunks_exact_mut(batch.width).zip(row) {
            column[trip] = x;
        }
    }
    let (mut strips, lists) = (Vec::new(), Lists::new());
    Path::current().run(Trips {
        count: rows.len(),
        width: batch.width,
        operands: &[],
        rows: &[],
        lists: &lists,
        body: &batch.body,
        values: &mut values,
        adjoints: &mut [],
        strips: &mut strips,
        exact: batch.exact,
    });
    for trip in 0..rows.len() {
        results.extend(batch.results.iter().map(|result| match *result {
            Argument::Constant(c) => c,
            Argument::Column(place) => values[place as usize + trip],
            _ => unreachable!("a result has a column"),
        }));
    }
}
