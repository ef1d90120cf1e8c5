//! What the tape keeps of a tensor operation.

use std::marker::PhantomData;
use std::rc::Rc;

use smallvec::SmallVec;

use super::Tensor;
use super::elementwise;
use super::layout::Dims;
use super::op::{Grads, Vjp};
use super::written::{Operands, Written};
use crate::rules::{Binary, Unary};
use crate::tape::trace::Place;
use crate::{Real, Var};

/// The backward half of an operation: all that the tape needs of one that has run.
pub(crate) trait Backward<T: Real> {
    /// The operation's name, for messages.
    fn name(&self) -> &str;

    /// The vector-Jacobian product: one gradient or `None` for each input, written in tensor operations.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T>;

    /// Whether the operation is a user's own: its name says nothing of what it does.
    fn is_own(&self) -> bool {
        false
    }

    /// The value at other inputs, where the tape has what it takes: for own operations.
    fn value(&self, _inputs: &[Tensor<T>]) -> Option<Tensor<T>> {
        None
    }

    /// How the operation is written; unless given, as functions with its name.
    fn notation(&self, _: &Operands) -> Option<Written> {
        None
    }

    /// Whether the entry stands for a gradient that has no derivative.
    fn is_end(&self) -> bool {
        false
    }

    /// The inner product of the gradient with respect to input `i` and a direction, recorded, where that takes less than
    /// the gradient does; else `None`.
    fn along(&self, _cx: &Vjp<'_, T>, _i: usize, _direction: &Tensor<T>) -> Option<Tensor<T>> {
        None
    }

    /// The gradients where the output has one row and `cx.grad()` any number of them, each a gradient of its own; `None` if
    /// the operation cannot do that.
    fn vjp_rows(&self, _cx: &Vjp<'_, T>) -> Option<RowGrads<T>> {
        None
    }
}

/// A gradient with any number of rows for each input that needs one.
pub(crate) type RowGrads<T> = SmallVec<[Option<Tensor<T>>; 2]>;

/// A stretch of program on scalars that the tape keeps as one entry and runs again when a sweep comes to it.
pub(crate) trait Region<T: Real> {
    /// The first-order sweep through the stretch. `outputs` holds the adjoints of its results, `inputs` what the
    /// adjoints of the scalars it started from have gathered so far: the sweep goes on adding to them.
    fn sweep(&self, outputs: &[T], inputs: &mut [T]);

    /// Runs the stretch on the inputs' own tape, recorded entry by entry. Gives its results.
    fn replay(&self, inputs: &[Var<T>]) -> Vec<Var<T>>;
}

/// An operation on the tape. Rows of the table and operations without parameters need no allocation.
pub(crate) enum OpRef<T: Real> {
    Unary(Unary),
    Binary(Binary),
    Static(&'static dyn Backward<T>),
    Shared(Rc<dyn Backward<T>>),
}

impl<T: Real> Clone for OpRef<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Unary(f) => Self::Unary(*f),
            Self::Binary(f) => Self::Binary(*f),
            Self::Static(op) => Self::Static(*op),
            Self::Shared(op) => Self::Shared(Rc::clone(op)),
        }
    }
}

/// An operation with parameters, which goes to the heap only if it is recorded.
pub(crate) struct Shared<T, O>(O, PhantomData<T>);

impl<T: Real, O: Backward<T> + 'static> From<Shared<T, O>> for OpRef<T> {
    fn from(op: Shared<T, O>) -> Self {
        Self::Shared(Rc::new(op.0))
    }
}

impl<T: Real> OpRef<T> {
    pub(crate) fn shared<O: Backward<T> + 'static>(op: O) -> Shared<T, O> {
        Shared(op, PhantomData)
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Unary(f) => f.name(),
            Self::Binary(f) => f.name(),
            Self::Static(op) => op.name(),
            Self::Shared(op) => op.name(),
        }
    }

    /// Whether the operation is a user's own.
    pub(crate) fn is_own(&self) -> bool {
        match self {
            Self::Unary(_) | Self::Binary(_) => false,
            Self::Static(op) => op.is_own(),
            Self::Shared(op) => op.is_own(),
        }
    }

    pub(crate) fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        match self {
            Self::Unary(f) => elementwise::unary_vjp(*f, cx),
            Self::Binary(f) => elementwise::binary_vjp(*f, cx),
            Self::Static(op) => op.vjp(cx),
            Self::Shared(op) => op.vjp(cx),
        }
    }

    /// The value at other inputs, which are constants; `None` for built-in operations that are no rows of the table.
    pub(crate) fn value(&self, inputs: &[Tensor<T>]) -> Option<Tensor<T>> {
        match self {
            Self::Unary(f) => Some(inputs[0].unary(*f)),
            Self::Binary(f) => Some(inputs[0].binary(*f, &inputs[1])),
            Self::Static(op) => op.value(inputs),
            Self::Shared(op) => op.value(inputs),
        }
    }

    /// How an operation that is no row of the table is written.
    pub(crate) fn notation(&self, of: &Operands) -> Option<Written> {
        match self {
            Self::Unary(_) | Self::Binary(_) => None,
            Self::Static(op) => op.notation(of),
            Self::Shared(op) => op.notation(of),
        }
    }

    /// Whether this stands for a gradient that came as an array, and so has no derivative.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self, Self::Shared(op) if op.is_end())
    }
}

impl<T: Real> OpRef<T> {
    pub(crate) fn vjp_rows(&self, cx: &Vjp<'_, T>) -> Option<RowGrads<T>> {
        match self {
            Self::Unary(f) => elementwise::unary_rows(*f, cx),
            Self::Binary(f) => elementwise::binary_rows(*f, cx),
            Self::Static(op) => op.vjp_rows(cx),
            Self::Shared(op) => op.vjp_rows(cx),
        }
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
    pub(crate) fn depends(&self, depends: impl Fn(u32) -> bool) -> bool {
        match &self.source {
            Source::Leaf(_) => false,
            Source::Scalars { places, .. } => places.iter().flatten().any(|&i| depends(i)),
            Source::Op { inputs, .. } => inputs.iter().filter_map(Tensor::place).any(|node| depends(node.index)),
            Source::Region { places, .. } => places.iter().any(|&i| depends(i)),
        }
    }
}
