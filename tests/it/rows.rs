//! Every row of the table at every one of its points, on plain numbers, recorded variables and duals: values bit for bit,
//! and derivatives to third order the same by every way. That they are right is tested in `accuracy`.

use std::fmt;

use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Real, Tape, Var, grad, hessian, hvp};
use num_traits::Float;
use tests::{close, close_f32, constant_second, near, slope};

/// A row in plain code, a second source beside the table; `None` for rows that the standard library does not have: what
/// these give on plain numbers, all other number types have to give.
fn plain<F: Float>(f: Unary, x: F) -> Option<F> {
    let (zero, one) = (F::zero(), F::one());
    Some(match f {
        Unary::Neg => -x,
        Unary::Recip => one / x,
        Unary::Square => x * x,
        Unary::Abs => x.abs(),
        Unary::Signum => x.signum(),
        Unary::Step => {
            if x > zero {
                one
            } else {
                zero
            }
        }
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round(),
        Unary::Trunc => x.trunc(),
        Unary::Fract => x.fract(),
        Unary::Sqrt => x.sqrt(),
        Unary::Cbrt => x.cbrt(),
        Unary::Exp => x.exp(),
        Unary::Exp2 => x.exp2(),
        Unary::ExpM1 => x.exp_m1(),
        Unary::Ln => x.ln(),
        Unary::Log2 => x.log2(),
        Unary::Log10 => x.log10(),
        Unary::Ln1p => x.ln_1p(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Asin => x.asin(),
        Unary::Acos => x.acos(),
        Unary::Atan => x.atan(),
        Unary::Sinh => x.sinh(),
        Unary::Cosh => x.cosh(),
        Unary::Tanh => x.tanh(),
        Unary::Asinh => x.asinh(),
        Unary::Acosh => x.acosh(),
        Unary::Atanh => x.atanh(),
        Unary::ToDegrees => x.to_degrees(),
        Unary::ToRadians => x.to_radians(),
        Unary::Relu => {
            if x > zero {
                x
            } else {
                zero
            }
        }
        Unary::Sinc => {
            if x == zero {
                one
            } else {
                x.sin() / x
            }
        }
        _ => return None,
    })
}

/// As [`plain`], for two operands.
fn plain2<F: Float>(f: Binary, a: F, b: F) -> Option<F> {
    let zero = F::zero();
    Some(match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul | Binary::Chain => a * b,
        Binary::Div => a / b,
        Binary::Rem => a % b,
        Binary::Powi => a.powi(b.to_i32().expect("an integer")),
        Binary::Pow => a.powf(b),
        Binary::Log => a.log(b),
        Binary::Hypot => a.hypot(b),
        Binary::Atan2 => a.atan2(b),
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
        Binary::AbsSub => a.abs_sub(b),
        Binary::Copysign => a.copysign(b),
        Binary::Xlogy => {
            if a == zero {
                zero
            } else {
                a * b.ln()
            }
        }
        Binary::Xlog1py => {
            if a == zero {
                zero
            } else {
                a * b.ln_1p()
            }
        }
        _ => return None,
    })
}

fn assert_bits<T: Real>(what: &str, got: T, want: T) {
    assert_eq!(got.integer_decode(), want.integer_decode(), "{what}: {got} is not {want} bit for bit");
}

/// The derivative of `y`, recorded; 0 where `y` no longer depends on anything.
fn again(tape: &Tape<f64>, y: Var<f64>, x: &[Var<f64>]) -> Vec<Var<f64>> {
    if y.is_tracked() { tape.grad(y, x) } else { vec![Var::constant(0.0); x.len()] }
}

/// The first three derivatives in nested duals.
pub(crate) fn forward(f: impl Fn(Dual<Dual<Dual<f64>>>) -> Dual<Dual<Dual<f64>>>, x: f64) -> [f64; 3] {
    let first = f(Dual::variable(Dual::variable(Dual::variable(x)))).tangent()[0];
    let second = first.tangent()[0];
    [first.value().value(), second.value(), second.tangent()[0]]
}

/// Asserts that two numbers agree to 1e-12.
type Agree = fn(fmt::Arguments, f64, f64);

