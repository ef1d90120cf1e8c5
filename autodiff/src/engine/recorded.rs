//! The reverse sweep that is recorded: variables and tracked tensors flow backward on the same tape.

use smallvec::SmallVec;

use super::along::Along;
use super::vjp::{Seed, add, pass_on};
use crate::error::sure;
use crate::tape::alloc;
use crate::tape::block::Located;
use crate::tape::cell::TapeCell;
use crate::tape::code::{Code, dependents};
use crate::tape::interpreter::Interpreter;
use crate::tape::reverse::reverse;
use crate::tape::scope::ASKED;
use crate::tape::trace::Place;
use crate::tape::window::Window;
use crate::tensor::entry::{Region, Source};
use crate::tensor::table::Table;
use crate::{Real, Tensor, Var};

/// Variables and tracked tensors: the sweep is recorded on the same tape.
struct Recorded<T: Real> {
    cell: &'static TapeCell<T>,
    /// The stretch of the tape that is swept; adjoints are numbered as its entries.
    window: Window,
    /// The first tensor slot of that stretch.
    first_slot: usize,
    wants: Vec<bool>,
    /// Whether the lines of scalar entries are noted, and what counts as the line of those for which there is none.
    traced: bool,
    origin: Option<Place>,
    tensors: Vec<Option<Tensor<T>>>,
    /// Adjoints of single elements, collected until their tensor's turn comes.
    elements: Vec<Option<Vec<Var<T>>>>,
    /// Where not the gradients of the sources are wanted but the derivative along directions.
    along: Option<Along<T>>,
}

impl<T: Real> Recorded<T> {
    /// To sweep `code`, the program of a window whose tensors are those from slot `first_slot` on, for the adjoints of
    /// the `sources`.
    fn new(
        cell: &'static TapeCell<T>,
        window: Window,
        first_slot: usize,
        code: Code<'_, T>,
        sources: impl IntoIterator<Item = usize>,
    ) -> Self {
        let mut wants = alloc::filled(false, code.ops.len());
        for index in sources {
            wants[index] = true;
        }
        let entries = Table::of(cell).entries.borrow();
        let wants = dependents(code, &wants, |_, slot, depends| {
            let depends = |index| depends[window.inner(index)];
            depends(entries[slot].index) || entries[slot].depends(depends)
        });
        let slots = entries.len() - first_slot;
        drop(entries);
        let (traced, origin) = (cell.is_traced(), cell.origin());
        let (tensors, elements) = (vec![None; slots], vec![None; slots]);
        Self { cell, window, first_slot, wants, traced, origin, tensors, elements, along: None }
    }

    fn wants_entry(&self, index: u32) -> bool {
        self.wants[self.window.inner(index)]
    }

    /// Runs a stretch of program again, recorded, and passes the adjoints of its results on to the scalars at `places`.
    fn unroll(&self, region: &dyn Region<T>, places: &[u32], outputs: &[Var<T>], adjoints: &mut [Var<T>]) {
        let (cell, epoch, first) = (self.cell, self.cell.epoch(), self.cell.len());
        let first_slot = Table::of(cell).entries.borrow().len();
        let at = |&index: &u32| Var::on_tape(cell.value(index as usize), cell, index);
        let results = region.replay(&places.iter().map(at).collect::<Vec<_>>());
        // The stretch is user code, which may have reset the tape.
        cell.check(epoch);
        let window = Window::new(first, places);
        let blocks = cell.copy_blocks();
        let owned = window.renumber(cell.copy_code_from(first).view(&blocks));
        let code = owned.view(&blocks);
        let sources: Vec<usize> =
            places.iter().filter(|&&index| self.wants_entry(index)).map(|&index| window.inner(index)).collect();
        let mut inner = Self::new(cell, window, first_slot, code, sources);
        let mut found = alloc::filled(Var::constant(T::zero()), code.ops.len());
        for &index in places {
            found[inner.window.inner(index)] = adjoints[self.window.inner(index)];
        }
        for (result, &adjoint) in results.iter().zip(outputs) {
            // What the stretch passed through untouched is the caller's own variable and has its adjoint already.
            if let (Some((_, index, _)), false) = (result.place(), adjoint.is_exact_zero()) {
                found[inner.window.inner(index)].accumulate(adjoint);
            }
        }
        reverse(code, &mut inner, &mut found);
        for &index in places {
            adjoints[self.window.inner(index)] = found[inner.window.inner(index)];
        }
    }
}

impl<T: Real> Interpreter<T> for Recorded<T> {
    type Number = Var<T>;
    type Adjoint = Var<T>;
    const TURNS: bool = true;

    fn value(&self, inner: usize) -> Var<T> {
        let index = self.window.index(inner);
        Var::on_tape(self.cell.value(index), self.cell, index as u32)
    }

    fn lift(&self, constant: T) -> Var<T> {
        Var::constant(constant)
    }

    fn wants(&self, inner: usize) -> bool {
        self.wants[inner]
    }

    fn partials(&self, block: &Located<T>, _: &[Var<T>]) -> SmallVec<[Var<T>; 8]> {
        block.refuse_second_order()
    }

