//! Feed-forward networks of arbitrary topology (L18).

use std::collections::{BTreeSet, HashMap};

use autodiff::{Real, Tensor};

use crate::error::{Error, Kind, Result, listed};
use crate::layer::{Layer, Visit};
use crate::trace::Trace;

/// The name of what the network is given.
const INPUT: &str = "input";

/// A feed-forward network of arbitrary topology: each node is a layer that reads the input and any other nodes, joined or
/// added, as long as there is no cycle (L18).
///
/// ```
/// use nn::{Activation, Dag, Init, Linear};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// // XOR with a skip connection: the output reads the inputs and one hidden unit.
/// let model = Dag::<f64>::builder()
///     .concat("a", &["input"], Linear::new(2, 1, Init::XavierUniform, &mut rng))
///     .concat("h", &["a"], Activation::Tanh)
///     .concat("y", &["input", "h"], Linear::new(3, 1, Init::XavierUniform, &mut rng))
///     .build("y")?;
/// assert_eq!(nn::names(&model), ["a.weight", "a.bias", "y.weight", "y.bias"]);
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Panics
/// `forward`, if what a node reads does not go together in shape.
#[derive(Clone)]
pub struct Dag<T: Real> {
    /// In an order in which each node comes after those that it reads.
    nodes: Vec<Node<T, usize>>,
    output: usize,
}

/// In a plan it reads names; in a network places: 0 is the input, `k + 1` is node `k`.
#[derive(Clone)]
struct Node<T: Real, R> {
    name: String,
    join: Join,
    reads: Vec<R>,
    layer: Box<dyn Layer<T>>,
}

#[derive(Clone, Copy)]
enum Join {
    Concat,
    Sum,
}

impl<T: Real> Dag<T> {
    /// Starts a network.
    pub fn builder() -> DagBuilder<T> {
        DagBuilder { nodes: Vec::new() }
    }

    fn run(&self, x: &Tensor<T>, mut layer: impl FnMut(&str, &dyn Layer<T>, &Tensor<T>) -> Tensor<T>) -> Tensor<T> {
        let mut values = Vec::with_capacity(self.nodes.len() + 1);
        values.push(x.clone());
        for node in &self.nodes {
            let joined = self.joined(node, &values);
            values.push(layer(&node.name, &*node.layer, &joined));
        }
        values.swap_remove(self.output)
    }

    /// What a node reads, as one tensor.
    fn joined(&self, node: &Node<T, usize>, values: &[Tensor<T>]) -> Tensor<T> {
        let parts: Vec<&Tensor<T>> = node.reads.iter().map(|&k| &values[k]).collect();
        let [first, rest @ ..] = &parts[..] else { unreachable!("every node reads something") };
        let kept = |x: &Tensor<T>| match node.join {
            Join::Concat => x.shape()[..x.ndim().saturating_sub(1)].to_vec(),
            Join::Sum => x.shape().to_vec(),
        };
        for (part, &k) in rest.iter().zip(&node.reads[1..]) {
            let (verb, rule) = match node.join {
                Join::Concat => ("joins", "all lengths but the last must be equal"),
                Join::Sum => ("adds", "the shapes must be equal"),
            };
            assert!(
                part.ndim() == first.ndim() && kept(part) == kept(first),
                "Dag: node `{}` {verb} `{}` of shape {:?} and `{}` of shape {:?}; {rule}",
                node.name,
                self.name(node.reads[0]),
                first.shape(),
                self.name(k),
                part.shape()
            );
        }
        match node.join {
            _ if rest.is_empty() => (*first).clone(),
            Join::Concat => Tensor::concat(&parts, first.ndim().saturating_sub(1)),
            Join::Sum => rest.iter().fold((*first).clone(), |sum, part| sum + *part),
        }
    }

    fn name(&self, k: usize) -> &str {
        k.checked_sub(1).map_or(INPUT, |k| &self.nodes[k].name)
    }
}

impl<T: Real> Layer<T> for Dag<T> {
    fn forward(&self, x: &Tensor<T>) -> Tensor<T> {
        self.run(x, |_, layer, x| layer.forward(x))
    }

    fn visit(&self, v: &mut Visit<'_, T>) {
        for node in &self.nodes {
            v.layer(&node.name, &*node.layer);
        }
    }

    fn trace(&self, x: &Tensor<T>, trace: &mut Trace) -> Tensor<T> {
        self.run(x, |name, layer, x| trace.layer(name, layer, x))
    }

    fn boxed(&self) -> Option<Box<dyn Layer<T>>> {
        Some(Box::new(self.clone()))
    }
}

/// The plan of a [`Dag`]. Nodes may come in any order.
pub struct DagBuilder<T: Real> {
    nodes: Vec<Node<T, String>>,
}

impl<T: Real> DagBuilder<T> {
    /// Adds a node that reads the named ones, joined along the last axis; `"input"` is the network's input.
    pub fn concat(self, name: &str, reads: &[&str], layer: impl Layer<T> + 'static) -> Self {
        self.node(name, Join::Concat, reads, Box::new(layer))
    }

