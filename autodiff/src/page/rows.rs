//! The table's rows, an entry of the tape or a stretch of it each, as the page's script reads them.

use std::collections::HashMap;

use super::json::{list, number, object, text};
use super::stretches::{Stretch, operation, reads};
use super::terms::{Amount, adjoint, passed};
use crate::Real;
use crate::engine::Gradients;
use crate::explain::{Step, is_variable, routes};
use crate::inspect::reader::{Operand, Reader};
use crate::tape::opcode::Kind;
use crate::tape::trace::Place;

/// So many variables have their paths listed.
const VARIABLES: usize = 64;

/// A value that was taken off the tape and read as a constant.
pub(super) struct Cut {
    pub(super) reader: usize,
    pub(super) from: usize,
    pub(super) by: &'static str,
    place: Place,
}

/// Counts what comes to the root by constants only, taken off the tape on the way, among what the root depends on.
pub(super) fn cuts<T: Real>(reader: &mut Reader<T>) -> Vec<Cut> {
    let (cell, epoch, mut found) = (reader.cell, reader.cell.epoch(), Vec::new());
    for i in (0..=reader.root).rev().filter(|&i| reader.live[i]).collect::<Vec<_>>() {
        let mut open = vec![i];
        while let Some(i) = open.pop() {
            for operand in reader.operands(i) {
                let Operand::Constant(tensor) = operand else { continue };
                for cut in tensor.cuts().iter().filter(|cut| cut.from.epoch == epoch) {
                    let from = cut.from.index as usize;
                    let known = found.iter().any(|known: &Cut| (known.reader, known.from) == (i, from));
                    if !known && from < i && std::ptr::eq(cut.from.cell, cell) {
                        found.push(Cut { reader: i, from, by: cut.by, place: cut.place });
                        open.push(from);
                    }
                }
            }
            reader.live[i] = true;
            open.extend(reader.reads(i).into_iter().filter(|&k| !reader.live[k]));
        }
    }
    found
}

/// What rows are made of.
pub(super) struct Rows<'a, T: Real> {
    pub(super) reader: &'a Reader<T>,
    pub(super) gradients: &'a Gradients<T>,
    pub(super) cuts: &'a [Cut],
    /// The node of each entry in the picture.
    pub(super) nodes: HashMap<usize, usize>,
    /// What numerical derivatives say.
    pub(super) checks: HashMap<usize, String>,
}

