//! Loops over the table's rows, each compiled by itself.

use super::loops::{Arrays, Kernel, run};
use crate::Real;
use crate::rules::{Algebra, Binary, Unary, binary_rows, unary_functions};

/// Runs `$body` with `$f` the number of the row, a constant, so that each row gets a loop of its own.
macro_rules! by_row {
    ({$table:ident} {$selected:expr} {$f:ident} {$body:expr}
        $($(#[$doc:meta])* $variant:ident $method:ident $row:tt)*) => {
        match $selected { $($table::$variant => { const $f: u8 = $table::$variant as u8; $body })* }
    };
}

/// `f(x)`.
pub(crate) fn unary<T: Real>(f: Unary, arrays: Arrays<'_, T, 1, 1>) {
    unary_functions!(by_row, { Unary }, { f }, { F }, { run(&Function1::<F>, arrays) });
}

/// `g f'(x)`, from `g`, `x` and `f(x)`.
pub(crate) fn unary_partial<T: Real>(f: Unary, arrays: Arrays<'_, T, 3, 1>) {
    unary_functions!(by_row, { Unary }, { f }, { F }, { run(&Partial1::<F>, arrays) });
}

/// `f(a, b)`.
pub(crate) fn binary<T: Real>(f: Binary, arrays: Arrays<'_, T, 2, 1>) {
    binary_rows!(by_row, { Binary }, { f }, { F }, { run(&Function2::<F>, arrays) });
}

/// `g` times the derivative with respect to operand 0 or 1, from `g`, `a`, `b` and `f(a, b)`.
pub(crate) fn binary_partial<T: Real>(f: Binary, operand: usize, arrays: Arrays<'_, T, 4, 1>) {
    binary_rows!(by_row, { Binary }, { f }, { F }, {
        if operand == 0 { run(&PartialA::<F>, arrays) } else { run(&PartialB::<F>, arrays) }
    });
}

/// `a` where the mask is not 0 and `b` elsewhere, from the mask, `a` and `b`.
pub(crate) fn select<T: Real>(arrays: Arrays<'_, T, 3, 1>) {
    run(&Select, arrays);
}

struct Select;

impl Kernel<3, 1> for Select {
    #[inline(always)]
    fn eval<A: Algebra>(&self, [mask, a, b]: [A; 3]) -> [A; 1] {
        [A::select(mask.equals(A::constant(0.0)), b, a)]
    }
}

/// A row of the table; with its number a constant, each row's loop is compiled by itself.
struct Function1<const F: u8>;
struct Function2<const F: u8>;
/// `g f'(x)`, from `g`, `x` and the value.
struct Partial1<const F: u8>;
/// The same of a function of two arguments, with respect to the first and to the second.
struct PartialA<const F: u8>;
struct PartialB<const F: u8>;

/// Rows that are arithmetic, or have a function in [`vmath`](super::vmath).
const fn wide(f: Unary) -> bool {
    use Unary::{Abs, Ceil, Floor, Fract, Neg, Recip, Relu, Signum, Sqrt, Square, Step, ToDegrees, ToRadians, Trunc};
    let arithmetic = matches!(f, Abs | Neg | Recip | Square | Sqrt | ToDegrees | ToRadians);
    let steps = matches!(f, Ceil | Floor | Fract | Relu | Signum | Step | Trunc);
    arithmetic || steps || polynomial(f)
}

const fn polynomial(f: Unary) -> bool {
    use Unary::{Erf, Erfc, Exp, ExpM1, Ln, Ln1p, LogSigmoid, NormalCdf, NormalPdf, Sigmoid, Softplus, Tanh};
    let normal = matches!(f, Erf | Erfc | NormalCdf | NormalPdf);
    normal || matches!(f, Exp | ExpM1 | Ln | Ln1p | Tanh | Sigmoid | Softplus | LogSigmoid) || angle(f)
}

const fn angle(f: Unary) -> bool {
    matches!(f, Unary::Sin | Unary::Cos)
}

const fn wide_binary(f: Binary) -> bool {
    use Binary::{AbsSub, Add, Chain, Copysign, Div, Max, Min, Mul, Sub};
    matches!(f, Add | Sub | Mul | Div | Chain | Max | Min | AbsSub | Copysign)
}

/// Rows whose derivatives, unlike their values, are arithmetic or polynomials.
const fn wide_partial(f: Binary) -> bool {
    wide_binary(f) || matches!(f, Binary::Log | Binary::Xlogy | Binary::Xlog1py | Binary::LogAddExp)
}

/// Functions with a polynomial in them.
const HEAVY: usize = 4;

impl<const F: u8> Kernel<1, 1> for Function1<F> {
    const WEIGHT: usize = if polynomial(Unary::ALL[F as usize]) { HEAVY } else { 1 };
    const WIDE: bool = wide(Unary::ALL[F as usize]);
    const ANGLES: bool = angle(Unary::ALL[F as usize]);

    #[inline(always)]
    fn eval<A: Algebra>(&self, [x]: [A; 1]) -> [A; 1] {
        [x.apply1(const { Unary::ALL[F as usize] })]
    }
}

impl<const F: u8> Kernel<2, 1> for Function2<F> {
    const WIDE: bool = wide_binary(Binary::ALL[F as usize]);

    #[inline(always)]
    fn eval<A: Algebra>(&self, [a, b]: [A; 2]) -> [A; 1] {
        let f = const { Binary::ALL[F as usize] };
        [if f == Binary::Chain { a.chained(b) } else { a.apply2(f, b) }]
    }
}

impl<const F: u8> Kernel<3, 1> for Partial1<F> {
    const WIDE: bool = wide(Unary::ALL[F as usize]);
    const ANGLES: bool = angle(Unary::ALL[F as usize]);

    #[inline(always)]
    fn eval<A: Algebra>(&self, [g, x, y]: [A; 3]) -> [A; 1] {
        [g.chained(const { Unary::ALL[F as usize] }.derivative(x, y))]
    }
}

impl<const F: u8> Kernel<4, 1> for PartialA<F> {
    const WIDE: bool = wide_partial(Binary::ALL[F as usize]);

    #[inline(always)]
    fn eval<A: Algebra>(&self, [g, a, b, y]: [A; 4]) -> [A; 1] {
        [g.chained(const { Binary::ALL[F as usize] }.derivative_a(a, b, y))]
    }
}

impl<const F: u8> Kernel<4, 1> for PartialB<F> {
    const WIDE: bool = wide_partial(Binary::ALL[F as usize]);

    #[inline(always)]
    fn eval<A: Algebra>(&self, [g, a, b, y]: [A; 4]) -> [A; 1] {
        let f = const { Binary::ALL[F as usize] };
        if f == Binary::Chain {
            // A zero that wins over the second factor wins over what comes back to it, and a zero that comes back wins over infinity.
            return [A::select(a.equals(A::constant(0.0)), a.chained(g), g.chained(a))];
        }
        [g.chained(f.derivative_b(a, b, y))]
    }
}

#[cfg(test)]
mod tests {
    use super::super::cpu::{Path, limited_to};
    use super::super::loops::Strided;
    use super::*;

    /// The slopes of the normal distribution are computed by the loops' own functions, on every path to the same bits.
    #[test]
    fn slopes_are_those_of_the_loops() {
        let x: Vec<f32> = (0..1000).map(|i| (i - 500) as f32 / 32.0).collect();
        let [g, unused] = [vec![1.0; x.len()], vec![f32::NAN; x.len()]];
        let of = |data| Strided { data, strides: &[1], offset: 0 };
        for path in [Path::Portable, Path::Avx2, Path::Avx512] {
            limited_to(path, || {
                let [mut density, mut slope, mut of_erf] = std::array::from_fn(|_| vec![0.0_f32; x.len()]);
                unary(Unary::NormalPdf, Arrays { shape: &[x.len()], operands: [of(&x)], out: [&mut density] });
                let arrays = |out| Arrays { shape: &[1000], operands: [of(&g), of(&x), of(&unused)], out: [out] };
                unary_partial(Unary::NormalCdf, arrays(&mut slope[..]));
                unary_partial(Unary::Erf, arrays(&mut of_erf[..]));
                assert_eq!(slope, density);
                let scale = 8.0 / std::f64::consts::FRAC_2_SQRT_PI;
                let expected: Vec<f32> = density.iter().map(|y| scale as f32 * (y * y)).collect();
                assert_eq!(of_erf, expected);
            });
        }
    }
}
