//! A model as a table.

use std::fmt;

use autodiff::{Real, Tensor};

use crate::error::one_line;
use crate::layer::{Layer, Part, enter};
use crate::mode::Mode;
use crate::state::{evaluating, mode};
use crate::trace::{Row, Trace};
use crate::visit::{buffers, count, parts};

/// A model as a table of its layers, from [`summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The shape of the input.
    pub input: Vec<usize>,
    /// The model, then its layers in the order in which they run, each before its inner layers.
    pub rows: Vec<Row>,
    /// The number of elements in all parameters.
    pub parameters: usize,
    /// The number of elements in all buffers.
    pub buffers: usize,
    /// The mode; `None` if no layer has one, or if they differ.
    pub mode: Option<Mode>,
}

/// Lists a model's layers: name, kind, output shape, parameters.
///
/// The shapes are those for zeros of shape `input`, the batch axis first, run once in [`Mode::Eval`]; the model does not
/// change.
///
/// ```
/// use nn::{Activation, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let model = Mlp::<f32>::new(&[64, 32, 10], Activation::Relu, &mut rng);
/// let summary = nn::summary(&model, &[1, 64]);
/// assert_eq!(summary.to_string(), "\
/// layer          kind              output   parameters
/// (model)        Mlp               [1, 10]           0
/// layers.0       Linear(64 -> 32)  [1, 32]        2080
/// activations.0  relu              [1, 32]           0
/// layers.1       Linear(32 -> 10)  [1, 10]         330
/// activations.1  identity          [1, 10]           0
/// total for an input of [1, 64]: 2410 parameters
/// ");
/// ```
///
/// # Panics
/// If the model does not take an input of this shape, with the message of the operation that refuses it.
#[track_caller]
pub fn summary<T: Real>(model: &impl Layer<T>, input: &[usize]) -> Summary {
    let mut trace = Trace::default();
    let mode = mode(model);
    evaluating(model, || trace.layer("", model, &Tensor::zeros(input)));
    let mut buffered = 0;
    buffers(model, |_, buffer| buffered += buffer.value().len());
    Summary { input: input.to_vec(), rows: trace.rows, parameters: count(model), buffers: buffered, mode }
}

impl Trace {
    /// Runs an inner layer, under the name that [`Layer::visit`] gives it.
    pub fn layer<T: Real>(&mut self, name: &str, layer: &dyn Layer<T>, x: &Tensor<T>) -> Tensor<T> {
        let before = if name.is_empty() { self.prefix.len() } else { enter(&mut self.prefix, name) };
        let at = self.rows.len();
        self.rows.push(Row { name: self.prefix.clone(), what: layer.describe(), shape: None, parameters: 0 });
        let start = self.marks.as_ref().map(|marks| (marks.len)());
        let y = layer.trace(x, self);
        if let (Some(marks), Some(start)) = (&self.marks, start) {
            (marks.since)(&self.prefix, start);
        }
        if self.looks && self.broken.is_none() && !y.is_finite() {
            self.broken = Some(self.prefix.clone());
        }
        if self.rows.len() == at + 1 {
            self.list(layer);
        }
        let inner: usize = self.rows[at + 1..].iter().map(|row| row.parameters).sum();
        let row = &mut self.rows[at];
        row.shape = Some(y.shape().to_vec());
        row.parameters = count(layer).saturating_sub(inner);
        self.prefix.truncate(before);
        y
    }

    /// Adds rows for the inner layers of one that was not traced.
    fn list<T: Real>(&mut self, layer: &dyn Layer<T>) {
        let first = self.rows.len();
        parts(layer, |name, part| {
            let mut full = self.prefix.clone();
            enter(&mut full, name);
            match part {
                Part::Layer(inner) => {
                    self.rows.push(Row { name: full, what: inner.describe(), shape: None, parameters: 0 });
                }
                Part::Param(param) => {
                    // Rows come before those of their inner layers: the last that fits is the innermost.
                    let holds = |row: &&mut Row| full.strip_prefix(&row.name).is_some_and(|rest| rest.starts_with('.'));
                    if let Some(row) = self.rows[first..].iter_mut().rev().find(holds) {
                        row.parameters += param.value().len();
                    }
                }
                _ => {}
            }
        });
    }
}

/// A table with a line for each layer, and the totals.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![["layer", "kind", "output", "parameters"].map(str::to_owned)];
        for row in &self.rows {
            let name = if row.name.is_empty() { "(model)" } else { &row.name };
            let shape = row.shape.as_ref().map_or_else(|| "?".to_owned(), |shape| format!("{shape:?}"));
            lines.push([one_line(name), one_line(&row.what), shape, row.parameters.to_string()]);
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let [a, b, c, d] = [0, 1, 2, 3].map(width);
        for [name, what, shape, parameters] in &lines {
            writeln!(f, "{name:a$}  {what:b$}  {shape:c$}  {parameters:>d$}")?;
        }
        write!(f, "total for an input of {:?}: {} parameters", self.input, self.parameters)?;
        if self.buffers > 0 {
            write!(f, ", {} numbers in buffers", self.buffers)?;
        }
        if let Some(mode) = self.mode {
            write!(f, "; mode {mode:?}")?;
        }
        writeln!(f)
    }
}
