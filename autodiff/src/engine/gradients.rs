//! The gradient: one reverse sweep, and what it found.

use super::sweep::{Swept, over_tensors};
use super::vjp::Seed;
use crate::error::{Error, Kind};
use crate::kernels::storage::Storage;
use crate::tape::cell::TapeCell;
use crate::tape::code::Code;
use crate::tape::interpreter::Values;
use crate::tape::reverse::reverse;
use crate::tape::window::{Search, Window};
use crate::tensor::table::{Adjoints, PASSED, Table};
use crate::{Real, Tensor, Var};

/// The derivatives of one root with respect to everything that was on its tape.
///
/// Plain numbers: they stay valid when the tape is reset.
/// Of a tensor that is an intermediate result, the gradient is kept if there is a handle of it while the sweep runs; asking for one
/// that was given up panics.
pub struct Gradients<T: Real> {
    pub(super) cell: &'static TapeCell<T>,
    pub(super) epoch: u32,
    /// How many entries there are up to the root.
    pub(super) end: usize,
    /// Those that the sweep went over: all, or what the root depends on. Adjoints are numbered as they are in it.
    window: Window,
    scalars: Storage<T>,
    tensors: Adjoints<T>,
}

impl<T: Real> Gradients<T> {
    /// The derivative with respect to a scalar (a number) or a tensor (an array of its shape).
    ///
    /// Any handle on the tape will do, intermediate results included. A scalar that the root does not depend on has
    /// derivative 0.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape, or if no gradient reaches the tensor: a tensor that was to be
    /// trained and is cut off is a mistake worth hearing of. The message says where the path ends: at `detach`, a mask,
    /// `no_grad`, a function of steps, a vjp that returned nothing, or because nobody uses the tensor.
    /// [`get`](Self::get) and [`wrt_or_zeros`](Self::wrt_or_zeros) ask without panicking.
    ///
    /// ```should_panic
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let (x, w) = (tape.tensor(ndarray::array![1.0, 2.0]), tape.tensor(ndarray::array![3.0, 4.0]));
    /// let y = (x.detach() * &w).sum();
    /// y.backward().wrt(&x);   // `detach` at src/main.rs:4:12 cut the path to the root
    /// ```
    #[doc(alias = "grad")]
    #[track_caller]
    pub fn wrt<H: Wrt<T>>(&self, handle: H) -> H::Gradient {
        handle.demand(self)
    }

    /// The derivative if the sweep reached the handle. `None` for a tensor that the root does not depend on, and for
    /// what was recorded after the root; a scalar from before has derivative 0 then.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
    #[doc(alias = "allow_unused")]
    #[track_caller]
    pub fn get<H: Wrt<T>>(&self, handle: H) -> Option<H::Gradient> {
        handle.find(self)
    }

    /// The derivative, and 0 where no gradient flows: for functions that may be constant in some of their arguments.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::new();
    /// let (x, w) = (tape.tensor(ndarray::array![1.0, 2.0]), tape.tensor(ndarray::array![3.0, 4.0]));
    /// let g = x.square().sum().backward();
    /// assert_eq!(g.wrt_or_zeros(&w), ndarray::array![0.0, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
    #[doc(alias = "materialize_grads")]
    #[track_caller]
    pub fn wrt_or_zeros<H: Wrt<T>>(&self, handle: H) -> H::Gradient {
        let found = handle.find(self);
        found.unwrap_or_else(|| handle.zeros())
    }

    /// Whether the sweep was over this tape, before it was reset.
    pub(super) fn are_of(&self, cell: &TapeCell<T>, epoch: u32) -> bool {
        std::ptr::eq(cell, self.cell) && epoch == self.epoch
    }

    /// The derivative with respect to a scalar entry; `None` if it was recorded after the root.
    pub(crate) fn scalar(&self, index: usize) -> Option<T> {
        let found = self.window.find(index).map(|inner| self.scalars.as_slice()[inner]);
        found.or_else(|| (index < self.end).then(T::zero))
    }

