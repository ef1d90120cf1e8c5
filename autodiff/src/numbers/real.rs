//! The number types that everything is generic over, and what may stand beside them.

use std::fmt::{Debug, Display};
use std::iter::{Product, Sum};

use num_traits::{Float, FloatConst, FromPrimitive, NumAssignOps};

use crate::rules::{Algebra, Binary, Unary, binary_functions, unary_functions};

/// A real number: `f32`, `f64`, [`Dual`](crate::Dual) or [`Var`](crate::Var), nested at will.
///
/// All of `num_traits::Float`, plus the table's functions ([`Unary`], [`Binary`]) by name. A function that is generic
/// over `Real` runs on plain numbers, forward mode and recorded variables alike:
///
/// ```
/// use autodiff::{Dual, Real};
/// fn f<R: Real>(x: R) -> R { x.sin() * x.exp() }
/// assert_eq!(f(0.5_f64), 0.5_f64.sin() * 0.5_f64.exp());
/// let d = f(Dual::variable(0.5_f64));
/// assert!((d.tangent()[0] - (0.5_f64.sin() + 0.5_f64.cos()) * 0.5_f64.exp()).abs() < 1e-15);
/// ```
///
/// On a plain number write `Real::erf(x)`, and so for `erfc` and `ln_gamma`: the standard library reserves these names.
///
/// ```
/// use autodiff::{Real, Tape};
/// // The logarithm of the beta function, ln Γ(a) + ln Γ(b) - ln Γ(a + b), and its slope ψ(a) - ψ(a + b).
/// fn ln_beta<R: Real>(a: R, b: R) -> R { a.ln_gamma() + b.ln_gamma() - (a + b).ln_gamma() }
/// let tape = Tape::<f64>::new();
/// let a = tape.var(2.0);
/// let y = ln_beta(a, 3.0.into());
/// assert!((y.value() - (1.0_f64 / 12.0).ln()).abs() < 1e-15);
/// assert_eq!(y.backward().wrt(a), 2.0_f64.digamma() - 5.0_f64.digamma());
/// ```
///
/// In code that is generic over `T: Real`, a constant of its own is `T::of(0.5)`. Beside a tensor, an `f64` will do (see
/// [`Operand`]):
///
/// ```
/// use autodiff::{Real, Tensor};
/// fn halves<T: Real>(x: &Tensor<T>, scale: T) -> Tensor<T> { (1.0 - x) * 0.5 + scale * T::of(0.5) }
/// assert_eq!(halves(&Tensor::from(3.0_f32), 4.0).item(), 1.0);
/// ```
pub trait Real:
    Float
    + FloatConst
    + FromPrimitive
    + NumAssignOps
    + Sum
    + Product
    + Debug
    + Display
    + Default
    + 'static
    + Beside<Self, As = Self>
{
    /// Whether this is `f32` or `f64`, whose loops are compiled once.
    #[doc(hidden)]
    const MACHINE: bool = false;

    /// Applies a row of the table.
    fn unary(self, f: Unary) -> Self;

    /// Applies a row of the table.
    fn binary(self, f: Binary, other: Self) -> Self;

    /// The nearest number of this type; a constant, with derivative 0.
    fn of(value: f64) -> Self;

    /// Whether this is zero with no derivative attached: what contributes nothing, at any order.
    fn is_exact_zero(self) -> bool;

    /// Whether this is one with no derivative attached.
    fn is_exact_one(self) -> bool;

    /// The product of a derivative with an adjoint or tangent. An exact zero wins over infinity and NaN, so what was
    /// not reached stays zero.
    #[inline(always)]
    fn chain(self, partial: Self) -> Self {
        if self.is_exact_zero() { self } else { self * partial }
    }

    /// Adds a term to an adjoint.
    #[doc(hidden)]
    #[inline(always)]
    fn accumulate(&mut self, term: Self) {
        *self += term;
    }

    /// A plain number's bits, by which equal constants are found; `None` for numbers with derivatives.
    #[doc(hidden)]
    #[inline(always)]
    fn bits(self) -> Option<u64> {
        None
    }

    /// The plain value underneath all derivatives. A [`Program`](crate::Program) that is being recorded is bound to it.
    fn primal(self) -> f64;

    unary_functions!(unary_methods);
    binary_functions!(binary_methods);

    /// Derivative of order `n` of `digamma`; see [`Binary::Polygamma`].
    fn polygamma(self, n: u32) -> Self {
        self.binary(Binary::Polygamma, Self::of(f64::from(n)))
    }

    /// Spherical Bessel function of the first kind, of order `n`; see [`Binary::SphericalJn`].
    fn spherical_jn(self, n: u32) -> Self {
        self.binary(Binary::SphericalJn, Self::of(f64::from(n)))
    }
}

