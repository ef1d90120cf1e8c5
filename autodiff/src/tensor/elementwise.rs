//! The table's rows on whole tensors.

use super::expr::Arena;
use super::layout::{Dims, broadcast, checked_len};
use super::op::{Op, Row, on_tensors};
use super::rule::Rule;
use super::written::Term::{Array, G, Times, X};
use super::written::Written;
use super::{Grads, Tensor, Vjp};
use crate::error::{Result, mismatch};
use crate::kernels::loops::{self, Arrays, Strided};
use crate::kernels::once;
use crate::rules::notation::Notation;
use crate::rules::notation::sign::{A, Atom, In, Same, Sign, Square};
use crate::rules::{Binary, Unary, binary_functions, unary_functions};
use crate::{Operand, Real};
use ndarray::{ArrayD, ArrayViewD};

macro_rules! unary_methods {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => {
        /// The table's functions of one argument, element by element.
        #[allow(clippy::should_implement_trait, reason = "`neg` is a row of the table as well as an operator")]
        impl<T: Real> Tensor<T> { $(
            $(#[$doc])*
            #[track_caller]
            pub fn $method(&self) -> Self { self.unary(Unary::$variant) }
        )* }
    };
}
unary_functions!(unary_methods);

macro_rules! binary_methods {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => {
        /// The table's functions of two arguments, element by element, with broadcasting; the second is an [`Operand`].
        impl<T: Real> Tensor<T> { $(
            $(#[$doc])*
            #[track_caller]
            pub fn $method(&self, other: impl Operand<Self>) -> Self {
                self.binary(Binary::$variant, &other.operand())
            }
        )* }
    };
}
binary_functions!(binary_methods);

impl<T: Real> Tensor<T> {
    /// Applies a row of the table to every element.
    #[doc(alias("map", "mapv"))]
    #[track_caller]
    pub fn unary(&self, f: Unary) -> Self {
        let shape = self.shape();
        let output = Self::build(shape, |out| {
            once::unary(f, Arrays { shape, operands: [self.strided()], out: [out] });
        });
        Self::record_static(&Unary::ALL[f as usize], &[self], output)
    }

    /// Applies a row of the table to every pair of elements, with broadcasting.
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[doc(alias = "zip_mut_with")]
    #[track_caller]
    pub fn binary(&self, f: Binary, other: &Self) -> Self {
        let output = self.zip(f.name(), other, |shape, a, b, out| {
            once::binary(f, Arrays { shape, operands: [a, b], out: [out] });
        });
        Self::record_static(&Binary::ALL[f as usize], &[self, other], output)
    }

    /// An adjoint times a slope, with broadcasting: the product of the two, but 0 where the adjoint is 0, even beside an
    /// infinity or NaN.
    ///
    /// It is the product of every rule here, so that a branch that was not taken is silent, at any order. An
    /// [operation of one's own](crate::tensor::Op) that multiplies by it is so, too.
    ///
    /// ```
    /// use autodiff::Tensor;
    /// use ndarray::array;
    /// let (adjoint, slope) = (Tensor::constant(array![2.0, 0.0]), Tensor::constant(array![3.0, f64::INFINITY]));
    /// assert_eq!(adjoint.chain(&slope).to_array(), array![6.0, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn chain(&self, slope: impl Operand<Self>) -> Self {
        self.binary(Binary::Chain, &slope.operand())
    }

    /// The product with another adjoint: zeros of either win.
    #[track_caller]
    pub(super) fn with_adjoint(&self, other: &Self) -> Self {
        Self::select(&self.mask(|g| g == T::zero()), self.chain(other), other.chain(self))
    }

    /// Power with an integer exponent.
    #[doc(alias("pow", "power", "integer_pow"))]
    #[track_caller]
    pub fn powi(&self, n: i32) -> Self {
        self.binary(Binary::Powi, &Self::scalar(T::of(f64::from(n))))
    }

    /// Derivative of order `n` of `digamma`; see [`Binary::Polygamma`].
    #[track_caller]
    pub fn polygamma(&self, n: u32) -> Self {
        self.binary(Binary::Polygamma, &Self::scalar(T::of(f64::from(n))))
    }

    /// Spherical Bessel function of the first kind, of order `n`; see [`Binary::SphericalJn`].
    #[track_caller]
    pub fn spherical_jn(&self, n: u32) -> Self {
        self.binary(Binary::SphericalJn, &Self::scalar(T::of(f64::from(n))))
    }

    /// `self` held between `low` and `high`, numbers or tensors. A bound that is reached gets the gradient, but at the bound
    /// itself nobody does.
    ///
    /// ```
    /// use autodiff::Tape;
    /// use ndarray::array;
    /// let tape = Tape::new();
    /// let x = tape.tensor(array![-2.0, 0.5, 1.0]);
    /// let high = tape.tensor(array![1.0, 0.0, 1.0]);
    /// let y = x.clamp(-1.0, &high);
    /// assert_eq!(y.to_array(), array![-1.0, 0.0, 1.0].into_dyn());
    /// let g = y.sum().backward();
    /// assert_eq!(g.wrt(&x), array![0.0, 0.0, 0.0].into_dyn());
    /// assert_eq!(g.wrt(&high), array![0.0, 1.0, 0.0].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If somewhere `low > high`, or one of them is NaN, or if the shapes do not broadcast.
    #[doc(alias = "clip")]
    #[track_caller]
    pub fn clamp(&self, low: impl Operand<Self>, high: impl Operand<Self>) -> Self {
        let (low, high) = (low.operand(), high.operand());
        let shape = fit("clamp", low.shape(), high.shape());
        let [lows, highs] = [&low, &high].map(|bound| bound.seen_as(&shape));
        for (low, high) in lows.view().iter().zip(highs.view()) {
            assert!(low <= high, "clamp: the lower bound is {low}, the upper {high}; the lower must not be above");
        }
        let inside = self.compare("clamp", &low, |x, low| x > low || x.is_nan())
            * self.compare("clamp", &high, |x, high| x < high || x.is_nan());
        let at_bound =
            self.compare("clamp", &low, |x, low| x == low) + self.compare("clamp", &high, |x, high| x == high);
        let bound = Self::select(&self.compare("clamp", &low, |x, low| x < low), low, high);
        Self::select(&inside, self, Self::select(&at_bound, self.untracked(), bound))
    }

    /// 1 where the condition holds and 0 elsewhere; a constant, for [`Tensor::select`].
    #[doc(alias = "mapv")]
    #[track_caller]
    pub fn mask(&self, holds: impl Fn(T) -> bool) -> Self {
        let truth = |holds| if holds { T::one() } else { T::zero() };
        let shape = self.shape();
        Self::build(shape, |out| loops::map1(shape, self.strided(), out, |x| truth(holds(x)))).noted("mask", &[self])
    }

    /// 1 where the condition holds for a pair of elements, 0 elsewhere; a constant.
    #[track_caller]
    pub(crate) fn compare(&self, op: &'static str, other: &Self, holds: impl Fn(T, T) -> bool) -> Self {
        let truth = |holds| if holds { T::one() } else { T::zero() };
        let mask = self.zip(op, other, |shape, a, b, out| loops::map2(shape, a, b, out, |x, y| truth(holds(x, y))));
        mask.noted(op, &[self, other])
    }

    /// `a` where `mask` is not 0 and `b` elsewhere, tensors or numbers, with broadcasting. What is not chosen has no influence: neither its
    /// value nor its gradient lets a NaN through, at any order and through any operation, for an adjoint that is exactly 0 passes
    /// nothing on ([`chain`](Self::chain)). No gradient flows to the mask.
    ///
    /// ```
    /// use autodiff::{Tape, Tensor};
    /// let tape = Tape::new();
    /// let x = tape.tensor(ndarray::array![-1.0, 4.0]);
    /// let positive = x.mask(|x| x > 0.0);
    /// let y = Tensor::select(&positive, x.sqrt(), 0.0);
    /// assert_eq!(y.sum().backward().wrt(&x), ndarray::array![0.0, 0.25].into_dyn());
    /// ```
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[doc(alias = "where")]
    #[track_caller]
    pub fn select(mask: &Self, a: impl Operand<Self>, b: impl Operand<Self>) -> Self {
        Self::chosen(mask, &a.operand(), &b.operand())
    }

    #[track_caller]
    pub(super) fn chosen(mask: &Self, a: &Self, b: &Self) -> Self {
        let shape = fit("select", mask.shape(), &fit("select", a.shape(), b.shape()));
        let [m, x, y] = [mask, a, b].map(|t| t.layout().broadcast_to(&shape).expect("just matched"));
        let [m, x, y] = [mask.with_layout(m), a.with_layout(x), b.with_layout(y)];
        let output = Self::build(&shape, |out| {
            once::select(Arrays { shape: &shape, operands: [m.strided(), x.strided(), y.strided()], out: [out] });
        });
        let rule = &Rule {
            name: "select",
            with: (),
            forward: |x, ()| Ok(Self::chosen(&x[0], &x[1], &x[2])),
            vjp: |cx, ()| {
                let (mask, g) = (cx.input(0), cx.grad());
                let a = cx.needs(1).then(|| Self::select(mask, g, 0.0));
                let b = cx.needs(2).then(|| Self::select(mask, 0.0, g));
                Grads::from([None, a, b])
            },
            notation: |_, ()| {
                const ZERO: Notation = Atom(&[In(Square, &[A, Same(" = 0")])]);
                const OTHER: Notation = Atom(&[In(Square, &[A, Sign(" ≠ 0", r" \neq 0")])]);
                Written::named([ZERO, OTHER, ZERO].map(|mask| Times(vec![G, Array(mask, vec![X(0)])])))
            },
        };
        Self::record_static(rule, &[mask, a, b], output)
    }

    /// Broadcasts two operands and builds a result from their common shape.
    #[track_caller]
    fn zip(
        &self,
        op: &str,
        other: &Self,
        write: impl FnOnce(&[usize], Strided<'_, T>, Strided<'_, T>, &mut [T]),
    ) -> Self {
        if self.shape() == other.shape() {
            let shape = self.shape();
            return Self::build(shape, |out| write(shape, self.strided(), other.strided(), out));
        }
        let shape = fit(op, self.shape(), other.shape());
        let [a, b] = [self, other].map(|t| t.layout().broadcast_to(&shape).expect("just matched"));
        Self::build(&shape, |out| {
            let a = Strided { data: self.buffer(), strides: &a.strides, offset: a.offset };
            let b = Strided { data: other.buffer(), strides: &b.strides, offset: b.offset };
            write(&shape, a, b, out);
        })
    }
}

/// The common shape of two operands.
#[track_caller]
pub(super) fn fit(op: &str, a: &[usize], b: &[usize]) -> Dims {
    // Not in a closure: the panic is to point at the operator.
    let Some(shape) = broadcast(a, b) else {
        mismatch(op, a, b, "matched from the last axis, lengths must be equal or 1")
    };
    if checked_len(&shape).is_none() {
        mismatch(op, a, b, "together they have too many elements");
    }
    shape
}

/// `f'(x) g` for all elements.
fn unary_partials<T: Real>(f: Unary, g: &Tensor<T>, x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
    let shape = g.shape();
    let operands = [g.strided(), x.strided(), y.strided()];
    Tensor::build(shape, |out| once::unary_partial(f, Arrays { shape, operands, out: [out] }))
}

/// `∂f/∂x_i(a, b) g` for all elements; `x` holds `a`, `b` and `f(a, b)`.
fn binary_partials<T: Real>(f: Binary, i: usize, g: &Tensor<T>, x: [&Tensor<T>; 3]) -> Tensor<T> {
    let (shape, [a, b, y]) = (g.shape(), x.map(Tensor::strided));
    Tensor::build(shape, |out| {
        once::binary_partial(f, i, Arrays { shape, operands: [g.strided(), a, b, y], out: [out] });
    })
}

impl<T: Real> Op<T> for Unary {
    fn name(&self) -> &str {
        (*self).name()
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].unary(*self)))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let f = *self;
        if f.is_step() {
            // Nothing flows back, and whoever asks for it is told why.
            return Grads::from([None]);
        }
        let (x, y, g) = (cx.input(0), cx.output(), cx.grad());
        if cx.recording() {
            let arena = Arena::new();
            let partial = f.derivative(arena.lift(x.clone()), arena.lift(y.clone())).tensor();
            return g.chain(&partial).into();
        }
        unary_partials(f, g, x, y).into()
    }

    fn vjp_rows(&self, cx: &Vjp<'_, T>) -> Option<Grads<T>> {
        let f = *self;
        if f.is_step() {
            return None;
        }
        let seen = |t: &Tensor<T>| Some(t.with_layout(t.layout().broadcast_to(cx.grad().shape())?));
        Some(unary_partials(f, cx.grad(), &seen(cx.input(0))?, &seen(cx.output())?).into())
    }

    fn row(&self) -> Option<Row> {
        Some(Row::Unary(*self))
    }
}

