//! Conventions at kinks, edges of domains and beyond, one by one.

use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Real, Tape, Tensor, Var, grad, hessian, logsumexp};
use ndarray::array;
use std::f64::consts::{FRAC_PI_2, LN_2, PI};
use tests::raises_here;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// Exactly equal; NaN equals NaN.
#[track_caller]
fn same(what: &str, got: f64, want: f64) {
    assert!(got == want || got.is_nan() && want.is_nan(), "{what}: got {got}, want {want}");
}

/// The value and the derivative of a row, for all that rows work on.
#[track_caller]
fn unary(f: Unary, x: f64, value: f64, slope: f64) {
    let what = |kind: &str| format!("{kind}: {}({x})", f.name());
    let tape = Tape::new();
    let v = tape.var(x);
    let y = v.unary(f);
    same(&what("value"), y.value(), value);
    same(&what("reverse"), y.backward().wrt(v), slope);
    same(&what("recorded"), tape.grad(y, &[v])[0].value(), slope);
    let y = Dual::variable(x).unary(f);
    same(&what("dual value"), y.value(), value);
    same(&what("dual"), y.tangent()[0], slope);
    let t = tape.tensor(array![x]);
    let y = t.unary(f);
    same(&what("tensor value"), y.item(), value);
    same(&what("tensor"), y.backward().wrt_or_zeros(&t)[0], slope);
    same(&what("recorded tensor"), tape.grad(&y, &[&t])[0].item(), slope);
}

/// The value and both derivatives of a row, for all that rows work on.
#[track_caller]
fn binary(f: Binary, [a, b]: [f64; 2], value: f64, slopes: [f64; 2]) {
    let what = |kind: &str| format!("{kind}: {}({a}, {b})", f.name());
    let tape = Tape::new();
    let v = tape.vars(&[a, b]);
    let y = v[0].binary(f, v[1]);
    same(&what("value"), y.value(), value);
    let (g, recorded) = (y.backward(), tape.grad(y, &v));
    let t = [tape.tensor(array![a]), tape.tensor(array![b])];
    let y = t[0].binary(f, &t[1]);
    same(&what("tensor value"), y.item(), value);
    let (tensor, recorded_tensor) = (y.backward(), tape.grad(&y, &t));
    let dual = Dual::<f64, 2>::new(a, [1.0, 0.0]).binary(f, Dual::new(b, [0.0, 1.0]));
    same(&what("dual value"), dual.value(), value);
    for (i, slope) in slopes.into_iter().enumerate() {
        same(&what("reverse"), g.wrt(v[i]), slope);
        same(&what("recorded"), recorded[i].value(), slope);
        same(&what("dual"), dual.tangent()[i], slope);
        same(&what("tensor"), tensor.wrt(&t[i])[0], slope);
        same(&what("recorded tensor"), recorded_tensor[i].item(), slope);
    }
}

/// The published table is what the rules give, and every number engine agrees with it.
#[test]
fn the_published_table() {
    let table = tests::edges::table(include_str!("../data/edges.csv"));
    assert_eq!(table, include_str!("../../autodiff/src/rules/edges.md"), "write it anew: see tests/examples/edges.rs");
    for &f in Unary::ALL {
        for &x in f.edges() {
            let entry = tests::edges::by_rule(f.name(), &[x]);
            unary(f, x, entry[0], entry[1]);
        }
    }
    for &f in Binary::ALL {
        for &(a, b) in f.edges() {
            let entry = tests::edges::by_rule(f.name(), &[a, b]);
            binary(f, [a, b], entry[0], [entry[1], entry[2]]);
        }
    }
    assert_eq!(table.lines().count(), 2 + tests::edges::points().len());
}

