//! Reverse sweeps over tapes that hold scalars and tensors, plain and recorded.

use std::marker::PhantomData;

use smallvec::SmallVec;

use super::adverse::{Flow, Noted, born_in_sweep, inspect};
use super::along::Along;
use super::cell::{ASKED, TapeCell};
use super::fused::Located;
use super::replay::Values;
use super::reverse::{Interpreter, dependents, reverse};
use super::room;
use super::store::Code;
use super::trace::Place;
use super::window::Window;
use crate::error::{Error, Kind, Result};
use crate::gradients::Gradients;
use crate::kernels::storage::Storage;
use crate::tensor::entry::{Region, Source, TensorEntry};
use crate::tensor::{Node, Vjp};
use crate::{Real, Tensor, Var};

/// A tensor root with its cotangent.
pub(crate) type Seed<T> = (Node<T>, Tensor<T>);

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
        let mut noted: Vec<Noted<T>> = room::empty(end);
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
    let mut tensors = cell.take_adjoints();
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
        Self { cell, epoch: cell.epoch(), list: cell.tensors.take() }
    }
}

impl<T: Real> Drop for Entries<T> {
    fn drop(&mut self) {
        if self.cell.epoch() == self.epoch {
            self.cell.tensors.replace(std::mem::take(&mut self.list));
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

    unsafe fn value(&self, index: usize) -> T {
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

/// Runs an operation's vjp and adds what it gives to the adjoints of its inputs; `tensors` are those from slot `first` on.
fn pass_on<T: Real>(
    cell: &'static TapeCell<T>,
    entry: &TensorEntry<T>,
    adjoint: &Tensor<T>,
    recording: bool,
    wanted: impl Fn(&Tensor<T>) -> bool,
    tensors: &mut [Option<Tensor<T>>],
    first: usize,
) -> Result<()> {
    let Source::Op { inputs, .. } = &entry.source else { return Ok(()) };
    let gradients = pulled(entry, adjoint, recording, wanted)?;
    for (i, (gradient, input)) in gradients.into_iter().zip(inputs).enumerate() {
        let (Some(gradient), Some(node)) = (gradient, input.place()) else { continue };
        if !recording && cell.checks_finite() {
            inspect(entry, i, &gradient, adjoint, tensors[node.slot as usize - first].as_ref())?;
        }
        let sum = &mut tensors[node.slot as usize - first];
        *sum = Some(match sum.take() {
            None => gradient,
            Some(mut sum) if !recording => {
                sum.update(&gradient, |a, b| a + b);
                sum
            }
            Some(sum) => sum + gradient,
        });
    }
    Ok(())
}

/// What an operation's vjp gives for each of its inputs that is wanted, brought to the input's shape.
pub(super) fn pulled<T: Real>(
    entry: &TensorEntry<T>,
    adjoint: &Tensor<T>,
    recording: bool,
    wanted: impl Fn(&Tensor<T>) -> bool,
) -> Result<SmallVec<[Option<Tensor<T>>; 2]>> {
    let Source::Op { op, inputs, output } = &entry.source else { return Ok(SmallVec::new()) };
    let needs: SmallVec<[bool; 4]> = inputs.iter().map(wanted).collect();
    if !needs.contains(&true) {
        return Ok(SmallVec::new());
    }
    let cx = Vjp { inputs, output, grad: adjoint, needs, recording };
    let mut gradients = op.vjp(&cx).recordable(op.name(), entry.place, &cx);
    if gradients.len() != inputs.len() {
        let (got, want) = (gradients.len(), inputs.len());
        return Err(Kind::VjpArity { op: op.name().to_owned(), got, want }.into());
    }
    for (i, (gradient, input)) in gradients.iter_mut().zip(inputs).enumerate() {
        let Some(given) = gradient.take().filter(|_| cx.needs[i]) else { continue };
        match given.fitted_to(input.shape()) {
            Ok(fitted) => *gradient = Some(fitted),
            Err(given) => {
                let (got, want) = (given.shape().to_vec(), input.shape().to_vec());
                return Err(Kind::VjpShape { op: op.name().to_owned(), input: i, got, want }.into());
            }
        }
    }
    Ok(gradients)
}

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
        let mut wants = room::filled(false, code.ops.len());
        for index in sources {
            wants[index] = true;
        }
        let entries = cell.tensors.borrow();
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
        let first_slot = cell.tensors.borrow().len();
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
        let mut found = room::filled(Var::constant(T::zero()), code.ops.len());
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

    unsafe fn value(&self, inner: usize) -> Var<T> {
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
        let entry = self.cell.tensors.borrow()[slot].clone();
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
            self.tensors[own] = Some(match self.tensors[own].take() {
                None => elements,
                Some(sum) => sum + elements,
            });
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
                let passed =
                    passed.and_then(|()| along.map_or(Ok(()), |along| along.pass(self.cell, &entry, &adjoint)));
                if let Err(error) = passed {
                    error.raise();
                }
            }
        }
    }

    fn element(&mut self, slot: usize, position: usize, adjoint: Var<T>) {
        let entries = self.cell.tensors.borrow();
        let entry = &entries[slot];
        if self.wants_entry(entry.index) {
            let len = entry.source.shape().iter().product();
            let own = slot - self.first_slot;
            let elements = self.elements[own].get_or_insert_with(|| room::filled(Var::constant(T::zero()), len));
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
    let mut adjoints = room::filled(Var::constant(T::zero()), root + 1);
    match seed {
        None => adjoints[root] = Var::constant(T::one()),
        Some((node, cotangent)) => sweep.tensors[node.slot as usize] = Some(cotangent),
    }
    reverse(code, &mut sweep, &mut adjoints);
    (adjoints, sweep)
}
