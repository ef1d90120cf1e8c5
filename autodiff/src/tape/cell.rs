//! The cells that handles point to, and their epochs.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};

use super::block::{Block, Located};
use super::code::OwnedCode;
use super::guard::Guard;
use super::labels::Names;
use super::nary::Nary;
use super::no_grad;
use super::opcode;
use super::store::Store;
use super::trace::Place;
use crate::error::{Error, Kind};
use crate::{Dual, Real};

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
    pub(super) recording: Cell<bool>,
    /// The tape's number among what the thread has begun.
    born: Cell<u64>,
    /// Whether this is the tape of a derivative function, to which what stands on older tapes is a constant.
    function: Cell<bool>,
    /// The youngest of the older tapes that could have recorded what took place here.
    met: Cell<Option<&'static Self>>,
    pub(super) guarded: Cell<bool>,
    pub(super) guards: RefCell<Vec<Guard<T>>>,
    pub(super) finite: Cell<bool>,
    pub(super) lines: Cell<bool>,
    pub(super) origin: Cell<Option<Place>>,
    scratch: Cell<Scratch<T>>,
    store: UnsafeCell<Store<T>>,
    side: OnceCell<Box<dyn SideTable>>,
    /// Names of entries; whoever is called while they are borrowed calls nobody else.
    pub(crate) names: RefCell<Names>,
}

impl<T: Real> TapeCell<T> {
    pub(super) fn new() -> Self {
        Self {
            epoch: Cell::new(0),
            recording: Cell::new(true),
            born: Cell::new(0),
            function: Cell::new(false),
            met: Cell::new(None),
            guarded: Cell::new(false),
            guards: RefCell::default(),
            finite: Cell::new(false),
            lines: Cell::new(false),
            origin: Cell::new(None),
            scratch: Cell::default(),
            store: UnsafeCell::new(Store::new()),
            side: OnceCell::new(),
            names: RefCell::default(),
        }
    }

    /// A new tape begins.
    pub(super) fn begin(&self) {
        self.born.set(no_grad::tick());
        self.function.set(false);
        self.met.set(None);
    }

    #[inline(always)]
    pub(crate) fn epoch(&self) -> u32 {
        self.epoch.get()
    }

    /// Whether tensor operations are recorded at the moment.
    #[inline(always)]
    pub(crate) fn recording(&self) -> bool {
        self.recording.get()
    }

    /// The tape's number among what the thread has begun.
    pub(crate) fn born(&self) -> u64 {
        self.born.get()
    }

    /// Whether an operation on tensors of this tape would be recorded now.
    pub(crate) fn records(&self) -> bool {
        self.recording() && no_grad::region(self.born()).is_none()
    }

    /// Makes this the tape of a derivative function.
    pub(crate) fn serve_function(&self) {
        self.function.set(true);
    }

    /// Whether what stands on another tape may take part here as a constant: on a derivative function's tape, if the other
    /// is older. This is noted.
    pub(crate) fn takes_in(&self, other: &'static Self) -> bool {
        let takes = self.function.get() && other.born() < self.born();
        if takes && other.records() && self.met().is_none_or(|met| met.born() < other.born()) {
            self.met.set(Some(other));
        }
        takes
    }

    /// The youngest of the older tapes that could have recorded what took place here.
    pub(crate) fn met(&self) -> Option<&'static Self> {
        self.met.get()
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
    pub(super) fn store(&self) -> &mut Store<T> {
        // SAFETY: a cell is not `Sync`, and every caller in this folder uses the reference up before it returns, running nothing
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

    /// The constant at a place of the program's.
    pub(crate) fn constant(&self, place: usize) -> T {
        self.store().constants.list()[place]
    }

    /// Says that the block at a place has no second derivatives.
    #[cold]
    pub(crate) fn refuse_second_order(&self, place: usize) -> ! {
        self.store().blocks()[place].clone().refuse_second_order()
    }

    /// The blocks that the program refers to.
    pub(crate) fn copy_blocks(&self) -> Vec<Located<T>> {
        self.store().blocks().to_vec()
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

    /// Gives all memory back.
    pub(super) fn give_back(&self) {
        drop(std::mem::replace(self.store(), Store::new()));
        self.scratch.take();
        if let Some(side) = self.side.get() {
            side.release();
        }
    }

    /// Bytes of memory held by the entries.
    pub(super) fn held(&self) -> usize {
        self.store().held()
    }

    /// Whether the epochs are used up.
    pub(super) fn worn(&self) -> bool {
        self.epoch.get() == u32::MAX
    }

    pub(super) fn clear(&self) {
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
