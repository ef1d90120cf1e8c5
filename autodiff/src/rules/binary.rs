//! Operators and functions of two arguments.

use num_traits::Float;

use super::curvature::{Curvature, curvature};
use super::notation::Notation;
use super::{Algebra, special};

/// The rows that are methods of number types. The others, operators first, stand in [`with_operators`]: they have no methods.
macro_rules! binary_functions {
    ($consumer:path $(, $argument:tt)*) => { $consumer! { $($argument)*
        /// Power `a^b`. At `a = 0`: `d/da` is 0 for `b > 1` and for `b = 0`, 1 for `b = 1`, `+inf` for `0 < b < 1`;
        /// `d/db` is 0 for `b > 0`. The derivative with respect to `b` is NaN for `a < 0`.
        #[doc(alias("pow", "power"))]
        Pow powf {
            float(a, b) = a.powf(b);
            da(a, b, y) = {
                // y / a, whose exponent is not rounded; a^(b - 1) where `b - 1` is exact or `y / a` is 0 / 0 or inf / inf.
                let (zero, power) = (a.equals(R::constant(0.0)), a.powf(b - R::constant(1.0)));
                let quotient = R::select(b.less(R::constant(0.5)), y / a.unless(zero), power);
                let finite = R::select(y.equals(R::constant(f64::INFINITY)), power, quotient);
                b.chained(R::select(zero, power, finite))
            };
            db(a, b, y) = {
                let (zero, positive) = (a.equals(R::constant(0.0)), R::constant(0.0).less(b));
                // A positive power of 0 is flat: 1 ln 1.
                let (y_or_1, a_or_1) = (R::select(zero, R::constant(1.0), y), R::select(zero, R::constant(1.0), a));
                R::select(positive, y_or_1, y).xlogy(R::select(positive, a_or_1, a))
            };
            notation = Power(&[A, Up(&[B])]); at = [(2.0, 3.0), (0.3, -1.5), (1.0, 0.5), (2.0, 0.0), (1e-60, 0.1), (0.999_999_9, 1e6), (1e10, -20.3), (10.0, 290.0)];
            edges = [(0.0, 2.0), (0.0, 1.0), (0.0, 0.5), (0.0, 0.0), (-2.0, 2.0), (-2.0, 0.5)];
        }
        /// Logarithm of `a` to base `b`.
        Log log {
            float(a, b) = a.log(b);
            da(a, b, y) = y.domain(R::constant(1.0) / b.ln() / a);
            db(a, b, y) = -y / b.ln() / b;
            notation = Prefix(&[Command("log"), Down(&[B]), SPACE, A]); at = [(2.0, 3.0), (0.3, 10.0), (1.000_000_1, 2.0), (5.0, 0.9999), (1e-40, 0.5), (1e40, 1e-8)];
        }
        /// Length of the vector `(a, b)`. The gradient at the origin is 0. Second derivatives are exact to an eps of `1 / y`.
        Hypot hypot {
            float(a, b) = a.hypot(b);
            da(a, b, y) = share_of(a, y);
            db(a, b, y) = share_of(b, y);
            notation = Atom(&[Root(&[A, Up(&[TWO]), PLUS, B, Up(&[TWO])])]); at = [(3.0, -4.0), (0.3, 0.1), (0.05, 1.0), (1e90, 1e90), (-1e-20, 2e-20)];
            edges = [(0.0, 0.0)];
        }
        /// Angle of the point with ordinate `a` and abscissa `b`, in radians. The gradient at the origin is NaN.
        #[doc(alias = "arctan2")]
        Atan2 atan2 {
            float(a, b) = a.atan2(b);
            da(a, b, y) = { let r = a.hypot(b); undefined(r, a + b, b / r / r) };
            db(a, b, y) = { let r = a.hypot(b); undefined(r, a + b, -(a / r / r)) };
            notation = Call(Word("atan2")); at = [(3.0, -4.0), (-0.3, -0.1), (0.5, 2.0), (1e-8, 1.0), (1.0, -1e-8), (1e80, 2e80), (0.0, 2.0)];
            edges = [(0.0, 0.0)];
        }
        /// The larger of two; a NaN operand yields the other. A tie shares its derivative evenly.
        #[doc(alias("maximum", "fmax"))]
        Max max {
            float(a, b) = a.max(b);
            da(a, b, y) = a.share(b, b.less(a));
            db(a, b, y) = b.share(a, a.less(b));
            notation = Call(Command("max")); at = [(3.0, -4.0), (0.3, 0.7), (1e10, -1e-8)];
            edges = [(1.0, 1.0), (f64::INFINITY, f64::INFINITY), (f64::NAN, 1.0)]; is linear;
        }
        /// The smaller of two; a NaN operand yields the other. A tie shares its derivative evenly.
        #[doc(alias("minimum", "fmin"))]
        Min min {
            float(a, b) = a.min(b);
            da(a, b, y) = a.share(b, a.less(b));
            db(a, b, y) = b.share(a, b.less(a));
            notation = Call(Command("min")); at = [(3.0, -4.0), (0.3, 0.7), (1e10, -1e-8)];
            edges = [(1.0, 1.0), (f64::INFINITY, f64::INFINITY), (f64::NAN, 1.0)]; is linear;
        }
        /// Positive difference `max(a - b, 0)`. The gradient at `a = b` is 0.
        #[doc(alias = "fdim")]
        AbsSub abs_sub {
            float(a, b) = if a <= b { F::zero() } else { a - b };
            da(a, b, y) = y.step();
            db(a, b, y) = -y.step();
            notation = Atom(&[In(Square, &[A, LESS, B]), Down(&[Same("+")])]); at = [(3.0, -4.0), (0.3, 0.7), (1e10, -1e-8)];
            edges = [(1.0, 1.0)]; is linear;
        }
        /// Magnitude of `a` with the sign of `b`. The derivative at `a = 0` is 0, as for `abs`.
        Copysign copysign {
            float(a, b) = a.copysign(b);
            da(a, b, y) = R::select(a.equals(R::constant(0.0)), R::constant(0.0), a.signum() * b.signum());
            db(a, b, y) = R::constant(0.0);
            notation = Atom(&[In(Bars, &[Item(0)]), SPACE, Word("sgn"), SPACE, B]); at = [(3.0, -4.0), (-0.3, 0.7), (1e10, -1e-8)];
            edges = [(0.0, -1.0)]; is linear;
        }
        /// `a ln b`, which is 0 at `a = 0` whatever `b` (0 included); its gradient there is `(ln b, 0)`.
        Xlogy xlogy {
            value(a, b) = if a == F::zero() && !b.is_nan() { F::zero() } else { a * b.ln() };
            da(a, b, y) = b.ln();
            db(a, b, y) = {
                let zero = a.equals(R::constant(0.0));
                R::select(zero, a.chained(R::constant(1.0) / b.only(zero)), y.domain(a / b.unless(zero)))
            };
            notation = Prefix(&[A, SPACE, Command("ln"), SPACE, B]); at = [(2.0, 3.0), (-0.3, 0.5), (0.0, 0.5), (1e-8, 1e40), (5.0, 0.999_999_999_999)];
            edges = [(0.0, 0.0), (0.0, 2.0), (2.0, 0.0)];
        }
        /// `a ln(1 + b)`, accurate near `b = 0`; it is 0 at `a = 0` whatever `b`, and its gradient there is `(ln(1 + b), 0)`.
        Xlog1py xlog1py {
            value(a, b) = if a == F::zero() && !b.is_nan() { F::zero() } else { a * b.ln_1p() };
            da(a, b, y) = b.ln_1p();
            db(a, b, y) = {
                let (zero, shifted) = (a.equals(R::constant(0.0)), R::constant(1.0) + b);
                let at_zero = a.chained(R::constant(1.0) / shifted.only(zero));
                R::select(zero, at_zero, y.domain(a / shifted.unless(zero)))
            };
            notation = Atom(&[A, SPACE, Command("ln"), In(Round, &[Same("1 + "), B])]);
            at = [(2.0, 3.0), (-0.3, -0.5), (0.0, 0.5), (1e-8, 1e40), (5.0, 1e-10), (0.7, -0.999_999_999_999)];
            edges = [(0.0, -1.0), (0.0, 1.0), (2.0, -1.0)];
        }
        /// `ln(e^a + e^b)` without overflow. Of `-inf` and `-inf` it is `-inf` with gradient 0; a tie, at `+inf` too, shares
        /// its derivative evenly. Rounding `a - b` leaves the slopes exact to 1 eps absolute.
        #[doc(alias = "logaddexp")]
        LogAddExp log_add_exp {
            value(a, b) = {
                // Equal infinities have no difference.
                let gap = if a == b { F::zero() } else { (a - b).abs() };
                (if a < b { b } else { a }) + (-gap).exp().ln_1p()
            };
            da(a, b, y) = exp_share(a, b, y);
            db(a, b, y) = exp_share(b, a, y);
            notation = Atom(&[Command("ln"), In(Round, &[Same("e"), Up(&[A]), PLUS, Same("e"), Up(&[B])])]);
            at = [(0.3, -1.2), (2.0, 2.0), (-700.0, -710.0), (1000.0, 998.5), (1e-8, 30.0), (-40.0, 1.7)];
            edges = [(f64::NEG_INFINITY, f64::NEG_INFINITY), (f64::INFINITY, 3.0), (f64::INFINITY, f64::INFINITY), (1000.0, 1000.0)];
        }
    } };
}
pub(crate) use binary_functions;

