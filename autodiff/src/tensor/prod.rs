//! Products over axes.

use super::Tensor;
use super::layout::Dims;
use super::reduce::Reduced;
use super::rule::Rule;
use super::written::Term::X;
use super::written::{Written, scaled};
use crate::Real;
use crate::rules::notation::sign::{A, Down, Piece, Prefix, SPACE, Same, Sign};

impl<T: Real> Tensor<T> {
    /// The product of all elements; 1 if there are none.
    #[doc(alias = "product")]
    #[track_caller]
    pub fn prod(&self) -> Self {
        self.prod_axes(&self.all_axes(), false)
    }

    /// The product along one axis, which disappears; see [`prod_axes`](Self::prod_axes).
    #[doc(alias = "product")]
    #[track_caller]
    pub fn prod_axis(&self, axis: usize) -> Self {
        self.prod_axes(&[axis], false)
    }

    /// The product over some axes; of nothing it is 1. With `keep` the axes stay, with length 1.
    ///
    /// `∂y/∂x_i` is the product of the others, `Π_{j≠i} x_j`, zeros or not, at any order.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![[2.0, 3.0], [0.0, 5.0]]);
    /// let y = x.prod_axes(&[1], false);
    /// assert_eq!(y.to_array(), array![6.0, 0.0].into_dyn());
    /// assert_eq!(y.sum().backward().wrt(&x), array![[3.0, 2.0], [5.0, 0.0]].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[doc(alias = "product")]
    #[track_caller]
    pub fn prod_axes(&self, axes: &[usize], keep: bool) -> Self {
        let kept = self.kept("prod", axes);
        let output = self.folded(&kept, T::one(), |a, b| a * b).dropped(keep, axes);
        Rule {
            name: "prod",
            with: Reduced { axes: axes.into(), kept, keep },
            forward: |x, over| Ok(x[0].prod_axes(&over.axes, over.keep)),
            // `∂y/∂x_i = Π_{j≠i} x_j`, without a division: right with zeros among the factors, and so are its own
            // derivatives.
            vjp: |cx, Reduced { axes, kept, .. }| {
                let (x, g) = (cx.input(0), cx.grad().reshape(kept));
                // The factors of each product on one axis, the last.
                let order: Dims =
                    (0..x.ndim()).filter(|axis| !axes.contains(axis)).chain(axes.iter().copied()).collect();
                let lined = x.permute(&order);
                let (count, split) = (x.reduced_len(kept), x.ndim() - axes.len());
                let mut shape = Dims::from(&lined.shape()[..split]);
                shape.push(count);
                let others = lined.reshape(&shape).others(split).reshape(lined.shape());
                g.chain(others.permute(&super::shape::inverse(&order))).into()
            },
            notation: |_, _| {
                let others: &[Piece] =
                    &[Sign("Π", r"\prod"), Down(&[Sign("j ≠ i", r"j \neq i")]), SPACE, A, Down(&[Same("j")])];
                Written::named([scaled(Prefix(others), [X(0)])])
            },
        }
        .record(&[self], output)
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
        let others = Self::concat(&[&a * &b, single], axis).others(axis);
        let [of_pairs, of_single] = [others.narrow(axis, 0..pairs), others.narrow(axis, pairs..left)];
        Self::concat(&[&of_pairs * b, of_single, &of_pairs * a], axis)
    }
}