#[test]
fn kinks_have_the_least_norm_subgradient() {
    unary(Unary::Relu, 0.0, 0.0, 0.0);
    unary(Unary::Relu, -1.0, 0.0, 0.0);
    unary(Unary::Relu, 1.0, 1.0, 1.0);
    unary(Unary::Abs, 0.0, 0.0, 0.0);
    unary(Unary::Abs, -0.0, 0.0, 0.0);
    unary(Unary::Abs, -2.0, 2.0, -1.0);
    unary(Unary::Signum, 0.0, 1.0, 0.0);
    unary(Unary::Signum, -0.0, -1.0, 0.0);
    unary(Unary::Step, 0.0, 0.0, 0.0);
    unary(Unary::Floor, 2.0, 2.0, 0.0);
    binary(Binary::Hypot, [0.0, 0.0], 0.0, [0.0, 0.0]);
    binary(Binary::Hypot, [0.0, -2.0], 2.0, [0.0, -1.0]);
    binary(Binary::AbsSub, [1.0, 1.0], 0.0, [0.0, 0.0]);
    binary(Binary::AbsSub, [2.0, 1.0], 1.0, [1.0, -1.0]);
    binary(Binary::Copysign, [0.0, -1.0], 0.0, [0.0, 0.0]);
    binary(Binary::Copysign, [2.0, -1.0], -2.0, [-1.0, 0.0]);
}

#[test]
fn ties_share_evenly() {
    for f in [Binary::Max, Binary::Min] {
        binary(f, [1.0, 1.0], 1.0, [0.5, 0.5]);
        binary(f, [0.0, -0.0], f.value(0.0, -0.0), [0.5, 0.5]);
        binary(f, [INF, INF], INF, [0.5, 0.5]);
        binary(f, [NAN, 1.0], 1.0, [0.0, 1.0]);
        binary(f, [1.0, NAN], 1.0, [1.0, 0.0]);
    }
    binary(Binary::Max, [1.0, 2.0], 2.0, [0.0, 1.0]);
    binary(Binary::Min, [1.0, 2.0], 1.0, [1.0, 0.0]);
}

#[test]
fn edges_of_domains() {
    unary(Unary::Sqrt, 0.0, 0.0, INF);
    unary(Unary::Cbrt, 0.0, 0.0, INF);
    unary(Unary::Recip, 0.0, INF, -INF);
    unary(Unary::Asin, 1.0, FRAC_PI_2, INF);
    unary(Unary::Asin, -1.0, -FRAC_PI_2, INF);
    unary(Unary::Acos, 1.0, 0.0, -INF);
    unary(Unary::Acos, -1.0, PI, -INF);
    unary(Unary::Acosh, 1.0, 0.0, INF);
    unary(Unary::Atanh, 1.0, INF, INF);
    unary(Unary::Atanh, -1.0, -INF, INF);
    unary(Unary::InvErf, 1.0, INF, INF);
    unary(Unary::InvErf, -1.0, -INF, INF);
    unary(Unary::Ln1p, -1.0, -INF, INF);
    unary(Unary::Logit, 0.0, -INF, INF);
    unary(Unary::Logit, 1.0, INF, INF);
    for f in [Unary::Ln, Unary::Log2, Unary::Log10] {
        unary(f, 0.0, -INF, INF);
        unary(f, INF, INF, 0.0);
    }
    binary(Binary::Div, [1.0, 0.0], INF, [INF, -INF]);
    binary(Binary::Log, [0.0, 2.0], -INF, [INF, INF]);
    binary(Binary::Log, [2.0, 1.0], INF, [INF, -INF]);
    binary(Binary::Atan2, [0.0, 0.0], 0.0, [NAN, NAN]);
}

