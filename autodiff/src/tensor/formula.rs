//! Elementwise formulas: one pass over memory for the value, one for all gradients.

use ndarray::{ArrayD, ArrayViewD};
use smallvec::SmallVec;

use super::elementwise::fit;
use super::expr::{Arena, TensorExpr};
use super::layout::Dims;
use super::op::{Op, on_tensors};
use super::tangent::Tangent;
use super::{Elem, Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;
use crate::kernels::loops::{Arrays, Kernel, Strided, run};
use crate::kernels::storage::Storage;
use crate::rules::Algebra;

/// A function of `K` numbers, one to four, for [`Tensor::elementwise`]. [`elementwise!`](crate::elementwise) writes it; by hand it
/// may carry parameters.
///
/// ```
/// use autodiff::rules::Algebra;
/// use autodiff::tensor::{Elem, Formula, Tensor};
/// struct Scaled(f64);
/// impl Formula<1> for Scaled {
///     const NAME: &'static str = "scaled_tanh";
///     #[inline(always)]
///     fn eval<A: Algebra>(&self, [x]: [Elem<A>; 1]) -> Elem<A> { self.0 * x.tanh() }
/// }
/// let x = Tensor::constant(ndarray::array![0.0, 100.0]);
/// assert_eq!(Tensor::elementwise(Scaled(3.0), [&x]).to_array(), ndarray::array![0.0, 3.0].into_dyn());
/// ```
pub trait Formula<const K: usize>: Sync + 'static {
    /// The operation's name, as it appears in messages.
    const NAME: &'static str;

    /// The value. Mark it `#[inline(always)]`: a call that stays a call keeps the loop from using vector instructions.
    fn eval<A: Algebra>(&self, x: [Elem<A>; K]) -> Elem<A>;
}