impl<T: Real> Op<T> for Binary {
    fn name(&self) -> &str {
        (*self).name()
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| Ok(x[0].binary(*self, &x[1])))
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let f = *self;
        let g = cx.grad();
        match f {
            Binary::Add => return cx.each(|_| g.clone()),
            Binary::Sub => return cx.each(|i| if i == 0 { g.clone() } else { -g }),
            Binary::Chain if cx.recording() => {
                return cx.each(|i| if i == 0 { g.chain(cx.input(1)) } else { g.with_adjoint(cx.input(0)) });
            }
            _ => {}
        }
        let (a, b, y) = (cx.input(0), cx.input(1), cx.output());
        if cx.recording() {
            let arena = Arena::new();
            let [x, z, v] = [a, b, y].map(|t| arena.lift(t.clone()));
            return cx.each(|i| {
                let partial = if i == 0 { f.derivative_a(x, z, v) } else { f.derivative_b(x, z, v) };
                g.chain(partial.tensor())
            });
        }
        let stretched =
            |t: &Tensor<T>| t.with_layout(t.layout().broadcast_to(y.shape()).expect("an operand broadcasts"));
        let seen = [a, b].map(|t| (t.shape() != y.shape()).then(|| stretched(t)));
        let (a, b) = (seen[0].as_ref().unwrap_or(a), seen[1].as_ref().unwrap_or(b));
        cx.each(|i| binary_partials(f, i, g, [a, b, y]))
    }

    fn vjp_rows(&self, cx: &Vjp<'_, T>) -> Option<Grads<T>> {
        let f = *self;
        let seen = |t: &Tensor<T>| Some(t.with_layout(t.layout().broadcast_to(cx.grad().shape())?));
        let (a, b, y) = (seen(cx.input(0))?, seen(cx.input(1))?, seen(cx.output())?);
        Some((0..2).map(|i| cx.needs(i).then(|| binary_partials(f, i, cx.grad(), [&a, &b, &y]))).collect())
    }

    fn row(&self) -> Option<Row> {
        Some(Row::Binary(*self))
    }
}
