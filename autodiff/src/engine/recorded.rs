//! The reverse sweep that is recorded: variables and tracked tensors flow backward on the same tape.

use smallvec::SmallVec;

use super::along::Along;
use super::vjp::{Passed, Seed, add, pass_on};
use crate::error::sure;
use crate::tape::alloc;
use crate::tape::block::Located;
use crate::tape::cell::TapeCell;
use crate::tape::code::{Code, OwnedCode, dependents};
use crate::tape::interpreter::Interpreter;
use crate::tape::reverse::reverse;
use crate::tape::trace::Place;
use crate::tape::window::{Search, Window};
use crate::tensor::entry::{Region, Source};
use crate::tensor::part::Part;
use crate::tensor::table::Table;
use crate::{Real, Tensor, Var};

/// Variables and tracked tensors: the sweep is recorded on the same tape.
struct Recorded<T: Real> {
    cell: &'static TapeCell<T>,
    /// The entries that are swept; adjoints are numbered as they are in the window.
    window: Window,
    wants: Vec<bool>,
    /// Whether the lines of scalar entries are noted, and what counts as the line of those for which there is none.
    traced: bool,
    origin: Option<Place>,
    tensors: Vec<Option<Tensor<T>>>,
    /// What is to be added to them in parts, in order.
    parts: Vec<Vec<(Part, Tensor<T>)>>,
    /// Adjoints of single elements, collected until their tensor's turn comes.
    elements: Vec<Option<Vec<Var<T>>>>,
    /// Where not the gradients of the sources are wanted but the derivative along directions.
    along: Option<Along<T>>,
}

impl<T: Real> Recorded<T> {
    /// To sweep `code`, the window's program, for the adjoints of those of the `sources` that are in it.
    fn new(
        cell: &'static TapeCell<T>,
        window: Window,
        code: Code<'_, T>,
        sources: impl IntoIterator<Item = usize>,
    ) -> Self {
        let mut wants = alloc::filled(false, code.ops.len());
        for source in sources.into_iter().filter_map(|index| window.find(index)) {
            wants[source] = true;
        }
        let entries = Table::of(cell).entries.borrow();
        let wants = dependents(code, &wants, |_, slot, depends| {
            let depends = |index| window.known(index).is_some_and(|inner| depends[inner]);
            depends(entries[slot].index) || entries[slot].depends(depends)
        });
        drop(entries);
        let (traced, origin) = (cell.is_traced(), cell.origin());
        let slots = window.slots();
        let (tensors, parts, elements) = (vec![None; slots], vec![Vec::new(); slots], vec![None; slots]);
        Self { cell, window, wants, traced, origin, tensors, parts, elements, along: None }
    }

    /// The number of an entry whose adjoint is wanted.
    fn wanted(&self, index: u32) -> Option<usize> {
        self.window.known(index).filter(|&inner| self.wants[inner])
    }

    /// Runs a stretch of program again, recorded, and passes the adjoints of its results on to the scalars at `places`.
    fn unroll(&self, region: &dyn Region<T>, places: &[u32], outputs: &[Var<T>], adjoints: &mut [Var<T>]) {
        let (cell, epoch, first) = (self.cell, self.cell.epoch(), self.cell.len());
        let first_slot = Table::of(cell).entries.borrow().len();
        let at = |&index: &u32| Var::on_tape(cell.value(index as usize), cell, index);
        let results = region.replay(&places.iter().map(at).collect::<Vec<_>>());
        // The stretch is user code, which may have reset the tape.
        cell.check(epoch);
        let slots = Table::of(cell).entries.borrow().len() - first_slot;
        let window = Window::stretch(first, cell.len() - first, places, first_slot, slots);
        let owned = window.code(&cell.freeze());
        let code = owned.view(&[]);
        let wanted: Vec<(usize, usize)> =
            places.iter().filter_map(|&index| Some((index as usize, self.wanted(index)?))).collect();
        let mut inner = Self::new(cell, window, code, wanted.iter().map(|&(index, _)| index));
        let mut found = alloc::filled(Var::constant(T::zero()), code.ops.len());
        for &(index, outer) in &wanted {
            found[inner.window.inner(index as u32)] = adjoints[outer];
        }
        for (result, &adjoint) in results.iter().zip(outputs) {
            // What the stretch passed through untouched is the caller's own variable and has its adjoint already.
            if let (Some((_, index, _)), false) = (result.place(), adjoint.is_exact_zero()) {
                found[inner.window.inner(index)].accumulate(adjoint);
            }
        }
        reverse(code, &mut inner, &mut found);
        for (index, outer) in wanted {
            adjoints[outer] = found[inner.window.inner(index as u32)];
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

    fn constant(&self, _: &[T], place: usize) -> Var<T> {
        Var::constant(self.cell.constant(place))
    }

    fn wants(&self, inner: usize) -> bool {
        self.wants[inner]
    }

    fn partials(&self, _: &[Located<T>], place: usize, _: &[Var<T>]) -> SmallVec<[Var<T>; 8]> {
        self.cell.refuse_second_order(place)
    }

    fn turn(&mut self, inner: usize) {
        if self.traced {
            self.cell.set_origin(self.cell.scalar_place(self.window.index(inner)).or(self.origin));
        }
    }

    fn tensor(&mut self, slot: usize, adjoints: &mut [Var<T>]) {
        let entry = Table::of(self.cell).entries.borrow()[slot].clone();
        let own = self.window.own(slot as u32);
        let (Some(own), Some(_)) = (own, self.wanted(entry.index)) else { return };
        let _origin = self.cell.on_behalf(Some(entry.place));
        add_parts(&mut self.tensors[own], &mut self.parts[own], entry.source.shape());
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
                    if let Some(inner) = place.and_then(|index| self.wanted(index)) {
                        adjoints[inner].accumulate(adjoint.element(flat, value));
                    }
                }
            }
            Source::Op { .. } => {
                let (wants, window, along) = (&self.wants, &self.window, &self.along);
                let directed = |index| along.as_ref().is_some_and(|along| along.of(index).is_some());
                let wanted = |input: &Tensor<T>| {
                    let inner = input.place().filter(|node| !directed(node.index));
                    inner.and_then(|node| window.known(node.index)).is_some_and(|inner| wants[inner])
                };
                let (tensors, parts) = (&mut self.tensors, &mut self.parts);
                let passed =
                    pass_on(&entry, &adjoint, true, true, wanted, |slot, Passed { input, gradient, part, .. }| {
                        let own = window.own(slot).expect("an operand of what is swept");
                        if let Some(part) = part {
                            parts[own].push((part, gradient));
                        } else {
                            add_parts(&mut tensors[own], &mut parts[own], input.shape());
                            add(&mut tensors[own], gradient, true);
                        }
                        Ok(())
                    });
                let along = self.along.as_mut();
                sure(passed.and_then(|()| along.map_or(Ok(()), |along| along.pass(self.cell, &entry, &adjoint))));
            }
        }
    }

    fn element(&mut self, slot: usize, position: usize, adjoint: Var<T>) {
        let entries = Table::of(self.cell).entries.borrow();
        let entry = &entries[slot];
        if let (Some(own), Some(_)) = (self.window.own(slot as u32), self.wanted(entry.index)) {
            let len = entry.source.shape().iter().product();
            let elements = self.elements[own].get_or_insert_with(|| alloc::filled(Var::constant(T::zero()), len));
            drop(entries);
            elements[position].accumulate(adjoint);
        }
    }
}

