//! Fused blocks: many operations, one tape entry.
//!
//! A block is a closure on `Dual` numbers with one tangent for each input: it gives the value and all partial derivatives
//! in registers, and these are what the entry stores. The closure is kept, so that a program can be replayed elsewhere.

use crate::tape::block::Block;
use crate::tape::passes::unit;
use crate::{Dual, Real, Var};

struct Fused<F, const K: usize>(F);

impl<T, const K: usize, F> Block<T> for Fused<F, K>
where
    T: Real,
    F: Fn([Dual<T, K>; K]) -> Dual<T, K> + Send + Sync,
{
    fn gradient(&self, x: &[T], partials: &mut [T]) -> T {
        let y = run(*x.first_chunk().expect("one value for each input"), &self.0);
        partials.copy_from_slice(y.tangent());
        y.value()
    }
}

/// The block in registers: its inputs with unit tangents.
#[inline(always)]
fn run<T: Real, const K: usize, F: Fn([Dual<T, K>; K]) -> Dual<T, K>>(values: [T; K], block: &F) -> Dual<T, K> {
    block(std::array::from_fn(|i| Dual::new(values[i], unit(i, 0))))
}

/// Records a block of operations on `K` inputs as one tape entry.
///
/// The closure is ordinary code: operators, functions of the table, loops, branches, numbers captured by `move`. Its
/// arguments are [`Dual`] numbers with `K` tangents, so that the partial derivatives are computed in registers; the tape
/// sees one entry of `K` operands and `K` partial derivatives. Programs run the closure again at other inputs, branches
/// included. Blocks may stand within blocks.
///
/// A block pays if it has more operations than inputs: it takes `25 + 12 K` bytes, where an operation takes up to 17.
///
/// ```
/// use autodiff::{Tape, fuse};
/// let tape = Tape::<f64>::new();
/// let (x, y) = (tape.var(0.5), tape.var(2.0));
/// let f = fuse([x, y], |[x, y]| 100.0 * (y - x * x).square() + (1.0 - x).square());
/// assert_eq!(tape.len(), 3);
/// assert_eq!(f.backward().wrt(y), 200.0 * (2.0 - 0.25));
/// ```
///
/// What the closure captures is constant, and it must not refer to local variables (`move` what it needs):
///
/// ```
/// # let tape = autodiff::Tape::<f64>::new();
/// # let m = tape.var(0.5);
/// let datum = 1.5;
/// let loss = autodiff::fuse([m], move |[m]| (m - datum).square() * 0.5);
/// assert_eq!(loss.backward().wrt(m), -1.0);
/// ```
///
/// # Panics
/// As every operation: if a handle is stale, or if handles are of different tapes. A second derivative through a block
/// (`hessian`, `hvp`, `Tape::grad`) panics with the block's place in the source: its operations are not on the tape.
#[inline]
#[track_caller]
pub fn fuse<V: Fusable, const K: usize, F>(inputs: [V; K], block: F) -> V
where
    F: Fn([Dual<V::Number, K>; K]) -> Dual<V::Number, K> + Send + Sync + 'static,
{
    V::fuse(inputs, block)
}

/// What [`fuse`] takes: variables, and inside a block the block's own numbers.
pub trait Fusable: Copy {
    /// The number type underneath.
    type Number: Real;

    #[doc(hidden)]
    fn fuse<const K: usize, F>(inputs: [Self; K], block: F) -> Self
    where
        F: Fn([Dual<Self::Number, K>; K]) -> Dual<Self::Number, K> + Send + Sync + 'static;
}

impl<T: Real> Fusable for Var<T> {
    type Number = T;

    #[inline(always)]
    #[track_caller]
    fn fuse<const K: usize, F>(inputs: [Self; K], block: F) -> Self
    where
        F: Fn([Dual<T, K>; K]) -> Dual<T, K> + Send + Sync + 'static,
    {
        let cell = Var::common_tape("fuse", &inputs);
        let result = run(inputs.map(Var::value), &block);
        let Some(cell) = cell else { return Var::constant(result.value()) };
        let places = inputs.map(|x| x.is_tracked().then(|| x.index()));
        let index = cell.push_block(Fused::<F, K>(block), places, inputs.map(Var::value), result);
        Var::on_tape(result.value(), cell, index)
    }
}

impl<T: Real, const N: usize> Fusable for Dual<T, N> {
    type Number = T;

    #[inline]
    fn fuse<const K: usize, F>(inputs: [Self; K], block: F) -> Self
    where
        F: Fn([Dual<T, K>; K]) -> Dual<T, K> + Send + Sync + 'static,
    {
        let inner = run(inputs.map(Dual::value), &block);
        Self::composed(inner.value(), inner.tangent(), &inputs)
    }
}
