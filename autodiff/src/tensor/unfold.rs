//! The patches that a moving window shows, on which convolution and pooling are built.

use super::Tensor;
use super::op::{Op, on_tensors};
use super::written::{Operands, Written, of_gradient};
use super::{Grads, Vjp};
use crate::Real;
use crate::error::Result;
use crate::kernels::window::Window;
use crate::rules::notation::sign::Word;
use ndarray::{ArrayD, ArrayViewD};

/// A number for rows and columns together, or one for each: `2` or `[2, 3]`. In one dimension the columns' counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair(pub(super) [usize; 2]);

impl From<usize> for Pair {
    fn from(both: usize) -> Self {
        Self([both; 2])
    }
}

impl From<[usize; 2]> for Pair {
    fn from(each: [usize; 2]) -> Self {
        Self(each)
    }
}

struct Unfold(Window);

impl<T: Real> Op<T> for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].unfold(&self.0)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Word("fold"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().fold(&self.0).into()
    }
}

/// The adjoint: patches added up where they came from.
struct Fold(Window);

impl<T: Real> Op<T> for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].fold(&self.0)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        Some(Written::named([of_gradient(Word("unfold"))]))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        cx.grad().unfold(&self.0).into()
    }
}

impl<T: Real> Tensor<T> {
    /// Of `[items, channels, rows, columns]`, what the window shows: `[items, channels, offsets, places]`, with 0 outside.
    #[track_caller]
    pub(super) fn unfold(&self, window: &Window) -> Self {
        let &[items, channels, ..] = self.shape() else { unreachable!("callers check the shape") };
        let [rows, cols] = window.places().expect("callers check the window");
        let x = self.row_major();
        let planes = x.as_slice().expect("row-major");
        let output = Self::build(&[items, channels, window.elements(), rows * cols], |out| {
            window.unfold(planes, T::zero(), out);
        });
        Self::record(Unfold(*window), &[self], output)
    }

    #[track_caller]
    pub(super) fn fold(&self, window: &Window) -> Self {
        let &[items, channels, ..] = self.shape() else { unreachable!("callers check the shape") };
        let [rows, cols] = window.plane;
        let x = self.row_major();
        let patches = x.as_slice().expect("row-major");
        let output = Self::build(&[items, channels, rows, cols], |out| window.fold(patches, out));
        Self::record(Fold(*window), &[self], output)
    }
}