macro_rules! define {
    ($($(#[$doc:meta])* $variant:ident $method:ident {
        $value_or_float:ident($a:ident, $b:ident) = $value:expr;
        da($aa:ident, $ab:ident, $ay:ident) = $da:expr;
        db($ba:ident, $bb:ident, $by:ident) = $db:expr;
        notation = $notation:expr; at = $points:expr; $(edges = [$($edge:expr),*];)? $(is $kind:ident;)?
    })*) => {
        /// An operator or function of two arguments: a row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Binary { $($(#[$doc])* $variant,)* }

        impl Binary {
            /// Every row, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The function's name, which is also the method's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($method),)* }
            }

            /// LaTeX of the function, with `{a}` and `{b}` standing for its arguments.
            pub fn latex(self) -> String {
                self.notation().latex(&["{a}", "{b}"])
            }

            /// How the function is written.
            pub(crate) const fn notation(self) -> Notation {
                use super::notation::sign::*;
                match self { $(Self::$variant => $notation,)* }
            }

            /// Points inside the domain and off the kinks, at which the row is checked.
            pub const fn points(self) -> &'static [(f64, f64)] {
                match self { $(Self::$variant => &$points,)* }
            }

            /// As [`Unary::edges`](super::Unary::edges), for functions of two arguments.
            pub const fn edges(self) -> &'static [(f64, f64)] {
                match self { $(Self::$variant => &[$($($edge),*)?],)* }
            }

            /// Where both arguments are variables.
            pub(crate) const fn curvature(self) -> Curvature {
                match self { $(Self::$variant => curvature!($($kind)?),)* }
            }

            /// The value on plain numbers (`f32`, `f64`), bit for bit what plain code gives.
            #[inline(always)]
            pub fn value<F: Float>(self, a: F, b: F) -> F {
                match self { $(Self::$variant => { let ($a, $b) = (a, b); $value })* }
            }

            /// The derivative with respect to `a`, where the function's value is `y`.
            #[inline(always)]
            #[allow(unused_variables, reason = "a row uses the arguments it needs")]
            pub fn derivative_a<R: Algebra>(self, a: R, b: R, y: R) -> R {
                match self { $(Self::$variant => { let ($aa, $ab, $ay) = (a, b, y); $da })* }
            }

            /// The derivative with respect to `b`, where the function's value is `y`.
            #[inline(always)]
            #[allow(unused_variables, reason = "a row uses the arguments it needs")]
            pub fn derivative_b<R: Algebra>(self, a: R, b: R, y: R) -> R {
                match self { $(Self::$variant => { let ($ba, $bb, $by) = (a, b, y); $db })* }
            }
        }
    };
}