    /// The gradient of the tensor in a slot.
    pub(crate) fn at_slot(&self, slot: u32) -> Option<&Tensor<T>> {
        self.tensors.get(self.window.own(slot)?)
    }

    /// Whether the sweep came to the tensor in a slot.
    pub(crate) fn reached(&self, slot: u32) -> bool {
        let own = self.window.own(slot);
        own.is_some_and(|own| self.tensors.has(own) || self.tensors.reads[own] == PASSED)
    }

    /// Takes out the gradient of the tensor in a slot.
    pub(super) fn take_slot(&mut self, slot: u32) -> Option<Tensor<T>> {
        self.tensors.take(self.window.own(slot)?)
    }

    /// Rows of the gradient of the tensor in a slot; `rows` go upward.
    pub(super) fn rows_at_slot(&self, slot: u32, rows: &[usize]) -> Option<Tensor<T>> {
        self.tensors.rows(self.window.own(slot)?, rows)
    }
}

/// The list goes back to its tape, whose next sweep fills it again.
impl<T: Real> Drop for Gradients<T> {
    fn drop(&mut self) {
        Table::of(self.cell).put_adjoints(std::mem::take(&mut self.tensors));
    }
}

/// A sweep passes over an entry to which nothing flows in less than two nanoseconds; a search takes some thirty to find one to
/// which something does.
const SEARCH: Search = Search { short: 1024, share: 256 };

/// The derivatives of `Σ seed · root` with respect to everything on the tape.
///
/// The cost is that of the entries that the root depends on, if these are few, and else of all up to the root. Tensors that
/// have a handle keep their adjoints; those of others are given up as the sweep passes on.
#[track_caller]
pub(crate) fn gradients<T: Real>(
    cell: &'static TapeCell<T>,
    scalars: &[(usize, T)],
    tensor: Option<Seed<T>>,
) -> Gradients<T> {
    sweep(cell, scalars, tensor, false)
}

/// The same, for who asks for adjoints by entry: those of tensors are kept, whether there are handles of them or not.
#[track_caller]
pub(crate) fn all_gradients<T: Real>(
    cell: &'static TapeCell<T>,
    scalars: &[(usize, T)],
    tensor: Option<Seed<T>>,
) -> Gradients<T> {
    sweep(cell, scalars, tensor, true)
}

#[track_caller]
fn sweep<T: Real>(
    cell: &'static TapeCell<T>,
    scalars: &[(usize, T)],
    tensor: Option<Seed<T>>,
    every: bool,
) -> Gradients<T> {
    let epoch = cell.epoch();
    let scalar_end = scalars.iter().map(|&(index, _)| index + 1).max().unwrap_or(0);
    let end = scalar_end.max(tensor.as_ref().map_or(0, |(node, _)| node.index as usize + 1));
    let (mut adjoints, mut tensors, mut window) = (Storage::released(), Adjoints::default(), Window::empty());
    if end > 0 {
        let frozen = cell.freeze();
        let roots = scalars.iter().map(|&(index, _)| index).chain(tensor.iter().map(|(node, _)| node.index as usize));
        let short = if cell.checks_finite() { usize::MAX } else { SEARCH.short };
        let search = Search { short, ..SEARCH };
        window = Window::between(&frozen, roots, 0, search, &*Table::of(cell).entries.borrow());
        let part = (!window.is_whole()).then(|| (window.code(&frozen), window.gather(frozen.values())));
        let all = frozen.code(end - 1);
        let (code, values) = match &part {
            Some((code, values)) => (Code { ops: &code.ops, operands: &code.operands, ..all }, &values[..]),
            None => (all, frozen.values()),
        };
        adjoints = Storage::filled(window.len(), T::zero());
        for &(index, seed) in scalars {
            adjoints.make_mut()[window.inner(index as u32)] += seed;
        }
        if cell.has_tensors() || cell.checks_finite() {
            let swept = Swept { cell, window: &window, code, values, every };
            tensors = over_tensors(swept, &frozen, tensor, adjoints.make_mut());
        } else {
            over_scalars(code, values, adjoints.make_mut());
        }
    }
    Gradients { cell, epoch, end, window, scalars: adjoints, tensors }
}

