//! Functions of one argument.

use num_traits::Float;

use super::Algebra;

/// The table. Hands its rows to the macro named by the caller.
///
/// A row: documentation, variant and method name, `value(x)` on plain numbers, `slope(x, y)` with `y` the value, LaTeX,
/// check points inside the domain and off the kinks.
macro_rules! unary_functions {
    ($consumer:path $(, $argument:tt)*) => { $consumer! { $($argument)*
        /// Negation `-x`.
        Neg neg { value(x) = -x; slope(x, y) = R::constant(-1.0); latex = "-{x}"; at = [-1.5, 0.0, 2.0]; }
        /// Reciprocal `1 / x`.
        Recip recip { value(x) = x.recip(); slope(x, y) = -(y * y); latex = r"\frac{1}{{x}}"; at = [-1.5, 0.3, 2.0]; }
        /// Square `x · x`.
        Square square { value(x) = x * x; slope(x, y) = x + x; latex = "{x}^2"; at = [-1.5, 0.0, 2.0]; }
        /// Absolute value. The derivative at 0 is 0, the least-norm subgradient.
        Abs abs {
            value(x) = x.abs();
            slope(x, y) = R::select(x.equals(R::constant(0.0)), R::constant(0.0), x.signum());
            latex = r"\left|{x}\right|"; at = [-1.5, 0.3, 2.0];
        }
        /// Sign as `f64::signum` gives it: 1 for `+0` and above, -1 for `-0` and below, NaN for NaN. Derivative 0.
        Signum signum { value(x) = x.signum(); slope(x, y) = R::constant(0.0); latex = r"\operatorname{sgn} {x}"; at = [-1.5, 0.3]; }
        /// Heaviside step: 1 for `x > 0`, 0 for `x <= 0`, NaN for NaN. Derivative 0.
        Step step {
            value(x) = if x > F::zero() { F::one() } else if x <= F::zero() { F::zero() } else { x };
            slope(x, y) = R::constant(0.0);
            latex = r"\left[{x} > 0\right]"; at = [-1.5, 0.3];
        }
        /// Largest integer not above `x`. Derivative 0.
        Floor floor { value(x) = x.floor(); slope(x, y) = R::constant(0.0); latex = r"\left\lfloor {x} \right\rfloor"; at = [-1.5, 0.3]; }
        /// Smallest integer not below `x`. Derivative 0.
        Ceil ceil { value(x) = x.ceil(); slope(x, y) = R::constant(0.0); latex = r"\left\lceil {x} \right\rceil"; at = [-1.5, 0.3]; }
        /// Nearest integer, halves away from 0. Derivative 0.
        Round round { value(x) = x.round(); slope(x, y) = R::constant(0.0); latex = r"\operatorname{round} {x}"; at = [-1.2, 0.3]; }
        /// Integer part, towards 0. Derivative 0.
        Trunc trunc { value(x) = x.trunc(); slope(x, y) = R::constant(0.0); latex = r"\operatorname{trunc} {x}"; at = [-1.5, 0.3]; }
        /// Fractional part `x - trunc x`. Derivative 1.
        Fract fract { value(x) = x.fract(); slope(x, y) = R::constant(1.0); latex = r"\operatorname{frac} {x}"; at = [-1.3, 0.3]; }
        /// Square root. The derivative at 0 is `+inf`.
        Sqrt sqrt { value(x) = x.sqrt(); slope(x, y) = R::constant(0.5) / y; latex = r"\sqrt{{x}}"; at = [0.01, 1.0, 7.5]; }
        /// Cube root. The derivative at 0 is `+inf`.
        Cbrt cbrt { value(x) = x.cbrt(); slope(x, y) = R::constant(1.0) / (R::constant(3.0) * y * y); latex = r"\sqrt[3]{{x}}"; at = [-2.0, 0.1, 7.5]; }
        /// Exponential.
        Exp exp { value(x) = x.exp(); slope(x, y) = y; latex = "e^{{x}}"; at = [-3.0, 0.0, 1.3]; }
        /// Two to the power `x`.
        Exp2 exp2 { value(x) = x.exp2(); slope(x, y) = y * R::constant(std::f64::consts::LN_2); latex = "2^{{x}}"; at = [-3.0, 0.0, 1.3]; }
        /// `e^x - 1`, accurate near 0.
        ExpM1 exp_m1 { value(x) = x.exp_m1(); slope(x, y) = x.exp(); latex = r"\left(e^{{x}} - 1\right)"; at = [-3.0, 1e-8, 1.3]; }
        /// Natural logarithm. NaN below 0, in value and derivative.
        Ln ln { value(x) = x.ln(); slope(x, y) = y.domain(R::constant(1.0) / x); latex = r"\ln {x}"; at = [0.01, 1.0, 7.5]; }
        /// Logarithm to base 2.
        Log2 log2 { value(x) = x.log2(); slope(x, y) = y.domain(R::constant(std::f64::consts::LOG2_E) / x); latex = r"\log_2 {x}"; at = [0.01, 1.0, 7.5]; }
        /// Logarithm to base 10.
        Log10 log10 { value(x) = x.log10(); slope(x, y) = y.domain(R::constant(std::f64::consts::LOG10_E) / x); latex = r"\log_{10} {x}"; at = [0.01, 1.0, 7.5]; }
        /// `ln(1 + x)`, accurate near 0.
        Ln1p ln_1p { value(x) = x.ln_1p(); slope(x, y) = y.domain(R::constant(1.0) / (R::constant(1.0) + x)); latex = r"\ln\left(1 + {x}\right)"; at = [-0.7, 1e-8, 7.5]; }
        /// Sine of an angle in radians.
        Sin sin { value(x) = x.sin(); slope(x, y) = x.cos(); latex = r"\sin {x}"; at = [-2.0, 0.0, 1.3]; }
        /// Cosine of an angle in radians.
        Cos cos { value(x) = x.cos(); slope(x, y) = -x.sin(); latex = r"\cos {x}"; at = [-2.0, 0.0, 1.3]; }
        /// Tangent of an angle in radians.
        Tan tan { value(x) = x.tan(); slope(x, y) = R::constant(1.0) + y * y; latex = r"\tan {x}"; at = [-1.0, 0.0, 1.3]; }
        /// Arc sine, in radians.
        Asin asin {
            value(x) = x.asin();
            slope(x, y) = R::constant(1.0) / ((R::constant(1.0) - x) * (R::constant(1.0) + x)).sqrt();
            latex = r"\arcsin {x}"; at = [-0.9, 0.0, 0.5];
        }
        /// Arc cosine, in radians.
        Acos acos {
            value(x) = x.acos();
            slope(x, y) = R::constant(-1.0) / ((R::constant(1.0) - x) * (R::constant(1.0) + x)).sqrt();
            latex = r"\arccos {x}"; at = [-0.9, 0.0, 0.5];
        }
        /// Arc tangent, in radians.
        Atan atan { value(x) = x.atan(); slope(x, y) = R::constant(1.0) / (R::constant(1.0) + x * x); latex = r"\arctan {x}"; at = [-3.0, 0.0, 0.5]; }
        /// Hyperbolic sine.
        Sinh sinh { value(x) = x.sinh(); slope(x, y) = x.cosh(); latex = r"\sinh {x}"; at = [-3.0, 0.0, 0.5]; }
        /// Hyperbolic cosine.
        Cosh cosh { value(x) = x.cosh(); slope(x, y) = x.sinh(); latex = r"\cosh {x}"; at = [-3.0, 0.0, 0.5]; }
        /// Hyperbolic tangent. Its slope `(1 - y)(1 + y)` is exact to 4 eps absolute where the function saturates.
        Tanh tanh { value(x) = x.tanh(); slope(x, y) = (R::constant(1.0) - y) * (R::constant(1.0) + y); latex = r"\tanh {x}"; at = [-2.0, 0.0, 0.5]; }
        /// Inverse hyperbolic sine.
        Asinh asinh { value(x) = x.asinh(); slope(x, y) = R::constant(1.0) / x.hypot(R::constant(1.0)); latex = r"\operatorname{arsinh} {x}"; at = [-3.0, 0.0, 0.5]; }
        /// Inverse hyperbolic cosine.
        Acosh acosh {
            value(x) = x.acosh();
            slope(x, y) = y.domain(R::constant(1.0) / ((x - R::constant(1.0)) * (x + R::constant(1.0))).sqrt());
            latex = r"\operatorname{arcosh} {x}"; at = [1.2, 3.0];
        }
        /// Inverse hyperbolic tangent.
        Atanh atanh {
            value(x) = x.atanh();
            slope(x, y) = y.domain(R::constant(1.0) / ((R::constant(1.0) - x) * (R::constant(1.0) + x)));
            latex = r"\operatorname{artanh} {x}"; at = [-0.9, 0.0, 0.5];
        }
        /// Radians to degrees.
        ToDegrees to_degrees { value(x) = x.to_degrees(); slope(x, y) = R::constant(180.0 / std::f64::consts::PI); latex = r"\frac{180}{\pi} {x}"; at = [-2.0, 0.5]; }
        /// Degrees to radians.
        ToRadians to_radians { value(x) = x.to_radians(); slope(x, y) = R::constant(std::f64::consts::PI / 180.0); latex = r"\frac{\pi}{180} {x}"; at = [-90.0, 30.0]; }
        /// Logistic function `1 / (1 + e^-x)` in the form that never overflows (L4). Its slope is `y (1 - y)`.
        Sigmoid sigmoid {
            value(x) = {
                let e = (-x.abs()).exp();
                let d = F::one() + e;
                if x >= F::zero() { F::one() / d } else { e / d }
            };
            slope(x, y) = y * (R::constant(1.0) - y);
            latex = r"\sigma\left({x}\right)"; at = [-3.0, 0.0, 1.3];
        }
        /// `ln sigmoid(x)`, without overflow and without cancellation.
        LogSigmoid log_sigmoid {
            value(x) = x.min(F::zero()) - (-x.abs()).exp().ln_1p();
            slope(x, y) = (-x).sigmoid();
            latex = r"\ln\sigma\left({x}\right)"; at = [-3.0, 0.0, 1.3];
        }
        /// `ln(1 + e^x)` in the form `max(x, 0) + ln(1 + e^-|x|)`, which never overflows.
        Softplus softplus {
            value(x) = x.max(F::zero()) + (-x.abs()).exp().ln_1p();
            slope(x, y) = x.sigmoid();
            latex = r"\operatorname{softplus}\left({x}\right)"; at = [-3.0, 0.0, 1.3];
        }
        /// Rectifier: `x` for `x > 0`, 0 for `x <= 0`, NaN for NaN. The derivative at 0 is 0.
        Relu relu {
            value(x) = if x <= F::zero() { F::zero() } else { x };
            slope(x, y) = x.step();
            latex = r"\left[{x}\right]_+"; at = [-1.5, 0.3, 2.0];
        }
    } };
}
pub(crate) use unary_functions;

macro_rules! define {
    ($($(#[doc = $doc:literal])* $variant:ident $method:ident {
        value($x:ident) = $value:expr; slope($sx:ident, $sy:ident) = $slope:expr; latex = $latex:literal; at = $points:expr;
    })*) => {
        /// An elementary function of one argument: a row of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Unary { $($(#[doc = $doc])* $variant,)* }

        impl Unary {
            /// Every row, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The function's name, which is also the method's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($method),)* }
            }

            /// LaTeX of the function, with `{x}` standing for its argument.
            pub const fn latex(self) -> &'static str {
                match self { $(Self::$variant => $latex,)* }
            }

            /// Points inside the domain and off the kinks, at which the row is checked.
            pub const fn points(self) -> &'static [f64] {
                match self { $(Self::$variant => &$points,)* }
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
                match self { $(Self::$variant => { let ($sx, $sy) = (x, y); $slope })* }
            }
        }
    };
}
unary_functions!(define);
