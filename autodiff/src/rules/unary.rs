//! Functions of one argument.

use num_traits::Float;

use super::curvature::{Curvature, curvature};
use super::notation::Notation;
use super::{Algebra, Binary, special};

const FOUR_SQRT_PI: f64 = 8.0 / std::f64::consts::FRAC_2_SQRT_PI;
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_7;

/// The table. Hands its rows to the macro named by the caller.
///
/// A row: documentation, variant and method name, `value(x)` on plain numbers, `slope(x, y)` with `y` the value, [`Notation`],
/// check points inside the domain and off the kinks. The value is called `float` where all numbers have the method already,
/// from `num_traits::Float`. A slope marked `@apart` is inlined in loops over arrays only: with its calls in the sweep's loop,
/// adjoints would no longer be kept in registers there. Where there are any, `edges` are the points of the published table, and
/// `is linear` or `is step` says that the function is so piece by piece.
macro_rules! unary_functions {
    ($consumer:path $(, $argument:tt)*) => { $consumer! { $($argument)*
        /// Negation `-x`.
        #[doc(alias = "negative")]
        Neg neg { float(x) = -x; slope(x, y) = R::constant(-1.0); notation = Prefix(&[MINUS, X]); at = [-1.5, 0.0, 2.0, 1e-30, -1e30]; is linear; }
        /// Reciprocal `1 / x`.
        #[doc(alias = "reciprocal")]
        Recip recip { float(x) = x.recip(); slope(x, y) = -(y * y); notation = Prefix(&[Over(&[ONE], &[X])]); at = [-1.5, 0.3, 2.0, -1e-8, 1e10]; edges = [0.0]; }
        /// Square `x · x`.
        Square square { value(x) = x * x; slope(x, y) = x + x; notation = Power(&[X, Up(&[TWO])]); at = [-1.5, 0.0, 2.0, -1e-8, 1e10]; }
        /// Absolute value. The derivative at 0 is 0, the least-norm subgradient.
        #[doc(alias = "absolute")]
        Abs abs {
            float(x) = x.abs();
            slope(x, y) = R::select(x.equals(R::constant(0.0)), R::constant(0.0), x.signum());
            notation = Atom(&[In(Bars, &[Item(0)])]); at = [-1.5, 0.3, 2.0, -1e-8, 1e10];
            edges = [0.0]; is linear;
        }
        /// Sign as `f64::signum` gives it: 1 for `+0` and above, -1 for `-0` and below, NaN for NaN. Derivative 0.
        #[doc(alias = "sign")]
        Signum signum { float(x) = x.signum(); slope(x, y) = R::constant(0.0); notation = Function(Word("sgn")); at = [-1.5, 0.3, -1e-8, 1e10]; edges = [0.0]; is step; }
        /// Heaviside step: 1 for `x > 0`, 0 for `x <= 0`, NaN for NaN. Derivative 0.
        #[doc(alias = "heaviside")]
        Step step {
            value(x) = if x > F::zero() { F::one() } else if x <= F::zero() { F::zero() } else { x };
            slope(x, y) = R::constant(0.0);
            notation = Atom(&[In(Square, &[X, Same(" > 0")])]); at = [-1.5, 0.3, -1e-8, 1e10];
            edges = [0.0]; is step;
        }
        /// Largest integer not above `x`. Derivative 0.
        Floor floor { float(x) = x.floor(); slope(x, y) = R::constant(0.0); notation = Atom(&[In(Floor, &[Item(0)])]); at = [-1.5, 0.3, -1e-8, 12345.6]; edges = [0.0]; is step; }
        /// Smallest integer not below `x`. Derivative 0.
        Ceil ceil { float(x) = x.ceil(); slope(x, y) = R::constant(0.0); notation = Atom(&[In(Ceil, &[Item(0)])]); at = [-1.5, 0.3, -1e-8, 12345.6]; is step; }
        /// Nearest integer, halves away from 0. Derivative 0.
        Round round { float(x) = x.round(); slope(x, y) = R::constant(0.0); notation = Function(Word("round")); at = [-1.2, 0.3, -1e-8, 12345.6]; is step; }
        /// Integer part, towards 0. Derivative 0.
        #[doc(alias = "fix")]
        Trunc trunc { float(x) = x.trunc(); slope(x, y) = R::constant(0.0); notation = Function(Word("trunc")); at = [-1.5, 0.3, -1e-8, 12345.6]; is step; }
        /// Fractional part `x - trunc x`. Derivative 1.
        #[doc(alias = "frac")]
        Fract fract { float(x) = x.fract(); slope(x, y) = R::constant(1.0); notation = Function(Word("frac")); at = [-1.3, 0.3, -1e-8, 12345.6]; is linear; }
        /// Square root. The derivative at 0 is `+inf`.
        Sqrt sqrt { float(x) = x.sqrt(); slope(x, y) = R::constant(0.5) / y; notation = Atom(&[Root(&[X])]); at = [0.01, 1.0, 7.5, 1e-20, 1e40]; edges = [0.0]; }
        /// Cube root. The derivative at 0 is `+inf`.
        Cbrt cbrt { float(x) = x.cbrt(); slope(x, y) = R::constant(1.0) / (R::constant(3.0) * y * y); notation = Atom(&[CubeRoot(&[X])]); at = [-2.0, 0.1, 7.5, -1e-20, 1e40]; edges = [0.0]; }
        /// Exponential.
        Exp exp { float(x) = x.exp(); slope(x, y) = y; notation = Power(&[Same("e"), Up(&[X])]); at = [-3.0, 0.0, 1.3, 1e-8, -700.0, 700.0]; edges = [710.0, f64::NEG_INFINITY]; }
        /// Two to the power `x`.
        Exp2 exp2 { float(x) = x.exp2(); slope(x, y) = y * R::constant(std::f64::consts::LN_2); notation = Power(&[TWO, Up(&[X])]); at = [-3.0, 0.0, 1.3, 1e-8, -1000.0, 1000.0]; }
        /// `e^x - 1`, accurate near 0.
        #[doc(alias = "expm1")]
        ExpM1 exp_m1 { float(x) = x.exp_m1(); slope(x, y) = x.exp(); notation = Atom(&[In(Round, &[Same("e"), Up(&[X]), LESS, ONE])]); at = [-3.0, 1e-8, 1.3, -40.0, 700.0]; }
        /// Natural logarithm. NaN below 0, in value and derivative.
        #[doc(alias = "log")]
        Ln ln { float(x) = x.ln(); slope(x, y) = y.domain(R::constant(1.0) / x); notation = Function(Command("ln")); at = [0.01, 1.0, 7.5, 1e-20, 1e40, 0.999_999_999_999]; edges = [0.0, -1.0]; }
        /// Logarithm to base 2.
        Log2 log2 { float(x) = x.log2(); slope(x, y) = y.domain(R::constant(std::f64::consts::LOG2_E) / x); notation = Prefix(&[Command("log"), Down(&[TWO]), SPACE, X]); at = [0.01, 1.0, 7.5, 1e-20, 1e40, 0.999_999_999_999]; edges = [0.0, -1.0]; }
        /// Logarithm to base 10.
        Log10 log10 { float(x) = x.log10(); slope(x, y) = y.domain(R::constant(std::f64::consts::LOG10_E) / x); notation = Prefix(&[Command("log"), Down(&[Same("10")]), SPACE, X]); at = [0.01, 1.0, 7.5, 1e-20, 1e40, 0.999_999_999_999]; edges = [0.0, -1.0]; }
        /// `ln(1 + x)`, accurate near 0.
        #[doc(alias = "log1p")]
        Ln1p ln_1p { float(x) = x.ln_1p(); slope(x, y) = y.domain(R::constant(1.0) / (R::constant(1.0) + x)); notation = Atom(&[Command("ln"), In(Round, &[Same("1 + "), X])]); at = [-0.7, 1e-8, 7.5, -0.999_999_999_999, 1e40]; edges = [-1.0, -2.0]; }
        /// Sine of an angle in radians.
        Sin sin { float(x) = x.sin(); slope(x, y) = x.cos(); notation = Function(Command("sin")); at = [-2.0, 0.0, 1.3, 1e-8, 100.0, -12345.6]; }
        /// Cosine of an angle in radians.
        Cos cos { float(x) = x.cos(); slope(x, y) = -x.sin(); notation = Function(Command("cos")); at = [-2.0, 0.0, 1.3, 1e-8, 100.0, -12345.6]; }
        /// Tangent of an angle in radians.
        Tan tan { float(x) = x.tan(); slope(x, y) = R::constant(1.0) + y * y; notation = Function(Command("tan")); at = [-1.0, 0.0, 1.3, 1e-8, -1.57, 100.0]; }
        /// Arc sine, in radians.
        #[doc(alias = "arcsin")]
        Asin asin {
            float(x) = x.asin();
            slope(x, y) = R::constant(1.0) / one_less_square(x).sqrt();
            notation = Function(Command("arcsin")); at = [-0.9, 0.0, 0.5, 1e-8, 0.999_999_999_999, -0.999_999];
            edges = [1.0, -1.0, 2.0];
        }
        /// Arc cosine, in radians.
        #[doc(alias = "arccos")]
        Acos acos {
            float(x) = x.acos();
            slope(x, y) = R::constant(-1.0) / one_less_square(x).sqrt();
            notation = Function(Command("arccos")); at = [-0.9, 0.0, 0.5, 1e-8, 0.999_999_999_999, -0.999_999];
            edges = [1.0, -1.0, 2.0];
        }
        /// Arc tangent, in radians.
        #[doc(alias = "arctan")]
        Atan atan { float(x) = x.atan(); slope(x, y) = R::constant(1.0) / (R::constant(1.0) + x * x); notation = Function(Command("arctan")); at = [-3.0, 0.0, 0.5, 1e-8, 1e8, -1e40]; }
        /// Hyperbolic sine.
        Sinh sinh { float(x) = x.sinh(); slope(x, y) = x.cosh(); notation = Function(Command("sinh")); at = [-3.0, 0.0, 0.5, 1e-8, 30.0, -700.0]; }
        /// Hyperbolic cosine.
        Cosh cosh { float(x) = x.cosh(); slope(x, y) = x.sinh(); notation = Function(Command("cosh")); at = [-3.0, 0.0, 0.5, 1e-8, 30.0, -700.0]; }
        /// Hyperbolic tangent. Its slope `(1 - y)(1 + y)` is exact to 4 eps absolute where the function saturates.
        Tanh tanh { float(x) = x.tanh(); slope(x, y) = (R::constant(1.0) - y) * (R::constant(1.0) + y); notation = Function(Command("tanh")); at = [-2.0, 0.0, 0.5, 1e-8, 10.0, -20.0]; edges = [1e3, -1e3]; }
        /// Inverse hyperbolic sine.
        #[doc(alias = "arcsinh")]
        Asinh asinh { float(x) = x.asinh(); slope(x, y) = R::constant(1.0) / x.hypot(R::constant(1.0)); notation = Function(Word("arsinh")); at = [-3.0, 0.0, 0.5, 1e-8, 1e8, -1e40]; }
        /// Inverse hyperbolic cosine.
        #[doc(alias = "arccosh")]
        Acosh acosh {
            float(x) = x.acosh();
            // Two roots: the product would overflow from 1e154 on. At 1 the second is a constant: what is 0 passes nothing on to it.
            slope(x, y) = {
                let one = R::constant(1.0);
                let root = R::select(x.equals(one), R::constant(std::f64::consts::SQRT_2), (x + one).sqrt());
                y.domain(one / ((x - one).sqrt() * root))
            };
            notation = Function(Word("arcosh")); at = [1.2, 3.0, 1.000_000_001, 1e8, 1e100];
            edges = [1.0, 0.5];
        }
        /// Inverse hyperbolic tangent.
        #[doc(alias = "arctanh")]
        Atanh atanh {
            float(x) = x.atanh();
            slope(x, y) = y.domain(R::constant(1.0) / one_less_square(x));
            notation = Function(Word("artanh")); at = [-0.9, 0.0, 0.5, 1e-8, 0.999_999_999_999, -0.999_999];
            edges = [1.0, -1.0, 2.0];
        }
        /// Radians to degrees.
        #[doc(alias("rad2deg", "degrees"))]
        ToDegrees to_degrees { float(x) = x.to_degrees(); slope(x, y) = R::constant(180.0 / std::f64::consts::PI); notation = Prefix(&[Over(&[Same("180")], &[PI]), SPACE, X]); at = [-2.0, 0.5, 1e-8, 1e10]; is linear; }
        /// Degrees to radians.
        #[doc(alias("deg2rad", "radians"))]
        ToRadians to_radians { float(x) = x.to_radians(); slope(x, y) = R::constant(std::f64::consts::PI / 180.0); notation = Prefix(&[Over(&[PI], &[Same("180")]), SPACE, X]); at = [-90.0, 30.0, 1e-8, 1e10]; is linear; }
        /// Logistic function `1 / (1 + e^-x)` in the form that never overflows (L4). Its slope `y (1 - y)` is exact to 4 eps
        /// absolute where the function saturates.
        #[doc(alias("expit", "logistic"))]
        Sigmoid sigmoid {
            value(x) = {
                let e = (-x.abs()).exp();
                let d = F::one() + e;
                if x >= F::zero() { F::one() / d } else { e / d }
            };
            slope(x, y) = y * (R::constant(1.0) - y);
            notation = Call(Sign("σ", r"\sigma")); at = [-3.0, 0.0, 1.3, 1e-8, 30.0, -30.0, -700.0];
            edges = [1e3, -1e3];
        }
        /// `ln sigmoid(x)`, without overflow and without cancellation.
        #[doc(alias = "logsigmoid")]
        LogSigmoid log_sigmoid {
            value(x) = x.min(F::zero()) - (-x.abs()).exp().ln_1p();
            slope(x, y) = (-x).sigmoid();
            notation = Call(Sign("lnσ", r"\ln\sigma")); at = [-3.0, 0.0, 1.3, 1e-8, 30.0, -30.0, 700.0];
            edges = [1e3, -1e3];
        }
        /// `ln(1 + e^x)` in the form `max(x, 0) + ln(1 + e^-|x|)`, which never overflows.
        Softplus softplus {
            value(x) = x.max(F::zero()) + (-x.abs()).exp().ln_1p();
            slope(x, y) = x.sigmoid();
            notation = Call(Word("softplus")); at = [-3.0, 0.0, 1.3, 1e-8, 30.0, -30.0, -700.0];
            edges = [1e3, -1e3];
        }
        /// Rectifier: `x` for `x > 0`, 0 for `x <= 0`, NaN for NaN. The derivative at 0 is 0.
        Relu relu {
            value(x) = if x <= F::zero() { F::zero() } else { x };
            slope(x, y) = x.step();
            notation = Atom(&[In(Square, &[Item(0)]), Down(&[Same("+")])]); at = [-1.5, 0.3, 2.0, -1e-8, 1e10];
            edges = [0.0]; is linear;
        }
        /// Error function `2/√π ∫_0^x e^(-t²) dt`. Its slope is `4 √π φ(x)²`, with `φ` the normal density.
        Erf erf {
            value(x) = special::in_f64(special::erf, x);
            @apart slope(x, y) = R::constant(FOUR_SQRT_PI) * x.normal_pdf().square();
            notation = Function(Word("erf")); at = [-2.5, -0.5, 0.0, 1e-8, 0.3, 1.7, 5.0, -8.0, 26.0];
        }
        /// Complementary error function `1 - erf(x)`, without cancellation.
        Erfc erfc {
            value(x) = special::in_f64(special::erfc, x);
            @apart slope(x, y) = R::constant(-FOUR_SQRT_PI) * x.normal_pdf().square();
            notation = Function(Word("erfc")); at = [-2.5, -0.5, 0.0, 1e-8, 0.3, 1.7, 5.0, -8.0, 26.0];
        }
        /// Inverse of [`erf`](Unary::Erf). At ±1 it is `±inf` with derivative `+inf`; NaN outside.
        #[doc(alias = "erfinv")]
        InvErf inv_erf {
            value(x) = special::in_f64(special::inv_erf, x);
            @apart slope(x, y) = inv_erf_slope(x, y);
            notation = Call(Sign("erf⁻¹", r"\operatorname{erf}^{-1}"));
            at = [-0.99, -0.5, 0.0, 1e-8, 0.3, 0.7, 0.999_999, -0.999_999_999_999, 0.999_999_999_999_999_9];
            edges = [1.0, -1.0, 2.0];
        }
        /// `ln |Γ(x)|`. At 0 and at negative integers it is `+inf`, its derivative [`digamma`](Unary::Digamma) as there.
        #[doc(alias("lgamma", "gammaln"))]
        LnGamma ln_gamma {
            value(x) = special::in_f64(special::ln_gamma, x);
            @apart slope(x, y) = x.digamma();
            notation = Atom(&[Command("ln"), In(Bars, &[Sign("Γ", r"\Gamma"), In(Round, &[Item(0)])])]);
            at = [0.1, 1e-8, 1.0, 1.461_632_144_9, 2.0, 3.7, 40.0, 1e10, -0.4, -2.3, -7.9];
            edges = [0.0, -1.0];
        }
        /// Derivative of `ln |Γ(x)|`. At `+0` it is `-inf`, at `-0` `+inf`, with derivative `+inf`; NaN at negative integers.
        #[doc(alias = "psi")]
        Digamma digamma {
            value(x) = special::in_f64(special::digamma, x);
            @apart slope(x, y) = y.domain(x.apply2(Binary::Polygamma, R::constant(1.0)));
            notation = Call(Sign("ψ", r"\psi")); at = [0.1, 1e-8, 1.0, 1.461_632_144_9, 2.5, 12.0, 1e10, -0.4, -2.3, -7.9];
            edges = [0.0, -1.0];
        }
        /// `ln(x / (1 - x))`, the inverse of [`sigmoid`](Unary::Sigmoid), accurate near 0, 1/2 and 1. At 0 it is `-inf`, at 1
        /// `+inf`, with derivative `+inf`; NaN outside.
        Logit logit {
            value(x) = special::in_f64(special::logit, x);
            slope(x, y) = {
                // Beside the factor that is 0 the other one is a constant.
                let one = R::constant(1.0);
                let (zero, is_one) = (x.equals(R::constant(0.0)), x.equals(one));
                y.domain(one / (R::select(is_one, one, x) * R::select(zero, one, one - x)))
            };
            notation = Prefix(&[Command("ln"), Over(&[X], &[ONE, LESS, X])]); at = [1e-30, 1e-8, 0.1, 0.3, 0.499_999_999_9, 0.5, 0.500_000_1, 0.7, 0.9, 0.999_999_999_999];
            edges = [0.0, 1.0, 2.0];
        }
        /// `sin x / x`, which is 1 at 0 and 0 at `±inf`. Its slope is `-j_1(x)`, a spherical Bessel function: nothing is
        /// divided by `x`, at any order.
        Sinc sinc {
            value(x) = if x == F::zero() { F::one() } else if x.is_infinite() { F::zero() } else { x.sin() / x };
            @apart slope(x, y) = -x.apply2(Binary::SphericalJn, R::constant(1.0));
            notation = Function(Word("sinc")); at = [0.0, 1e-8, 0.3, -1.3, 2.2, 3.0, -10.0, 100.0, 12345.6];
            edges = [0.0];
        }
        /// Distribution function of the standard normal distribution, `Φ(x)`, in the left tail too to full accuracy.
        #[doc(alias = "ndtr")]
        NormalCdf normal_cdf {
            value(x) = special::in_f64(special::normal_cdf, x);
            @apart slope(x, y) = x.normal_pdf();
            notation = Call(Sign("Φ", r"\Phi")); at = [-37.0, -8.0, -2.0, 0.0, 1e-8, 0.7, 3.0, 9.0];
        }
        /// Density of the standard normal distribution, `φ(x) = e^(-x²/2) / √(2π)`.
        #[doc(alias = "norm.pdf")]
        NormalPdf normal_pdf {
            value(x) = special::in_f64(special::normal_pdf, x);
            // 0 · inf is 0 here.
            slope(x, y) = -y.chained(x);
            notation = Call(Sign("φ", r"\varphi")); at = [-37.0, -8.0, -2.0, 0.0, 1e-8, 0.7, 3.0, 20.3];
        }
        /// Logarithm of the density of the standard normal distribution, `-x²/2 - ln √(2π)`.
        #[doc(alias = "norm.logpdf")]
        NormalLnPdf normal_ln_pdf {
            value(x) = special::in_f64(|x| -0.5 * x * x - LN_SQRT_2PI, x);
            slope(x, y) = -x;
            notation = Call(Sign("lnφ", r"\ln\varphi")); at = [-37.0, -2.0, 0.0, 1e-8, 0.7, 1e10];
        }
    } };
}
pub(crate) use unary_functions;

