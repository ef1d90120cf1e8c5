//! Products of weights with the patches of images, item by item.

use super::Tensor;
use super::matmul::leading;
use super::rule::Rule;
use super::written::Term::{G, Own, X};
use super::written::Written;
use crate::Real;
use crate::kernels::convolve::Convolution;
use crate::kernels::once;
use crate::rules::notation::sign::{A, Atom, B, In, Piece, Round, SPACE, Word};

impl<T: Real> Tensor<T> {
    /// Of images, `[items, channels, rows, columns]`, and weights, `[groups, outputs, depth]`: the weights times what the window
    /// shows, `[items, groups, outputs, places]`.
    #[track_caller]
    pub(super) fn convolve(&self, weights: &Self, of: Convolution) -> Self {
        let (x, w) = (self.row_major(), weights.row_major());
        let [planes, elements] = [&x, &w].map(|t| t.as_slice().expect("row-major"));
        let [rows, cols] = of.window.places().expect("callers check the window");
        let shape = [self.shape()[0], of.groups, of.outputs, rows * cols];
        let output = Self::build(&shape, |out| once::convolve(&of, planes, elements, out));
        Rule {
            name: "convolve",
            with: of,
            forward: |x, of| Ok(x[0].convolve(&x[1], *of)),
            vjp: |cx, of| {
                let (x, w, g) = (cx.input(0), cx.input(1), cx.grad());
                let in_tensors = |i| if i == 0 { w.back_to_images(g, of) } else { x.back_to_weights(g, of) };
                if cx.recording() {
                    return cx.each(in_tensors);
                }
                let [x, w, numbers] = [x, w, g].map(Self::row_major);
                let [planes, elements, numbers] = [&x, &w, &numbers].map(|t| t.as_slice().expect("row-major"));
                cx.each(|i| {
                    if i == 0 {
                        let image = |out: &mut [T]| once::convolved_images(of, elements, numbers, out);
                        // A zero wins over what is not finite.
                        return if w.is_finite() { Self::build(x.shape(), image) } else { in_tensors(0) };
                    }
                    let weights = Self::build(w.shape(), |out| once::convolved_weights(of, planes, numbers, out));
                    if weights.is_finite() { weights } else { in_tensors(1) }
                })
            },
            notation: |_, _| {
                const FOLD: &[Piece] = &[Word("fold"), In(Round, &[A, SPACE, B])];
                const UNFOLD: &[Piece] = &[A, SPACE, Word("unfold"), In(Round, &[B])];
                Written::named([Own(Atom(FOLD), vec![X(1).transposed(), G]), Own(Atom(UNFOLD), vec![G, X(0)])])
            },
        }
        .record(&[self, weights], output)
    }

    /// What comes back from `g` to the images, this being the weights; in tensor operations.
    #[track_caller]
    fn back_to_images(&self, g: &Self, of: &Convolution) -> Self {
        let &[items, .., places] = g.shape() else { unreachable!("results have four axes") };
        let patches = self.transposed().product(g, leading(g.shape()), [false, true]);
        patches.reshape(&[items, of.groups * of.channels, of.window.elements(), places]).fold(&of.window)
    }

    /// What comes back from `g` to the weights, this being the images; in tensor operations.
    #[track_caller]
    fn back_to_weights(&self, g: &Self, of: &Convolution) -> Self {
        let &[items, groups, _, places] = g.shape() else { unreachable!("results have four axes") };
        let patches = self.unfold(&of.window).reshape(&[items, groups, of.depth(), places]);
        g.product(&patches.transposed(), &[groups], [true, false])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tape;
    use crate::kernels::threads::small_parts;
    use crate::kernels::window::Window;

    const OF: Convolution = Convolution {
        window: Window { plane: [7, 6], size: [3, 2], stride: [2, 1], padding: [1, 0], dilation: [1, 2] },
        groups: 2,
        channels: 2,
        outputs: 3,
    };

    fn numbers(shape: &[usize], step: usize) -> Tensor<f64> {
        let mut k = 0;
        ndarray::ArrayD::from_shape_simple_fn(shape, || {
            k += step;
            (k % 101) as f64 / 50.0 - 1.0
        })
        .into()
    }

    fn assert_close(a: &Tensor<f64>, b: &Tensor<f64>) {
        assert_eq!(a.shape(), b.shape());
        assert!(a.view().iter().zip(b.view()).all(|(a, b)| (a - b).abs() < 1e-12), "{a} and {b}");
    }

    #[test]
    fn item_by_item_is_as_in_tensor_operations() {
        let (tape, g) = (Tape::new(), numbers(&[5, 2, 3, 16], 29));
        let (x, w) = (tape.tensor(numbers(&[5, 4, 7, 6], 37)), tape.tensor(numbers(&[2, 3, 12], 53)));
        for split in [|work: &mut dyn FnMut()| work(), |work: &mut dyn FnMut()| small_parts(work)] {
            split(&mut || {
                let y = x.convolve(&w, OF);
                let patches = x.unfold(&OF.window).reshape(&[5, 2, 12, 16]);
                assert_close(&y, &w.matmul(&patches));
                let gradients = (&y * &g).sum().backward();
                assert_close(gradients.tensor(&x).expect("read"), &w.back_to_images(&g, &OF));
                assert_close(gradients.tensor(&w).expect("read"), &x.back_to_weights(&g, &OF));
            });
        }
    }

    /// Of the first item and the second group nothing is used.
    #[test]
    fn zeros_win() {
        let tape = Tape::new();
        let infinite_where = |x: Tensor<f64>, axis: usize, from: usize, len: usize| {
            let rest = x.narrow(axis, len..x.shape()[axis]);
            let start = x.narrow(axis, 0..len);
            let (start, rest) = if from == 0 { (start * f64::INFINITY, rest) } else { (start, rest * f64::INFINITY) };
            Tensor::concat(&[&start, &rest], axis)
        };
        let x = tape.tensor(infinite_where(numbers(&[5, 4, 7, 6], 37), 0, 0, 1));
        let w = tape.tensor(infinite_where(numbers(&[2, 3, 12], 53), 0, 1, 1));
        let y = x.convolve(&w, OF).narrow(0, 1..5).narrow(1, 0..1);
        let gradients = y.sum().backward();
        assert!([&x, &w].iter().all(|t| gradients.tensor(t).is_some_and(Tensor::is_finite)));
    }
}