/// What may stand as the second argument, or on the right of an operator: beside a tensor of `T` another one or a reference
/// to one, a [`Var`](crate::Var), a `T`, an `f64`; beside a `Var<T>` or a [`Dual<T>`](crate::Dual) another one, a `T`, an
/// `f64`. A number is a constant, and records nothing.
///
/// An `f64` is rounded to `T`, so code that is generic over [`Real`] writes its constants as they are:
///
/// ```
/// use autodiff::{Real, Tape, Tensor};
/// use ndarray::array;
/// fn cap<T: Real>(x: &Tensor<T>) -> Tensor<T> { (0.5 * x).min(1.0).powf(2.0) - 0.25 }
/// let tape = Tape::<f32>::new();
/// let x = tape.tensor(array![1.0, 4.0]);
/// let y = cap(&x);
/// assert_eq!(y.to_array(), array![0.0, 0.75].into_dyn());
/// assert_eq!(y.sum().backward().wrt(&x), array![0.5, 0.0].into_dyn());
/// ```
///
/// A `Var` stands for a tensor without axes, on its tape, and gets its gradient:
///
/// ```
/// use autodiff::Tape;
/// let tape = Tape::<f64>::new();
/// let (x, s) = (tape.tensor(ndarray::array![1.0, 2.0]), tape.var(3.0));
/// let g = (s * &x).max(4.0).sum().backward();
/// assert_eq!((g.wrt(&x), g.wrt(s)), (ndarray::array![0.0, 3.0].into_dyn(), 2.0));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a `{X}`",
    note = "what can: another one or a reference to it, a `Var` of the same numbers, such a number, and an `f64`, whose \
            literals have a point: `2.0`"
)]
pub trait Operand<X> {
    /// Turns it into what it stands for.
    fn operand(self) -> X;
}

/// What may stand beside numbers of type `T`, and as what: it is an [`Operand`] of all that can be made from that. A [`Real`] of
/// one's own stands beside itself.
pub trait Beside<T> {
    /// A number of type `T`, or a variable or a tensor of such numbers.
    type As;

    /// Turns it into that.
    fn beside(self) -> Self::As;
}

impl<T, A: Beside<T> + Clone> Beside<T> for &A {
    type As = A::As;

    #[inline(always)]
    #[track_caller]
    fn beside(self) -> A::As {
        self.clone().beside()
    }
}

impl<T: Real> Beside<T> for f64 {
    type As = T;

    #[inline(always)]
    fn beside(self) -> T {
        T::of(self)
    }
}

impl Beside<Self> for f32 {
    type As = Self;

    #[inline(always)]
    fn beside(self) -> Self {
        self
    }
}

/// A method for each row of which `Float` has none.
macro_rules! unary_methods {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => { $(
        unless_float! { $row
            $(#[$doc])*
            fn $method(self) -> Self { self.unary(Unary::$variant) }
        }
    )* };
}
use unary_methods;

macro_rules! binary_methods {
    ($($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => { $(
        unless_float! { $row
            $(#[$doc])*
            fn $method(self, other: Self) -> Self { self.binary(Binary::$variant, other) }
        }
    )* };
}
use binary_methods;

macro_rules! unless_float {
    ({ float $($row:tt)* } $($method:tt)*) => {};
    ({ value $($row:tt)* } $($method:tt)*) => { $($method)* };
}
use unless_float;

macro_rules! primitive {
    ($($t:ident)*) => { $(
        impl Real for $t {
            const MACHINE: bool = true;

            #[inline(always)]
            fn unary(self, f: Unary) -> Self {
                f.value(self)
            }

            #[inline(always)]
            fn binary(self, f: Binary, other: Self) -> Self {
                f.value(self, other)
            }

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $t
            }

            #[inline(always)]
            fn is_exact_zero(self) -> bool {
                self == 0.0
            }

            #[inline(always)]
            fn is_exact_one(self) -> bool {
                self == 1.0
            }

            #[inline(always)]
            fn bits(self) -> Option<u64> {
                Some(u64::from(self.to_bits()))
            }

            #[inline(always)]
            fn primal(self) -> f64 {
                f64::from(self)
            }
        }
    )* };
}
primitive!(f32 f64);

impl<R: Real> Algebra for R {
    type Mask = bool;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        R::of(value)
    }

    #[inline(always)]
    fn apply1(self, f: Unary) -> Self {
        self.unary(f)
    }

    #[inline(always)]
    fn apply2(self, f: Binary, other: Self) -> Self {
        self.binary(f, other)
    }

    #[inline(always)]
    fn chained(self, slope: Self) -> Self {
        self.chain(slope)
    }

    #[inline(always)]
    fn unless(self, mask: bool) -> Self {
        if mask && !R::MACHINE { R::one() } else { self }
    }

    #[inline(always)]
    fn only(self, mask: bool) -> Self {
        if mask || R::MACHINE { self } else { R::one() }
    }

    #[inline(always)]
    #[track_caller]
    fn less(self, other: Self) -> bool {
        self < other
    }

    #[inline(always)]
    #[track_caller]
    fn equals(self, other: Self) -> bool {
        self == other
    }

    #[inline(always)]
    fn select(mask: bool, a: Self, b: Self) -> Self {
        if mask { a } else { b }
    }
}
