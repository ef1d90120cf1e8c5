//! Convolution.

use super::Tensor;
use super::layout::Dims;
use super::unfold::Pair;
use crate::Real;
use crate::error::mismatch;
use crate::kernels::convolve::Convolution;
use crate::kernels::window::Window;

/// How a convolution's kernel moves: by 1, without padding, dilation or groups, unless said otherwise.
///
/// ```
/// use autodiff::{Tensor, tensor::Conv};
/// let (x, k) = (Tensor::<f64>::ones(&[1, 2, 8, 8]), Tensor::ones(&[4, 2, 3, 3]));
/// let y = x.conv2d(&k, None, Conv::new().stride(2).padding([1, 0]));
/// assert_eq!(y.shape(), [1, 4, 4, 3]);
/// ```
#[doc(alias("Conv1d", "Conv2d"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
}

impl Default for Conv {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 }
    }
}

impl Conv {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The kernel moves by this many elements from output to output.
    ///
    /// # Panics
    /// If it is 0.
    #[doc(alias = "window_strides")]
    #[track_caller]
    pub fn stride(self, stride: impl Into<Pair>) -> Self {
        Self { stride: positive("Conv", "stride", stride.into()), ..self }
    }

    /// The image is surrounded by this many rows and columns of zeros.
    #[doc(alias = "pad")]
    pub fn padding(self, padding: impl Into<Pair>) -> Self {
        Self { padding: padding.into().0, ..self }
    }

    /// The kernel's elements stand this far apart in the image.
    ///
    /// # Panics
    /// If it is 0.
    #[doc(alias = "rhs_dilation")]
    #[track_caller]
    pub fn dilation(self, dilation: impl Into<Pair>) -> Self {
        Self { dilation: positive("Conv", "dilation", dilation.into()), ..self }
    }

    /// Channels are divided into this many groups, each of which has outputs of its own.
    ///
    /// # Panics
    /// If it is 0.
    #[doc(alias = "feature_group_count")]
    #[track_caller]
    pub fn groups(self, groups: usize) -> Self {
        Self { groups: positive("Conv", "groups", groups.into())[0], ..self }
    }
}

/// A pair of numbers that must not be 0.
#[track_caller]
pub(super) fn positive(of: &str, what: &str, pair: Pair) -> [usize; 2] {
    assert!(!pair.0.contains(&0), "{of}: {what} {:?} has a 0; it must be at least 1", pair.0);
    pair.0
}

impl<T: Real> Tensor<T> {
    /// Two-dimensional convolution, as neural networks have it (the kernel is not flipped): of `x`, items × channels ×
    /// rows × columns, with kernels outputs × channels × rows × columns,
    ///
    /// `y[i, o, r, c] = b[o] + Σ_{k, u, v} w[o, k, u, v] x[i, k, s r + d u - p, s c + d v - p]`
    ///
    /// with stride `s`, dilation `d` and padding `p`; outside of the image `x` is 0. There are
    /// `(rows + 2 p - d (kernel rows - 1) - 1) / s + 1` output rows, rounded down. With groups, output `o` reads only the
    /// channels of its own group, of which the kernel has that many. Computed as a matrix product over the patches of the
    /// image that the kernel meets, and differentiable to any order.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor, tensor::Conv};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]]);
    /// let w = tape.tensor(array![[[[1.0, 0.0], [0.0, -1.0]]]]);
    /// let y = x.conv2d(&w, None, Conv::new());
    /// assert_eq!(y.to_array(), array![[[[-4.0, -4.0], [-4.0, -4.0]]]].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&w), array![[[[12.0, 16.0], [24.0, 28.0]]]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the shapes do not go together, or the kernel is larger than the padded image.
    #[doc(alias("conv", "conv_general_dilated"))]
    #[track_caller]
    pub fn conv2d(&self, kernel: &Self, bias: Option<&Self>, how: Conv) -> Self {
        self.convolved("conv2d", kernel, bias, how)
    }

    /// One-dimensional convolution: `x` is items × channels × length, the kernels are outputs × channels × length. As
    /// [`conv2d`](Self::conv2d) otherwise; of each [`Pair`] in `how` the last counts.
    ///
    /// ```
    /// use autodiff::{Tensor, tensor::Conv};
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[[1.0, 2.0, 4.0, 8.0]]]);
    /// let differences = Tensor::constant(array![[[-1.0, 1.0]]]);
    /// assert_eq!(x.conv1d(&differences, None, Conv::new()).to_array(), array![[[1.0, 2.0, 4.0]]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// As [`conv2d`](Self::conv2d).
    #[doc(alias("conv", "convolve"))]
    #[track_caller]
    pub fn conv1d(&self, kernel: &Self, bias: Option<&Self>, how: Conv) -> Self {
        self.convolved("conv1d", kernel, bias, how)
    }

    #[track_caller]
    fn convolved(&self, op: &'static str, kernel: &Self, bias: Option<&Self>, how: Conv) -> Self {
        let flat = op == "conv1d";
        let (x, w) = (self.shape(), kernel.shape());
        let axes = if flat { 3 } else { 4 };
        let groups = how.groups;
        let rule = if x.len() != axes || w.len() != axes {
            Some(if flat {
                "the input needs the axes items, channels, length, and the kernel outputs, channels, length"
            } else {
                "the input needs the axes items, channels, rows, columns, and the kernel outputs, channels, rows, columns"
            })
        } else if groups == 1 && x[1] != w[1] {
            Some("the kernel needs as many channels as the input")
        } else if x[1] != w[1] * groups || w[0] % groups != 0 {
            Some("the input's channels must be the kernel's times the groups, and the outputs a multiple of the groups")
        } else if w[2..].contains(&0) {
            Some("the kernel needs at least one element for each channel")
        } else {
            None
        };
        if let Some(rule) = rule {
            mismatch(op, x, w, rule);
        }
        if let Some(bias) = bias.filter(|bias| bias.shape() != [w[0]]) {
            let rule = "the bias needs one number for each output, the kernel's first length";
            mismatch(op, w, bias.shape(), rule);
        }
        let mut window = Window {
            plane: [x[axes - 2], x[axes - 1]],
            size: [w[axes - 2], w[axes - 1]],
            stride: how.stride,
            padding: how.padding,
            dilation: how.dilation,
        };
        if flat {
            window = window.flattened();
        }
        let Some([rows, cols]) = window.places() else {
            let rule = "the kernel is larger than the padded input; pad more, or take a smaller kernel or dilation";
            mismatch(op, x, w, rule)
        };
        let (items, channels, outputs) = (x[0], x[1], w[0]);
        let of = Convolution { window, groups, channels: channels / groups, outputs: outputs / groups };
        let image = self.reshape(&[items, channels, window.plane[0], window.plane[1]]);
        let weights = kernel.reshape(&[groups, of.outputs, of.depth()]);
        let mut shape: Dims = [items, outputs, rows, cols].into_iter().collect();
        if flat {
            shape.remove(2);
        }
        let y = image.convolve(&weights, of).reshape(&shape);
        match bias {
            None => y,
            Some(bias) => {
                shape.fill(1);
                shape[1] = outputs;
                y + bias.reshape(&shape[1..])
            }
        }
    }
}

impl Window {
    /// In one dimension: a plane of a single row.
    pub(super) fn flattened(mut self) -> Self {
        (self.plane[0], self.size[0], self.stride[0], self.padding[0], self.dilation[0]) = (1, 1, 1, 0, 1);
        self
    }
}
