//! Notes that are taken while an input goes through a model.

/// A layer in a [`Summary`](crate::Summary).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The layer's full name; empty for the model itself.
    pub name: String,
    /// The description of the layer: [`Layer::describe`](crate::Layer::describe).
    pub what: String,
    /// The output's shape; `None` within a layer that does not define [`Layer::trace`](crate::Layer::trace).
    pub shape: Option<Vec<usize>>,
    /// The number of elements in the layer's own parameters, without those of inner layers, which have rows of their own.
    pub parameters: usize,
}

/// Follows an input through a model and notes the layers' outputs; see [`Layer::trace`](crate::Layer::trace).
#[derive(Default)]
pub struct Trace {
    pub(crate) prefix: String,
    pub(crate) rows: Vec<Row>,
    /// Whether outputs are looked at, and the first layer whose output was not finite.
    pub(crate) looks: bool,
    pub(crate) broken: Option<String>,
    /// The length of a tape on which layers are noted as groups, and how to note one from a length on.
    pub(crate) marks: Option<Marks>,
}

/// How long a tape is, and a note that its entries from some length on are of a layer.
pub(crate) struct Marks {
    pub(crate) len: Box<dyn Fn() -> usize>,
    pub(crate) since: Box<Since>,
}

/// Notes a layer's name, from a length of the tape on.
type Since = dyn Fn(&str, usize);
