//! Rows of the table as loops over tensors compute them.

use super::native::Native;
use super::{exp, ln, normal, trig};
use crate::rules::{Binary, Unary};

/// A row of the table, and whether the argument was beyond what the loop can do: then the value means nothing. With
/// `WHOLE`, such arguments go to the standard library.
#[inline(always)]
pub(crate) fn unary<T: Native, const WHOLE: bool>(f: Unary, x: T) -> (T, bool) {
    let beyond = x.abs() > T::ANGLE_LIMIT;
    match f {
        Unary::Sin | Unary::Cos if WHOLE && beyond => (f.value(x), false),
        Unary::Sin => (trig::sin_cos(x).0, beyond),
        Unary::Cos => (trig::sin_cos(x).1, beyond),
        Unary::Exp => (exp::exp(x), false),
        Unary::ExpM1 => (exp::exp_m1(x), false),
        Unary::Tanh => (exp::tanh(x), false),
        Unary::Sigmoid => (exp::sigmoid(x), false),
        Unary::Ln => (ln::ln(x), false),
        Unary::Ln1p => (ln::ln_1p(x), false),
        Unary::Softplus => (ln::softplus(x), false),
        Unary::LogSigmoid => (ln::log_sigmoid(x), false),
        Unary::NormalCdf => (normal::normal_cdf(x), false),
        Unary::NormalPdf => (normal::normal_pdf(x), false),
        Unary::Erf => (normal::erf(x), false),
        Unary::Erfc => (normal::erfc(x), false),
        _ => (f.value(x), false),
    }
}

/// A row of the table. Powers whose exponent is a small multiple of 1/2 are products and roots.
#[inline(always)]
pub(crate) fn binary<T: Native>(f: Binary, a: T, b: T) -> T {
    if f != Binary::Pow {
        return f.value(a, b);
    }
    // `powf` of -0 and -inf with a half is that of their magnitudes.
    let root = || if a == T::zero() || a.is_infinite() { a.abs().sqrt() } else { a.sqrt() };
    if b == T::HALF {
        root()
    } else if b == T::one() {
        a
    } else if b == T::one() + T::HALF {
        a.abs() * root()
    } else if b == T::TWO {
        a * a
    } else {
        f.value(a, b)
    }
}
