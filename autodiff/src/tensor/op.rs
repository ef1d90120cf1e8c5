//! Operations: the trait for built-in and own ones, and what a vjp gets and gives.

use std::rc::Rc;

use ndarray::{ArrayD, ArrayViewD};
use smallvec::SmallVec;

use super::Tensor;
use super::part::Part;
use super::written::{Operands, Written};
use crate::Real;
use crate::error::Result;
use crate::rules::{Binary, Unary};

/// An operation on tensors: a value and a vector-Jacobian product.
///
/// An own operation has the rights of a built-in one: its name in messages, gradients to any order (the vjp is written
/// in tensor operations, which are recorded when a derivative of the gradient is wanted), `None` for inputs that need no
/// gradient. Apply it with [`Tensor::apply`].
///
/// ```
/// use autodiff::tensor::{Grads, Op, Tensor, Vjp};
/// use autodiff::{Result, Tape};
/// use ndarray::{ArrayD, ArrayViewD, array};
///
/// /// x³, elementwise.
/// struct Cube;
/// impl Op<f64> for Cube {
///     fn name(&self) -> &str { "cube" }
///     fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> { Ok(x[0].mapv(|x| x * x * x)) }
///     fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> {
///         let x = cx.input(0);
///         Grads::from(3.0 * x.square() * cx.grad())
///     }
/// }
///
/// let tape = Tape::new();
/// let x = tape.tensor(array![1.0, 2.0]);
/// let y = Tensor::apply(Cube, &[&x])?.sum();
/// let first = &tape.grad(&y, &[&x])[0];                 // 3 x², recorded
/// let second = tape.grad(&first.sum(), &[&x]);          // 6 x
/// assert_eq!(second[0].to_array(), array![6.0, 12.0].into_dyn());
/// # Ok::<(), autodiff::Error>(())
/// ```
#[doc(alias("autograd.Function", "custom_vjp"))]
pub trait Op<T: Real> {
    /// The operation's name, as it appears in messages.
    fn name(&self) -> &str;

    /// The value.
    ///
    /// # Errors
    /// Whatever is wrong with the inputs, in words: [`Error::custom`](crate::Error::custom).
    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>>;

    /// The vector-Jacobian product: for each input, the gradient of the root with respect to it, given
    /// [`cx.grad()`](Vjp::grad), the gradient with respect to the output.
    ///
    /// A gradient may have any shape that broadcasts with its input's: the engine sums over axes along which the input
    /// was stretched and repeats where the gradient is shorter. Where `cx.grad()` is 0, because a result was not used, slopes may be
    /// infinite or NaN: [`cx.grad().chain(slope)`](Tensor::chain) is 0 there, and `cx.grad() * slope` is not.
    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T>;

    /// The inner product of the gradient with respect to input `i` and a direction of that input's shape, in tensor
    /// operations, where that takes less than the gradient does; else `None`, as by default.
    ///
    /// For a product `Y = A B` with weights `B`, for instance, `Σ (Aᵀ · dL/dY) · V = Σ dL/dY · (A V)`. Hessian-vector
    /// products ask for it.
    fn along(&self, _cx: &Vjp<'_, T>, _i: usize, _direction: &Tensor<T>) -> Option<Tensor<T>> {
        None
    }

    /// The gradients where the output has one row and [`cx.grad()`](Vjp::grad) any number of them, each a gradient of its
    /// own; `None` if the operation cannot do that, as by default. The Jacobian of a row asks for it.
    fn vjp_rows(&self, _cx: &Vjp<'_, T>) -> Option<Grads<T>> {
        None
    }

    /// How the operation is written; unless given, as functions with its name.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this crate's operations say so")]
    fn notation(&self, _: &Operands) -> Option<Written> {
        None
    }

    /// Which row of the table this is.
    #[doc(hidden)]
    fn row(&self) -> Option<Row> {
        None
    }
}

/// A row of the table of elementary functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Of one argument.
    Unary(Unary),
    /// Of two.
    Binary(Binary),
}

/// The `forward` of an operation that is written on tensors.
pub(crate) fn on_tensors<T: Real>(
    x: &[ArrayViewD<'_, T>],
    forward: impl FnOnce(&[Tensor<T>]) -> Result<Tensor<T>>,
) -> Result<ArrayD<T>> {
    let x: SmallVec<[Tensor<T>; 3]> = x.iter().map(Tensor::copied).collect();
    forward(&x).map(Tensor::into_array)
}

/// What a vector-Jacobian product works from.
pub struct Vjp<'a, T: Real> {
    pub(crate) inputs: &'a [Tensor<T>],
    pub(crate) output: &'a Tensor<T>,
    pub(crate) grad: &'a Tensor<T>,
    pub(crate) needs: SmallVec<[bool; 4]>,
    pub(crate) recording: bool,
    /// Whether the caller adds up parts of gradients.
    pub(crate) parts: bool,
}