impl<T: Real> Rows<'_, T> {
    /// A row for each entry.
    pub(super) fn of_entries(&self, entries: &[usize], steps: &HashMap<usize, Step>) -> String {
        let places: HashMap<usize, usize> = entries.iter().enumerate().map(|(row, &i)| (i, row)).collect();
        let scalars = entries.iter().all(|&i| self.reader.shape(i).is_none() && self.reader.kind(i) != Kind::At);
        let mut variables = entries.iter().filter(|&&i| is_variable(self.reader, i)).take(VARIABLES);
        let listed: Vec<usize> = variables.by_ref().filter(|_| scalars).copied().collect();
        list(entries.iter().map(|i| self.entry(*i, &steps[i], &places, listed.contains(i))))
    }

    fn entry(&self, i: usize, step: &Step, places: &HashMap<usize, usize>, paths: bool) -> String {
        let reader = self.reader;
        let variable = is_variable(reader, i);
        let value = reader.tensor(i).map(Amount::of).or_else(|| reader.value(i).map(Amount::Number));
        let place = match reader.tensor_entry(i) {
            Some(entry) if reader.kind(i) == Kind::Tensor => Some(entry.place),
            _ => reader.cell.scalar_place(i),
        };
        let mut passed = passed(reader, self.gradients, i);
        let edges = step.passes.iter().map(|pass| {
            let (factor, local) = pass.factor.as_ref().map_or((None, None), |(text, x)| (Some(text), Some(*x)));
            let above = self.gradients.scalar(i).unwrap_or_else(T::zero);
            // To what is not finite an exact zero passes nothing on.
            let product = |x: f64| Amount::Number(if above.is_exact_zero() { 0.0 } else { above.primal() * x });
            let term = passed.remove(&pass.to).or_else(|| local.map(product));
            object([
                ("to", Some(places[&pass.to].to_string())),
                ("f", factor.map(|factor| text(&factor.mathml))),
                ("x", local.map(number)),
                ("t", term.map(|term| term.json())),
                ("w", pass.term.as_ref().map(|term| text(&term.mathml))),
            ])
        });
        let edges = list(edges.collect::<Vec<_>>());
        let (stopped, reason) = self.reason(i);
        let cuts = self.cuts.iter().filter(|cut| cut.reader == i);
        let cuts =
            cuts.map(|cut| list([places[&cut.from].to_string(), text(&format!("`{}` at {}", cut.by, cut.place))]));
        let cuts: Vec<String> = cuts.collect();
        let role = match () {
            () if i == reader.root => "output",
            () if variable && reader.kind(i) == Kind::Leaf => "input",
            () if variable => "parameter",
            () => "operation",
        };
        let written = |written: &str| Some(text(written));
        object([
            ("i", Some(i.to_string())),
            ("n", written(&step.name.plain)),
            ("m", written(&step.name.mathml)),
            ("d", written(&step.derivative.mathml)),
            ("o", written(operation(reader, i))),
            ("f", step.formula.as_ref().map(|formula| text(&formula.plain))),
            ("g", step.formula.as_ref().map(|formula| text(&formula.mathml))),
            ("v", value.map(|value| value.json())),
            ("a", adjoint(reader, self.gradients, i).map(|adjoint| adjoint.json())),
            ("l", place.map(|place| text(&place.to_string()))),
            ("r", written(role)),
            ("node", self.nodes.get(&i).map(usize::to_string)),
            ("e", Some(edges)),
            ("stop", stopped.then(|| "1".to_owned())),
            ("z", reason.map(|reason| text(&reason))),
            ("cut", (!cuts.is_empty()).then(|| list(cuts))),
            ("c", self.checks.get(&i).cloned()),
            ("paths", paths.then(|| self.paths(i, places))),
        ])
    }

    /// How many paths there are from a variable to the root, and which if they are few, from the root on.
    fn paths(&self, i: usize, places: &HashMap<usize, usize>) -> String {
        let routes = routes(self.reader, i);
        let count = routes.count.map_or_else(|| format!("about 2^{:.1}", routes.log2), |count| count.to_string());
        let path = |path: &Vec<usize>| list(path.iter().map(|i| places[i].to_string()));
        object([("count", Some(text(&count))), ("list", Some(list(routes.list.iter().map(path))))])
    }

    /// Whether nothing flows on from an entry, and what is known of why, or of zeros in what flows.
    fn reason(&self, i: usize) -> (bool, Option<String>) {
        let reader = self.reader;
        if reader.shape(i).is_none() {
            let zero = self.gradients.scalar(i).is_none_or(Real::is_exact_zero);
            return (zero, zero.then(|| "the derivative is exactly 0, so that nothing is passed on".to_owned()));
        }
        let Some(adjoint) = self.gradients.at_entry(i) else {
            return (true, reader.tensor(i).and_then(|tensor| self.gradients.why_missing(tensor)));
        };
        let zeros = adjoint.view().iter().filter(|x| x.is_exact_zero()).count();
        let words = format!("{zeros} of {} elements of the derivative are exactly 0", adjoint.len());
        (false, (zeros > 0).then_some(words))
    }

    /// A row for each stretch: its last value, and how large its derivatives are.
    pub(super) fn of_stretches(&self, stretches: &[Stretch]) -> String {
        let reader = self.reader;
        let rows = stretches.iter().zip(reads(reader, stretches)).map(|(stretch, reads)| {
            let (first, last) = (stretch.entries[0], stretch.entries[stretch.entries.len() - 1]);
            let numbers = stretch.entries.iter().flat_map(|&i| self.derivatives(i));
            let size = Amount::summary(vec![stretch.entries.len()], numbers.collect::<Vec<_>>().into_iter());
            let value = reader.value(last).map(|x| Amount::Number(x).json());
            object([
                ("i", Some(first.to_string())),
                ("n", Some(text(&stretch.title()))),
                ("o", Some(text(&stretch.operations(reader)))),
                ("v", value.or_else(|| reader.tensor(last).map(|tensor| Amount::of(tensor).json()))),
                ("a", Some(size.json())),
                ("r", Some(text(&format!("{:?}", stretch.role(reader)).to_lowercase()))),
                ("node", self.nodes.get(&first).map(usize::to_string)),
                ("e", Some(list(reads.iter().map(|to| object([("to", Some(to.to_string()))]))))),
            ])
        });
        list(rows.collect::<Vec<_>>())
    }

    /// All numbers of an entry's adjoint.
    pub(super) fn derivatives(&self, i: usize) -> Vec<f64> {
        if self.reader.shape(i).is_none() {
            return self.gradients.scalar(i).map(Real::primal).into_iter().collect();
        }
        self.gradients.at_entry(i).map_or_else(Vec::new, |x| x.view().iter().map(|x| x.primal()).collect())
    }
}