/// The first block for a row marked `@apart`, the second for others.
macro_rules! slope {
    ({ apart } $apart:block $inline:block) => {
        $apart
    };
    ({ } $apart:block $inline:block) => {
        $inline
    };
}

macro_rules! is_step {
    (step) => {
        true
    };
    ($($other:ident)?) => {
        false
    };
}

macro_rules! define {
    ($($(#[$doc:meta])* $variant:ident $method:ident {
        $value_or_float:ident($x:ident) = $value:expr; $(@$apart:ident)? slope($sx:ident, $sy:ident) = $slope:expr;
        notation = $notation:expr; at = $points:expr; $(edges = [$($edge:expr),*];)? $(is $kind:ident;)?
    })*) => {
        /// An elementary function of one argument: a row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Unary { $($(#[$doc])* $variant,)* }

        impl Unary {
            /// Every row, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The function's name, which is also the method's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($method),)* }
            }

            /// Whether the function goes in steps: its derivative is 0 wherever there is one.
            pub const fn is_step(self) -> bool {
                match self { $(Self::$variant => is_step!($($kind)?),)* }
            }

            /// LaTeX of the function, with `{x}` standing for its argument.
            pub fn latex(self) -> String {
                self.notation().latex(&["{x}"])
            }

            /// How the function is written.
            pub(crate) const fn notation(self) -> Notation {
                use super::notation::sign::*;
                match self { $(Self::$variant => $notation,)* }
            }

            /// Points inside the domain and off the kinks, at which the row is checked.
            pub const fn points(self) -> &'static [f64] {
                match self { $(Self::$variant => &$points,)* }
            }

            /// Kinks, edges of the domain, poles and infinities, at which the table of edge values says what holds.
            pub const fn edges(self) -> &'static [f64] {
                match self { $(Self::$variant => &[$($($edge),*)?],)* }
            }

            pub(crate) const fn curvature(self) -> Curvature {
                match self { $(Self::$variant => curvature!($($kind)?),)* }
            }

            /// The value on a plain number (`f32`, `f64`), bit for bit what plain code gives.
            #[inline(always)]
            pub fn value<F: Float>(self, x: F) -> F {
                match self { $(Self::$variant => { let $x = x; $value })* }
            }

            /// The derivative at `x`, where the function's value is `y`.
            #[inline(always)]
            #[allow(unused_variables, reason = "a row uses the argument, the result, or neither")]
            pub fn derivative<R: Algebra>(self, x: R, y: R) -> R {
                match self {
                    $(Self::$variant => slope! {
                        { $($apart)? }
                        { if R::IN_LOOP { let ($sx, $sy) = (x, y); $slope } else { self.derivative_apart(x, y) } }
                        { let ($sx, $sy) = (x, y); $slope }
                    },)*
                }
            }

            /// The rows marked `@apart`; cold, so that the call costs the other rows nothing.
            #[cold]
            #[inline(never)]
            #[allow(unused_variables, reason = "a row uses the argument, the result, or neither")]
            fn derivative_apart<R: Algebra>(self, x: R, y: R) -> R {
                match self {
                    $(Self::$variant => slope! {
                        { $($apart)? } { let ($sx, $sy) = (x, y); $slope } { unreachable!("inlined") }
                    },)*
                }
            }
        }
    };
}
unary_functions!(define);

/// `√π/2 e^(y²)`, which is 1 over the slope of `erf` at `y`.
///
/// Where `y` is large its rounding counts `2y²`-fold. By how much `erf(y)` misses `x` says what was lost; both complements
/// are known to full accuracy there.
fn inv_erf_slope<R: Algebra>(x: R, y: R) -> R {
    let slope = R::constant(1.0) / (R::constant(FOUR_SQRT_PI) * y.normal_pdf().square());
    let missing = y.abs().erfc() - (R::constant(1.0) - x.abs());
    let corrected = slope + missing.chained(R::constant(2.0) * y.abs() * slope.square());
    y.domain(R::select(x.abs().less(R::constant(0.5)), slope, corrected))
}

/// `(1 - x)(1 + x)`. Beside the factor that is 0, at ±1, the other one is a constant: no infinite slope meets the zero.
#[inline(always)]
fn one_less_square<R: Algebra>(x: R) -> R {
    let (one, two) = (R::constant(1.0), R::constant(2.0));
    R::select(x.equals(-one), two, one - x) * R::select(x.equals(one), two, one + x)
}
