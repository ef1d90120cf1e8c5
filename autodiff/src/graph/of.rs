//! The graph of what is on a tape.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::parts::{Graph, Node, Role};
use crate::engine::gradients::all_gradients;
use crate::engine::{Gradients, Handle};
use crate::error::{Error, Result};
use crate::explain::plain_number;
use crate::inspect::reader::{Operand, Reader};
use crate::rules::Binary;
use crate::tape::opcode::Kind;
use crate::tape::trace;
use crate::tensor::entry::Source;
use crate::tensor::op::Row;
use crate::{Real, Tensor};

/// So many nodes are drawn unless more are asked for.
const LIMIT: usize = 200;

impl Graph {
    /// The graph of everything that went into `root`, scalar or tensor. If the root is one number, nodes show its derivatives.
    ///
    /// # Errors
    /// If there are more than 200 nodes: [`with_limit`](Self::with_limit) draws more.
    ///
    /// # Panics
    /// If the root is a constant or stale, or its tape is being swept.
    #[track_caller]
    pub fn of<T: Real, Y: Handle<T>>(root: Y) -> Result<Self> {
        Self::with_limit(root, LIMIT)
    }

    /// As [`of`](Self::of), with up to `limit` nodes.
    ///
    /// ```
    /// use autodiff::{Tape, graph::Graph};
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(0.5);
    /// let y = (0..1000).fold(x, |y, _| y.sin());
    /// let error = Graph::of(y).unwrap_err().to_string();
    /// assert_eq!(error, "graph: 1001 nodes are more than the limit of 200; `Graph::with_limit(root, 1001)` draws them all, \
    ///     `explain::derivation` folds what repeats");
    /// assert_eq!(Graph::with_limit(y, 2000)?.nodes().len(), 1001);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there are more nodes.
    ///
    /// # Panics
    /// If the root is a constant or stale, or its tape is being swept.
    #[track_caller]
    pub fn with_limit<T: Real, Y: Handle<T>>(root: Y, limit: usize) -> Result<Self> {
        let Some(cell) = root.tape_of() else { Error::from(crate::error::Kind::ConstantRoot { op: "graph" }).raise() };
        let root = root.index_on(Some(cell));
        let reader = Reader::new(cell, root, "`graph` was called on");
        let nodes = reader.live.iter().filter(|&&live| live).count();
        if nodes > limit {
            return Err(Error::custom(format!(
                "graph: {nodes} nodes are more than the limit of {limit}; `Graph::with_limit(root, {nodes})` draws them all, \
                 `explain::derivation` folds what repeats"
            )));
        }
        let gradients = match (reader.shape(root), reader.tensor(root)) {
            (None, _) => Some(all_gradients(cell, &[(root, T::one())], None)),
            (Some(_), Some(tensor)) if tensor.len() == 1 => {
                let seed = tensor.place().map(|node| (node, Tensor::ones(tensor.shape())));
                Some(all_gradients(cell, &[], seed))
            }
            _ => None,
        };
        Ok(Drawing { reader: &reader, gradients: gradients.as_ref(), constants: &[] }.placed().graph)
    }
}

/// What is drawn.
pub(crate) struct Drawing<'a, T: Real> {
    pub(crate) reader: &'a Reader<T>,
    pub(crate) gradients: Option<&'a Gradients<T>>,
    /// Names of constants.
    pub(crate) constants: &'a [(String, Tensor<T>)],
}

/// A graph, and where the tape's entries are in it.
pub(crate) struct Placed {
    pub(crate) graph: Graph,
    /// Each entry's node.
    #[cfg_attr(not(feature = "page"), allow(dead_code, reason = "the page shows entries in the picture"))]
    pub(crate) nodes: HashMap<usize, usize>,
}