#[test]
fn poles_of_the_gamma_family() {
    unary(Unary::LnGamma, 0.0, INF, -INF);
    unary(Unary::LnGamma, -0.0, INF, INF);
    unary(Unary::Digamma, 0.0, -INF, INF);
    unary(Unary::Digamma, -0.0, INF, INF);
    binary(Binary::Polygamma, [0.0, 1.0], INF, [-INF, 0.0]);
    binary(Binary::Polygamma, [-0.0, 1.0], INF, [INF, 0.0]);
    binary(Binary::Polygamma, [0.0, 2.0], -INF, [INF, 0.0]);
    binary(Binary::Polygamma, [-0.0, 2.0], INF, [INF, 0.0]);
    for x in [-1.0, -2.0, -30.0] {
        unary(Unary::LnGamma, x, INF, NAN);
        unary(Unary::Digamma, x, NAN, NAN);
        binary(Binary::Polygamma, [x, 0.0], NAN, [NAN, 0.0]);
        binary(Binary::Polygamma, [x, 1.0], INF, [NAN, 0.0]);
        binary(Binary::Polygamma, [x, 2.0], NAN, [NAN, 0.0]);
    }
    unary(Unary::LnGamma, -INF, INF, NAN);
    unary(Unary::Digamma, -INF, NAN, NAN);
    binary(Binary::Polygamma, [-INF, 1.0], NAN, [NAN, 0.0]);
    binary(Binary::Polygamma, [INF, 1.0], 0.0, [0.0, 0.0]);
}

#[test]
fn orders_are_natural_numbers() {
    for f in [Binary::Polygamma, Binary::SphericalJn] {
        for order in [-1.0, 0.5, NAN, INF] {
            binary(f, [1.5, order], NAN, [NAN, 0.0]);
        }
    }
    binary(Binary::Polygamma, [1.5, 171.0], NAN, [NAN, 0.0]);
    assert!(Binary::Polygamma.value(1.5_f64, 170.0).is_finite());
}

#[test]
fn outside_of_domains_all_is_nan() {
    let outside = [
        (Unary::Sqrt, -1.0),
        (Unary::Ln, -1.0),
        (Unary::Log2, -1.0),
        (Unary::Log10, -1.0),
        (Unary::Ln1p, -2.0),
        (Unary::Asin, 2.0),
        (Unary::Acos, -2.0),
        (Unary::Acosh, 0.5),
        (Unary::Acosh, -3.0),
        (Unary::Atanh, 2.0),
        (Unary::InvErf, 1.5),
        (Unary::InvErf, -INF),
        (Unary::Logit, -0.5),
        (Unary::Logit, 1.5),
        (Unary::Logit, INF),
        (Unary::Sin, INF),
        (Unary::Cos, -INF),
        (Unary::Tan, INF),
    ];
    for (f, x) in outside {
        unary(f, x, NAN, NAN);
    }
    binary(Binary::Pow, [-2.0, 0.5], NAN, [NAN, NAN]);
    binary(Binary::Log, [-2.0, 3.0], NAN, [NAN, NAN]);
    binary(Binary::Rem, [2.0, 0.0], NAN, [NAN, NAN]);
    binary(Binary::Rem, [INF, 2.0], NAN, [NAN, NAN]);
}

#[test]
fn nan_in_nan_out() {
    for &f in Unary::ALL {
        let slope = match f {
            Unary::Neg => -1.0,
            Unary::Fract => 1.0,
            Unary::Signum | Unary::Step | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => 0.0,
            Unary::ToDegrees => 180.0 / PI,
            Unary::ToRadians => PI / 180.0,
            _ => NAN,
        };
        unary(f, NAN, NAN, slope);
    }
    for &f in Binary::ALL {
        match f {
            // The other operand; the magnitude; an exponent is a constant.
            Binary::Max | Binary::Min => {}
            Binary::Copysign | Binary::Powi => assert!(f.value(NAN, 2.0).is_nan(), "{}", f.name()),
            _ => assert!(f.value(NAN, 2.0).is_nan() && f.value(2.0, NAN).is_nan(), "{}", f.name()),
        }
    }
    // As the standard library has it.
    binary(Binary::Pow, [NAN, 0.0], 1.0, [0.0, NAN]);
    binary(Binary::Pow, [1.0, NAN], 1.0, [NAN, 0.0]);
    binary(Binary::Hypot, [INF, NAN], INF, [NAN, NAN]);
    binary(Binary::LogAddExp, [NAN, 2.0], NAN, [NAN, NAN]);
    binary(Binary::LogAddExp, [INF, NAN], NAN, [NAN, NAN]);
    binary(Binary::SphericalJn, [NAN, 2.0], NAN, [NAN, 0.0]);
    binary(Binary::Polygamma, [NAN, 2.0], NAN, [NAN, 0.0]);
}

