//! Comparisons, which give masks: constants that are 1 where something holds and 0 elsewhere.

use super::Tensor;
use crate::error::mismatch;
use crate::{Operand, Real};

impl<T: Real> Tensor<T> {
    /// 1 where `self < other`, 0 elsewhere, with broadcasting. A constant, for [`select`](Self::select); NaN is in no order.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0, 2.0], [3.0, 4.0]]);
    /// let mask = x.less(2.5);
    /// assert_eq!(mask.to_array(), array![[1.0, 1.0], [0.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the shapes do not broadcast; so do all comparisons.
    #[doc(alias = "lt")]
    #[track_caller]
    pub fn less(&self, other: impl Operand<Self>) -> Self {
        self.compare("less", &other.operand(), |a, b| a < b)
    }

    /// 1 where `self <= other`, 0 elsewhere; a constant. See [`less`](Self::less).
    #[doc(alias = "le")]
    #[track_caller]
    pub fn less_equal(&self, other: impl Operand<Self>) -> Self {
        self.compare("less_equal", &other.operand(), |a, b| a <= b)
    }

    /// 1 where `self > other`, 0 elsewhere; a constant. See [`less`](Self::less).
    #[doc(alias = "gt")]
    #[track_caller]
    pub fn greater(&self, other: impl Operand<Self>) -> Self {
        self.compare("greater", &other.operand(), |a, b| a > b)
    }

    /// 1 where `self >= other`, 0 elsewhere; a constant. See [`less`](Self::less).
    #[doc(alias = "ge")]
    #[track_caller]
    pub fn greater_equal(&self, other: impl Operand<Self>) -> Self {
        self.compare("greater_equal", &other.operand(), |a, b| a >= b)
    }

    /// 1 where `self == other`, 0 elsewhere; a constant. NaN equals nothing. See [`less`](Self::less).
    #[doc(alias = "eq")]
    #[track_caller]
    pub fn equal(&self, other: impl Operand<Self>) -> Self {
        self.compare("equal", &other.operand(), |a, b| a == b)
    }

    /// 1 where `self != other`, NaN included, 0 elsewhere; a constant. See [`less`](Self::less).
    #[doc(alias = "ne")]
    #[track_caller]
    pub fn not_equal(&self, other: impl Operand<Self>) -> Self {
        self.compare("not_equal", &other.operand(), |a, b| a != b)
    }

    /// `value`, mostly a number, where `mask` is not 0, these elements elsewhere; what is covered has gradient 0.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, f64::NAN]);
    /// let y = x.masked_fill(&x.mask(f64::is_nan), 0.0);
    /// assert_eq!(y.sum().backward().wrt(&x), array![1.0, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the mask does not broadcast to this shape.
    #[doc(alias("where", "nan_to_num"))]
    #[track_caller]
    pub fn masked_fill(&self, mask: &Self, value: impl Operand<Self>) -> Self {
        if mask.layout().broadcast_to(self.shape()).is_none() {
            let rule = "matched from the last axis, the mask's lengths must be 1 or equal the tensor's";
            mismatch("masked_fill", self.shape(), mask.shape(), rule);
        }
        Self::chosen(mask, &value.operand(), self)
    }
}
