//! Pooling: maxima and means over moving windows.

use super::Tensor;
use super::conv::positive;
use super::layout::Dims;
use super::rule::Rule;
use super::unfold::Pair;
use super::written::Term::{G, Own, X, Y};
use super::written::Written;
use crate::Real;
use crate::kernels::once;
use crate::kernels::window::Window;
use crate::rules::notation::sign::{Argument, Atom, BY_ELEMENT, In, Piece, Round, Same, Square, Word};

/// How a pool's window moves: by its own size, without padding, unless said otherwise.
///
/// ```
/// use autodiff::{Tensor, tensor::Pool};
/// let x = Tensor::<f64>::ones(&[1, 2, 8, 8]);
/// assert_eq!(x.max_pool2d(Pool::new(2)).shape(), [1, 2, 4, 4]);
/// assert_eq!(x.max_pool2d(Pool::new([3, 1]).stride(1).padding([1, 0])).shape(), [1, 2, 8, 8]);
/// ```
#[doc(alias("MaxPool2d", "AvgPool2d"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    size: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Pool {
    /// A window of this size.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn new(size: impl Into<Pair>) -> Self {
        let size = positive("Pool", "size", size.into());
        Self { size, stride: size, padding: [0, 0] }
    }

    /// The window moves by this many elements.
    ///
    /// # Panics
    /// If it is 0.
    #[track_caller]
    pub fn stride(self, stride: impl Into<Pair>) -> Self {
        Self { stride: positive("Pool", "stride", stride.into()), ..self }
    }

    /// The window begins this many rows and columns outside of the image.
    pub fn padding(self, padding: impl Into<Pair>) -> Self {
        Self { padding: padding.into().0, ..self }
    }
}

impl<T: Real> Tensor<T> {
    /// The largest element in each place of a window that moves over images: items × channels × rows × columns. Padding
    /// never is the largest. The gradient goes to the element that attains the maximum; several that tie share it evenly
    /// (the least-norm subgradient).
    ///
    /// ```
    /// use autodiff::{Tape, tensor::Pool};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[[[1.0, 3.0, 5.0, 5.0], [2.0, 0.0, 4.0, 1.0]]]]);
    /// let y = x.max_pool2d(Pool::new(2));
    /// assert_eq!(y.to_array(), array![[[[3.0, 5.0]]]].into_dyn());
    /// let g = y.sum().backward().wrt(&x);
    /// assert_eq!(g, array![[[[0.0, 1.0, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0]]]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there are not four axes, the window is larger than the padded image, or the padding is more than half of it.
    #[doc(alias = "reduce_window")]
    #[track_caller]
    pub fn max_pool2d(&self, pool: Pool) -> Self {
        self.max_pooled("max_pool2d", pool)
    }

    /// As [`max_pool2d`](Self::max_pool2d) in one dimension: items × channels × length.
    ///
    /// # Panics
    /// As [`max_pool2d`](Self::max_pool2d), with three axes.
    #[doc(alias = "reduce_window")]
    #[track_caller]
    pub fn max_pool1d(&self, pool: Pool) -> Self {
        self.max_pooled("max_pool1d", pool)
    }

