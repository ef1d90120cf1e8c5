//! The gradients of tensors: asked for, taken out, and why one is missing.

use ndarray::ArrayD;

use super::gradients::{Gradients, Wrt, gradients};
use super::missing_gradient::{Reason, why};
use crate::error::{Error, Kind, mismatch};
use crate::tensor::table::Table;
use crate::{Real, Tensor};

impl<T: Real> Tensor<T> {
    /// Derivatives of this scalar with respect to everything on its tape, by one reverse sweep.
    ///
    /// # Panics
    /// If this is a constant, a stale handle, or has more than one element.
    #[doc(alias = "autograd.backward")]
    #[track_caller]
    pub fn backward(&self) -> Gradients<T> {
        let node = self.root("backward");
        gradients(node.cell, &[], Some((node, Self::ones(self.shape()))))
    }

    /// The vector-Jacobian product: derivatives of `Σ cotangent · self`, for a tensor of any shape.
    ///
    /// # Panics
    /// If this is a constant or a stale handle, or if the shapes differ.
    #[doc(alias = "autograd.backward")]
    #[track_caller]
    pub fn backward_with(&self, cotangent: &Self) -> Gradients<T> {
        let op = "backward_with";
        if self.shape() != cotangent.shape() {
            mismatch(op, self.shape(), cotangent.shape(), "the cotangent needs the root's shape");
        }
        let Some(node) = self.live() else { self.constant_root(op) };
        gradients(node.cell, &[], Some((node, cotangent.untracked())))
    }
}

impl<T: Real> Gradients<T> {
    /// Why no gradient reaches a tensor, in words, with the place at which the path to the root ends; `None` if one does.
    ///
    /// To be asked before the tape is reset.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
    #[track_caller]
    pub fn why_missing(&self, handle: &Tensor<T>) -> Option<String> {
        self.missing(handle).map(|reason| reason.to_string())
    }

    /// Tells whether no gradient reaches a tensor because no recorded operation reads it.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
    #[track_caller]
    pub fn is_unread(&self, handle: &Tensor<T>) -> bool {
        matches!(self.missing(handle), Some(Reason::Unread))
    }

    #[track_caller]
    fn missing(&self, handle: &Tensor<T>) -> Option<Reason> {
        let (None, Some(node)) = (self.tensor(handle), handle.place()) else { return None };
        Some(why(self, node))
    }

    /// The gradient of a tensor as a constant tensor, without a copy; `None` if the root does not depend on it.
    ///
    /// # Panics
    /// If the handle was not recorded on this tape.
    #[doc(alias = "grad")]
    #[track_caller]
    pub fn tensor(&self, handle: &Tensor<T>) -> Option<&Tensor<T>> {
        let Some(node) = handle.place().filter(|node| self.are_of(node.cell, node.epoch)) else {
            Error::from(Kind::NotOnTape { what: "the tensor" }).raise()
        };
        let found = self.at_slot(node.slot);
        if found.is_none() && self.reached(node.slot) {
            Error::custom(
                "the gradient of an intermediate result was given up in the sweep, for nobody had a handle of it then; hold one \
                 while `backward` runs",
            )
            .raise();
        }
        found
    }

    /// Rows of the gradient of a tensor, which the first axis counts, as a constant tensor; `None` if the root does not depend on it.
    ///
    /// Where a step reads few rows of a large table, [`Tensor::index_select`] passes back these rows alone, and this does not make the
    /// table of zeros around them, which [`tensor`](Self::tensor) does.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let table = tape.tensor(Tensor::<f64>::ones(&[100, 2]));
    /// let gradients = table.index_select(0, &[7, 3, 7]).sum().backward();
    /// let rows = gradients.rows(&table, &[3, 4, 7]).unwrap();
    /// assert_eq!(rows.to_array(), array![[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the handle was not recorded on this tape, has no such rows, or the rows do not go upward.
    #[track_caller]
    pub fn rows(&self, handle: &Tensor<T>, rows: &[usize]) -> Option<Tensor<T>> {
        let upward = rows.windows(2).all(|pair| pair[0] < pair[1]);
        let beyond = rows.last().is_some_and(|&last| handle.shape().first().is_none_or(|&count| last >= count));
        if handle.ndim() == 0 || !upward || beyond {
            let rule = "the rows must go upward and stand in the tensor's first axis";
            Error::from(Kind::Shape { op: "rows".into(), shape: handle.shape().to_vec(), rule: rule.into() }).raise();
        }
        let Some(node) = handle.place().filter(|node| self.are_of(node.cell, node.epoch)) else {
            Error::from(Kind::NotOnTape { what: "the tensor" }).raise()
        };
        match self.rows_at_slot(node.slot, rows) {
            None => self.tensor(handle).map(|gradient| gradient.index_select(0, rows)),
            found => found,
        }
    }

    /// The gradient of the tensor at an entry.
    pub(crate) fn at_entry(&self, index: usize) -> Option<&Tensor<T>> {
        let entries = Table::of(self.cell).entries.borrow();
        let slot = entries.binary_search_by_key(&(index as u32), |entry| entry.index).ok()?;
        self.at_slot(slot as u32)
    }

    /// Takes out the gradient of a tensor on this tape.
    pub(crate) fn take(&mut self, handle: &Tensor<T>) -> Option<Tensor<T>> {
        self.take_slot(handle.place()?.slot)
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