/// All rows.
macro_rules! binary_rows {
    ($($consumer_and_arguments:tt)*) => {
        $crate::rules::binary_functions! { $crate::rules::with_operators, { $($consumer_and_arguments)* } }
    };
}
pub(crate) use binary_rows;

macro_rules! with_operators {
    ({ $consumer:path $(, $argument:tt)* } $($functions:tt)*) => { $consumer! { $($argument)*
        /// Sum `a + b`.
        Add add {
            value(a, b) = a + b;
            da(a, b, y) = R::constant(1.0);
            db(a, b, y) = R::constant(1.0);
            notation = Sum(&[A, PLUS, B]); at = [(2.0, 3.0), (-0.3, 0.5), (1e10, -1e-8)];
            is linear;
        }
        /// Difference `a - b`.
        Sub sub {
            value(a, b) = a - b;
            da(a, b, y) = R::constant(1.0);
            db(a, b, y) = R::constant(-1.0);
            notation = Sum(&[A, LESS, B]); at = [(2.0, 3.0), (-0.3, 0.5), (1e10, -1e-8)];
            is linear;
        }
        /// Product `a b`.
        Mul mul {
            value(a, b) = a * b;
            da(a, b, y) = b;
            db(a, b, y) = a;
            notation = Product(&[A, DOT, B]); at = [(2.0, 3.0), (-0.3, 0.5), (1e10, -1e-8)];
            is bilinear;
        }
        /// Quotient `a / b`.
        Div div {
            value(a, b) = a / b;
            da(a, b, y) = R::constant(1.0) / b;
            db(a, b, y) = -y / b;
            notation = Prefix(&[Over(&[A], &[B])]); at = [(2.0, 3.0), (-0.3, 0.5), (1e10, -1e-8), (1e-8, 1e10)];
            edges = [(1.0, 0.0), (0.0, 0.0)];
        }
        /// Remainder `a - b trunc(a / b)`. NaN at `b = 0`, in value and derivative.
        Rem rem {
            value(a, b) = a % b;
            da(a, b, y) = R::select(y.equals(y), R::constant(1.0), R::constant(f64::NAN));
            // The quotient before rounding is an integer: `a / b` itself might round up to the next.
            db(a, b, y) = R::select(y.equals(y), -((a - y) / b).round(), R::constant(f64::NAN));
            notation = Product(&[A, Sign(" mod ", r" \bmod "), B]); at = [(7.3, 3.0), (-0.3, 0.5), (1e10, 3.3), (1e-8, -0.5)];
            edges = [(2.0, 0.0)]; is linear;
        }
        /// Product in which a zero `a` wins over infinity and NaN: an adjoint times a slope, as [`Real::chain`](crate::Real::chain).
        Chain chain {
            value(a, b) = if a == F::zero() { a } else { a * b };
            da(a, b, y) = b;
            db(a, b, y) = a;
            notation = Product(&[A, DOT, B]); at = [(2.0, 3.0), (-0.3, 0.5), (1e10, -1e-8)];
            is bilinear;
        }
        /// Power with an integer exponent, as `f64::powi` gives it; `b` is a constant.
        Powi powi {
            value(a, b) = a.powi(b.to_i32().unwrap_or(0));
            da(a, b, y) = R::select(b.equals(R::constant(0.0)), R::constant(0.0), b * a.powi_of(b - R::constant(1.0)));
            db(a, b, y) = R::constant(0.0);
            notation = Power(&[A, Up(&[B])]); at = [(2.0, 3.0), (-0.3, -2.0), (1.7, 1.0), (-1.1, 9.0), (1e-8, 5.0), (1e10, -4.0)];
        }
        /// Derivative of order `b` of [`digamma`](crate::rules::Unary::Digamma) at `a`; the order is a constant, a natural
        /// number up to 170. At 0 and at negative integers it is `+inf` for odd orders; for even ones the sign of the zero
        /// decides between `±inf`, and it is NaN at negative integers.
        Polygamma polygamma {
            value(a, b) = special::with_order(special::polygamma, b, a);
            da(a, b, y) = y.domain(a.apply2(Binary::Polygamma, b + R::constant(1.0)));
            db(a, b, y) = R::constant(0.0);
            notation = Atom(&[Sign("ψ", r"\psi"), Up(&[In(Round, &[Item(1)])]), In(Round, &[Item(0)])]);
            at = [(0.1, 1.0), (2.5, 1.0), (1e-8, 1.0), (-0.7, 1.0), (30.0, 2.0), (1e6, 3.0), (-2.3, 2.0), (4.5, 0.0), (3.0, 6.0)];
        }
        /// Spherical Bessel function of the first kind, `j_b(a)`; the order is a constant, a natural number. 0 at `±inf`.
        /// Its slope `(b j_(b-1) - (b+1) j_(b+1)) / (2b+1)` divides by nothing that vanishes.
        SphericalJn spherical_jn {
            value(a, b) = special::with_order(special::spherical_jn, b, a);
            da(a, b, y) = {
                let next = b + R::constant(1.0);
                // At order 0 the one below counts 0-fold; any will do.
                let below = a.apply2(Binary::SphericalJn, (b - R::constant(1.0)).abs());
                y.domain((b * below - next * a.apply2(Binary::SphericalJn, next)) / (b + next))
            };
            db(a, b, y) = R::constant(0.0);
            notation = Atom(&[Same("j"), Down(&[B]), In(Round, &[Item(0)])]);
            at = [(0.0, 0.0), (0.0, 1.0), (0.0, 3.0), (1e-8, 1.0), (0.7, 1.0), (2.0, 2.0), (-1.3, 1.0), (5.0, 3.0), (6.0, 10.0), (100.0, 4.0)];
        }
        $($functions)*
    } };
}
pub(crate) use with_operators;
binary_rows!(define);

