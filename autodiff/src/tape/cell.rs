//! The cells that handles point to, their epochs, and the pool that recycles them.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};

use super::block::{Block, Located};
use super::code::{Code, OwnedCode};
use super::guard::Guard;
use super::labels::Names;
use super::nary::Nary;
use super::no_grad;
use super::opcode;
use super::store::Store;
use super::trace::Place;
use crate::error::{Error, Kind};
use crate::{Dual, Real};

/// A cell in the pool keeps at most this much memory for its next tape.
const KEEP: usize = 1 << 29;

/// What a sweep says when it finds its tape being swept.
pub(crate) const ASKED: &str = "a gradient was asked of";

/// What a floor above keeps beside the entries, for those that are no operations on numbers.
pub(crate) trait SideTable: Any {
    /// Whether it holds nothing.
    fn is_empty(&self) -> bool;

    /// Forgets everything. What it drops may be foreign code that uses the tape.
    fn clear(&self);

    /// Gives its memory back as well.
    fn release(&self);
}

/// The values and operand words of an n-ary entry while they are collected.
type Scratch<T> = (Vec<T>, Vec<u32>);

/// One tape's storage. Cells live as long as the program: handles refer to them without a lifetime, and the epoch tells
/// a handle of an earlier use from one of the present.
pub(crate) struct TapeCell<T: Real> {
    epoch: Cell<u32>,
    recording: Cell<bool>,
    /// How many stretches of `no_grad` the thread had entered when the tape began.
    born: Cell<u64>,
    guarded: Cell<bool>,
    guards: RefCell<Vec<Guard<T>>>,
    finite: Cell<bool>,
    lines: Cell<bool>,
    origin: Cell<Option<Place>>,
    scratch: Cell<Scratch<T>>,
    store: UnsafeCell<Store<T>>,
    side: OnceCell<Box<dyn SideTable>>,
    /// Names of entries; whoever is called while they are borrowed calls nobody else.
    pub(crate) names: RefCell<Names>,
}