/// Adds to a sum what was collected of parts: several as one operation.
fn add_parts<T: Real>(sum: &mut Option<Tensor<T>>, parts: &mut Vec<(Part, Tensor<T>)>, shape: &[usize]) {
    match &parts[..] {
        [] => return,
        [(part, piece)] => add(sum, piece.put_back(part, shape), true),
        _ => *sum = Some(Tensor::put_together(sum.as_ref(), parts, shape)),
    }
    parts.clear();
}

/// What a recorded sweep found, by the numbers in its window.
pub(crate) struct RecordedGradients<T: Real> {
    window: Window,
    scalars: Vec<Var<T>>,
    tensors: Vec<Option<Tensor<T>>>,
}

impl<T: Real> RecordedGradients<T> {
    /// Of a root that depends on nothing.
    pub(crate) fn nothing() -> Self {
        Self { window: Window::empty(), scalars: Vec::new(), tensors: Vec::new() }
    }

    /// The derivative with respect to a scalar entry; `None` if the sweep did not come to it.
    pub(crate) fn scalar(&self, index: u32) -> Option<Var<T>> {
        Some(self.scalars[self.window.find(index as usize)?])
    }

    /// The gradient of the tensor in a slot; `None` if none flows to it.
    pub(crate) fn tensor(&self, slot: u32) -> Option<Tensor<T>> {
        self.tensors[self.window.own(slot)?].clone()
    }
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
    RecordedGradients { window: sweep.window, scalars, tensors: sweep.tensors }
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

/// A sweep passes over an entry that is of no interest in some three nanoseconds; a search takes some thirty to find one that is.
const SEARCH: Search = Search { short: 128, share: 64 };

/// What is to be swept from a root down to an entry: a copy, for the tape goes on recording meanwhile.
#[track_caller]
fn between<T: Real>(cell: &'static TapeCell<T>, root: usize, floor: usize) -> (Window, OwnedCode<T>) {
    let frozen = cell.freeze();
    let entries = Table::of(cell).entries.borrow();
    let window = Window::between(&frozen, std::iter::once(root), floor, SEARCH, &*entries);
    let code = window.code(&frozen);
    (window, code)
}

#[track_caller]
fn recorded_sweep<T: Real>(
    cell: &'static TapeCell<T>,
    root: usize,
    seed: Option<Seed<T>>,
    wrt: &[usize],
    along: Option<Along<T>>,
) -> (Vec<Var<T>>, Recorded<T>) {
    let sources = wrt.iter().copied().filter(|&index| index <= root);
    let (window, code) = between(cell, root, sources.clone().min().unwrap_or(root));
    let code = code.view(&[]);
    let _origin = cell.on_behalf(Some(cell.here()));
    let mut sweep = Recorded { along, ..Recorded::new(cell, window, code, sources) };
    let mut adjoints = alloc::filled(Var::constant(T::zero()), code.ops.len());
    match seed {
        None => adjoints[sweep.window.inner(root as u32)] = Var::constant(T::one()),
        Some((node, cotangent)) => {
            let own = sweep.window.own(node.slot).expect("the root is in the window");
            sweep.tensors[own] = Some(cotangent);
        }
    }
    reverse(code, &mut sweep, &mut adjoints);
    (adjoints, sweep)
}
