//! Elements set apart and moved around: padding, reversal, rotation.

use ndarray::Axis;

use super::Tensor;
use super::layout::{Dims, checked_len, row_major_strides};
use super::rule::Rule;
use super::written::Written;
use crate::Real;
use crate::kernels::loops;
use crate::rules::notation::sign::{Sign, Word};

impl<T: Real> Tensor<T> {
    /// With `value` around the elements: `widths[k]` says how often before and after them along axis `k`.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[1.0, 2.0]]);
    /// let y = x.pad(&[(0, 1), (1, 0)], 9.0);
    /// assert_eq!(y.to_array(), array![[9.0, 1.0, 2.0], [9.0, 9.0, 9.0]].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[1.0, 1.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is not a pair of widths for each axis, or if the number of elements overflows.
    #[doc(alias = "constant_pad")]
    #[track_caller]
    pub fn pad(&self, widths: &[(usize, usize)], value: T) -> Self {
        if widths.len() != self.ndim() {
            self.refuse("pad", format!("{} pairs of widths were given; each axis needs one", widths.len()));
        }
        let lengths = self.shape().iter().zip(widths);
        let longer = |(len, (before, after)): (&usize, &(usize, usize))| len.checked_add(*before)?.checked_add(*after);
        let shape: Option<Dims> = lengths.map(longer).collect();
        let Some(shape) = shape.filter(|shape| checked_len(shape).is_some()) else {
            self.refuse("pad", format!("too many elements with widths {widths:?}"))
        };
        let strides = row_major_strides(&shape);
        let offset = widths.iter().zip(&strides).map(|((before, _), stride)| before * stride).sum();
        let output = Self::build(&shape, |out| {
            out.fill(value);
            loops::update(self.shape(), out, &strides, offset, self.strided(), |_, x| x);
        });
        Rule {
            name: "pad",
            with: (widths.to_vec(), value),
            forward: |x, (widths, value)| Ok(x[0].pad(widths, *value)),
            vjp: |cx, (widths, _)| {
                let lengths = cx.input(0).shape().iter().zip(widths).enumerate();
                let inner = |g: Self, (axis, (&len, &(before, _)))| g.narrow(axis, before..before + len);
                lengths.fold(cx.grad().clone(), inner).into()
            },
            notation: |_, _| Written::linear(Word("unpad")),
        }
        .record(&[self], output)
    }

    /// In reverse order along some axes. A copy: strides are not negative here.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.flip(&[1]).to_array(), array![[2.0, 1.0], [4.0, 3.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[doc(alias("invert_axis", "rev", "fliplr", "flipud"))]
    #[track_caller]
    pub fn flip(&self, axes: &[usize]) -> Self {
        // Checks the axes.
        self.kept("flip", axes);
        let mut view = self.view();
        for &axis in axes {
            view.invert_axis(Axis(axis));
        }
        Rule {
            name: "flip",
            with: Dims::from(axes),
            forward: |x, axes| Ok(x[0].flip(axes)),
            vjp: |cx, axes| cx.grad().flip(axes).into(),
            notation: |_, _| Written::linear(Word("flip")),
        }
        .record(&[self], Self::copied(&view))
    }

    /// Each element `shift` places further along an axis, round the end: `y[(k + shift) mod n] = x[k]`. A negative shift
    /// goes the other way.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(x.roll(1, 0).to_array(), array![4.0, 1.0, 2.0, 3.0].into_dyn());
    /// assert_eq!(x.roll(-5, 0).to_array(), array![2.0, 3.0, 4.0, 1.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn roll(&self, shift: isize, axis: usize) -> Self {
        let len = self.length("roll", axis);
        // An axis without elements has no places to move by.
        let start = if len == 0 { 0 } else { len - shift.rem_euclid(len as isize).unsigned_abs() };
        let x = self.untracked();
        let output = Self::concat(&[&x.narrow(axis, start..len), &x.narrow(axis, 0..start)], axis);
        Rule {
            name: "roll",
            with: (shift, axis),
            forward: |x, &(shift, axis)| Ok(x[0].roll(shift, axis)),
            vjp: |cx, &(shift, axis)| {
                let len = cx.grad().shape()[axis] as isize;
                // Negating the shift itself might overflow.
                let back = if len == 0 { 0 } else { -shift.rem_euclid(len) };
                cx.grad().roll(back, axis).into()
            },
            notation: |_, _| Written::linear(Sign("roll⁻¹", r"\operatorname{roll}^{-1}")),
        }
        .record(&[self], output)
    }
}
