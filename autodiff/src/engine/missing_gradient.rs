//! Why no gradient reaches a tensor: the place at which the path from it to the root ends.

use super::gradients::Gradients;
use crate::tape::alloc;
use crate::tape::code::dependents;
use crate::tape::opcode::{self, AT, Kind, TENSOR};
use crate::tape::trace::{self, Place};
use crate::tensor::entry::Source;
use crate::tensor::node::{Cut, Node};
use crate::tensor::op::Row;
use crate::tensor::table::Table;
use crate::{Real, Tensor};

/// What keeps a gradient from a tensor.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    /// The tape is gone, or busy.
    #[error("its tape was reset, so that the place can no longer be told")]
    Forgotten,
    #[error("it was recorded after the root")]
    Later,
    #[error("no recorded operation reads it")]
    Unread,
    #[error("it is read by `{op}`{}, but nothing that is computed from that leads to the root", at(.place.as_ref()))]
    Aside { op: String, place: Option<Place> },
    /// A value was taken off the tape on its way to the root.
    #[error("`{by}` at {place} cut the path to the root")]
    Cut { by: &'static str, place: Place },
    /// A value was taken off the tape and went elsewhere, or was taken off once more before it came to the root.
    #[error("`{by}` at {place} took its values off the tape, and no other path leads to the root")]
    Taken { by: &'static str, place: Place },
    #[error("`{op}`{} cut the path to the root: its derivative is 0 everywhere", at(.place.as_ref()))]
    Step { op: String, place: Option<Place> },
    #[error("the vjp of `{op}` at {place} returned no gradient for input {input}")]
    NoRule { op: String, place: Place, input: usize },
    /// Exactly 0 is not passed on.
    #[error("the derivative of `{op}`{} is exactly 0 there", at(.place.as_ref()))]
    Zero { op: String, place: Option<Place> },
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!(" at {place}"))
}

/// Finds out why the sweep that found these did not reach the tensor at `x`.
pub(crate) fn why<T: Real>(gradients: &Gradients<T>, x: Node<T>) -> Reason {
    let &Gradients { cell, epoch, end, .. } = gradients;
    let x = x.index as usize;
    if x >= end {
        return Reason::Later;
    }
    if cell.epoch() != epoch || cell.is_frozen() {
        return Reason::Forgotten;
    }
    let owned = cell.copy_code(end - 1);
    let code = owned.view(&[]);
    let entries = Table::of(cell).entries.borrow();
    let mut sources = alloc::filled(false, code.ops.len());
    sources[x] = true;
    let depends = dependents(code, &sources, |_, slot, depends| {
        depends[entries[slot].index as usize] || entries[slot].depends(|index| depends[index as usize])
    });
    let reached = |index: usize, slot: Option<u32>| match slot {
        Some(slot) => gradients.reached(slot),
        None => gradients.scalar(index).is_some_and(|adjoint| !adjoint.is_exact_zero()),
    };
    // Of the entries on the way from x, the first one and the first one that the sweep came to.
    let (mut reader, mut last) = (None, None);
    let mut cut = (None, None);
    code.walk(|index, op, words| {
        let slot = (op == TENSOR).then(|| words[0]);
        let came = reached(index, slot);
        if depends[index] && index != x {
            reader = reader.or(Some((index, op, slot)));
            last = last.or(came.then_some((index, op, slot)));
        }
        if let Some(Source::Op { inputs, .. }) = slot.map(|slot| &entries[slot as usize].source) {
            let of_x = |from: Node<T>| from.epoch == epoch && std::ptr::eq(from.cell, cell);
            let mut cuts = inputs.iter().flat_map(Tensor::cuts).filter(|cut| of_x(cut.from));
            let found = cuts.find(|cut| depends.get(cut.from.index as usize).is_some_and(|&depends| depends));
            if let Some(&Cut { by, place, .. }) = found {
                if came {
                    cut.0.get_or_insert(Reason::Cut { by, place });
                } else {
                    cut.1.get_or_insert(Reason::Taken { by, place });
                }
            }
        }
    });
    let name = |op: u8, slot: Option<u32>| match slot {
        Some(slot) => entries[slot as usize].name().to_owned(),
        None => trace::name(op).to_owned(),
    };
    let place = |index, slot: Option<u32>| match slot {
        Some(slot) => Some(entries[slot as usize].place),
        None => cell.scalar_place(index),
    };
    if let Some((index, op, slot)) = last {
        let (named, place) = (name(op, slot), place(index, slot));
        let source = slot.map(|slot| &entries[slot as usize].source);
        let row = match (source, opcode::decode(op)) {
            (Some(Source::Op { op, .. }), _) => op.row(),
            (_, Kind::Unary(f)) => Some(Row::Unary(f)),
            _ => None,
        };
        return match (source, row, place) {
            (_, Some(Row::Unary(f)), place) if f.is_step() => Reason::Step { op: named, place },
            (Some(Source::Op { inputs, .. }), _, Some(place)) => {
                let on_path = |input: &Tensor<T>| input.place().is_some_and(|node| depends[node.index as usize]);
                Reason::NoRule { op: named, place, input: inputs.iter().position(on_path).unwrap_or(0) }
            }
            _ => Reason::Zero { op: named, place },
        };
    }
    match (cut, reader) {
        ((Some(reason), _) | (None, Some(reason)), _) => reason,
        (_, None) => Reason::Unread,
        // An element that nobody uses is no reader.
        (_, Some((_, AT, _)))
            if !code.ops.iter().zip(&depends).any(|(&op, &depends)| depends && op != AT && op != TENSOR) =>
        {
            Reason::Unread
        }
        (_, Some((index, op, slot))) => Reason::Aside { op: name(op, slot), place: place(index, slot) },
    }
}
