//! Products over axes.

use super::layout::Dims;
use super::op::{Op, on_tensors};
use super::reduce::Reduced;
use super::written::Term::X;
use super::written::{Operands, Written, scaled};
use super::{Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;
use crate::rules::notation::sign::{A, Down, Piece, Prefix, SPACE, Same, Sign};
use ndarray::{ArrayD, ArrayViewD};

struct Prod(Reduced);

impl<T: Real> Op<T> for Prod {
    fn name(&self) -> &'static str {
        "prod"
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].prod_axes(&self.0.axes, self.0.keep)))
    }

    fn notation(&self, _: &Operands) -> Option<Written> {
        let others: &[Piece] =
            &[Sign("Π", r"\prod"), Down(&[Sign("j ≠ i", r"j \neq i")]), SPACE, A, Down(&[Same("j")])];
        Some(Written::named([scaled(Prefix(others), [X(0)])]))
    }

    /// `∂y/∂x_i = Π_{j≠i} x_j`, without a division: right with zeros among the factors, and so are its own derivatives.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (x, g) = (cx.input(0), cx.grad().reshape(&self.0.kept));
        // The factors of each product on one axis, the last.
        let order: Dims =
            (0..x.ndim()).filter(|axis| !self.0.axes.contains(axis)).chain(self.0.axes.iter().copied()).collect();
        let lined = x.permute(&order);
        let (count, split) = (x.reduced_len(&self.0.kept), x.ndim() - self.0.axes.len());
        let mut shape: Dims = lined.shape()[..split].iter().copied().collect();
        shape.push(count);
        let others = lined.reshape(&shape).others(split).reshape(lined.shape());
        (others.permute(&super::shape::inverse(&order)) * g).into()
    }
}

impl<T: Real> Tensor<T> {
    /// The product of all elements; 1 if there are none.
    #[track_caller]
    pub fn prod(&self) -> Self {
        let axes: Dims = (0..self.ndim()).collect();
        self.prod_axes(&axes, false)
    }

    /// The product over some axes; of nothing it is 1. With `keep` the axes stay, with length 1.
    ///
    /// `∂y/∂x_i` is the product of the others, `Π_{j≠i} x_j`, zeros or not, at any order.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::{ArrayD, ArrayViewD, array};
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[2.0, 3.0], [0.0, 5.0]]);
    /// let y = x.prod_axes(&[1], false);
    /// assert_eq!(y.to_array(), array![6.0, 0.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[3.0, 2.0], [5.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[track_caller]
    pub fn prod_axes(&self, axes: &[usize], keep: bool) -> Self {
        let kept = self.kept("prod", axes);
        let output = self.folded(&kept, T::one(), |a, b| a * b).dropped(keep, axes);
        let op = Prod(Reduced { axes: axes.into(), kept, keep });
        Self::record(op, &[self], output)
    }

    /// For each element along an axis the product of all others.
    ///
    /// Halves are multiplied together, the product of the others is found for the pairs, and each element of a pair gets
    /// its partner as a factor: linear work in as many steps as the length has binary digits.
    fn others(&self, axis: usize) -> Self {
        let len = self.shape()[axis];
        if len <= 1 {
            return Self::ones(self.shape());
        }
        let (pairs, left) = (len / 2, len - len / 2);
        let [a, b] = [self.narrow(axis, 0..pairs), self.narrow(axis, left..len)];
        let single = self.narrow(axis, pairs..left);
        let others = Self::concat(&[&(&a * &b), &single], axis).others(axis);
        let [of_pairs, of_single] = [others.narrow(axis, 0..pairs), others.narrow(axis, pairs..left)];
        Self::concat(&[&(&of_pairs * b), &of_single, &(&of_pairs * a)], axis)
    }
}
