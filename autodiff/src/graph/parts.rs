//! A graph that can be drawn: nodes, edges, groups.

/// What part a node plays; it decides the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Scalar variables and constant tensors: what comes from outside.
    Input,
    /// Tensor variables: what is trained.
    Parameter,
    /// An operation and its result.
    Operation,
    /// The root.
    Output,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Input, Self::Parameter, Self::Operation, Self::Output];

    /// Background and border.
    pub(super) fn colors(self) -> (&'static str, &'static str) {
        match self {
            Self::Input => ("#dbeafe", "#2563eb"),
            Self::Parameter => ("#fef3c7", "#d97706"),
            Self::Operation => ("#f3f4f6", "#6b7280"),
            Self::Output => ("#dcfce7", "#16a34a"),
        }
    }

    /// What the legend calls it.
    #[cfg(feature = "graph-svg")]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Parameter => "parameter",
            Self::Operation => "operation",
            Self::Output => "output",
        }
    }
}

/// A box: a line in bold, and further lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The first line: a name, or an operation.
    pub title: String,
    /// Further lines: operation, shape, value, adjoint.
    pub lines: Vec<String>,
    /// The part it plays.
    pub role: Role,
    /// The group it is in, by its place among the groups.
    pub group: Option<usize>,
}

/// An arrow from a node to one that reads it, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What is read.
    pub from: usize,
    /// The reader.
    pub to: usize,
    /// What is written beside the arrow; often nothing.
    pub label: String,
}

/// A box around nodes, and around other groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What is written in its corner.
    pub name: String,
    /// The group around it, by its place among the groups.
    pub parent: Option<usize>,
}

/// A directed graph that can be drawn. [`Graph::of`](Graph::of) makes one from a tape; one can be put together by hand too.
///
/// ```
/// use autodiff::graph::{Graph, Node, Role};
/// let mut graph = Graph::new();
/// let node = |title: &str, role| Node { title: title.into(), lines: vec![], role, group: None };
/// let (x, y) = (graph.add_node(node("x", Role::Input)), graph.add_node(node("y", Role::Output)));
/// graph.add_edge(x, y, "");
/// assert!(graph.dot().contains("n0 -> n1"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    pub(super) groups: Vec<Group>,
}

impl Graph {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node; gives its place.
    pub fn add_node(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Adds an arrow.
    ///
    /// # Panics
    /// If there is no such node.
    #[track_caller]
    pub fn add_edge(&mut self, from: usize, to: usize, label: impl Into<String>) {
        let n = self.nodes.len();
        assert!(from < n && to < n, "add_edge: from {from} to {to}: there are {n} nodes");
        self.edges.push(Edge { from, to, label: label.into() });
    }

    /// Adds a group; gives its place, for [`Node::group`] and for groups within.
    pub fn add_group(&mut self, name: impl Into<String>, parent: Option<usize>) -> usize {
        self.groups.push(Group { name: name.into(), parent });
        self.groups.len() - 1
    }

    /// The nodes; those from a tape in the order in which they were recorded.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The arrows.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}