    /// Adds a node that reads the sum of the named ones; `"input"` is the network's input.
    pub fn sum(self, name: &str, reads: &[&str], layer: impl Layer<T> + 'static) -> Self {
        self.node(name, Join::Sum, reads, Box::new(layer))
    }

    fn node(mut self, name: &str, join: Join, reads: &[&str], layer: Box<dyn Layer<T>>) -> Self {
        let reads = reads.iter().map(|&name| name.to_owned()).collect();
        self.nodes.push(Node { name: name.to_owned(), join, reads, layer });
        self
    }

    /// Builds the network whose output is that of the named node.
    ///
    /// # Errors
    /// If a name is taken twice, is not there, or cannot be a name; if a node reads nothing; if there is a cycle; if a node
    /// does not lead to the output.
    pub fn build(self, output: &str) -> Result<Dag<T>> {
        let reads = self.resolved()?;
        let names: Vec<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        let Some(end) = names.iter().position(|&name| name == output) else {
            return Err(graph(format!("the output `{output}` is no node; there are {}", self.listed())));
        };
        let order = order(&reads, &names)?;
        let mut needed = vec![false; names.len()];
        needed[end] = true;
        for &k in order.iter().rev() {
            if needed[k] {
                reads[k].iter().flatten().for_each(|&read| needed[read] = true);
            }
        }
        if let Some(idle) = needed.iter().position(|&needed| !needed) {
            let name = names[idle];
            return Err(graph(format!(
                "node `{name}` leads nowhere: nothing on the way to the output `{output}` reads it"
            )));
        }
        // From places in the plan to places in the order.
        let mut place = vec![0; names.len()];
        order.iter().enumerate().for_each(|(at, &k)| place[k] = at + 1);
        let mut plans: Vec<Option<Node<T, String>>> = self.nodes.into_iter().map(Some).collect();
        let nodes = order.iter().map(|&k| {
            let Node { name, join, layer, .. } = plans[k].take().expect("an order names each node once");
            let reads = reads[k].iter().map(|read| read.map_or(0, |read| place[read])).collect();
            Node { name, join, reads, layer }
        });
        Ok(Dag { nodes: nodes.collect(), output: place[end] })
    }

    /// What each node reads: `None` is the input.
    fn resolved(&self) -> Result<Vec<Vec<Option<usize>>>> {
        let mut places = HashMap::new();
        for (k, Node { name, reads, .. }) in self.nodes.iter().enumerate() {
            if name.is_empty() || name == INPUT || name.contains('.') {
                let rule = "expected a name without dots, which part the names of parameters, and other than `input`";
                return Err(graph(format!("`{name}` is no name for a node; {rule}")));
            }
            if places.insert(name.as_str(), k).is_some() {
                return Err(graph(format!("there are two nodes `{name}`; each needs a name of its own")));
            }
            if reads.is_empty() {
                return Err(graph(format!("node `{name}` reads nothing, expected `input` or other nodes")));
            }
        }
        let resolve = |node: &Node<T, String>| {
            let place = |read: &String| match places.get(read.as_str()) {
                _ if read == INPUT => Ok(None),
                Some(&k) => Ok(Some(k)),
                None => {
                    let (name, known) = (&node.name, self.listed());
                    Err(graph(format!("node `{name}` reads `{read}`, which is no node; there are `input`, {known}")))
                }
            };
            node.reads.iter().map(place).collect()
        };
        self.nodes.iter().map(resolve).collect()
    }

    fn listed(&self) -> String {
        listed(&self.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>())
    }
}

fn graph(what: String) -> Error {
    Kind::Graph { what }.into()
}

/// The nodes in an order in which each comes after those that it reads, otherwise as they were given.
fn order(reads: &[Vec<Option<usize>>], names: &[&str]) -> Result<Vec<usize>> {
    let mut readers = vec![Vec::new(); reads.len()];
    let mut waits: Vec<usize> = vec![0; reads.len()];
    for (k, reads) in reads.iter().enumerate() {
        for &read in reads.iter().flatten() {
            readers[read].push(k);
            waits[k] += 1;
        }
    }
    let mut ready: BTreeSet<usize> = (0..reads.len()).filter(|&k| waits[k] == 0).collect();
    let mut order = Vec::with_capacity(reads.len());
    while let Some(k) = ready.pop_first() {
        order.push(k);
        for &reader in &readers[k] {
            waits[reader] -= 1;
            if waits[reader] == 0 {
                ready.insert(reader);
            }
        }
    }
    let Some(start) = waits.iter().position(|&waits| waits > 0) else { return Ok(order) };
    // Whoever still waits reads somebody who waits: going from one to the next ends in a cycle.
    let (mut path, mut at) = (Vec::new(), start);
    while !path.contains(&at) {
        path.push(at);
        at = reads[at].iter().flatten().copied().find(|&read| waits[read] > 0).expect("somebody who waits");
    }
    let first = path.iter().position(|&k| k == at).expect("just seen");
    let cycle: Vec<String> = path[first..].iter().chain([&at]).map(|&k| format!("`{}`", names[k])).collect();
    let rule = "a feed-forward network has no cycles";
    Err(graph(format!("{}: {rule}", cycle.join(" reads "))))
}