impl<T: Real> TapeCell<T> {
    #[inline(always)]
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch.get()
    }

    /// Whether tensor operations are recorded at the moment.
    #[inline(always)]
    pub(crate) fn recording(&self) -> bool {
        self.recording.get()
    }

    /// How many stretches of `no_grad` the thread had entered when the tape began.
    pub(crate) fn born(&self) -> u64 {
        self.born.get()
    }

    /// Stops the recording of tensor operations until the guard is dropped.
    pub(crate) fn pause(&'static self) -> Pause<T> {
        Pause { cell: self, before: self.recording.replace(false) }
    }

    /// Panics if a handle of this epoch is of an earlier use of the cell.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn check(&self, epoch: u32) {
        if self.epoch.get() != epoch {
            stale("variable");
        }
    }

    #[inline(always)]
    #[allow(clippy::mut_from_ref, reason = "the cell is the tape's interior; see SAFETY")]
    fn store(&self) -> &mut Store<T> {
        // SAFETY: a cell is not `Sync`, and every caller below uses the reference up before it returns, running nothing
        // but `Store`'s own code meanwhile, which calls no user code (`T: Copy`, values are computed beforehand). So no
        // two such references are alive at once. Sweeps, which do call user code, work on a store moved out by `freeze`.
        unsafe { &mut *self.store.get() }
    }

    #[inline(always)]
    #[track_caller]
    pub(crate) fn push<const K: usize>(&self, op: u8, operands: [u32; K], value: T) -> u32 {
        self.store().push(op, operands, value)
    }

    #[track_caller]
    pub(crate) fn push_leaves(&self, values: &[T]) -> u32 {
        self.store().push_leaves(values)
    }

    /// Records an entry with one variable and one constant.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push_with_constant(&self, op: u8, operand: u32, constant: T, value: T) -> u32 {
        let store = self.store();
        let constant = store.constant(constant);
        store.push(op, [operand, constant], value)
    }

    /// Room for the values and operands of an n-ary entry, filled with what is known of them.
    pub(crate) fn take_scratch(&self, known: Scratch<T>) -> Scratch<T> {
        let (mut values, mut operands) = self.scratch.take();
        values.clear();
        operands.clear();
        values.extend(known.0);
        operands.extend(known.1);
        (values, operands)
    }

    /// Gives the room back.
    pub(crate) fn put_scratch(&self, values: Vec<T>, operands: Vec<u32>) {
        self.scratch.set((values, operands));
    }

    /// Gives operands of an n-ary entry that stand for constants their places.
    #[track_caller]
    pub(crate) fn constants(&self, constants: &[T], operands: &mut [u32]) {
        self.store().constants(constants, operands);
    }

    /// Records an n-ary entry. `partials` is empty for functions that store none.
    #[track_caller]
    pub(crate) fn push_nary(&self, f: Nary, operands: &[u32], partials: &[T], value: T) -> u32 {
        let store = self.store();
        let extras = [if partials.is_empty() { 0 } else { store.run(partials) }];
        let extras = &extras[..usize::from(f.stores_partials())];
        store.push_nary(opcode::nary(f), extras, operands, value)
    }

    /// Records a fused block of inputs at `places`; one that has none is a constant.
    #[inline(always)]
    #[track_caller]
    pub(crate) fn push_block<B: Block<T> + 'static, const K: usize>(
        &self,
        block: B,
        places: [Option<u32>; K],
        values: [T; K],
        result: Dual<T, K>,
    ) -> u32 {
        let store = self.store();
        let extras = [store.run(result.tangent()), store.block(block)];
        let mut operands = [0; K];
        for i in 0..K {
            operands[i] = places[i].unwrap_or_else(|| store.constant(values[i]) | opcode::CONSTANT);
        }
        store.push_nary(opcode::BLOCK, &extras, &operands, result.value())
    }

    /// Whether what is recorded becomes a program: comparisons are noted.
    #[inline(always)]
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded.get()
    }

    /// From now on, until the tape ends, comparisons are noted.
    pub(crate) fn note_comparisons(&self) {
        self.guarded.set(true);
    }

    /// Notes a comparison.
    #[cold]
    pub(crate) fn guard(&self, guard: Guard<T>) {
        self.guards.borrow_mut().push(guard);
    }

    /// The comparisons noted so far.
    pub(crate) fn take_guards(&self) -> Vec<Guard<T>> {
        self.guards.take()
    }

    /// Whether values and adjoints that are not finite stop the computation.
    #[inline(always)]
    pub(crate) fn checks_finite(&self) -> bool {
        self.finite.get()
    }

    /// What is noted of scalar entries from now on, and whether values are looked at.
    #[track_caller]
    pub(crate) fn watch(&self, lines: Option<bool>, finite: Option<bool>) {
        self.refuse_if_frozen("`check_finite` or `trace_lines` was called on");
        self.lines.set(lines.unwrap_or(self.lines.get()));
        self.finite.set(finite.unwrap_or(self.finite.get()));
        self.store().watch(self.lines.get(), self.finite.get());
    }

    /// Where a scalar entry was recorded, if that was noted.
    pub(crate) fn scalar_place(&self, index: usize) -> Option<Place> {
        self.store().place(index)
    }

    /// Until the guard is dropped, what is recorded counts as recorded at `place`: by the derivative of what stands there.
    pub(crate) fn on_behalf(&'static self, place: Option<Place>) -> OnBehalf<T> {
        let before = self.origin.get();
        self.set_origin(place.or(before));
        OnBehalf { cell: self, before }
    }

    /// Whether the places of scalar entries are noted.
    pub(crate) fn is_traced(&self) -> bool {
        self.lines.get() || self.finite.get()
    }

    /// The place that counts as that of what is recorded, instead of its own.
    pub(crate) fn origin(&self) -> Option<Place> {
        self.origin.get()
    }

    pub(crate) fn set_origin(&self, place: Option<Place>) {
        self.origin.set(place);
        if let Some(trace) = self.store().trace() {
            trace.origin = place;
        }
    }

    /// The place that counts as that of what is recorded now.
    #[track_caller]
    pub(crate) fn here(&self) -> Place {
        // Not in a closure, which has a place of its own.
        match self.origin.get() {
            Some(place) => place,
            None => std::panic::Location::caller(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.store().len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.store().bytes()
    }

    /// The side table, always of the same type.
    #[inline]
    pub(crate) fn side<S: SideTable + Default>(&self) -> &S {
        let table: &dyn Any = self.side.get_or_init(|| Box::<S>::default()).as_ref();
        table.downcast_ref().expect("one kind of side table")
    }

    /// Whether any entry is more than an operation on numbers.
    pub(crate) fn has_tensors(&self) -> bool {
        self.side.get().is_some_and(|side| !side.is_empty())
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.store().set_limit(limit);
    }

    pub(crate) fn value(&self, index: usize) -> T {
        self.store().values()[index]
    }

    /// Copies the program up to entry `last`, to be read while more is recorded.
    pub(crate) fn copy_code(&self, last: usize) -> OwnedCode<T> {
        self.store().code(last).to_owned()
    }

    /// Copies the program from entry `first` on.
    pub(crate) fn copy_code_from(&self, first: usize) -> OwnedCode<T> {
        let code = self.store().code(self.len() - 1);
        let start = code.ops[first..].iter().rev().fold(code.operands.len(), |end, &op| code.before(op, end));
        Code { ops: &code.ops[first..], operands: &code.operands[start..], ..code }.to_owned()
    }

    /// The blocks that the program refers to.
    pub(crate) fn copy_blocks(&self) -> Vec<Located<T>> {
        self.store().blocks().to_vec()
    }

    /// Moves the entries out for a sweep. Until the guard is dropped, recording a scalar on this tape panics.
    #[track_caller]
    pub(crate) fn freeze(&'static self) -> Frozen<T> {
        self.refuse_if_frozen(ASKED);
        let store = std::mem::replace(self.store(), Store::frozen());
        Frozen { cell: self, epoch: self.epoch(), store }
    }

    /// Whether the tape is being swept.
    pub(crate) fn is_frozen(&self) -> bool {
        self.store().is_frozen()
    }

    #[track_caller]
    pub(crate) fn refuse_if_frozen(&self, what: &'static str) {
        if self.is_frozen() {
            Error::from(Kind::Frozen { what }).raise();
        }
    }

    fn clear(&self) {
        // Handles of this epoch are stale from here on. An epoch never comes round again: `fresh` replaces the cell.
        self.epoch.set(self.epoch.get() + 1);
        let blocks = self.store().clear();
        self.names.borrow_mut().clear();
        // What blocks and operations hold is foreign code that may run on drop: it must not find the store borrowed.
        drop(blocks);
        if let Some(side) = self.side.get() {
            side.clear();
        }
    }

    fn worn(&self) -> bool {
        self.epoch.get() == u32::MAX
    }
}

#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn stale(what: &'static str) -> ! {
    Error::from(Kind::Stale { what }).raise()
}