    fn turn(&mut self, inner: usize) {
        if self.traced {
            self.cell.set_origin(self.cell.scalar_place(self.window.index(inner)).or(self.origin));
        }
    }

    fn tensor(&mut self, slot: usize, adjoints: &mut [Var<T>]) {
        let entry = Table::of(self.cell).entries.borrow()[slot].clone();
        if !self.wants_entry(entry.index) {
            return;
        }
        let _origin = self.cell.on_behalf(Some(entry.place));
        let own = slot - self.first_slot;
        let elements = self.elements[own].take();
        if let Source::Region { region, places, .. } = &entry.source {
            if let Some(outputs) = elements {
                self.unroll(region.as_ref(), places, &outputs, adjoints);
            }
            return;
        }
        if let Some(elements) = elements {
            let elements = Tensor::from_vars(&elements, entry.source.shape());
            add(&mut self.tensors[own], elements, true);
        }
        let Some(adjoint) = self.tensors[own].clone() else { return };
        match &entry.source {
            Source::Leaf(_) => {
                if let Some(along) = &mut self.along {
                    along.take(entry.index, &adjoint);
                }
            }
            Source::Region { .. } => {}
            Source::Scalars { places, .. } => {
                for (flat, (place, &value)) in places.iter().zip(adjoint.view().iter()).enumerate() {
                    let inner = place.map(|index| self.window.inner(index));
                    if let Some(inner) = inner.filter(|&inner| self.wants[inner]) {
                        adjoints[inner].accumulate(adjoint.element(flat, value));
                    }
                }
            }
            Source::Op { .. } => {
                let (wants, window, along) = (&self.wants, &self.window, &self.along);
                let directed = |index| along.as_ref().is_some_and(|along| along.of(index).is_some());
                let wanted = |input: &Tensor<T>| {
                    input.place().is_some_and(|node| wants[window.inner(node.index)] && !directed(node.index))
                };
                let passed = pass_on(self.cell, &entry, &adjoint, true, wanted, &mut self.tensors, self.first_slot);
                let along = self.along.as_mut();
                sure(passed.and_then(|()| along.map_or(Ok(()), |along| along.pass(self.cell, &entry, &adjoint))));
            }
        }
    }

    fn element(&mut self, slot: usize, position: usize, adjoint: Var<T>) {
        let entries = Table::of(self.cell).entries.borrow();
        let entry = &entries[slot];
        if self.wants_entry(entry.index) {
            let len = entry.source.shape().iter().product();
            let own = slot - self.first_slot;
            let elements = self.elements[own].get_or_insert_with(|| alloc::filled(Var::constant(T::zero()), len));
            drop(entries);
            elements[position].accumulate(adjoint);
        }
    }
}

/// What a recorded sweep found: adjoints of scalars by index, of tensors by slot.
pub(crate) struct RecordedGradients<T: Real> {
    pub(crate) scalars: Vec<Var<T>>,
    pub(crate) tensors: Vec<Option<Tensor<T>>>,
}

/// The derivatives of a root with respect to some entries (`wrt`, by index), recorded on the same tape. The root is a
/// scalar entry or, with its cotangent, a tensor.
#[track_caller]
pub(crate) fn recorded<T: Real>(
    cell: &'static TapeCell<T>,
    root: usize,
    seed: Option<Seed<T>>,
    wrt: &[usize],
) -> RecordedGradients<T> {
    let (scalars, sweep) = recorded_sweep(cell, root, seed, wrt, None);
    RecordedGradients { scalars, tensors: sweep.tensors }
}

/// The derivative of a root along directions for some tensors, recorded on the same tape; `None` if it depends on none.
#[track_caller]
pub(crate) fn directional<T: Real>(
    cell: &'static TapeCell<T>,
    root: usize,
    seed: Option<Seed<T>>,
    directions: Vec<(u32, Tensor<T>)>,
) -> Option<Tensor<T>> {
    let wrt: SmallVec<[usize; 8]> = directions.iter().map(|&(index, _)| index as usize).collect();
    recorded_sweep(cell, root, seed, &wrt, Some(Along::new(directions))).1.along?.sum()
}

#[track_caller]
fn recorded_sweep<T: Real>(
    cell: &'static TapeCell<T>,
    root: usize,
    seed: Option<Seed<T>>,
    wrt: &[usize],
    along: Option<Along<T>>,
) -> (Vec<Var<T>>, Recorded<T>) {
    cell.refuse_if_frozen(ASKED);
    let code = cell.copy_code(root);
    let blocks = cell.copy_blocks();
    let code = code.view(&blocks);
    let sources = wrt.iter().copied().filter(|&index| index <= root);
    let _origin = cell.on_behalf(Some(cell.here()));
    let mut sweep = Recorded { along, ..Recorded::new(cell, Window::whole(), 0, code, sources) };
    let mut adjoints = alloc::filled(Var::constant(T::zero()), root + 1);
    match seed {
        None => adjoints[root] = Var::constant(T::one()),
        Some((node, cotangent)) => sweep.tensors[node.slot as usize] = Some(cotangent),
    }
    reverse(code, &mut sweep, &mut adjoints);
    (adjoints, sweep)
}
