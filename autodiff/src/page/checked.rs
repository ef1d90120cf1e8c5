//! The tape run again with one value moved, for numerical derivatives beside the adjoints.

use std::cell::Cell;
use std::collections::HashMap;

use ndarray::ArrayD;

use super::json;
use crate::check::{Entry, Verdict, entry_along};
use crate::engine::Gradients;
use crate::explain::{is_variable, plain_number};
use crate::inspect::reader::{Operand, Reader};
use crate::tape::block::Located;
use crate::tape::opcode::Kind;
use crate::tensor::entry::Source;
use crate::{Real, Tensor};

/// So much is computed again in all, counted in numbers.
const BUDGET: usize = 20_000_000;
/// So many elements of an array are compared.
const ELEMENTS: usize = 64;

/// A tape that is run again.
struct Again<'a, T: Real> {
    reader: &'a Reader<T>,
    blocks: Vec<Located<T>>,
    values: Vec<T>,
    spent: Cell<usize>,
}

/// Compares the adjoints with numerical derivatives, those of variables first, as long as that is affordable. Gives words and a
/// verdict for each.
pub(super) fn compare<T: Real>(reader: &Reader<T>, gradients: &Gradients<T>) -> HashMap<usize, String> {
    let values = (0..=reader.root).map(|i| reader.cell.value(i)).collect();
    let again = Again { reader, blocks: reader.cell.copy_blocks(), values, spent: Cell::new(0) };
    let adjoint = |i: usize, k: usize| match reader.shape(i) {
        None => gradients.scalar(i).unwrap_or_else(T::zero),
        Some(_) => gradients.at_entry(i).and_then(|x| x.view().iter().nth(k).copied()).unwrap_or_else(T::zero),
    };
    let largest = |i: usize| (0..length(reader, i).min(ELEMENTS)).map(|k| adjoint(i, k).abs()).fold(T::zero(), T::max);
    let live = || (0..reader.root).rev().filter(|&i| reader.live[i]);
    let scale = live().filter(|&i| is_variable(reader, i)).map(largest).filter(|x| x.is_finite());
    let scale = scale.fold(T::zero(), T::max);
    let (variables, results): (Vec<usize>, Vec<usize>) = live().partition(|&i| is_variable(reader, i));
    let mut found = HashMap::new();
    for i in variables.into_iter().chain(results) {
        let Some(after) = again.after(i) else { continue };
        let (all, mut entries) = (length(reader, i), Vec::new());
        // Spread over the array.
        for k in (0..all.min(ELEMENTS)).map(|k| k * all / all.min(ELEMENTS)) {
            if again.spent.get() > BUDGET {
                break;
            }
            let line = |x: T| again.root(i, k, x, &after).unwrap_or_else(T::nan);
            entries.push(entry_along(vec![k], adjoint(i, k), scale, line, again.start(i, k)));
        }
        if !entries.is_empty() {
            found.insert(i, said(&entries, all, reader.shape(i).is_none()));
        }
    }
    found
}

fn length<T: Real>(reader: &Reader<T>, i: usize) -> usize {
    reader.shape(i).map_or(1, |shape| shape.iter().product())
}

/// What came of it, in words, and the verdict.
fn said<T: Real>(entries: &[Entry<T>], all: usize, scalar: bool) -> String {
    let rank = |entry: &&Entry<T>| match entry.verdict {
        Verdict::Pass => 0,
        Verdict::Inconclusive(_) => 1,
        Verdict::Fail => 2,
    };
    let Some(worst) = entries.iter().rev().max_by_key(rank) else { return "null".to_owned() };
    let estimate = format!("{} ± {:.0e}", plain_number(worst.numeric.value.primal()), worst.numeric.error.primal());
    let words = match (scalar, worst.verdict) {
        (true, _) => estimate,
        (_, Verdict::Pass) => format!("{} of {all}", entries.len()),
        _ => format!("element {}: {estimate}", worst.index[0]),
    };
    let key = ["pass", "open", "fail"][rank(&worst)];
    json::list([json::text(&words), json::text(&worst.verdict.to_string().to_lowercase()), json::text(key)])
}

impl<T: Real> Again<'_, T> {
    /// The entries that depend on one; `None` if one of them cannot be run again.
    fn after(&self, i: usize) -> Option<Vec<usize>> {
        let depends = self.reader.depends(&[i]);
        let after: Vec<usize> = (i + 1..=self.reader.root).filter(|&k| depends[k]).collect();
        let region = |&k: &usize| {
            let source = self.reader.tensor_entry(k).map(|entry| &entry.source);
            self.reader.kind(k) == Kind::Tensor && matches!(source, Some(Source::Region { .. }))
        };
        (!after.iter().any(region) && depends[self.reader.root]).then_some(after)
    }

    /// Element `k` of an entry's value as recorded.
    fn start(&self, i: usize, k: usize) -> T {
        let tensor = self.reader.tensor(i).and_then(|x| x.view().iter().nth(k).copied());
        tensor.unwrap_or(self.values[i])
    }

    /// The root where element `k` of entry `i` is `x`, and what comes `after` it follows; `None` if an operation refuses.
    fn root(&self, i: usize, k: usize, x: T, after: &[usize]) -> Option<T> {
        let reader = self.reader;
        let (mut values, mut tensors) = (self.values.clone(), HashMap::new());
        match reader.tensor(i) {
            None => values[i] = x,
            Some(tensor) => {
                let mut moved = tensor.to_array();
                *moved.iter_mut().nth(k)? = x;
                tensors.insert(i, Tensor::constant(moved));
            }
        }
        let mut spent = self.spent.get() + values.len();
        for &j in after {
            spent += length(reader, j);
            match reader.kind(j) {
                Kind::Tensor => drop(tensors.insert(j, self.tensor(j, &values, &tensors)?)),
                Kind::At => {
                    let of = reader.tensor_entry(j)?.index as usize;
                    values[j] =
                        *tensors.get(&of).or_else(|| reader.tensor(of))?.view().iter().nth(reader.position(j))?;
                }
                _ => values[j] = reader.again(j, &self.blocks, &values),
            }
        }
        self.spent.set(spent);
        match tensors.get(&reader.root) {
            Some(root) => root.view().iter().next().copied(),
            None => values.get(reader.root).copied(),
        }
    }

    fn tensor(&self, j: usize, values: &[T], tensors: &HashMap<usize, Tensor<T>>) -> Option<Tensor<T>> {
        match &self.reader.tensor_entry(j)?.source {
            Source::Op { op, inputs, .. } => {
                let input = |x: &Tensor<T>| {
                    let moved = x.place().and_then(|node| tensors.get(&(node.index as usize)));
                    moved.unwrap_or(x).untracked()
                };
                op.value(&inputs.iter().map(input).collect::<Vec<_>>())
            }
            Source::Scalars { shape, .. } => {
                let element = |operand: &Operand<T>| match operand {
                    Operand::Entry(k) => values[*k],
                    Operand::Number(x) => T::of(*x),
                    Operand::Constant(x) => x.item(),
                };
                let elements = self.reader.operands(j).iter().map(element).collect();
                ArrayD::from_shape_vec(shape.to_vec(), elements).ok().map(Tensor::constant)
            }
            _ => None,
        }
    }
}
