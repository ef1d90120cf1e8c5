//! What flows along the edges of the graph, in numbers.

use std::collections::HashMap;

use super::json;
use crate::engine::Gradients;
use crate::engine::vjp::vjp;
use crate::error::sure;
use crate::inspect::reader::Reader;
use crate::tape::opcode::Kind;
use crate::tensor::entry::{Source, TensorEntry};
use crate::{Real, Tensor};

/// Arrays of so many elements are shown with their numbers.
pub(super) const SMALL: usize = 64;

/// A number, an array or what is to be said of one.
pub(super) enum Amount {
    Number(f64),
    Array { shape: Vec<usize>, elements: Vec<f64> },
    Summary { shape: Vec<usize>, norm: f64, least: f64, largest: f64 },
}

impl Amount {
    pub(super) fn of<T: Real>(tensor: &Tensor<T>) -> Self {
        let (shape, view) = (tensor.shape().to_vec(), tensor.view());
        let numbers = view.iter().map(|x| x.primal());
        if shape.is_empty() {
            return Self::Number(tensor.item().primal());
        }
        if tensor.len() <= SMALL {
            return Self::Array { shape, elements: numbers.collect() };
        }
        Self::summary(shape, numbers)
    }

    /// Of many numbers only how large they are.
    pub(super) fn summary(shape: Vec<usize>, numbers: impl Iterator<Item = f64>) -> Self {
        let (mut squares, mut least, mut largest, mut nan) = (0.0, f64::INFINITY, f64::NEG_INFINITY, false);
        for x in numbers {
            (squares, least, largest, nan) = (squares + x * x, x.min(least), x.max(largest), nan || x.is_nan());
        }
        let or_nan = |x: f64| if nan { f64::NAN } else { x };
        Self::Summary { shape, norm: squares.sqrt(), least: or_nan(least), largest: or_nan(largest) }
    }

    pub(super) fn json(&self) -> String {
        let lengths = |shape: &[usize]| Some(json::list(shape.iter().map(usize::to_string)));
        match self {
            Self::Number(x) => json::number(*x),
            Self::Array { shape, elements } => json::object([
                ("s", lengths(shape)),
                ("d", Some(json::list(elements.iter().map(|&x| json::number(x))))),
            ]),
            Self::Summary { shape, norm, least, largest } => json::object([
                ("s", lengths(shape)),
                ("norm", Some(json::number(*norm))),
                ("min", Some(json::number(*least))),
                ("max", Some(json::number(*largest))),
            ]),
        }
    }
}

/// An entry's adjoint; `None` for an array that no gradient reaches.
pub(super) fn adjoint<T: Real>(reader: &Reader<T>, gradients: &Gradients<T>, i: usize) -> Option<Amount> {
    if reader.shape(i).is_none() {
        return gradients.scalar(i).map(|x| Amount::Number(x.primal()));
    }
    gradients.at_entry(i).map(Amount::of)
}

/// What an entry that is a tensor, or an element of one, passes on to each entry that it reads.
pub(super) fn passed<T: Real>(reader: &Reader<T>, gradients: &Gradients<T>, i: usize) -> HashMap<usize, Amount> {
    let Some(entry) = reader.tensor_entry(i) else { return HashMap::new() };
    if reader.kind(i) == Kind::At {
        let adjoint = gradients.scalar(i).map_or(0.0, Real::primal);
        return HashMap::from([(entry.index as usize, Amount::Number(adjoint))]);
    }
    match (&entry.source, gradients.at_entry(i)) {
        (Source::Leaf(_), _) | (_, None) => HashMap::new(),
        (Source::Op { inputs, .. }, Some(adjoint)) => by_operation(reader, entry, inputs, adjoint),
        (Source::Scalars { places, .. }, Some(adjoint)) => {
            added(places.iter().copied().zip(adjoint.view()).filter_map(|(place, x)| Some((place?, *x))))
        }
        (Source::Region { region, places, .. }, Some(adjoint)) => {
            let outputs: Vec<T> = adjoint.view().iter().copied().collect();
            let mut terms = vec![T::zero(); places.len()];
            region.sweep(&outputs, &mut terms);
            added(places.iter().copied().zip(terms))
        }
    }
}

fn by_operation<T: Real>(
    reader: &Reader<T>,
    entry: &TensorEntry<T>,
    inputs: &[Tensor<T>],
    adjoint: &Tensor<T>,
) -> HashMap<usize, Amount> {
    let _pause = reader.cell.pause();
    let gradients = sure(vjp(entry, adjoint, false, |input| input.place().is_some()));
    let mut sums: HashMap<usize, Tensor<T>> = HashMap::new();
    for (input, gradient) in inputs.iter().zip(gradients) {
        let (Some(node), Some(gradient)) = (input.place(), gradient) else { continue };
        let sum = sums.remove(&(node.index as usize));
        sums.insert(node.index as usize, sum.map_or_else(|| gradient.clone(), |sum| sum + &gradient));
    }
    sums.iter().map(|(&to, sum)| (to, Amount::of(sum))).collect()
}

fn added<T: Real>(terms: impl Iterator<Item = (u32, T)>) -> HashMap<usize, Amount> {
    let mut sums: HashMap<usize, f64> = HashMap::new();
    for (place, term) in terms {
        *sums.entry(place as usize).or_default() += term.primal();
    }
    sums.into_iter().map(|(to, sum)| (to, Amount::Number(sum))).collect()
}
