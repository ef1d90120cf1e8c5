//! The patches that a moving window shows, on which convolution and pooling are built.

use super::Tensor;
use super::rule::Rule;
use super::written::Written;
use crate::Real;
use crate::kernels::once;
use crate::kernels::window::Window;
use crate::rules::notation::sign::Word;

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

impl<T: Real> Tensor<T> {
    /// Of `[items, channels, rows, columns]`, what the window shows: `[items, channels, offsets, places]`, with 0 outside.
    #[track_caller]
    pub(super) fn unfold(&self, window: &Window) -> Self {
        let &[items, channels, ..] = self.shape() else { unreachable!("callers check the shape") };
        let [rows, cols] = window.places().expect("callers check the window");
        let x = self.row_major();
        let planes = x.as_slice().expect("row-major");
        let output = Self::build(&[items, channels, window.elements(), rows * cols], |out| {
            once::unfold(window, planes, T::zero(), out);
        });
        Rule {
            name: "unfold",
            with: *window,
            forward: |x, window| Ok(x[0].unfold(window)),
            vjp: |cx, window| cx.grad().fold(window).into(),
            notation: |_, _| Written::linear(Word("fold")),
        }
        .record(&[self], output)
    }

    /// The adjoint: patches added up where they came from.
    #[track_caller]
    pub(super) fn fold(&self, window: &Window) -> Self {
        let &[items, channels, ..] = self.shape() else { unreachable!("callers check the shape") };
        let [rows, cols] = window.plane;
        let x = self.row_major();
        let patches = x.as_slice().expect("row-major");
        let output = Self::build(&[items, channels, rows, cols], |out| once::fold(window, patches, out));
        Rule {
            name: "fold",
            with: *window,
            forward: |x, window| Ok(x[0].fold(window)),
            vjp: |cx, window| cx.grad().unfold(window).into(),
            notation: |_, _| Written::linear(Word("unfold")),
        }
        .record(&[self], output)
    }
}