/// What every row tends to that tends to something.
#[test]
fn at_infinity() {
    let rows = [
        (Unary::Neg, [INF, -1.0], [-INF, -1.0]),
        (Unary::Recip, [0.0, 0.0], [0.0, 0.0]),
        (Unary::Abs, [INF, -1.0], [INF, 1.0]),
        (Unary::Cbrt, [-INF, 0.0], [INF, 0.0]),
        (Unary::Exp, [0.0, 0.0], [INF, INF]),
        (Unary::Exp2, [0.0, 0.0], [INF, INF]),
        (Unary::ExpM1, [-1.0, 0.0], [INF, INF]),
        (Unary::Atan, [-FRAC_PI_2, 0.0], [FRAC_PI_2, 0.0]),
        (Unary::Sinh, [-INF, INF], [INF, INF]),
        (Unary::Cosh, [INF, -INF], [INF, INF]),
        (Unary::Tanh, [-1.0, 0.0], [1.0, 0.0]),
        (Unary::Asinh, [-INF, 0.0], [INF, 0.0]),
        (Unary::Sigmoid, [0.0, 0.0], [1.0, 0.0]),
        (Unary::LogSigmoid, [-INF, 1.0], [0.0, 0.0]),
        (Unary::Softplus, [0.0, 0.0], [INF, 1.0]),
        (Unary::Relu, [0.0, 0.0], [INF, 1.0]),
        (Unary::Erf, [-1.0, 0.0], [1.0, 0.0]),
        (Unary::Erfc, [2.0, 0.0], [0.0, 0.0]),
        (Unary::Sinc, [0.0, 0.0], [0.0, 0.0]),
        (Unary::NormalCdf, [0.0, 0.0], [1.0, 0.0]),
        (Unary::NormalPdf, [0.0, 0.0], [0.0, 0.0]),
        (Unary::NormalLnPdf, [-INF, INF], [-INF, -INF]),
    ];
    for (f, [low, low_slope], [high, high_slope]) in rows {
        unary(f, -INF, low, low_slope);
        unary(f, INF, high, high_slope);
    }
    for f in [Unary::Sqrt, Unary::Ln1p, Unary::Acosh] {
        unary(f, INF, INF, 0.0);
    }
    unary(Unary::LnGamma, INF, INF, INF);
    unary(Unary::Digamma, INF, INF, 0.0);
    unary(Unary::Acosh, 1e200, Unary::Acosh.value(1e200), 1e-200);
    binary(Binary::Rem, [2.0, INF], 2.0, [1.0, 0.0]);
    binary(Binary::SphericalJn, [-INF, 3.0], 0.0, [0.0, 0.0]);
    // The density's tail is flat to any order.
    let tail = Dual::variable(Dual::variable(INF)).normal_pdf();
    assert_eq!(tail.tangent()[0].tangent()[0], 0.0);
}

/// 7.7 / 1.1 rounds to 7, and 7 times 1.1 is above 7.7.
#[test]
fn a_remainder_counts_whole_divisors() {
    binary(Binary::Rem, [7.7, 1.1], 7.7 % 1.1, [1.0, -6.0]);
}

