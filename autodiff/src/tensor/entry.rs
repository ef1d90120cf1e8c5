//! What the tape keeps of a tensor operation.

use std::ops::Deref;
use std::rc::Rc;

use ndarray::ArrayViewD;
use smallvec::SmallVec;

use super::Tensor;
use super::layout::Dims;
use super::op::Op;
use crate::tape::opcode::AT;
use crate::tape::trace::Place;
use crate::tape::window::Slots;
use crate::{Real, Var};

/// A stretch of program on scalars that the tape keeps as one entry and runs again when a sweep comes to it.
pub(crate) trait Region<T: Real> {
    /// The first-order sweep through the stretch. `outputs` holds the adjoints of its results, `inputs` what the
    /// adjoints of the scalars it started from have gathered so far: the sweep goes on adding to them.
    fn sweep(&self, outputs: &[T], inputs: &mut [T]);

    /// Runs the stretch on the inputs' own tape, recorded entry by entry. Gives its results.
    fn replay(&self, inputs: &[Var<T>]) -> Vec<Var<T>>;
}

/// An operation on the tape. Those without parameters, rows of the table among them, need no allocation.
#[derive(Clone)]
pub(crate) enum OpRef<T: Real> {
    Static(&'static dyn Op<T>),
    Shared(Rc<dyn Op<T>>),
    /// A user's own: its name says nothing of what it does.
    Own(Rc<dyn Op<T>>),
    /// Stands for a gradient that came as an array and so has no derivative.
    End(Rc<dyn Op<T>>),
}

impl<T: Real> Deref for OpRef<T> {
    type Target = dyn Op<T>;

    #[inline]
    fn deref(&self) -> &(dyn Op<T> + 'static) {
        match self {
            Self::Static(op) => *op,
            Self::Shared(op) | Self::Own(op) | Self::End(op) => &**op,
        }
    }
}

impl<T: Real> OpRef<T> {
    /// Whether the operation is a user's own.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// The value at other inputs, which are constants; `None` if the operation refuses them.
    pub(crate) fn value(&self, inputs: &[Tensor<T>]) -> Option<Tensor<T>> {
        let views: SmallVec<[ArrayViewD<'_, T>; 3]> = inputs.iter().map(Tensor::view).collect();
        self.forward(&views).ok().map(Tensor::constant)
    }
}

/// A tensor entry of the tape.
#[derive(Clone)]
pub(crate) struct TensorEntry<T: Real> {
    /// Its place among all entries.
    pub(crate) index: u32,
    /// Where it was recorded; for what a recorded gradient adds, where the operation stands that it differentiates.
    pub(crate) place: Place,
    pub(crate) source: Source<T>,
}

/// Where a tensor on the tape came from.
#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "the large variant is the common one; a box would cost each operation")]
pub(crate) enum Source<T: Real> {
    /// An independent variable of this shape.
    Leaf(Dims),
    /// Scalars of this tape, in row-major order; `None` is a constant.
    Scalars { places: Rc<[Option<u32>]>, shape: Dims },
    /// An operation.
    Op { op: OpRef<T>, inputs: SmallVec<[Tensor<T>; 3]>, output: Tensor<T> },
    /// A stretch of program that started from these scalars; its results are the tensor's elements.
    Region { region: Rc<dyn Region<T>>, places: Rc<[u32]>, shape: Dims },
}

impl<T: Real> Source<T> {
    /// The shape of the tensor.
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Self::Leaf(shape) | Self::Scalars { shape, .. } | Self::Region { shape, .. } => shape,
            Self::Op { output, .. } => output.shape(),
        }
    }
}

impl<T: Real> TensorEntry<T> {
    /// What the entry is called in messages.
    pub(crate) fn name(&self) -> &str {
        match &self.source {
            Source::Leaf(_) => "tensor",
            Source::Scalars { .. } => "from_vars",
            Source::Op { op, .. } => op.name(),
            Source::Region { .. } => "checkpoint",
        }
    }

    /// Whether the entry depends on any entry for which `depends` says so.
    pub(crate) fn depends(&self, mut depends: impl FnMut(u32) -> bool) -> bool {
        match &self.source {
            Source::Leaf(_) => false,
            Source::Scalars { places, .. } => places.iter().flatten().any(|&i| depends(i)),
            Source::Op { inputs, .. } => inputs.iter().filter_map(Tensor::place).any(|node| depends(node.index)),
            Source::Region { places, .. } => places.iter().any(|&i| depends(i)),
        }
    }
}

impl<T: Real> Slots for Vec<TensorEntry<T>> {
    fn before(&self, index: usize) -> usize {
        self.partition_point(|entry| (entry.index as usize) < index)
    }

    fn operands(&self, op: u8, slot: usize, visit: &mut dyn FnMut(u32)) {
        if op == AT {
            visit(self[slot].index);
        } else {
            self[slot].depends(|index| {
                visit(index);
                false
            });
        }
    }
}