/// Defines an elementwise function of one to four tensors from a formula in numbers: `name(a, b) => expression`.
///
/// The function takes references, `fn name<T: Real>(a: &Tensor<T>, b: &Tensor<T>) -> Tensor<T>`, and broadcasts. Value
/// and gradient take one pass over memory each, whatever the formula's length, with vector instructions where its functions
/// have them (`exp`, `ln`, `tanh`, `sigmoid`, `sin`, `cos` and their relatives, `sqrt`, powers with constant exponents 1/2, 1,
/// 3/2, 2, arithmetic); the partial derivatives are carried along forward, as in [`Dual`](crate::Dual). A recorded gradient
/// goes by the same rules in tensor operations, which are recorded, so that derivatives of any order exist.
///
/// In the formula the arguments are [`Elem`](crate::tensor::Elem)s; numbers are `f64` literals or constants. Attributes and
/// visibility stand before the name.
///
/// ```
/// use autodiff::{Tape, elementwise};
/// elementwise! {
///     /// `ln(1 + e^(-t y))`, the loss of logistic regression with targets ±1.
///     pub softplus_loss(y, t) => (-(y * t)).exp().ln_1p()
/// }
/// let tape = Tape::<f64>::new();
/// let y = tape.tensor(ndarray::array![0.0, 0.0]);
/// let t = autodiff::Tensor::constant(ndarray::array![1.0, -1.0]);
/// let loss = softplus_loss(&y, &t).sum();
/// assert_eq!(loss.item(), 2.0 * 2.0_f64.ln());
/// assert_eq!(loss.backward().wrt(&y), ndarray::array![-0.5, 0.5].into_dyn());
/// ```
///
/// With `sum` before the name, the function takes axes, too, and gives the formula's sum over them, without an array of all
/// values ([`Tensor::elementwise_sum`](crate::Tensor::elementwise_sum)): `fn name<T: Real>(a: &Tensor<T>, b: &Tensor<T>, axes:
/// &[usize], keep: bool) -> Tensor<T>`, the last two as in [`sum_axes`](crate::Tensor::sum_axes).
///
/// ```
/// use autodiff::{Tensor, elementwise};
/// elementwise!(sum products(a, b) => a * b);
/// let (a, b) = (Tensor::constant(ndarray::array![[1.0, 2.0], [3.0, 4.0]]), Tensor::constant(ndarray::array![10.0, 1.0]));
/// assert_eq!(products(&a, &b, &[1], false).to_array(), ndarray::array![12.0, 34.0].into_dyn());
/// ```
#[macro_export]
macro_rules! elementwise {
    ($(#[$attribute:meta])* $visibility:vis $name:ident($($x:ident),+ $(,)?) => $formula:expr) => {
        $(#[$attribute])*
        #[track_caller]
        $visibility fn $name<T: $crate::Real>($($x: &$crate::Tensor<T>),+) -> $crate::Tensor<T> {
            $crate::elementwise!(@body $name($($x),+) => $formula);
            $crate::Tensor::elementwise(Body, [$($x),+])
        }
    };
    ($(#[$attribute:meta])* $visibility:vis sum $name:ident($($x:ident),+ $(,)?) => $formula:expr) => {
        $(#[$attribute])*
        #[track_caller]
        $visibility fn $name<T: $crate::Real>(
            $($x: &$crate::Tensor<T>,)+
            axes: &[usize],
            keep: bool,
        ) -> $crate::Tensor<T> {
            $crate::elementwise!(@body $name($($x),+) => $formula);
            $crate::Tensor::elementwise_sum(Body, [$($x),+], axes, keep)
        }
    };
    (@body $name:ident($($x:ident),+) => $formula:expr) => {
        struct Body;
        impl $crate::tensor::Formula<{ [$(stringify!($x)),+].len() }> for Body {
            const NAME: &'static str = stringify!($name);
            #[inline(always)]
            fn eval<A: $crate::rules::Algebra>(
                &self,
                [$($x),+]: [$crate::tensor::Elem<A>; [$(stringify!($x)),+].len()],
            ) -> $crate::tensor::Elem<A> {
                $formula
            }
        }
    };
}

impl<T: Real> Tensor<T> {
    /// Applies a formula element by element, with broadcasting, in one pass; see [`elementwise!`](crate::elementwise).
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[doc(alias = "vectorize")]
    #[track_caller]
    pub fn elementwise<F: Formula<K>, const K: usize>(formula: F, x: [&Self; K]) -> Self {
        const { assert!(K >= 1 && K <= 4, "an elementwise formula has one to four arguments") }
        let output = evaluate(&formula, x);
        Self::record_own(Elementwise::<F, K>(formula), &x, output)
    }

    /// The same elements in a larger shape; a constant.
    pub(super) fn seen_as(&self, shape: &[usize]) -> Self {
        self.with_layout(self.layout().broadcast_to(shape).expect("an operand broadcasts"))
    }
}

/// The value, in one pass.
#[track_caller]
fn evaluate<T: Real, F: Formula<K>, const K: usize>(formula: &F, x: [&Tensor<T>; K]) -> Tensor<T> {
    each(&Value(formula), x, &shape_of(F::NAME, x))
}

/// The common shape of a formula's arguments.
#[track_caller]
pub(super) fn shape_of<T: Real, const K: usize>(name: &str, x: [&Tensor<T>; K]) -> Dims {
    let mut shape: Dims = SmallVec::from_slice(x[0].shape());
    for x in &x[1..] {
        shape = fit(name, &shape, x.shape());
    }
    shape
}

/// A loop's results, of this shape.
pub(super) fn each<T: Real, L: Kernel<N, 1>, const N: usize>(
    kernel: &L,
    x: [&Tensor<T>; N],
    shape: &[usize],
) -> Tensor<T> {
    let x = x.map(|x| x.seen_as(shape));
    Tensor::build(shape, |out| {
        let operands = x.each_ref().map(Tensor::strided);
        run(kernel, Arrays { shape, operands, out: [out] });
    })
}

/// The loop for the value.
pub(super) struct Value<'a, F>(pub(super) &'a F);

impl<F: Formula<K>, const K: usize> Kernel<K, 1> for Value<'_, F> {
    const WEIGHT: usize = 4;
    const ANGLES: bool = true;

    #[inline(always)]
    fn eval<A: Algebra>(&self, x: [A; K]) -> [A; 1] {
        [self.0.eval(x.map(Elem)).0]
    }
}

/// The loop for the gradients of `N` arguments from number `FIRST` on. Its operands are the result's gradient and the
/// formula's arguments; what is missing to five is not read.
pub(super) struct Partials<'a, F, const K: usize, const FIRST: usize, const N: usize>(pub(super) &'a F);

impl<F: Formula<K>, const K: usize, const FIRST: usize, const N: usize> Kernel<5, N> for Partials<'_, F, K, FIRST, N> {
    const WEIGHT: usize = 8;
    const ANGLES: bool = true;

    #[inline(always)]
    fn eval<A: Algebra>(&self, x: [A; 5]) -> [A; N] {
        let mut arguments = [Elem(Tangent { value: x[0], along: [None; N] }); K];
        for i in 0..K {
            arguments[i] = Elem(Tangent { value: x[i + 1], along: unit(i, FIRST) });
        }
        let y = self.0.eval(arguments).0;
        let mut gradients = [x[0]; N];
        for (gradient, partial) in gradients.iter_mut().zip(y.along) {
            *gradient = match partial {
                Some(partial) => x[0].chained(partial),
                None => A::constant(0.0),
            };
        }
        gradients
    }
}