/// The loop over scalars, in a function of its own: inlined beside other code it loses its registers.
#[inline(never)]
fn over_scalars<T: Real>(code: Code<'_, T>, values: &[T], adjoints: &mut [T]) {
    reverse(code, &mut Values::<T, T, true>::new(code, values), adjoints);
}

impl<T: Real> Var<T> {
    /// Derivatives of this scalar with respect to everything on its tape, by one reverse sweep.
    ///
    /// # Panics
    /// If this is a constant or a stale handle, or is recorded into a [`Program`](crate::Program).
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::<f64>::new();
    /// let (x, z) = (tape.var(3.0), tape.var(0.5));
    /// let g = (x * x * z).backward();
    /// assert_eq!((g.wrt(x), g.wrt(z)), (3.0, 9.0));
    /// ```
    #[doc(alias = "autograd.backward")]
    #[track_caller]
    pub fn backward(self) -> Gradients<T> {
        let (cell, index) = self.root("backward");
        cell.refuse_in_program("`backward`", "its gradients are plain numbers, where those of `grad` are recorded");
        gradients(cell, &[(index, T::one())], None)
    }
}

/// A handle whose derivative can be asked for: [`Var`] or `&`[`Tensor`].
pub trait Wrt<T: Real>: Copy {
    /// What the derivative comes as.
    type Gradient;

    #[doc(hidden)]
    fn find(self, gradients: &Gradients<T>) -> Option<Self::Gradient>;

    #[doc(hidden)]
    #[track_caller]
    fn demand(self, gradients: &Gradients<T>) -> Self::Gradient {
        gradients.wrt_or_zeros(self)
    }

    #[doc(hidden)]
    fn zeros(self) -> Self::Gradient;
}

impl<T: Real> Wrt<T> for Var<T> {
    type Gradient = T;

    #[track_caller]
    fn find(self, gradients: &Gradients<T>) -> Option<T> {
        let found = self.place().filter(|&(cell, _, epoch)| gradients.are_of(cell, epoch));
        let Some((_, index, _)) = found else { Error::from(Kind::NotOnTape { what: "the variable" }).raise() };
        gradients.scalar(index as usize)
    }

    fn zeros(self) -> T {
        T::zero()
    }
}

impl<T: Real> Wrt<T> for &Var<T> {
    type Gradient = T;

    #[track_caller]
    fn find(self, gradients: &Gradients<T>) -> Option<T> {
        (*self).find(gradients)
    }

    fn zeros(self) -> T {
        T::zero()
    }
}

#[cfg(test)]
mod tests {
    use crate::Tape;

    /// A sweep visits what the root depends on, wherever on the tape that stands, and all where that is a good part of it.
    #[test]
    fn few_entries_are_visited_on_a_long_tape() {
        let tape = Tape::<f64>::new();
        let (early, early_tensor) = (tape.var(0.5), tape.tensor(ndarray::array![1.0, 2.0]));
        let mut long = early;
        for _ in 0..5_000 {
            long = long.sin() + 0.1;
        }
        let (late, late_tensor) = (tape.var(0.5), tape.tensor(ndarray::array![3.0, 4.0]));
        let visited = [
            (late * late + 1.0).backward(),
            (early * early + 1.0).backward(),
            (early * late + 1.0).backward(),
            (&late_tensor * &early_tensor).sum().backward(),
            (late_tensor.at([1]) * early_tensor.at([0])).backward(),
        ]
        .map(|g| (g.window.len(), g.window.slots()));
        assert_eq!(visited, [(3, 0), (3, 0), (4, 0), (4, 4), (5, 2)]);
        let g = (long * late).backward();
        assert_eq!((g.window.len(), g.window.slots(), g.end), (g.end, 4, g.end));
        // What was recorded after a root, and what it does not depend on.
        let g = (late * late).backward();
        let after = tape.var(1.0);
        assert_eq!((g.wrt(late), g.wrt(early), g.get(after)), (1.0, 0.0, None));
        assert!(g.tensor(&early_tensor).is_none());
    }
}