/// `sin x / x = 1 - x²/3! + x⁴/5! - …`
#[test]
fn sinc_at_zero_to_any_order() {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.0);
    let t = tape.tensor(array![0.0]);
    let (mut y, mut z) = (x.sinc(), t.sinc());
    for (order, want) in [1.0, 0.0, -1.0 / 3.0, 0.0, 1.0 / 5.0, 0.0, -1.0 / 7.0].into_iter().enumerate() {
        assert!((y.value() - want).abs() < 1e-15, "order {order}: {y}, {want}");
        assert!((z.item() - want).abs() < 1e-15, "tensor, order {order}: {z}, {want}");
        y = tape.grad(y, &[x])[0];
        z = tape.grad(z.sum(), &[&t]).remove(0);
    }
    let nested = Dual::variable(Dual::variable(0.0_f64)).sinc();
    assert_eq!((nested.value().value(), nested.tangent()[0].value()), (1.0, 0.0));
    assert!((nested.tangent()[0].tangent()[0] + 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn log_add_exp_of_infinities_and_ties() {
    let f = Binary::LogAddExp;
    binary(f, [-INF, -INF], -INF, [0.0, 0.0]);
    binary(f, [-INF, 3.0], 3.0, [0.0, 1.0]);
    binary(f, [INF, 3.0], INF, [1.0, 0.0]);
    binary(f, [INF, -INF], INF, [1.0, 0.0]);
    binary(f, [INF, INF], INF, [0.5, 0.5]);
    binary(f, [1000.0, 1000.0], 1000.0 + LN_2, [0.5, 0.5]);
    binary(f, [-1e308, 1e308], 1e308, [0.0, 1.0]);
    let h = |x: [f64; 2]| hessian(|x| x[0].log_add_exp(x[1]), &x);
    assert_eq!(h([2.0, 2.0]), array![[0.25, -0.25], [-0.25, 0.25]]);
    for x in [[-INF, -INF], [-INF, 3.0], [INF, 3.0], [INF, INF]] {
        assert_eq!(h(x), array![[0.0, 0.0], [0.0, 0.0]], "{x:?}");
    }
}

#[test]
fn far_out_nothing_overflows_in_between() {
    unary(Unary::Exp, -INF, 0.0, 0.0);
    unary(Unary::Exp, 710.0, INF, INF);
    unary(Unary::Tanh, 1e3, 1.0, 0.0);
    unary(Unary::Tanh, -INF, -1.0, 0.0);
    unary(Unary::Sigmoid, 1e3, 1.0, 0.0);
    unary(Unary::Sigmoid, -1e3, 0.0, 0.0);
    unary(Unary::Softplus, 1e3, 1e3, 1.0);
    unary(Unary::Softplus, -1e3, 0.0, 0.0);
    unary(Unary::LogSigmoid, -1e3, -1e3, 1.0);
    unary(Unary::LogSigmoid, 1e3, 0.0, 0.0);
    let big = 2.0_f64.powi(600);
    binary(Binary::Hypot, [3.0 * big, 4.0 * big], 5.0 * big, [0.6, 0.8]);
    binary(Binary::Atan2, [0.0, 1e200], 0.0, [1e-200, 0.0]);
}

#[test]
fn powers_of_zero() {
    for b in [1.5, 2.0, 3.0] {
        binary(Binary::Pow, [0.0, b], 0.0, [0.0, 0.0]);
    }
    binary(Binary::Pow, [0.0, 1.0], 0.0, [1.0, 0.0]);
    binary(Binary::Pow, [0.0, 0.5], 0.0, [INF, 0.0]);
    binary(Binary::Pow, [0.0, 0.0], 1.0, [0.0, -INF]);
    binary(Binary::Pow, [2.0, 0.0], 1.0, [0.0, LN_2]);
    binary(Binary::Pow, [-2.0, 2.0], 4.0, [-4.0, NAN]);
    binary(Binary::Powi, [0.0, 0.0], 1.0, [0.0, 0.0]);
    binary(Binary::Powi, [0.0, 1.0], 0.0, [1.0, 0.0]);
    binary(Binary::Powi, [0.0, 2.0], 0.0, [0.0, 0.0]);
    binary(Binary::Powi, [-2.0, 3.0], -8.0, [12.0, 0.0]);
    // At exponent 0 the function is constant in a, but its derivative is not constant in b.
    let h = hessian(|x| x[0].powf(x[1]), &[2.0, 0.0]);
    assert_eq!(h, array![[0.0, 0.5], [0.5, LN_2 * LN_2]]);
}

#[test]
fn x_ln_y_at_zero() {
    binary(Binary::Xlogy, [0.0, 0.0], 0.0, [-INF, 0.0]);
    binary(Binary::Xlogy, [0.0, 2.0], 0.0, [LN_2, 0.0]);
    binary(Binary::Xlogy, [0.0, -1.0], 0.0, [NAN, 0.0]);
    binary(Binary::Xlogy, [2.0, 0.0], -INF, [-INF, INF]);
    binary(Binary::Xlogy, [0.0, NAN], NAN, [NAN, 0.0]);
    let h = hessian(|x| x[0].xlogy(x[1]), &[0.0, 2.0]);
    assert_eq!(h, array![[0.0, 0.5], [0.5, 0.0]]);
}

#[test]
fn x_ln_of_one_plus_y_at_zero() {
    binary(Binary::Xlog1py, [0.0, -1.0], 0.0, [-INF, 0.0]);
    binary(Binary::Xlog1py, [0.0, 1.0], 0.0, [LN_2, 0.0]);
    binary(Binary::Xlog1py, [0.0, -3.0], 0.0, [NAN, 0.0]);
    binary(Binary::Xlog1py, [2.0, -1.0], -INF, [-INF, INF]);
    binary(Binary::Xlog1py, [0.0, NAN], NAN, [NAN, 0.0]);
    let h = hessian(|x| x[0].xlog1py(x[1]), &[0.0, 1.0]);
    assert_eq!(h, array![[0.0, 0.5], [0.5, 0.0]]);
}

#[test]
fn logsumexp_of_nothing_and_of_minus_infinity() {
    assert_eq!(logsumexp::<f64>(&[]).value(), -INF);
    assert_eq!(Tensor::<f64>::zeros(&[0, 2]).logsumexp(0).to_array(), array![-INF, -INF].into_dyn());
    let (f, low) = (|x: &[Var<f64>]| logsumexp(x), [-INF, -INF]);
    assert_eq!(f(&low.map(Var::constant)).value(), -INF);
    assert_eq!(grad(f, &low), [0.0, 0.0]);
    assert_eq!(hessian(f, &low), array![[0.0, 0.0], [0.0, 0.0]]);
    assert_eq!(grad(f, &[-INF, 3.0]), [0.0, 1.0]);

    let tape = Tape::new();
    let x = tape.tensor(array![[-INF, -INF], [-INF, 3.0]]);
    let y = x.logsumexp(1);
    assert_eq!(y.to_array(), array![-INF, 3.0].into_dyn());
    let want = array![[0.0, 0.0], [0.0, 1.0]].into_dyn();
    let seed = Tensor::ones(&[2]);
    assert_eq!(y.backward_with(&seed).wrt(&x), want);
    let first = &tape.grad(y.slice(ndarray::s![0]), &[&x])[0];
    assert_eq!(first.to_array(), array![[0.0, 0.0], [0.0, 0.0]].into_dyn());
    assert_eq!(first.sum().backward().wrt(&x), array![[0.0, 0.0], [0.0, 0.0]].into_dyn());
}

#[test]
fn select_sends_no_nan() {
    let tape = Tape::new();
    let x = tape.tensor(array![-1.0, 4.0]);
    let positive = x.mask(|x| x > 0.0);
    for y in [Tensor::select(&positive, x.sqrt(), 0.0), Tensor::select(&x.mask(|x| x <= 0.0), 0.0, x.sqrt())] {
        assert_eq!(y.to_array(), array![0.0, 2.0].into_dyn());
        assert_eq!(y.sum().backward().wrt(&x), array![0.0, 0.25].into_dyn());
        let first = &tape.grad(y.sum(), &[&x])[0];
        assert_eq!(first.to_array(), array![0.0, 0.25].into_dyn());
        let second = &tape.grad(first.sum(), &[&x])[0];
        assert_eq!(second.to_array(), array![0.0, -0.03125].into_dyn());
    }
    // The branch not taken holds NaN itself, and a zero-weighted one too.
    let y = Tensor::select(&positive, &x, &(&x * NAN));
    assert_eq!(y.narrow(0, 1..2).sum().backward().wrt(&x), array![0.0, 1.0].into_dyn());
}

#[test]
fn clamp_is_flat_at_its_bounds() {
    for (x, value, slope) in
        [(-3.0, -1.0, 0.0), (-1.0, -1.0, 0.0), (0.5, 0.5, 1.0), (2.0, 2.0, 0.0), (3.0, 2.0, 0.0), (NAN, NAN, 1.0)]
    {
        let tape = Tape::new();
        let v = tape.var(x);
        let y = v.clamp(Var::constant(-1.0), Var::constant(2.0));
        same("value", y.value(), value);
        same("reverse", if y.is_tracked() { y.backward().wrt(v) } else { 0.0 }, slope);
        let y = Dual::variable(x).clamp(Dual::constant(-1.0), Dual::constant(2.0));
        same("dual value", y.value(), value);
        same("dual", y.tangent()[0], slope);
        let t = tape.tensor(array![x]);
        let y = t.clamp(-1.0, 2.0);
        same("tensor value", y.item(), value);
        same("tensor", y.backward().wrt(&t)[0], slope);
        same("recorded tensor", tape.grad(&y, &[&t])[0].item(), slope);
    }
    let bounds = "clamp: the lower bound is 2, the upper 1; the lower must not be above";
    raises_here(|| Var::constant(0.0).clamp(Var::constant(2.0), Var::constant(1.0)), bounds);
    raises_here(|| Tensor::scalar(0.0).clamp(2.0, 1.0), bounds);
}

/// What the root does not depend on at this point gets 0, not `0 · inf`.
#[test]
fn a_zero_adjoint_wins_over_an_infinite_slope() {
    let f = |x: &[Var<f64>]| x[0].sqrt() * x[1];
    assert_eq!(grad(f, &[0.0, 0.0]), [0.0, 0.0]);
    let tape = Tape::new();
    let x = tape.vars(&[0.0, 0.0]);
    assert_eq!(tape.grad(f(&x), &x).iter().map(|d| d.value()).collect::<Vec<_>>(), [0.0, 0.0]);
    let square = |x: &[Var<f64>]| x[0].square().sqrt() * x[1].square();
    let h = hessian(square, &[0.0, 0.0]);
    assert_eq!(h[[1, 1]], 0.0);
    let t = tape.tensor(array![0.0]);
    let y = t.sqrt() * &t;
    assert_eq!(tape.grad(&y, &[&t])[0].item(), y.backward().wrt(&t)[0]);
}

#[test]
fn clamp_keeps_the_sign_of_zero() {
    let tape = Tape::<f64>::new();
    let x = tape.var(-0.0);
    let (low, high) = (Var::constant(0.0), Var::constant(1.0));
    assert_eq!(x.clamp(low, high).value().to_bits(), (-0.0_f64).clamp(0.0, 1.0).to_bits());
    let t = tape.tensor(array![-0.0, 1.0, 3.0]);
    let y = t.clamp(0.0, 1.0);
    assert!(y.to_array()[0].is_sign_negative());
    assert_eq!(y.to_array(), array![0.0, 1.0, 1.0].into_dyn());
}

#[test]
fn zero_to_a_power_is_flat_in_the_exponent_to_any_order() {
    let tape = Tape::<f64>::new();
    let (a, b) = (Var::constant(0.0), tape.var(2.5));
    let mut d = a.powf(b);
    for order in 1..=3 {
        d = tape.grad(d + 0.0 * b, &[b])[0];
        assert_eq!(d.value(), 0.0, "order {order}");
    }
    let h = autodiff::hessian(|x| x[0].powf(x[1]), &[0.0, 2.5]);
    assert_eq!(h, array![[0.0, 0.0], [0.0, 0.0]]);
}
