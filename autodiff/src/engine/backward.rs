//! `backward`: one reverse sweep from a scalar, or from a tensor with its cotangent.

use super::gradients::Gradients;
use super::sweep::gradients;
use crate::error::{Error, Kind};
use crate::{Real, Tensor, Var};

impl<T: Real> Var<T> {
    /// Derivatives of this scalar with respect to everything on its tape, by one reverse sweep.
    ///
    /// # Panics
    /// If this is a constant or a stale handle.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::<f64>::new();
    /// let (x, z) = (tape.var(3.0), tape.var(0.5));
    /// let g = (x * x * z).backward();
    /// assert_eq!((g.wrt(x), g.wrt(z)), (3.0, 9.0));
    /// ```
    #[track_caller]
    pub fn backward(self) -> Gradients<T> {
        let (cell, index) = self.root("backward");
        gradients(cell, &[(index, T::one())], None)
    }
}

impl<T: Real> Tensor<T> {
    /// Derivatives of this scalar with respect to everything on its tape, by one reverse sweep.
    ///
    /// # Panics
    /// If this is a constant, a stale handle, or has more than one element.
    #[track_caller]
    pub fn backward(&self) -> Gradients<T> {
        let node = self.root("backward");
        gradients(node.cell, &[], Some((node, Self::ones(self.shape()))))
    }

    /// The vector-Jacobian product: derivatives of `Σ cotangent · self`, for a tensor of any shape.
    ///
    /// # Panics
    /// If this is a constant or a stale handle, or if the shapes differ.
    #[track_caller]
    pub fn backward_with(&self, cotangent: &Self) -> Gradients<T> {
        let op = "backward_with";
        if self.shape() != cotangent.shape() {
            let (a, b) = (self.shape().to_vec(), cotangent.shape().to_vec());
            let rule = "the cotangent needs the root's shape";
            Error::from(Kind::Shapes { op: op.into(), a, b, rule }).raise();
        }
        let Some(node) = self.live() else { self.constant_root(op) };
        gradients(node.cell, &[], Some((node, cotangent.untracked())))
    }
}
