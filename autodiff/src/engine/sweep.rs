//! The first-order reverse sweep over scalars and tensors together.

use std::marker::PhantomData;

use smallvec::SmallVec;

use super::nonfinite::{Flow, Noted, born_in_sweep, inspect};
use super::vjp::{Passed, Seed, add, pass_on};
use crate::error::Error;
use crate::tape::alloc;
use crate::tape::block::Located;
use crate::tape::cell::TapeCell;
use crate::tape::code::Code;
use crate::tape::interpreter::Interpreter;
use crate::tape::reverse::reverse;
use crate::tape::store::Store;
use crate::tape::window::Window;
use crate::tensor::entry::{Source, TensorEntry};
use crate::tensor::table::{Adjoints, PASSED, Table};
use crate::{Real, Tensor};

/// What is swept: entries of a tape, their program and their values; and whether every adjoint may be asked for afterwards.
#[derive(Clone, Copy)]
pub(super) struct Swept<'a, T: Real> {
    pub(super) cell: &'static TapeCell<T>,
    pub(super) window: &'a Window,
    pub(super) code: Code<'a, T>,
    pub(super) values: &'a [T],
    pub(super) every: bool,
}

/// The sweep where there are tensors, or where all is to be looked at; gives the adjoints of the tensors. The window is
/// the whole tape if values are checked.
#[track_caller]
pub(super) fn over_tensors<T: Real>(
    swept: Swept<'_, T>,
    store: &Store<T>,
    tensor: Option<Seed<T>>,
    adjoints: &mut [T],
) -> Adjoints<T> {
    let entries = Entries::take(swept.cell);
    if !swept.cell.checks_finite() {
        return first_order(swept, &entries, tensor, adjoints);
    }
    let mut noted: Vec<Noted<T>> = alloc::empty(adjoints.len());
    noted.extend(adjoints.iter().zip(0..).map(|(&x, own)| Noted::seed(x, own)));
    let tensors = first_order(swept, &entries, tensor, &mut noted);
    born_in_sweep(&noted, swept.code, store);
    adjoints.iter_mut().zip(&noted).for_each(|(adjoint, noted)| *adjoint = noted.plain());
    tensors
}

/// Sweeps with plain adjoints where there are tensors or all is to be looked at; gives the adjoints of the tensors.
#[track_caller]
fn first_order<T: Real, A: Flow<T>>(
    swept: Swept<'_, T>,
    entries: &Entries<T>,
    tensor: Option<Seed<T>>,
    adjoints: &mut [A],
) -> Adjoints<T> {
    let Swept { cell, window, code, .. } = swept;
    // Vjps run on this thread with recording off: their tensor operations leave no trace.
    let _pause = cell.pause();
    let found = Table::of(cell).take_adjoints(window.slots());
    let mut sweep = FirstOrder { swept, entries: &entries.list, found, failed: None, flow: PhantomData };
    if let Some((node, seed)) = tensor {
        let own = sweep.own(node.slot as usize);
        sweep.found.tensors[own] = Some(seed);
    }
    reverse(code, &mut sweep, adjoints);
    if let Some(error) = sweep.failed {
        error.raise();
    }
    sweep.found
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
    swept: Swept<'a, T>,
    entries: &'a [TensorEntry<T>],
    found: Adjoints<T>,
    /// What went wrong, for the sweep's caller.
    failed: Option<Error>,
    flow: PhantomData<A>,
}

impl<T: Real, A> FirstOrder<'_, T, A> {
    /// A slot's number among those of what is swept.
    fn own(&self, slot: usize) -> usize {
        self.swept.window.own(slot as u32).expect("a slot of what is swept")
    }
}

impl<T: Real, A: Flow<T>> Interpreter<T> for FirstOrder<'_, T, A> {
    type Number = T;
    type Adjoint = A;
    const STORED: bool = true;

    fn value(&self, index: usize) -> T {
        self.swept.values[index]
    }

    fn lift(&self, constant: T) -> T {
        constant
    }

    fn partials(&self, _: &[Located<T>], _: usize, _: &[T]) -> SmallVec<[T; 8]> {
        unreachable!("they are stored");
    }

    fn tensor(&mut self, slot: usize, adjoints: &mut [A]) {
        let entry = &self.entries[slot];
        if matches!(entry.source, Source::Leaf(_)) || self.failed.is_some() {
            return;
        }
        // Operands come before their operation, so nobody asks for the adjoint meanwhile.
        let (own, window) = (self.own(slot), self.swept.window);
        let Some(adjoint) = self.found.tensors[own].take() else { return };
        match &entry.source {
            Source::Leaf(_) => {}
            Source::Scalars { places, .. } => {
                for (place, &term) in places.iter().zip(adjoint.view().iter()) {
                    if let Some(index) = place {
                        adjoints[window.inner(*index)].add(A::term(term, entry.index));
                    }
                }
            }
            Source::Op { inputs, output, .. } => {
                let tracked = |input: &Tensor<T>| input.place().is_some();
                let (checks, entries, found) = (self.swept.cell.checks_finite(), self.entries, &mut self.found);
                let passed = pass_on(entry, &adjoint, false, !checks, tracked, |slot, passed| {
                    let Passed { number, input, gradient, part } = passed;
                    let own = window.own(slot).expect("an operand of what is swept");
                    if checks {
                        inspect(entry, number, &gradient, &adjoint, found.get(own))?;
                    }
                    match part {
                        Some(part) => {
                            let independent = matches!(entries[slot as usize].source, Source::Leaf(_));
                            found.add_part(own, independent, part, gradient, input.shape());
                        }
                        None => add(found.sum(own), gradient, false),
                    }
                    Ok(())
                });
                self.failed = passed.err();
                for node in inputs.iter().filter_map(Tensor::place) {
                    self.found.reads[window.own(node.slot).expect("an operand of what is swept")] += 1;
                }
                // The entry has one, and those that read it; all others are somebody's to ask with.
                if !self.swept.every && output.users() == 1 + self.found.reads[own] as usize {
                    self.found.reads[own] = PASSED;
                    return;
                }
            }
            Source::Region { region, places, .. } => {
                let outputs = adjoint.as_slice().expect("collected in row-major order");
                let mut inputs: SmallVec<[T; 8]> = places.iter().map(|&i| adjoints[window.inner(i)].plain()).collect();
                region.sweep(outputs, &mut inputs);
                for (&i, input) in places.iter().zip(inputs) {
                    adjoints[window.inner(i)].set(input, entry.index);
                }
            }
        }
        self.found.tensors[own] = Some(adjoint);
    }

    fn element(&mut self, slot: usize, position: usize, adjoint: A) {
        let own = self.own(slot);
        let target = self.found.sum(own).get_or_insert_with(|| Tensor::zeros(self.entries[slot].source.shape()));
        target.make_mut()[position] += adjoint.plain();
    }
}
