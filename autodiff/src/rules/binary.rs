//! Operators and functions of two arguments.

use num_traits::Float;

use super::Algebra;

/// The rows that are methods of number types. The five operators stand in [`define`]'s own list below: they have no methods.
macro_rules! binary_functions {
    ($consumer:path $(, $argument:tt)*) => { $consumer! { $($argument)*
        /// Power `a^b`. At `a = 0`: `d/da` is 0 for `b > 1` and for `b = 0`, 1 for `b = 1`, `+inf` for `0 < b < 1`;
        /// `d/db` is 0 for `b > 0`. The derivative with respect to `b` is NaN for `a < 0`.
        Pow powf {
            value(a, b) = a.powf(b);
            da(a, b, y) = b.apply2(Binary::Chain, a.powf(b - R::constant(1.0)));
            db(a, b, y) = y.xlogy(a);
            latex = "{a}^{{b}}"; at = [(2.0, 3.0), (0.3, -1.5), (1.0, 0.5), (2.0, 0.0)];
        }
        /// Logarithm of `a` to base `b`.
        Log log {
            value(a, b) = a.log(b);
            da(a, b, y) = y.domain(R::constant(1.0) / (a * b.ln()));
            db(a, b, y) = -y / (b * b.ln());
            latex = r"\log_{{b}} {a}"; at = [(2.0, 3.0), (0.3, 10.0)];
        }
        /// Length of the vector `(a, b)`. The gradient at the origin is 0.
        Hypot hypot {
            value(a, b) = a.hypot(b);
            da(a, b, y) = R::select(y.equals(R::constant(0.0)), R::constant(0.0), a / y);
            db(a, b, y) = R::select(y.equals(R::constant(0.0)), R::constant(0.0), b / y);
            latex = r"\sqrt{{a}^2 + {b}^2}"; at = [(3.0, -4.0), (0.3, 0.1)];
        }
        /// Angle of the point with ordinate `a` and abscissa `b`, in radians.
        Atan2 atan2 {
            value(a, b) = a.atan2(b);
            da(a, b, y) = { let r = a.hypot(b); b / r / r };
            db(a, b, y) = { let r = a.hypot(b); -(a / r / r) };
            latex = r"\operatorname{atan2}\left({a}, {b}\right)"; at = [(3.0, -4.0), (-0.3, -0.1), (0.5, 2.0)];
        }
        /// The larger of two; a NaN operand yields the other. A tie shares its derivative evenly.
        Max max {
            value(a, b) = a.max(b);
            da(a, b, y) = a.share(b, b.less(a));
            db(a, b, y) = b.share(a, a.less(b));
            latex = r"\max\left({a}, {b}\right)"; at = [(3.0, -4.0), (0.3, 0.7)];
        }
        /// The smaller of two; a NaN operand yields the other. A tie shares its derivative evenly.
        Min min {
            value(a, b) = a.min(b);
            da(a, b, y) = a.share(b, a.less(b));
            db(a, b, y) = b.share(a, b.less(a));
            latex = r"\min\left({a}, {b}\right)"; at = [(3.0, -4.0), (0.3, 0.7)];
        }
        /// Positive difference `max(a - b, 0)`. The gradient at `a = b` is 0.
        AbsSub abs_sub {
            value(a, b) = if a <= b { F::zero() } else { a - b };
            da(a, b, y) = y.step();
            db(a, b, y) = -y.step();
            latex = r"\left[{a} - {b}\right]_+"; at = [(3.0, -4.0), (0.3, 0.7)];
        }
        /// Magnitude of `a` with the sign of `b`. The derivative at `a = 0` is 0, as for `abs`.
        Copysign copysign {
            value(a, b) = a.copysign(b);
            da(a, b, y) = R::select(a.equals(R::constant(0.0)), R::constant(0.0), a.signum() * b.signum());
            db(a, b, y) = R::constant(0.0);
            latex = r"\left|{a}\right| \operatorname{sgn} {b}"; at = [(3.0, -4.0), (-0.3, 0.7)];
        }
        /// `a ln b`, which is 0 at `a = 0` whatever `b` (0 included); its gradient there is `(ln b, 0)`.
        Xlogy xlogy {
            value(a, b) = if a == F::zero() && !b.is_nan() { F::zero() } else { a * b.ln() };
            da(a, b, y) = b.ln();
            db(a, b, y) = R::select(a.equals(R::constant(0.0)), a.apply2(Binary::Chain, R::constant(1.0) / b), a / b);
            latex = r"{a} \ln {b}"; at = [(2.0, 3.0), (-0.3, 0.5), (0.0, 0.5)];
        }
    } };
}
pub(crate) use binary_functions;