fn relative(what: fmt::Arguments, got: f64, want: f64) {
    near(what, got, want, 1e-12);
}

/// For derivatives that may be 0 as a sum of others.
fn absolute(what: fmt::Arguments, got: f64, want: f64) {
    close(what, got, want, 1e-12);
}

/// Checks derivatives of a function of one variable, of first to third order, by every way there is to compute them.
fn check(what: &str, x: f64, f: impl Fn(Var<f64>) -> Var<f64>, want: [f64; 3], agree: Agree) {
    let on_slice = |x: &[Var<f64>]| f(x[0]);
    agree(format_args!("{what}: reverse"), grad(on_slice, &[x])[0], want[0]);
    agree(format_args!("{what}: hvp"), hvp(on_slice, &[x], &[-2.0])[0], -2.0 * want[1]);
    agree(format_args!("{what}: hessian"), hessian(on_slice, &[x])[[0, 0]], want[1]);
    let tape = Tape::new();
    let x = tape.var(x);
    let mut y = f(x);
    for (order, want) in want.into_iter().enumerate() {
        y = again(&tape, y, &[x])[0];
        agree(format_args!("{what}: recorded, order {}", order + 1), y.value(), want);
    }
}

#[test]
fn unary() {
    for &f in Unary::ALL {
        let name = f.name();
        for &x in f.points() {
            let want = forward(|x| x.unary(f), x);
            check(&format!("{name} at {x}"), x, |x| x.unary(f), want, relative);
            let tape = Tape::new();
            let value = plain(f, x).unwrap_or_else(|| f.value(x));
            assert_bits(name, tape.var(x).unary(f).value(), value);
            assert_bits(name, Var::constant(x).unary(f).value(), value);
            assert_bits(name, Dual::variable(x).unary(f).value(), value);
        }
    }
}

#[test]
fn unary_f32() {
    for &f in Unary::ALL {
        for &x in f.points() {
            let (name, x) = (f.name(), x as f32);
            let tape = Tape::new();
            let v = tape.var(x);
            let y = v.unary(f);
            let d = Dual::variable(x).unary(f);
            assert_bits(name, y.value(), plain(f, x).unwrap_or_else(|| f.value(x)));
            assert_bits(name, d.value(), y.value());
            let want = forward(|x| x.unary(f), f64::from(x))[0];
            close_f32(name, y.backward().wrt(v), want, 1e-5);
            close_f32(name, d.tangent()[0], want, 1e-5);
        }
    }
}

/// What the standard library has no function for, against the textbook's formulas.
#[test]
fn own_functions() {
    for x in [-30.0_f64, -3.0, -0.5, 0.0, 1.3, 20.0] {
        close("sigmoid", Unary::Sigmoid.value(x), 1.0 / (1.0 + (-x).exp()), 1e-15);
        close("log_sigmoid", Unary::LogSigmoid.value(x), -(-x).exp().ln_1p(), 1e-15);
        close("softplus", Unary::Softplus.value(x), x.exp().ln_1p(), 1e-15);
    }
    // Where the textbook's formulas overflow.
    for (f, low, high) in [(Unary::Sigmoid, 0.0, 1.0), (Unary::LogSigmoid, -1e4, 0.0), (Unary::Softplus, 0.0, 1e4)] {
        assert_eq!((f.value(-1e4), f.value(1e4)), (low, high), "{}", f.name());
    }
}

type Twice = Dual<Dual<f64, 2>, 2>;
pub(crate) type Thrice = Dual<Twice, 2>;

fn seeds<T: Real>([a, b]: [T; 2]) -> [Dual<T, 2>; 2] {
    let (zero, one) = (T::zero(), T::one());
    [Dual::new(a, [one, zero]), Dual::new(b, [zero, one])]
}

pub(crate) fn forward2(f: Binary, a: f64, b: f64) -> Thrice {
    let [a, b] = seeds(seeds(seeds([a, b])));
    a.binary(f, b)
}

