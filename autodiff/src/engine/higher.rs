//! Recorded derivatives: they can be differentiated again.

use super::handle::{Handle, Root, same};
use super::recorded;
use super::tape::Tape;
use crate::error::mismatch;
use crate::{Real, Tensor};

impl<T: Real> Tape<T> {
    /// The gradient of a scalar root with respect to some handles, recorded on this tape: it can be used in further
    /// computation and differentiated again, to any order. A handle that the root does not depend on has gradient 0.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(2.0);
    /// let y = x.powi(3);
    /// let dy = tape.grad(y, &[x])[0];
    /// let ddy = tape.grad(dy, &[x])[0];
    /// let dddy = tape.grad(ddy, &[x])[0];
    /// assert_eq!([dy, ddy, dddy].map(|d| d.value()), [12.0, 12.0, 6.0]);
    /// ```
    ///
    /// # Panics
    /// If the root is a constant, stale, of another tape, or not a scalar; if a handle is not on this tape.
    #[doc(alias("autograd.grad", "create_graph"))]
    #[track_caller]
    pub fn grad<Y: Root<T>, X: Handle<T>>(&self, root: Y, wrt: &[X]) -> Vec<X::Owned> {
        let cell = self.cell();
        let (of, root, seed) = root.seed("grad");
        same(cell, of, "the root");
        // Not in a closure: a panic is to point at the caller.
        let mut places = Vec::with_capacity(wrt.len());
        for x in wrt {
            places.push(x.index_on(cell));
        }
        let found = recorded::recorded(cell, root, seed, &places);
        wrt.iter().map(|x| x.pick(&found)).collect()
    }

    /// The derivative of a scalar root along directions, `Σ dL/dx · v` over the pairs `(x, v)`, recorded on this tape: its
    /// gradient is a Hessian-vector product.
    ///
    /// Gradients that are larger than what they are computed from, those of weights, are not computed. A tensor that the
    /// root does not depend on adds nothing.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 2.0]);
    /// let along = tape.directional(&x.powi(3).sum(), &[(&x, &Tensor::constant(array![1.0, 10.0]))]);
    /// assert_eq!(along.item(), 123.0);                                                          // Σ 3 x² v
    /// assert_eq!(along.backward().wrt(&x), array![6.0, 120.0].into_dyn());                      // 6 x v
    /// ```
    ///
    /// # Panics
    /// If the root is a constant, stale, of another tape, or not a scalar; if a tensor is not on this tape, or its direction
    /// has another shape.
    #[doc(alias = "jvp")]
    #[track_caller]
    pub fn directional<Y: Root<T>>(&self, root: Y, along: &[(&Tensor<T>, &Tensor<T>)]) -> Tensor<T> {
        let cell = self.cell();
        let (of, root, seed) = root.seed("grad");
        same(cell, of, "the root");
        let mut directions = Vec::with_capacity(along.len());
        // Not in a closure: a panic is to point at the caller.
        for &(x, v) in along {
            if x.shape() != v.shape() {
                mismatch("directional", x.shape(), v.shape(), "a direction needs its tensor's shape");
            }
            directions.push((x.index_on(cell) as u32, v.clone()));
        }
        recorded::directional(cell, root, seed, directions).unwrap_or_else(|| Tensor::scalar(T::zero()))
    }
}
