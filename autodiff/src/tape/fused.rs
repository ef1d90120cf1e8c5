//! Fused blocks: many operations, one tape entry.
//!
//! A block is a closure on variables whose number type is `Dual<T, K>`: run on constants it gives the value and all `K`
//! partial derivatives in registers, and these are what the entry stores. For everything beyond, the closure is run once
//! more on a tape of its own, at the arguments in question, and the program found there is interpreted as any other.

use smallvec::SmallVec;

use super::guard::Guard;
use super::passes::Output;
use super::replay::{Replay, Values, replay};
use super::reverse::reverse;
use super::store::OwnedCode;
use crate::error::{Error, Kind};
use crate::{Dual, Real, Tape, Var};

/// A fused block, without the number of its inputs in the type.
pub(crate) trait Block<T: Real> {
    /// The operations of the block at a point, written out.
    fn expansion(&self, x: &[T]) -> Expansion<T>;
}

/// A block's operations: entry `i < K` is input `i`.
pub(crate) struct Expansion<T: Real> {
    pub(crate) code: OwnedCode<T>,
    /// The entry that is the block's value, or the value itself if it depends on no input.
    pub(crate) root: Output<T>,
    /// The comparisons that decided which operations these are.
    pub(crate) guards: Vec<Guard<T>>,
}

struct Fused<F, const K: usize>(F);

impl<T: Real, const K: usize, F: Fn([Var<Dual<T, K>>; K]) -> Var<Dual<T, K>>> Block<T> for Fused<F, K> {
    fn expansion(&self, x: &[T]) -> Expansion<T> {
        let tape = Tape::<Dual<T, K>>::new();
        // Blocks within the block are written out as well, and comparisons are noted for whoever wants them.
        tape.cell().write_out();
        let y = self.0(std::array::from_fn(|i| tape.var(Dual::constant(x[i]))));
        let root = if y.is_tracked() {
            let (cell, index) = y.root("fuse");
            foreign_unless(std::ptr::eq(cell, tape.cell()));
            Ok(index)
        } else {
            Err(y.value().value())
        };
        let cell = tape.cell();
        let guards = cell.take_guards().into_iter().map(|guard| guard.convert(Dual::value)).collect();
        Expansion { code: cell.copy_all().convert(Dual::value), root, guards }
    }
}

#[track_caller]
fn foreign_unless(same: bool) {
    if !same {
        Error::from(Kind::Foreign { op: "fuse" }).raise();
    }
}

/// The value of a block in another number type.
pub(crate) fn value<T: Real, R: Replay<T>>(block: &dyn Block<T>, x: &[R]) -> R {
    let Expansion { code, root, guards } = expansion(block, x);
    let values = replay(code.view(&[]), |i| x[i]);
    let values = values.as_slice();
    for guard in guards {
        R::guard(guard, |i| values[i]);
    }
    match root {
        Ok(root) => values[root],
        Err(constant) => R::lift(constant),
    }
}

/// The partial derivatives of a block in another number type.
pub(crate) fn partials<T: Real, R: Replay<T>>(block: &dyn Block<T>, x: &[R]) -> SmallVec<[R; 8]> {
    let Expansion { code, root, .. } = expansion(block, x);
    let Ok(root) = root else { return x.iter().map(|_| R::zero()).collect() };
    let code = code.view(&[]);
    let values = replay(code, |i| x[i]);
    let mut adjoints = vec![R::zero(); code.ops.len()];
    adjoints[root] = R::one();
    reverse(code, &mut Values::new(code, values.as_slice()), &mut adjoints);
    adjoints[..x.len()].iter().copied().collect()
}

fn expansion<T: Real, R: Replay<T>>(block: &dyn Block<T>, x: &[R]) -> Expansion<T> {
    let base: SmallVec<[T; 8]> = x.iter().map(|x| x.base()).collect();
    block.expansion(&base)
}

/// Records a block of operations on `K` inputs as one tape entry.
///
/// The closure is ordinary code: operators, functions of the table, loops, branches, numbers captured by `move`. Its
/// arguments are variables over [`Dual`] numbers with `K` tangents, in which value and partial derivatives are computed
/// in registers; the tape sees one entry of `K` operands and `K` partial derivatives. Nothing else is given up: derivatives
/// of higher order, recorded gradients, and programs run the closure again where they need its operations one by one, and
/// blocks may stand within blocks.
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
/// // Twice differentiable like everything else.
/// let dy = tape.grad(f, &[y])[0];
/// assert_eq!(dy.backward().wrt(x), -400.0 * 0.5);
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
/// As every operation: if a handle is stale, or if handles are of different tapes.
#[inline]
#[track_caller]
pub fn fuse<T: Real, const K: usize, F>(inputs: [Var<T>; K], block: F) -> Var<T>
where
    F: Fn([Var<Dual<T, K>>; K]) -> Var<Dual<T, K>> + 'static,
{
    let Some(cell) = Var::common_tape("fuse", &inputs) else {
        let constants = inputs.map(|x| Var::constant(Dual::constant(x.value())));
        return Var::constant(block(constants).value().value());
    };
    if cell.writes_out() {
        return value(&Fused(block), &inputs);
    }
    let unit = |i: usize| {
        let tangent = std::array::from_fn(|k| if k == i { T::one() } else { T::zero() });
        Var::constant(Dual::new(inputs[i].value(), tangent))
    };
    let result = block(std::array::from_fn(unit));
    foreign_unless(!result.is_tracked());
    let result = result.value();
    Var::on_tape(result.value(), cell, cell.push_block(Fused::<F, K>(block), &inputs, result))
}