/// Two handles do not go together: either the second is stale, or it is of another tape.
#[cold]
#[inline(never)]
#[track_caller]
pub(crate) fn mismatch<T: Real>(op: &'static str, cell: &TapeCell<T>, epoch: u32) -> ! {
    if cell.epoch() == epoch {
        Error::from(Kind::Foreign { op }).raise()
    }
    stale("variable")
}

/// Puts `recording` back as it was, also on unwinding.
pub(crate) struct Pause<T: Real> {
    cell: &'static TapeCell<T>,
    before: bool,
}

impl<T: Real> Drop for Pause<T> {
    fn drop(&mut self) {
        self.cell.recording.set(self.before);
    }
}

/// Puts the place back that counted before, also on unwinding.
pub(crate) struct OnBehalf<T: Real> {
    cell: &'static TapeCell<T>,
    before: Option<Place>,
}

impl<T: Real> Drop for OnBehalf<T> {
    fn drop(&mut self) {
        self.cell.set_origin(self.before);
    }
}

/// A tape's entries, out of the tape for the duration of a sweep.
pub(crate) struct Frozen<T: Real> {
    cell: &'static TapeCell<T>,
    epoch: u32,
    store: Store<T>,
}

impl<T: Real> std::ops::Deref for Frozen<T> {
    type Target = Store<T>;

