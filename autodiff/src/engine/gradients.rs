//! What a reverse sweep found.

use ndarray::ArrayD;

use super::missing_gradient::why;
use crate::error::{Error, Kind};
use crate::kernels::storage::Storage;
use crate::tape::cell::TapeCell;
use crate::tensor::table::Table;
use crate::{Real, Tensor, Var};

/// The derivatives of one root with respect to everything that was on its tape.
///
/// Plain numbers: they stay valid when the tape is reset.
pub struct Gradients<T: Real> {
    cell: &'static TapeCell<T>,
    epoch: u32,
    scalars: Storage<T>,
    tensors: Vec<Option<Tensor<T>>>,
}

impl<T: Real> Gradients<T> {
    pub(crate) fn new(
        cell: &'static TapeCell<T>,
        epoch: u32,
        scalars: Storage<T>,
        tensors: Vec<Option<Tensor<T>>>,
    ) -> Self {
        Self { cell, epoch, scalars, tensors }
    }

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
    #[track_caller]
    pub fn wrt<H: Wrt<T>>(&self, handle: H) -> H::Gradient {
        handle.demand(self)
    }

    /// The derivative if the sweep reached the handle. `None` for a tensor that the root does not depend on, and for
    /// what was recorded after the root; a scalar from before has derivative 0 then.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
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
    #[track_caller]
    pub fn wrt_or_zeros<H: Wrt<T>>(&self, handle: H) -> H::Gradient {
        let found = handle.find(self);
        found.unwrap_or_else(|| handle.zeros())
    }

    /// Why no gradient reaches a tensor, in words, with the place at which the path to the root ends; `None` if one does.
    ///
    /// To be asked before the tape is reset.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
    #[track_caller]
    pub fn why_missing(&self, handle: &Tensor<T>) -> Option<String> {
        let (None, Some(node)) = (self.tensor(handle), handle.place()) else { return None };
        Some(why(self.cell, self.epoch, node, self.scalars.as_slice(), &self.tensors).to_string())
    }

    /// The gradient of a tensor as a constant tensor, without a copy; `None` if the root does not depend on it.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
    #[track_caller]
    pub fn tensor(&self, handle: &Tensor<T>) -> Option<&Tensor<T>> {
        let what = "the tensor";
        let Some(node) = handle.place() else { Error::from(Kind::NotOnTape { what }).raise() };
        if !std::ptr::eq(node.cell, self.cell) || node.epoch != self.epoch {
            Error::from(Kind::NotOnTape { what }).raise();
        }
        self.tensors.get(node.slot as usize)?.as_ref()
    }

    /// The derivative with respect to a scalar entry.
    pub(crate) fn scalar(&self, index: usize) -> Option<T> {
        self.scalars.as_slice().get(index).copied()
    }

    /// The gradient of the tensor at an entry.
    pub(crate) fn at_slot(&self, cell: &TapeCell<T>, index: usize) -> Option<&Tensor<T>> {
        let entries = Table::of(cell).entries.borrow();
        let slot = entries.binary_search_by_key(&(index as u32), |entry| entry.index).ok()?;
        self.tensors.get(slot)?.as_ref()
    }

    /// The adjoints of all entries by index, and of all tensors by slot.
    pub(crate) fn all(&self) -> (&[T], &[Option<Tensor<T>>]) {
        (self.scalars.as_slice(), &self.tensors)
    }

    /// Takes out the gradient of a tensor on this tape.
    pub(crate) fn take(&mut self, handle: &Tensor<T>) -> Option<Tensor<T>> {
        self.tensors.get_mut(handle.place()?.slot as usize)?.take()
    }
}

/// The list goes back to its tape, whose next sweep fills it again.
impl<T: Real> Drop for Gradients<T> {
    fn drop(&mut self) {
        Table::of(self.cell).put_adjoints(std::mem::take(&mut self.tensors));
    }
}

/// A handle whose derivative can be asked for: [`Var`] or `&`[`Tensor`].
pub trait Wrt<T: Real>: Copy {
    /// What the derivative comes as.
    type Gradient;

    #[doc(hidden)]
    fn find(self, gradients: &Gradients<T>) -> Option<Self::Gradient>;

    #[doc(hidden)]
    fn demand(self, gradients: &Gradients<T>) -> Self::Gradient;

    #[doc(hidden)]
    fn zeros(self) -> Self::Gradient;
}

impl<T: Real> Wrt<T> for Var<T> {
    type Gradient = T;

    #[track_caller]
    fn find(self, gradients: &Gradients<T>) -> Option<T> {
        let what = "the variable";
        let Some((cell, index, epoch)) = self.place() else { Error::from(Kind::NotOnTape { what }).raise() };
        if !std::ptr::eq(cell, gradients.cell) || epoch != gradients.epoch {
            Error::from(Kind::NotOnTape { what }).raise();
        }
        gradients.scalars.as_slice().get(index as usize).copied()
    }

    #[track_caller]
    fn demand(self, gradients: &Gradients<T>) -> T {
        self.find(gradients).unwrap_or_else(T::zero)
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

    #[track_caller]
    fn demand(self, gradients: &Gradients<T>) -> T {
        (*self).demand(gradients)
    }

    fn zeros(self) -> T {
        T::zero()
    }
}

impl<T: Real> Wrt<T> for &Tensor<T> {
    type Gradient = ArrayD<T>;

    #[track_caller]
    fn find(self, gradients: &Gradients<T>) -> Option<ArrayD<T>> {
        gradients.tensor(self).map(Tensor::to_array)
    }

    #[track_caller]
    fn demand(self, gradients: &Gradients<T>) -> ArrayD<T> {
        let Some(gradient) = self.find(gradients) else {
            let why = gradients.why_missing(self).unwrap_or_default();
            Error::from(Kind::Severed { shape: self.shape().to_vec(), why }).raise()
        };
        gradient
    }

    fn zeros(self) -> ArrayD<T> {
        ArrayD::zeros(self.shape())
    }
}
