//! A small program at many inputs: these are the trips of a loop.

use ndarray::{ArrayView2, Axis};

use super::body::{Argument, Body, Node, Writer};
use super::derive::gradient;
use super::form::Lists;
use super::strip::STRIP;
use super::sweep::Trips;
use crate::Real;
use crate::error::Result;
use crate::kernels::cpu::Path;
use crate::kernels::element::Element;
use crate::tape::code::Code;
use crate::tape::guard::Guard;
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
    width: usize,
    /// How many columns there are, inputs included.
    columns: usize,
    /// What is asked for.
    results: Vec<Argument<T>>,
    /// Both sides of each guard.
    sides: Vec<Argument<T>>,
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
        let sides = sides.map(|side| side.resolve(of, Argument::Constant)).collect();
        Some(Self::with(&nodes, inputs, results, sides, exact))
    }

    fn with(
        nodes: &[Node<T>],
        inputs: usize,
        mut results: Vec<Argument<T>>,
        mut sides: Vec<Argument<T>>,
        exact: bool,
    ) -> Self {
        let mut columns = vec![None; nodes.len()];
        for result in results.iter().chain(&sides) {
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
        for result in results.iter_mut().chain(&mut sides) {
            *result = match *result {
                Argument::Strip(of) => Argument::Column(columns[of as usize].unwrap_or_default() * width),
                Argument::Column(place) => Argument::Column(place * width),
                constant => constant,
            };
        }
        Self { body, width: width as usize, columns: count as usize, results, sides, exact }
    }
}

/// The operations of a program; inputs are columns.
fn nodes<T: Real>(code: Code<'_, T>, inputs: usize) -> Option<Vec<Node<T>>> {
    let mut nodes = Some(Vec::with_capacity(code.ops.len() - inputs));
    let place = |place: u32| match (place as usize).checked_sub(inputs) {
        Some(node) => Argument::Strip(node as u32),
        None => Argument::Column(place),
    };
    code.walk(|i, op, words| {
        if i >= inputs {
            nodes = nodes.take().and_then(|mut nodes| {
                nodes.push(Node::of(code, op, words, place)?);
                Some(nodes)
            });
        }
    });
    nodes
}

/// What checks both sides of each guard, for one input.
pub(in crate::program) type Check<'a, T> = &'a dyn Fn(&[T]) -> Result<()>;

/// Runs a batch at rows of inputs, and writes the results of each row.
pub(super) fn run<T: Element>(
    batch: &Batch<T>,
    rows: &ArrayView2<'_, T>,
    results: &mut [T],
    check: Check<'_, T>,
) -> Result<()> {
    let (width, each) = (batch.width, batch.results.len());
    let (mut values, mut strips, lists) = (vec![T::zero(); batch.columns * width], Vec::new(), Lists::new());
    let mut sides = vec![T::zero(); batch.sides.len()];
    for (rows, first) in rows.axis_chunks_iter(Axis(0), width).zip((0..).step_by(width)) {
        for (column, x) in values.chunks_exact_mut(width).zip(rows.columns()) {
            column.iter_mut().zip(x).for_each(|(to, &from)| *to = from);
        }
        Path::current().run(Trips {
            count: rows.nrows(),
            width,
            operands: &[],
            rows: &[],
            lists: &lists,
            body: &batch.body,
            values: &mut values,
            adjoints: &mut [],
            strips: &mut strips,
            exact: batch.exact,
        });
        let of = |result: &Argument<T>, trip: usize| match *result {
            Argument::Constant(c) => c,
            Argument::Column(place) => values[place as usize + trip],
            _ => unreachable!("a result has a column"),
        };
        for trip in 0..rows.nrows() {
            let out = &mut results[(first + trip) * each..][..each];
            out.iter_mut().zip(&batch.results).for_each(|(to, result)| *to = of(result, trip));
            if !sides.is_empty() {
                sides.iter_mut().zip(&batch.sides).for_each(|(to, side)| *to = of(side, trip));
                check(&sides)?;
            }
        }
    }
    Ok(())
}