macro_rules! define {
    ($($(#[doc = $doc:literal])* $variant:ident $method:ident {
        value($a:ident, $b:ident) = $value:expr;
        da($aa:ident, $ab:ident, $ay:ident) = $da:expr;
        db($ba:ident, $bb:ident, $by:ident) = $db:expr;
        latex = $latex:literal; at = $points:expr;
    })*) => {
        /// An operator or function of two arguments: a row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Binary { $($(#[doc = $doc])* $variant,)* }

        impl Binary {
            /// Every row, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The function's name, which is also the method's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($method),)* }
            }

            /// LaTeX of the function, with `{a}` and `{b}` standing for its arguments.
            pub const fn latex(self) -> &'static str {
                match self { $(Self::$variant => $latex,)* }
            }

            /// Points inside the domain and off the kinks, at which the row is checked.
            pub const fn points(self) -> &'static [(f64, f64)] {
                match self { $(Self::$variant => &$points,)* }
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

/// The five operators, then the functions.
macro_rules! with_operators {
    ($($functions:tt)*) => { define! {
        /// Sum `a + b`.
        Add add {
            value(a, b) = a + b;
            da(a, b, y) = R::constant(1.0);
            db(a, b, y) = R::constant(1.0);
            latex = "{a} + {b}"; at = [(2.0, 3.0), (-0.3, 0.5)];
        }
        /// Difference `a - b`.
        Sub sub {
            value(a, b) = a - b;
            da(a, b, y) = R::constant(1.0);
            db(a, b, y) = R::constant(-1.0);
            latex = "{a} - {b}"; at = [(2.0, 3.0), (-0.3, 0.5)];
        }
        /// Product `a b`.
        Mul mul {
            value(a, b) = a * b;
            da(a, b, y) = b;
            db(a, b, y) = a;
            latex = r"{a} \cdot {b}"; at = [(2.0, 3.0), (-0.3, 0.5)];
        }
        /// Quotient `a / b`.
        Div div {
            value(a, b) = a / b;
            da(a, b, y) = R::constant(1.0) / b;
            db(a, b, y) = -y / b;
            latex = r"\frac{{a}}{{b}}"; at = [(2.0, 3.0), (-0.3, 0.5)];
        }
        /// Remainder `a - b trunc(a / b)`.
        Rem rem {
            value(a, b) = a % b;
            da(a, b, y) = R::constant(1.0);
            db(a, b, y) = -(a / b).trunc();
            latex = r"{a} \bmod {b}"; at = [(7.3, 3.0), (-0.3, 0.5)];
        }
        /// Product in which a zero `a` wins over infinity and NaN: an adjoint times a slope, as [`Real::chain`](crate::Real::chain).
        Chain chain {
            value(a, b) = if a == F::zero() { a } else { a * b };
            da(a, b, y) = b;
            db(a, b, y) = a;
            latex = r"{a} \cdot {b}"; at = [(2.0, 3.0), (-0.3, 0.5)];
        }
        /// Power with an integer exponent, as `f64::powi` gives it; `b` is a constant.
        Powi powi {
            value(a, b) = a.powi(b.to_i32().unwrap_or(0));
            da(a, b, y) = R::select(b.equals(R::constant(0.0)), R::constant(0.0), b * a.powi_of(b - R::constant(1.0)));
            db(a, b, y) = R::constant(0.0);
            latex = "{a}^{{b}}"; at = [(2.0, 3.0), (-0.3, -2.0), (1.7, 1.0)];
        }
        $($functions)*
    } };
}
binary_functions!(with_operators);
