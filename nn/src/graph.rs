//! Pictures of models.

use std::rc::Rc;

use autodiff::graph::{Graph, Node, Role};
use autodiff::{Real, Tape, Tensor};

use crate::explain::name_parameters;
use crate::layer::Layer;
use crate::state::evaluating;
use crate::summary;
use crate::trace::{Marks, Trace};
use crate::visit::watch;

/// Draws a model: its layers as boxes, in the order in which they run, with output shapes and numbers of parameters;
/// layers that hold others are boxes around them. [`Graph::dot`] and [`Graph::svg`] draw it.
///
/// The picture does not show how the layers are wired: [`tape_graph`] shows branches within a layer.
///
/// ```
/// use nn::{Activation, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let graph = nn::graph(&Mlp::<f32>::new(&[64, 32, 10], Activation::Relu, &mut rng), &[1, 64]);
/// let titles: Vec<&str> = graph.nodes().iter().map(|node| node.title.as_str()).collect();
/// assert_eq!(titles, ["input", "Linear(64 -> 32)", "relu", "Linear(32 -> 10)", "identity", "output"]);
/// assert!(graph.svg().contains("2080 parameters"));
/// ```
///
/// # Panics
/// If the model does not take an input of this shape.
#[track_caller]
pub fn graph<T: Real>(model: &impl Layer<T>, input: &[usize]) -> Graph {
    let summary = summary(model, input);
    let mut graph = Graph::new();
    let plain = |title: &str, shape: &[usize], role| Node {
        title: title.to_owned(),
        lines: vec![lengths(shape)],
        role,
        group: None,
    };
    let mut last = graph.add_node(plain("input", input, Role::Input));
    let mut groups: Vec<(String, usize)> = Vec::new();
    let holds = |outer: &str, inner: &str| {
        outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
    };
    for (k, row) in summary.rows.iter().enumerate() {
        groups.retain(|(name, _)| holds(name, &row.name));
        let group = groups.last().map(|group| group.1);
        let outer = summary.rows.get(k + 1).is_some_and(|next| next.name != row.name && holds(&row.name, &next.name));
        if outer {
            let name = if row.name.is_empty() { row.what.clone() } else { format!("{}: {}", row.name, row.what) };
            groups.push((row.name.clone(), graph.add_group(name, group)));
            continue;
        }
        let mut lines = vec![row.name.clone()];
        lines.extend(row.shape.as_deref().map(lengths));
        if row.parameters > 0 {
            lines.push(format!("{} parameters", row.parameters));
        }
        lines.retain(|line| !line.is_empty());
        let role = if row.parameters > 0 { Role::Parameter } else { Role::Operation };
        let node = graph.add_node(Node { title: row.what.clone(), lines, role, group });
        graph.add_edge(last, node, "");
        last = node;
    }
    let output = summary.rows.first().and_then(|row| row.shape.clone()).unwrap_or_default();
    let end = graph.add_node(plain("output", &output, Role::Output));
    graph.add_edge(last, end, "");
    graph
}

fn lengths(shape: &[usize]) -> String {
    format!("shape {}", shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"))
}

/// Draws what one forward pass records: every operation, with parameters by name and each layer in a box of its own.
/// The pass is run in [`Mode::Eval`](crate::Mode::Eval).
///
/// ```
/// use autodiff::Tensor;
/// use nn::{Activation, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let mut model = Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let graph = nn::tape_graph(&mut model, &Tensor::ones(&[1, 2]))?;
/// let mut layers: Vec<&str> = graph.groups().iter().map(|group| group.name.as_str()).collect();
/// layers.sort_unstable();
/// assert_eq!(layers, ["activations.0", "layers.0", "layers.1"]);
/// assert!(graph.nodes().iter().any(|node| node.title == "layers.0.weight"));
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// If there are more than 200 operations.
///
/// # Panics
/// If the model does not take `x`, or if it has no parameters and `x` is on no tape.
#[track_caller]
pub fn tape_graph<T: Real>(model: &mut impl Layer<T>, x: &Tensor<T>) -> autodiff::Result<Graph> {
    let tape = Rc::new(Tape::new());
    watch(model, &tape);
    name_parameters(model);
    let (length, notes) = (Rc::clone(&tape), Rc::clone(&tape));
    let marks = Marks {
        len: Box::new(move || length.len()),
        since: Box::new(move |name, start| notes.group_since(name, start)),
    };
    let model = &*model;
    let x = x.detach();
    let mut trace = Trace { marks: Some(marks), ..Trace::default() };
    let y = evaluating(model, || model.trace(&x, &mut trace)).named("y");
    Graph::of(&y)
}