#[test]
fn binary() {
    for &f in Binary::ALL {
        let name = f.name();
        for &(a, b) in f.points() {
            let what = format!("{name} at ({a}, {b})");
            // Where a share is near 1, its derivative is a small difference.
            let agree = if f == Binary::LogAddExp { absolute } else { relative };
            let y = forward2(f, a, b);
            let (left, right) = (y.tangent()[0], y.tangent()[1]);
            let da = [left.value().value(), left.tangent()[0].value(), left.tangent()[0].tangent()[0]];
            check(&what, a, |a| a.binary(f, Var::constant(b)), da, agree);
            let tape = Tape::new();
            let (x, z) = (tape.var(a), tape.var(b));
            let (wrapped, value) = (Var::constant, plain2(f, a, b).unwrap_or_else(|| f.value(a, b)));
            for y in
                [x.binary(f, z), x.binary(f, wrapped(b)), wrapped(a).binary(f, z), wrapped(a).binary(f, wrapped(b))]
            {
                assert_bits(&what, y.value(), value);
            }
            assert_bits(&what, Dual::variable(a).binary(f, Dual::constant(b)).value(), value);
            if constant_second(f) {
                continue;
            }
            let db = [right.value().value(), right.tangent()[1].value(), right.tangent()[1].tangent()[1]];
            check(&what, b, |b| Var::constant(a).binary(f, b), db, agree);
            both_variable(&what, f, [a, b], y, agree);
        }
    }
}

/// All partial derivatives up to third order where both operands are variables.
fn both_variable(what: &str, f: Binary, x: [f64; 2], want: Thrice, agree: Agree) {
    let on_slice = |x: &[Var<f64>]| x[0].binary(f, x[1]);
    let (first, second) = (grad(on_slice, &x), hessian(on_slice, &x));
    let tape = Tape::new();
    let vars = tape.vars(&x);
    let recorded = again(&tape, on_slice(&vars), &vars);
    for i in 0..2 {
        let want = want.tangent()[i];
        agree(format_args!("{what}: reverse {i}"), first[i], want.value().value());
        agree(format_args!("{what}: recorded {i}"), recorded[i].value(), first[i]);
        let recorded = again(&tape, recorded[i], &vars);
        for j in 0..2 {
            let (what, want) = (format!("{what}: {i}{j}"), want.tangent()[j]);
            agree(format_args!("{what}: hessian"), second[[i, j]], want.value());
            agree(format_args!("{what}: symmetric"), second[[j, i]], want.value());
            agree(format_args!("{what}: recorded"), recorded[j].value(), want.value());
            let recorded = again(&tape, recorded[j], &vars);
            for (k, recorded) in recorded.into_iter().enumerate() {
                agree(format_args!("{what}{k}: recorded"), recorded.value(), want.tangent()[k]);
            }
        }
    }
    let v = [0.7, -1.3];
    for (i, along) in hvp(on_slice, &x, &v).into_iter().enumerate() {
        agree(format_args!("{what}: hvp {i}"), along, second[[i, 0]] * v[0] + second[[i, 1]] * v[1]);
    }
}

#[test]
fn shared_operand() {
    for &f in Binary::ALL.iter().filter(|&&f| !constant_second(f)) {
        for x in [0.7, 1.3] {
            let what = format!("{}({x}, {x})", f.name());
            let want = forward(|x| x.binary(f, x), x);
            check(&what, x, |x| x.binary(f, x), want, absolute);
            near(format_args!("{what}: numeric"), want[0], slope(|x| f.value(x, x), x), 1e-8);
        }
    }
}

#[test]
fn binary_f32() {
    for &f in Binary::ALL {
        for &(a, b) in f.points() {
            let (name, a, b) = (f.name(), a as f32, b as f32);
            let tape = Tape::new();
            let (x, z) = (tape.var(a), tape.var(b));
            let y = x.binary(f, z);
            assert_bits(name, y.value(), plain2(f, a, b).unwrap_or_else(|| f.value(a, b)));
            let want = forward2(f, f64::from(a), f64::from(b));
            let g = y.backward();
            let [p, q] = seeds([a, b]);
            let forward = p.binary(f, q);
            for (i, got) in [g.wrt(x), g.wrt(z)].into_iter().enumerate() {
                let want = want.tangent()[i].value().value();
                close_f32(name, got, want, 1e-5);
                close_f32(name, forward.tangent()[i], want, 1e-5);
            }
        }
    }
}