impl<T: Real> Vjp<'_, T> {
    /// The gradient of the root with respect to the output; of the output's shape.
    pub fn grad(&self) -> &Tensor<T> {
        self.grad
    }

    /// Input `i` of the operation.
    ///
    /// # Panics
    /// If there is no such input.
    #[track_caller]
    pub fn input(&self, i: usize) -> &Tensor<T> {
        &self.inputs[i]
    }

    /// How many inputs the operation had.
    pub fn arity(&self) -> usize {
        self.inputs.len()
    }

    /// The operation's result.
    pub fn output(&self) -> &Tensor<T> {
        self.output
    }

    /// Whether a gradient with respect to input `i` is wanted; where not, `None` saves its computation.
    pub fn needs(&self, i: usize) -> bool {
        self.needs[i]
    }

    /// Whether the sweep is recorded, to be differentiated again. A fused first-order formula may be used where not.
    pub(crate) fn recording(&self) -> bool {
        self.recording
    }

    /// The gradient of a single input of which the output is a part.
    pub(crate) fn part(&self, part: &Part) -> Grads<T> {
        if self.parts {
            return Grads { part: Some(part.clone()), ..Grads::from(self.grad.clone()) };
        }
        self.grad.put_back(part, self.input(0).shape()).into()
    }

    /// A gradient for each input, computed where it is needed.
    pub(crate) fn each(&self, gradient: impl Fn(usize) -> Tensor<T>) -> Grads<T> {
        (0..self.arity()).map(|i| self.needs(i).then(|| gradient(i))).collect()
    }
}

/// One gradient or `None` for each input of an operation.
///
/// ```
/// use autodiff::tensor::{Grads, Tensor};
/// let g = Tensor::constant(ndarray::array![1.0]);
/// let one_input = Grads::from(g.clone());
/// let two_inputs = Grads::from([Some(g), None]);
/// ```
///
/// Plain arrays will do, too, where the vjp is computed by other means. The gradient has no derivative then, and a second
/// derivative through the operation panics with its name:
///
/// ```
/// use autodiff::tensor::Grads;
/// let one_input = Grads::from(ndarray::array![1.0].into_dyn());
/// let two_inputs = Grads::arrays([None, Some(ndarray::array![1.0].into_dyn())]);
/// ```
pub struct Grads<T: Real> {
    pub(crate) gradients: SmallVec<[Option<Tensor<T>>; 3]>,
    /// Whether they came as arrays, which have no derivatives.
    pub(crate) plain: bool,
    /// The part of the first input to which the gradient given for it belongs, unless that is all of it.
    pub(crate) part: Option<Part>,
}

impl<T: Real> Grads<T> {
    /// Gradients that were computed by other means than tensor operations: an array or `None` for each input.
    pub fn arrays(gradients: impl IntoIterator<Item = Option<ArrayD<T>>>) -> Self {
        let gradients = gradients.into_iter().map(|gradient| gradient.map(Tensor::constant)).collect();
        Self { gradients, plain: true, part: None }
    }
}

impl<T: Real> From<Tensor<T>> for Grads<T> {
    fn from(gradient: Tensor<T>) -> Self {
        Self { gradients: SmallVec::from_iter([Some(gradient)]), plain: false, part: None }
    }
}

impl<T: Real> From<ArrayD<T>> for Grads<T> {
    fn from(gradient: ArrayD<T>) -> Self {
        Self::arrays([Some(gradient)])
    }
}

impl<T: Real, const N: usize> From<[Option<Tensor<T>>; N]> for Grads<T> {
    fn from(gradients: [Option<Tensor<T>>; N]) -> Self {
        gradients.into_iter().collect()
    }
}

impl<T: Real> From<Vec<Option<Tensor<T>>>> for Grads<T> {
    fn from(gradients: Vec<Option<Tensor<T>>>) -> Self {
        gradients.into_iter().collect()
    }
}

impl<T: Real> FromIterator<Option<Tensor<T>>> for Grads<T> {
    fn from_iter<I: IntoIterator<Item = Option<Tensor<T>>>>(gradients: I) -> Self {
        Self { gradients: gradients.into_iter().collect(), plain: false, part: None }
    }
}

/// A shared operation: applied several times, or checked and applied.
impl<T: Real, O: Op<T> + ?Sized> Op<T> for Rc<O> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        (**self).forward(x)
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        (**self).vjp(cx)
    }
}