impl<T: Real> Drawing<'_, T> {
    pub(crate) fn placed(&self) -> Placed {
        let reader = self.reader;
        let mut graph = Graph::new();
        let groups = self.groups(&mut graph);
        let mut places: HashMap<usize, usize> = HashMap::new();
        let mut constants: Vec<(*const T, usize)> = Vec::new();
        for i in (0..=reader.root).filter(|&i| reader.live[i]) {
            let group = groups.get(&i).copied();
            let operands = reader.operands(i);
            let mut edges: Vec<(usize, usize)> = Vec::new();
            for operand in &operands {
                let from = match operand {
                    Operand::Entry(k) => places[k],
                    Operand::Number(_) => continue,
                    Operand::Constant(tensor) if tensor.ndim() == 0 => continue,
                    Operand::Constant(tensor) => {
                        let start = tensor.buffer().as_ptr();
                        let known = constants.iter().find(|known| known.0 == start).map(|known| known.1);
                        known.unwrap_or_else(|| {
                            let lines = [Some(shape(tensor.shape())), small(tensor)].into_iter().flatten().collect();
                            let named = self.constants.iter().find(|named| named.1.buffer().as_ptr() == start);
                            let title = named.map_or("constant", |named| &named.0).to_owned();
                            let node = Node { title, lines, role: Role::Input, group };
                            let place = graph.add_node(node);
                            constants.push((start, place));
                            place
                        })
                    }
                };
                match edges.iter_mut().find(|edge| edge.0 == from) {
                    Some(edge) => edge.1 += 1,
                    None => edges.push((from, 1)),
                }
            }
            let to = graph.add_node(self.node(i, &operands, group));
            places.insert(i, to);
            for (from, times) in edges {
                let label = if times > 1 { format!("{times}×") } else { String::new() };
                graph.add_edge(from, to, label);
            }
        }
        Placed { graph, nodes: places }
    }

    fn node(&self, i: usize, operands: &[Operand<T>], group: Option<usize>) -> Node {
        let reader = self.reader;
        let role = match (reader.kind(i), reader.tensor_entry(i).map(|entry| &entry.source)) {
            (Kind::Leaf, _) => Role::Input,
            (Kind::Tensor, Some(Source::Leaf(_))) => Role::Parameter,
            _ if i == reader.root => Role::Output,
            _ => Role::Operation,
        };
        let variable = matches!(role, Role::Input | Role::Parameter);
        let operation = self.operation(i, operands);
        let name = reader.names.name(i).map(str::to_owned);
        let (title, told) = match (&name, variable) {
            (Some(name), true) => (name.clone(), None),
            (Some(name), false) => (name.clone(), Some(operation)),
            (None, true) => ("variable".to_owned(), None),
            (None, false) => (operation, None),
        };
        let lengths = reader.shape(i).filter(|lengths| !lengths.is_empty()).map(shape);
        let value = reader.value(i).map(plain_number).or_else(|| reader.tensor(i).and_then(small));
        let mut lines: Vec<String> = [told, lengths, value].into_iter().flatten().collect();
        if let Some(adjoint) = self.adjoint(i).filter(|_| i != reader.root) {
            let root = reader.names.name(reader.root).unwrap_or("f");
            let label = match (reader.adjoint(i), &name) {
                (Some(label), _) => label.to_owned(),
                (None, Some(name)) => format!("d{root}/d{name}"),
                (None, None) => "adjoint".to_owned(),
            };
            lines.push(format!("{label} = {adjoint}"));
        }
        Node { title, lines, role, group }
    }

    /// The operation with its constant operands: `2 ×`, `+`, `matmul`.
    fn operation(&self, i: usize, operands: &[Operand<T>]) -> String {
        let reader = self.reader;
        let number = |operand: &Operand<T>| match operand {
            Operand::Number(x) => Some(plain_number(*x)),
            Operand::Constant(tensor) if tensor.ndim() == 0 => Some(plain_number(tensor.item().primal())),
            _ => None,
        };
        let sign = |f: Binary| match f {
            Binary::Add => "+",
            Binary::Sub => "−",
            Binary::Mul | Binary::Chain => "×",
            Binary::Div => "÷",
            Binary::Pow | Binary::Powi => "^",
            f => f.name(),
        };
        match (reader.kind(i), reader.row(i)) {
            (_, Some(Row::Binary(f))) => match (operands.first().and_then(number), operands.get(1).and_then(number)) {
                (None, Some(b)) => format!("{} {b}", sign(f)),
                (Some(a), None) => format!("{a} {}", sign(f)),
                _ => sign(f).to_owned(),
            },
            (Kind::At, _) => format!("element {}", reader.position(i)),
            (Kind::Tensor, _) => reader.tensor_entry(i).map_or("tensor", |entry| entry.name()).to_owned(),
            _ => trace::name(reader.opcode(i)).to_owned(),
        }
    }

    fn adjoint(&self, i: usize) -> Option<String> {
        let gradients = self.gradients?;
        if self.reader.shape(i).is_none() {
            return gradients.scalar(i).map(|x| plain_number(x.primal()));
        }
        let tensor = gradients.at_entry(i)?;
        Some(small(tensor).unwrap_or_else(|| {
            let norm = tensor.view().iter().map(|x| x.primal() * x.primal()).sum::<f64>().sqrt();
            format!("norm {}", plain_number(norm))
        }))
    }

    /// Puts the groups into the graph; gives the innermost group of each entry that is in one.
    pub(crate) fn groups(&self, graph: &mut Graph) -> HashMap<usize, usize> {
        let reader = self.reader;
        let mut groups: Vec<(Rc<str>, Range<u32>)> = reader.names.groups().to_vec();
        let used = |range: &Range<u32>| range.clone().any(|i| reader.live.get(i as usize).is_some_and(|&live| live));
        groups.retain(|(_, range)| used(range));
        // The widest first; of the same width the one that was closed last.
        groups.reverse();
        groups.sort_by_key(|(_, range)| std::cmp::Reverse(range.len()));
        let around = |range: &Range<u32>, before: usize| {
            (0..before).rev().find(|&k| groups[k].1.start <= range.start && range.end <= groups[k].1.end)
        };
        for (k, (name, range)) in groups.iter().enumerate() {
            graph.add_group(name.to_string(), around(range, k));
        }
        let mut of: HashMap<usize, usize> = HashMap::new();
        // Those within others come later.
        for (k, (_, range)) in groups.iter().enumerate() {
            let entries = range.clone().map(|i| i as usize).filter(|&i| reader.live.get(i).is_some_and(|&live| live));
            of.extend(entries.map(|i| (i, k)));
        }
        // A variable from before stands with those that read it, if they stand together.
        let mut readers: HashMap<usize, Option<usize>> = HashMap::new();
        for i in (0..=reader.root).filter(|&i| reader.live[i]) {
            let group = of.get(&i).copied();
            for k in reader.reads(i).into_iter().filter(|k| !of.contains_key(k) && reader.operands(*k).is_empty()) {
                readers.entry(k).and_modify(|known| *known = known.filter(|_| *known == group)).or_insert(group);
            }
        }
        of.extend(readers.into_iter().filter_map(|(k, group)| Some((k, group?))));
        of
    }
}

fn shape(lengths: &[usize]) -> String {
    format!("shape {}", lengths.iter().map(usize::to_string).collect::<Vec<_>>().join("×"))
}

/// The numbers of a small tensor.
fn small<T: Real>(tensor: &Tensor<T>) -> Option<String> {
    let view = tensor.view();
    let numbers: Vec<String> = view.iter().take(5).map(|x| plain_number(x.primal())).collect();
    match (tensor.ndim(), &numbers[..]) {
        (0, [x]) => Some(x.clone()),
        (1.., [] | [_, _, _, _, _, ..]) => None,
        _ => Some(format!("[{}]", numbers.join(", "))),
    }
}