impl Binary {
    /// Where only the first argument is a variable.
    pub(crate) const fn curvature_in_first(self) -> Curvature {
        match self {
            Self::Div => Curvature::None,
            _ => self.curvature_in_second(),
        }
    }

    /// Where only the second argument is a variable.
    pub(crate) const fn curvature_in_second(self) -> Curvature {
        match self.curvature() {
            Curvature::Full => Curvature::Full,
            _ => Curvature::None,
        }
    }
}

/// `e^a / (e^a + e^b)`, where `y = ln(e^a + e^b)`.
fn exp_share<R: Algebra>(a: R, b: R, y: R) -> R {
    let gap = a - b;
    let known = gap.equals(gap);
    let tie = R::select(y.equals(R::constant(f64::INFINITY)), R::constant(0.5), y);
    let tie = R::select(y.equals(R::constant(f64::NEG_INFINITY)), R::constant(0.0), tie);
    R::select(known, gap.only(known).sigmoid(), tie)
}

/// The slope of a length by one of its coordinates: their quotient, 0 where the length is.
#[inline(always)]
pub(crate) fn share_of<R: Algebra>(x: R, length: R) -> R {
    let zero = length.equals(R::constant(0.0));
    R::select(zero, R::constant(0.0), x / length.unless(zero))
}

/// `slope`, but NaN to any order, in all that `x` depends on, where `r` is 0.
fn undefined<R: Algebra>(r: R, x: R, slope: R) -> R {
    R::select(r.equals(R::constant(0.0)), (x * R::constant(f64::NAN)).ln(), slope)
}