    fn deref(&self) -> &Store<T> {
        &self.store
    }
}

impl<T: Real> Drop for Frozen<T> {
    fn drop(&mut self) {
        let store = std::mem::replace(&mut self.store, Store::new());
        // If the tape was dropped meanwhile, by a vjp that owned it, nobody wants the entries back.
        let (back, dropped) =
            if self.cell.epoch() == self.epoch { (store, Store::new()) } else { (Store::new(), store) };
        *self.cell.store() = back;
        drop(dropped);
    }
}

/// What the pool needs to know of a cell of any number type.
trait Pooled: Any {
    fn release(&self);
}

impl<T: Real> Pooled for TapeCell<T> {
    fn release(&self) {
        drop(std::mem::replace(self.store(), Store::new()));
        self.scratch.take();
        if let Some(side) = self.side.get() {
            side.release();
        }
    }
}

#[derive(Default)]
struct Pool(Vec<&'static dyn Pooled>);

impl Drop for Pool {
    fn drop(&mut self) {
        // The cells stay, for handles that outlive the thread's other values; their memory goes.
        for cell in &self.0 {
            cell.release();
        }
    }
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// A cell for a new tape, recycled if there is one.
pub(crate) fn fresh<T: Real>() -> &'static TapeCell<T> {
    let recycled = POOL.try_with(|pool| {
        let cells = &mut pool.borrow_mut().0;
        let at = cells.iter().rposition(|&cell| (cell as &dyn Any).is::<TapeCell<T>>())?;
        let cell: &'static dyn Any = cells.swap_remove(at);
        cell.downcast_ref::<TapeCell<T>>()
    });
    let cell = recycled.ok().flatten().unwrap_or_else(|| {
        Box::leak(Box::new(TapeCell {
            epoch: Cell::new(0),
            recording: Cell::new(true),
            born: Cell::new(0),
            guarded: Cell::new(false),
            guards: RefCell::default(),
            finite: Cell::new(false),
            lines: Cell::new(false),
            origin: Cell::new(None),
            scratch: Cell::default(),
            store: UnsafeCell::new(Store::new()),
            side: OnceCell::new(),
            names: RefCell::default(),
        }))
    });
    cell.born.set(no_grad::entered());
    cell
}

/// Forgets all entries. Returns the cell to go on with, which is the same one but for once in 2^32 times.
#[track_caller]
pub(crate) fn renew<T: Real>(cell: &'static TapeCell<T>) -> &'static TapeCell<T> {
    cell.refuse_if_frozen("`reset` was called on");
    cell.clear();
    if cell.worn() { fresh() } else { cell }
}

/// Takes a cell back from a tape that ends.
pub(crate) fn recycle<T: Real>(cell: &'static TapeCell<T>) {
    cell.clear();
    if cell.store().is_frozen() {
        // A sweep still works on it: no other tape may have it.
        return;
    }
    cell.set_limit(usize::MAX);
    cell.guarded.set(false);
    cell.guards.take();
    cell.watch(Some(false), Some(false));
    if cell.store().held() > KEEP {
        cell.release();
    }
    if !cell.worn() {
        // During the thread's end the pool may be gone: then only the memory is given back.
        if POOL.try_with(|pool| pool.borrow_mut().0.push(cell)).is_err() {
            cell.release();
        }
    }
}
