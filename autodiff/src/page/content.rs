//! What stands on the page: the picture, the rows, the bars, the derivation.

use std::collections::HashMap;

use super::checked::compare;
use super::json::{list, number, object, text};
use super::rows::{Rows, cuts};
use super::stretches::{graph, places, stretches};
use crate::engine::gradients::all_gradients;
use crate::engine::vjp::Seed;
use crate::explain::{Question, is_variable, steps, write};
use crate::graph::{Drawing, Graph, Placed};
use crate::inspect::reader::Reader;
use crate::tape::cell::TapeCell;
use crate::{Real, Tensor};

/// So many entries are drawn one by one, and so many have rows of their own.
const DRAWN: usize = 300;
const LISTED: usize = 2000;
/// Stretches in the picture, and in the table, where there are more.
const NODES: usize = 60;
const ROWS: usize = 500;
/// So many variables are in the derivation.
const VARIABLES: usize = 40;

/// What is asked for.
pub(super) struct Subject<'a, T: Real> {
    pub(super) cell: &'static TapeCell<T>,
    pub(super) root: usize,
    pub(super) seed: Option<Seed<T>>,
    pub(super) constants: &'a [(String, Tensor<T>)],
    pub(super) checked: bool,
}

/// The parts of the page.
pub(super) struct Content {
    /// What the root is called.
    pub(super) name: String,
    pub(super) svg: String,
    pub(super) json: String,
    pub(super) derivation: String,
}

#[track_caller]
pub(super) fn content<T: Real>(subject: &Subject<'_, T>) -> Content {
    let Subject { cell, root, seed, constants, checked } = subject;
    let mut reader = Reader::new(cell, *root, "`Page` was called on");
    let cuts = cuts(&mut reader);
    let reader = &reader;
    let scalars = if seed.is_none() { vec![(*root, T::one())] } else { Vec::new() };
    let gradients = all_gradients(cell, &scalars, seed.clone());
    let entries: Vec<usize> = (0..=*root).filter(|&i| reader.live[i]).collect();
    let drawing = Drawing { reader, gradients: Some(&gradients), constants };
    let mut groups = Graph::new();
    let inner = drawing.groups(&mut groups);
    let group = |i: usize| {
        let around = std::iter::successors(inner.get(&i).copied(), |&k| groups.groups()[k].parent);
        around.last().map(|k| groups.groups()[k].name.clone())
    };
    let Placed { graph, nodes } = if entries.len() <= DRAWN {
        let mut placed = drawing.placed();
        for cut in &cuts {
            placed.graph.add_edge(placed.nodes[&cut.from], placed.nodes[&cut.reader], cut.by);
        }
        placed
    } else {
        let stretches = stretches(&entries, group, NODES);
        Placed { graph: graph(reader, &stretches), nodes: places(&stretches) }
    };
    let checks = if *checked && entries.len() <= LISTED { compare(reader, &gradients) } else { HashMap::new() };
    let rows = Rows { reader, gradients: &gradients, cuts: &cuts, nodes, checks };
    let short = entries.len() <= LISTED;
    let listed = if short {
        rows.of_entries(&entries, &steps(reader, constants))
    } else {
        rows.of_stretches(&stretches(&entries, group, ROWS))
    };
    let variables = entries.iter().copied().filter(|&i| is_variable(reader, i));
    let bars = bars(&rows, variables.clone(), group);
    let json = object([
        ("entries", Some(entries.len().to_string())),
        ("short", short.then(|| "1".to_owned())),
        ("checked", checked.then(|| "1".to_owned())),
        ("rows", Some(listed)),
        ("bars", Some(list(bars.iter().map(|(name, norm)| list([text(name), number(*norm)]))))),
    ]);
    let wrt = variables.take(VARIABLES).collect();
    let question = Question { cell, root: *root, gradients: &gradients, wrt, constants, lines: VARIABLES };
    let name = reader.names.name(*root).unwrap_or("f").to_owned();
    Content { name, svg: graph.svg(), json, derivation: write(&question).mathml() }
}

/// The norm of the derivatives of each layer's variables, in the order of the tape; without layers, of each variable's.
fn bars<T: Real>(
    rows: &Rows<'_, T>,
    variables: impl Iterator<Item = usize> + Clone,
    group: impl Fn(usize) -> Option<String>,
) -> Vec<(String, f64)> {
    let grouped = variables.clone().any(|i| group(i).is_some());
    let mut bars: Vec<(String, f64)> = Vec::new();
    for i in variables.take(LISTED) {
        let own = || rows.reader.names.name(i).map_or_else(|| format!("entry {i}"), str::to_owned);
        let name = group(i).filter(|_| grouped).unwrap_or_else(own);
        let squares: f64 = rows.derivatives(i).iter().map(|x| x * x).sum();
        match bars.iter_mut().find(|bar| bar.0 == name) {
            Some(bar) => bar.1 += squares,
            None => bars.push((name, squares)),
        }
    }
    bars.into_iter().map(|(name, squares)| (name, squares.sqrt())).collect()
}
