//! The first-order reverse sweep over scalars and tensors.

use std::marker::PhantomData;

use smallvec::SmallVec;

use super::gradients::Gradients;
use super::nonfinite::{Flow, Noted, born_in_sweep};
use super::vjp::{Seed, pass_on};
use crate::error::Error;
use crate::kernels::storage::Storage;
use crate::tape::alloc;
use crate::tape::block::Located;
use crate::tape::cell::TapeCell;
use crate::tape::code::Code;
use crate::tape::interpreter::Interpreter;
use crate::tape::replay::Values;
use crate::tape::reverse::reverse;
use crate::tensor::entry::{Source, TensorEntry};
use crate::tensor::table::Table;
use crate::{Real, Tensor};

/// The derivatives of `Σ seed · root` with respect to everything on the tape.
#[track_caller]
pub(crate) fn gradients<T: Real>(
    cell: &'static TapeCell<T>,
    scalars: &[(usize, T)],
    tensor: Option<Seed<T>>,
) -> Gradients<T> {
    let epoch = cell.epoch();
    let scalar_end = scalars.iter().map(|&(index, _)| index + 1).max().unwrap_or(0);
    let end = scalar_end.max(tensor.as_ref().map_or(0, |(node, _)| node.index as usize + 1));
    if end == 0 {
        return Gradients::new(cell, epoch, Storage::filled(0, T::zero()), Vec::new());
    }
    let frozen = cell.freeze();
    let code = frozen.code(end - 1);
    let mut adjoints = Storage::filled(end, T::zero());
    for &(index, seed) in scalars {
        adjoints.make_mut()[index] += seed;
    }
    let entries = Entries::take(cell);
    if entries.list.is_empty() && !cell.checks_finite() {
        scalars_alone(code, frozen.values(), adjoints.make_mut());
        return Gradients::new(cell, epoch, adjoints, Vec::new());
    }
    let tensors = if cell.checks_finite() {
        let mut noted: Vec<Noted<T>> = alloc::empty(end);
        noted.extend(adjoints.as_slice().iter().zip(0..).map(|(&x, own)| Noted::seed(x, own)));
        let tensors = first_order(cell, code, frozen.values(), &entries, tensor, &mut noted);
        born_in_sweep(&noted, code, &frozen);
        adjoints.make_mut().iter_mut().zip(&noted).for_each(|(adjoint, noted)| *adjoint = noted.plain());
        tensors
    } else {
        first_order(cell, code, frozen.values(), &entries, tensor, adjoints.make_mut())
    };
    Gradients::new(cell, epoch, adjoints, tensors)
}

/// The loop over scalars, in a function of its own: inlined beside other code it loses its registers.
#[inline(never)]
fn scalars_alone<T: Real>(code: Code<'_, T>, values: &[T], adjoints: &mut [T]) {
    reverse(code, &mut Values::<T, T, true>::new(code, values), adjoints);
}

/// Sweeps with plain adjoints where there are tensors or all is to be looked at; gives the adjoints of the tensors.
#[track_caller]
fn first_order<T: Real, A: Flow<T>>(
    cell: &'static TapeCell<T>,
    code: Code<'_, T>,
    values: &[T],
    entries: &Entries<T>,
    tensor: Option<Seed<T>>,
    adjoints: &mut [A],
) -> Vec<Option<Tensor<T>>> {
    // Vjps run on this thread with recording off: their tensor operations leave no trace.
    let _pause = cell.pause();
    let mut tensors = Table::of(cell).take_adjoints();
    tensors.resize_with(entries.list.len(), || None);
    let mut sweep = FirstOrder { cell, values, entries: &entries.list, tensors, failed: None, flow: PhantomData };
    if let Some((node, seed)) = tensor {
        sweep.tensors[node.slot as usize] = Some(seed);
    }
    reverse(code, &mut sweep, adjoints);
    if let Some(error) = sweep.failed {
        error.raise();
    }
    sweep.tensors
}

/// A tape's tensor entries, taken out for the duration of a sweep.
struct Entries<T: Real> {
    cell: &'static TapeCell<T>,
    epoch: u32,
    list: Vec<TensorEntry<T>>,
}

impl<T: Real> Entries<T> {
    fn take(cell: &'static TapeCell<T>) -> Self {
        Self { cell, epoch: cell.epoch(), list: Table::of(cell).entries.take() }
    }
}

impl<T: Real> Drop for Entries<T> {
    fn drop(&mut self) {
        if self.cell.epoch() == self.epoch {
            Table::of(self.cell).entries.replace(std::mem::take(&mut self.list));
        }
    }
}

/// Plain numbers and untracked tensors.
struct FirstOrder<'a, T: Real, A> {
    cell: &'static TapeCell<T>,
    values: &'a [T],
    entries: &'a [TensorEntry<T>],
    tensors: Vec<Option<Tensor<T>>>,
    /// What went wrong, for the sweep's caller.
    failed: Option<Error>,
    flow: PhantomData<A>,
}

impl<T: Real, A: Flow<T>> Interpreter<T> for FirstOrder<'_, T, A> {
    type Number = T;
    type Adjoint = A;
    const STORED: bool = true;

    fn value(&self, index: usize) -> T {
        self.values[index]
    }

    fn lift(&self, constant: T) -> T {
        constant
    }

    fn partials(&self, _: &Located<T>, _: &[T]) -> SmallVec<[T; 8]> {
        unreachable!("they are stored");
    }

    fn tensor(&mut self, slot: usize, adjoints: &mut [A]) {
        let entry = &self.entries[slot];
        if matches!(entry.source, Source::Leaf(_)) || self.failed.is_some() {
            return;
        }
        // Operands come before their operation, so nobody asks for the adjoint meanwhile.
        let Some(adjoint) = self.tensors[slot].take() else { return };
        match &entry.source {
            Source::Leaf(_) => {}
            Source::Scalars { places, .. } => {
                for (place, &term) in places.iter().zip(adjoint.view().iter()) {
                    if let Some(index) = place {
                        adjoints[*index as usize].add(A::term(term, entry.index));
                    }
                }
            }
            Source::Op { .. } => {
                let tracked = |input: &Tensor<T>| input.place().is_some();
                let passed = pass_on(self.cell, entry, &adjoint, false, tracked, &mut self.tensors, 0);
                self.failed = passed.err();
            }
            Source::Region { region, places, .. } => {
                let outputs = adjoint.as_slice().expect("collected in row-major order");
                let mut inputs: SmallVec<[T; 8]> = places.iter().map(|&i| adjoints[i as usize].plain()).collect();
                region.sweep(outputs, &mut inputs);
                for (&i, input) in places.iter().zip(inputs) {
                    adjoints[i as usize].set(input, entry.index);
                }
            }
        }
        self.tensors[slot] = Some(adjoint);
    }

    fn element(&mut self, slot: usize, position: usize, adjoint: A) {
        let target = self.tensors[slot].get_or_insert_with(|| Tensor::zeros(self.entries[slot].source.shape()));
        target.make_mut()[position] += adjoint.plain();
    }
}
