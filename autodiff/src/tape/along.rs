//! The derivative of a root along directions, recorded.

use smallvec::SmallVec;

use super::cell::TapeCell;
use crate::error::{Kind, Result};
use crate::tensor::Vjp;
use crate::tensor::entry::{OpRef, Source, TensorEntry};
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
            let term = (gradient * direction).sum();
            self.add(term);
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
        for (i, input) in inputs.iter().enumerate() {
            let Some(node) = input.place().filter(|node| std::ptr::eq(node.cell, cell)) else { continue };
            let Some(direction) = self.of(node.index) else { continue };
            let needs: SmallVec<[bool; 4]> = (0..inputs.len()).map(|k| k == i).collect();
            let cx = Vjp { inputs, output, grad: adjoint, needs, recording: true };
            let direct = match op {
                OpRef::Static(op) => op.along(&cx, i, direction),
                OpRef::Shared(op) => op.along(&cx, i, direction),
                OpRef::Unary(_) | OpRef::Binary(_) => None,
            };
            if let Some(term) = direct {
                self.add(term);
                continue;
            }
            let gradients = op.vjp(&cx).recordable(op.name(), entry.place, &cx);
            let Some(gradient) = gradients.into_iter().nth(i).flatten() else { continue };
            let gradient = gradient.fitted_to(input.shape()).map_err(|gradient| Kind::VjpShape {
                op: op.name().to_owned(),
                input: i,
                got: gradient.shape().to_vec(),
                want: input.shape().to_vec(),
            })?;
            self.take(node.index, &gradient);
        }
        Ok(())
    }

    fn add(&mut self, term: Tensor<T>) {
        self.sum = Some(match self.sum.take() {
            None => term,
            Some(sum) => sum + term,
        });
    }
}