/// The direction of argument `i` among those from `first` on.
#[inline(always)]
pub(super) fn unit<A: Algebra, const N: usize>(i: usize, first: usize) -> [Option<A>; N] {
    let mut along = [None; N];
    for (k, along) in along.iter_mut().enumerate() {
        if first + k == i {
            *along = Some(A::constant(1.0));
        }
    }
    along
}

/// A formula on the tape.
struct Elementwise<F, const K: usize>(F);

impl<F: Formula<K>, const K: usize> Elementwise<F, K> {
    /// The gradients of `N` arguments from number `FIRST` on, in one pass.
    fn partials<T: Real, const FIRST: usize, const N: usize>(&self, cx: &Vjp<'_, T>) -> [Tensor<T>; N] {
        let (g, shape) = (cx.grad(), cx.output().shape());
        let x: [_; K] = std::array::from_fn(|i| cx.input(i).seen_as(shape));
        let operands: [Strided<'_, T>; 5] =
            std::array::from_fn(|k| if (1..=K).contains(&k) { x[k - 1].strided() } else { g.strided() });
        let mut gradients: [_; N] = std::array::from_fn(|_| Storage::scratch(g.len()));
        let out = gradients.each_mut().map(Storage::make_mut);
        run(&Partials::<F, K, FIRST, N>(&self.0), Arrays { shape, operands, out });
        gradients.map(|gradient| Tensor::from_storage(gradient, shape))
    }
}

impl<T: Real, F: Formula<K>, const K: usize> Op<T> for Elementwise<F, K> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(evaluate(&self.0, std::array::from_fn(|i| &x[i]))))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        if cx.recording() {
            // The same formula and the same rules on whole tensors: each operation is recorded, so the gradient has
            // derivatives like any other.
            let arena = Arena::new();
            let argument = |i: usize| {
                let along = unit(i, 0).map(|unit| unit.filter(|_| cx.needs(i)));
                Elem(Tangent::<TensorExpr<'_, T>, K> { value: arena.lift(cx.input(i).clone()), along })
            };
            let y = self.0.eval(std::array::from_fn::<_, K, _>(argument)).0;
            return cx.each(|i| match y.along[i] {
                Some(partial) => cx.grad().chain(partial.tensor()),
                None => Tensor::scalar(T::zero()),
            });
        }
        let needed: SmallVec<[usize; 4]> = (0..K).filter(|&i| cx.needs(i)).collect();
        // The constant conditions keep loops from being compiled for arguments that do not exist.
        let [gradient] = match needed.as_slice() {
            [0] => self.partials::<T, 0, 1>(cx),
            [1] if const { K > 1 } => self.partials::<T, 1, 1>(cx),
            [2] if const { K > 2 } => self.partials::<T, 2, 1>(cx),
            [3] if const { K > 3 } => self.partials::<T, 3, 1>(cx),
            // Carrying all is cheaper than a loop for each choice of two or three.
            _ => return self.partials::<T, 0, K>(cx).map(Some).into(),
        };
        let mut gradient = Some(gradient);
        (0..K).map(|i| if i == needed[0] { gradient.take() } else { None }).collect()
    }
}
