//! Recorded derivatives: they can be differentiated again.

use super::handle::{Handle, Root, same};
use super::recorded::{self, RecordedGradients};
use super::tape::Tape;
use super::vjp::Seed;
use crate::error::{Error, Kind, mismatch};
use crate::tape::cell::TapeCell;
use crate::tape::scope::ASKED;
use crate::{Real, Tensor, Var};

impl<T: Real> Tape<T> {
    /// The gradient of a scalar root with respect to some handles, recorded on this tape: it can be used in further
    /// computation and differentiated again, to any order. A handle that the root does not depend on has gradient 0.
    /// Where no tape is at hand, [`Tensor::grad`] and [`Var::grad`] do the same.
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
        let start = root.seed("grad");
        same(self.cell(), start.0, "the root");
        grad(start, wrt)
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
        let start = root.seed("grad");
        same(self.cell(), start.0, "the root");
        directional(start, along, "directional", "a direction needs its tensor's shape")
    }
}

impl<T: Real> Tensor<T> {
    /// The gradient of this scalar with respect to some handles, recorded on the tape that this stands on: it can be used in
    /// further computation and differentiated again, to any order.
    ///
    /// A handle that this does not depend on has gradient 0; so have all of them if this is a constant.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![1.0, 2.0]);
    /// let slope = &x.powi(3).sum().grad(&[&x])[0];                                              // 3 x², recorded
    /// let penalty = slope.square().sum();                                                       // Σ 9 x⁴
    /// assert_eq!(penalty.backward().wrt(&x), array![36.0, 288.0].into_dyn());                   // 36 x³
    /// ```
    ///
    /// # Panics
    /// If this is stale, not a scalar, or a constant that `detach`, a mask or `no_grad` took off a tape; if a handle is not on
    /// its tape; within the vjp of a sweep that is not recorded.
    #[track_caller]
    pub fn grad<X: Handle<T>>(&self, wrt: &[X]) -> Vec<X::Owned> {
        self.refuse_unless_scalar("grad");
        if self.is_tracked() || !self.cuts().is_empty() { grad(self.seed("grad"), wrt) } else { zeros(wrt) }
    }
}

impl<T: Real> Var<T> {
    /// The gradient of this scalar with respect to some handles, recorded on the tape that this stands on: it can be used in
    /// further computation and differentiated again, to any order.
    ///
    /// A handle that this does not depend on has gradient 0; so have all of them if this is a constant.
    ///
    /// ```
    /// use autodiff::Tape;
    /// let tape = Tape::<f64>::new();
    /// let x = tape.var(2.0);
    /// let (mut y, mut orders) = (x.powi(3), Vec::new());
    /// for _ in 0..4 {
    ///     y = y.grad(&[x])[0];
    ///     orders.push(y.value());
    /// }
    /// assert_eq!(orders, [12.0, 12.0, 6.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// If this is stale; if a handle is not on its tape.
    #[track_caller]
    pub fn grad<X: Handle<T>>(self, wrt: &[X]) -> Vec<X::Owned> {
        if self.is_tracked() { grad(self.seed("grad"), wrt) } else { zeros(wrt) }
    }
}

/// Where a recorded sweep starts.
type Start<T> = (&'static TapeCell<T>, usize, Option<Seed<T>>);

/// The derivative of a root along directions for tensors on its tape.
#[track_caller]
pub(super) fn directional<T: Real>(
    (cell, root, seed): Start<T>,
    along: &[(&Tensor<T>, &Tensor<T>)],
    op: &'static str,
    rule: &'static str,
) -> Tensor<T> {
    let mut directions = Vec::with_capacity(along.len());
    // Not in a closure: a panic is to point at the caller.
    for &(x, v) in along {
        if x.shape() != v.shape() {
            mismatch(op, x.shape(), v.shape(), rule);
        }
        directions.push((x.index_on(Some(cell)) as u32, v.clone()));
    }
    recorded::directional(cell, root, seed, directions).unwrap_or_else(|| Tensor::scalar(T::zero()))
}

/// The gradient of a root with respect to handles on its tape.
#[track_caller]
pub(super) fn grad<T: Real, X: Handle<T>>((cell, root, seed): Start<T>, wrt: &[X]) -> Vec<X::Owned> {
    // Not in a closure: a panic is to point at the caller.
    let mut places = Vec::with_capacity(wrt.len());
    for x in wrt {
        places.push(x.index_on(Some(cell)));
    }
    let found = recorded::recorded(cell, root, seed, &places);
    wrt.iter().map(|x| x.pick(&found)).collect()
}

/// The gradient of a constant.
#[track_caller]
fn zeros<T: Real, X: Handle<T>>(wrt: &[X]) -> Vec<X::Owned> {
    for x in wrt {
        x.index_on(None);
        // While a tape is swept, results are constants whatever they are made of.
        if x.tape_of().is_some_and(|cell| !cell.recording()) {
            Error::from(Kind::Frozen { what: ASKED }).raise();
        }
    }
    let nothing = RecordedGradients::nothing();
    wrt.iter().map(|x| x.pick(&nothing)).collect()
}