    /// The mean in each place of a window that moves over images: items × channels × rows × columns. Padding counts, as
    /// zeros: the divisor is always the window's size.
    ///
    /// ```
    /// use autodiff::{Tensor, tensor::Pool};
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[[[1.0, 3.0, 5.0, 5.0], [2.0, 0.0, 4.0, 1.0]]]]);
    /// assert_eq!(x.avg_pool2d(Pool::new(2)).to_array(), array![[[[1.5, 3.75]]]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// As [`max_pool2d`](Self::max_pool2d).
    #[doc(alias = "reduce_window")]
    #[track_caller]
    pub fn avg_pool2d(&self, pool: Pool) -> Self {
        self.avg_pooled("avg_pool2d", pool)
    }

    /// As [`avg_pool2d`](Self::avg_pool2d) in one dimension: items × channels × length.
    ///
    /// # Panics
    /// As [`max_pool2d`](Self::max_pool2d), with three axes.
    #[doc(alias = "reduce_window")]
    #[track_caller]
    pub fn avg_pool1d(&self, pool: Pool) -> Self {
        self.avg_pooled("avg_pool1d", pool)
    }

    #[track_caller]
    fn max_pooled(&self, name: &'static str, pool: Pool) -> Self {
        let (images, window, shape) = self.pooled(name, pool);
        images.maxima(name, &window).reshape(&shape)
    }

    #[track_caller]
    fn maxima(&self, name: &'static str, window: &Window) -> Self {
        let x = self.row_major();
        let planes = x.as_slice().expect("row-major");
        let [rows, cols] = window.places().expect("checked");
        let four = [self.shape()[0], self.shape()[1], rows, cols];
        let output = Self::build(&four, |out| once::maxima(window, planes, out));
        Rule {
            name,
            with: (name, *window),
            forward: |x, (name, window)| Ok(x[0].maxima(name, window)),
            // Each place's gradient goes, in equal shares, to the elements that attain the maximum. The shares are
            // constant wherever the maximum is differentiable, so the rule, linear in the gradient, holds for all orders.
            vjp: |cx, (_, window)| {
                let (x, maxima, g) = (cx.input(0).row_major(), cx.output().row_major(), cx.grad());
                let &[items, channels, rows, cols] = g.shape() else { unreachable!("pools have four axes") };
                let (planes, maxima) = (x.as_slice().expect("row-major"), maxima.as_slice().expect("row-major"));
                let places = rows * cols;
                if !cx.recording() {
                    let numbers = g.row_major();
                    let numbers = numbers.as_slice().expect("row-major");
                    let spread = |out: &mut [T]| once::spread(window, planes, maxima, numbers, out);
                    return Self::build(cx.input(0).shape(), spread).into();
                }
                let shares = Self::build(&[items, channels, window.elements(), places], |out| {
                    window.shares(planes, maxima, out);
                });
                g.reshape(&[items, channels, 1, places]).chain(shares).fold(window).into()
            },
            notation: |_, _| {
                const TIES: &[Piece] =
                    &[Argument(0), BY_ELEMENT, In(Square, &[Argument(1), Same(" = "), Argument(2)]), Same("/n")];
                Written::named([Own(Atom(&[Word("fold"), In(Round, TIES)]), vec![G, X(0), Y])])
            },
        }
        .record(&[self], output)
    }

    #[track_caller]
    fn avg_pooled(&self, name: &'static str, pool: Pool) -> Self {
        let (images, window, shape) = self.pooled(name, pool);
        (images.unfold(&window).sum_axes(&[2], false) / T::of(window.elements() as f64)).reshape(&shape)
    }

    /// Images with two axes each, the window, and the result's shape.
    #[track_caller]
    fn pooled(&self, op: &str, pool: Pool) -> (Self, Window, Dims) {
        let flat = op.ends_with("1d");
        let axes = if flat { 3 } else { 4 };
        // Not in a closure: a panic is to point at the caller.
        if self.ndim() != axes {
            let names = if flat { "items, channels, length" } else { "items, channels, rows, columns" };
            self.refuse(op, format!("the input needs the axes {names}"));
        }
        let Pool { size, stride, padding } = pool;
        let plane = [self.shape()[axes - 2], self.shape()[axes - 1]];
        let mut window = Window { plane, size, stride, padding, dilation: [1, 1] };
        if flat {
            window = window.flattened();
        }
        if (0..2).any(|axis| 2 * window.padding[axis] > window.size[axis]) {
            self.refuse(
                op,
                format!("padding {padding:?} is more than half of the window {size:?}, which would see nothing"),
            );
        }
        let Some([rows, cols]) = window.places().filter(|_| !window.plane.contains(&0)) else {
            self.refuse(
                op,
                format!(
                    "the window {size:?} is larger than the input with its padding {padding:?}, or the input is empty"
                ),
            );
        };
        let (items, channels) = (self.shape()[0], self.shape()[1]);
        let mut shape: Dims = [items, channels, rows, cols].into_iter().collect();
        if flat {
            shape.remove(2);
        }
        (self.reshape(&[items, channels, window.plane[0], window.plane[1]]), window, shape)
    }
}
