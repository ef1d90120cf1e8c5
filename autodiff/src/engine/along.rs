//! The derivative of a root along directions, recorded.

use smallvec::SmallVec;

use super::vjp::{add, vjp};
use crate::error::Result;
use crate::tape::cell::TapeCell;
use crate::tensor::Vjp;
use crate::tensor::entry::{Source, TensorEntry};
use crate::{Real, Tensor};

/// Directions for some entries, and what a recorded sweep has found of `Σ gradient · direction`.
///
/// The gradients themselves are not computed where an operation knows their inner products better: that of `dL/dyᵀ · x`
/// with `V` is that of `dL/dy` with `x Vᵀ`, which is linear in `dL/dy` and takes no product to be differentiated.
pub(super) struct Along<T: Real> {
    directions: Vec<(u32, Tensor<T>)>,
    sum: Option<Tensor<T>>,
}

impl<T: Real> Along<T> {
    pub(super) fn new(directions: Vec<(u32, Tensor<T>)>) -> Self {
        Self { directions, sum: None }
    }

    pub(super) fn sum(self) -> Option<Tensor<T>> {
        self.sum
    }

    /// The direction of an entry, if it has one.
    pub(super) fn of(&self, index: u32) -> Option<&Tensor<T>> {
        self.directions.iter().find(|(of, _)| *of == index).map(|(_, direction)| direction)
    }

    /// Takes in the gradient of an entry that has a direction.
    pub(super) fn take(&mut self, index: u32, gradient: &Tensor<T>) {
        if let Some(direction) = self.of(index) {
            let term = gradient.chain(direction).sum();
            add(&mut self.sum, term, true);
        }
    }

    /// Takes in what an operation passes on to operands that have directions.
    pub(super) fn pass(
        &mut self,
        cell: &'static TapeCell<T>,
        entry: &TensorEntry<T>,
        adjoint: &Tensor<T>,
    ) -> Result<()> {
        let Source::Op { op, inputs, output } = &entry.source else { return Ok(()) };
        let own = |input: &Tensor<T>| input.place().filter(|node| std::ptr::eq(node.cell, cell));
        // Which operands are left for the vjp.
        let mut rest: SmallVec<[bool; 4]> = SmallVec::from_elem(false, inputs.len());
        for (i, input) in inputs.iter().enumerate() {
            let Some(direction) = own(input).and_then(|node| self.of(node.index)) else { continue };
            let needs: SmallVec<[bool; 4]> = (0..inputs.len()).map(|k| k == i).collect();
            let cx = Vjp { inputs, output, grad: adjoint, needs, recording: true, parts: false };
            match op.along(&cx, i, direction) {
                Some(term) => add(&mut self.sum, term, true),
                None => rest[i] = true,
            }
        }
        if !rest.contains(&true) {
            return Ok(());
        }
        let is_left = |input: &Tensor<T>| inputs.iter().zip(&rest).any(|(x, &left)| left && std::ptr::eq(x, input));
        for (gradient, input) in vjp(entry, adjoint, true, is_left)?.into_iter().zip(inputs) {
            if let (Some(gradient), Some(node)) = (gradient, own(input)) {
                self.take(node.index, &gradient);
            }
        }
        Ok(())
    }
}
