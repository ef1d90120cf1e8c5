//! Other people's generic code, run on variables and duals.

use autodiff::{Dual, Real, Tape, Var, grad, hessian};
use nalgebra::{DMatrix, Matrix2};
use ndarray::{Array1, Array2, array};
use num_traits::{Float, FloatConst, FromPrimitive, Num, One, Zero};
use tests::{all_close, close, slopes};

/// The gradient of `Σ w · (A B)`: `w Bᵀ` and `Aᵀ w`.
#[test]
fn ndarray_product() {
    let (a, b) = (array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], array![[7.0, -8.0], [9.0, 1.0], [-2.0, 3.0]]);
    let w = array![[0.5, -1.0], [2.0, 3.0]];
    let tape = Tape::new();
    let (x, y) = (a.mapv(|a| tape.var(a)), b.mapv(|b| tape.var(b)));
    let product = x.dot(&y);
    assert_eq!(product.mapv(Var::value), a.dot(&b));
    let loss: Var<f64> = product.iter().zip(&w).map(|(&p, &w)| p * w).sum();
    let g = loss.backward();
    assert_eq!(x.mapv(|x| g.wrt(x)), w.dot(&b.t()));
    assert_eq!(y.mapv(|y| g.wrt(y)), a.t().dot(&w));
    // A variable beside an array, arrays among themselves, and sums over axes.
    let scale = tape.var(2.0);
    let total = ((&x * scale + &x).sum_axis(ndarray::Axis(0)) / scale).sum();
    let g = total.backward();
    assert_eq!((total.value(), g.wrt(scale), g.wrt(x[[1, 2]])), (31.5, -5.25, 1.5));
}

/// Row by row, by a stranger who knows arrays and `Float`.
fn softmax<F: Float>(a: &Array2<F>) -> Array2<F> {
    let powers = a.mapv(F::exp);
    let totals = powers.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
    &powers / &totals
}

/// The gradient of `Σ w · p` in a row is `p (w - w · p)`.
#[test]
fn ndarray_maps_and_sums() {
    let (a, w) = (array![[0.5, -1.0, 0.25], [2.0, 1.0, 1.5]], array![[1.0, 2.0, -0.5], [0.3, -2.0, 1.0]]);
    let tape = Tape::new();
    let x = a.mapv(|a| tape.var(a));
    let p = softmax(&x);
    assert_eq!(p.mapv(Var::value), softmax(&a));
    let loss = (&p * &w.mapv(Var::constant)).sum();
    let g = loss.backward();
    let p = softmax(&a);
    let centre = (&p * &w).sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
    all_close("softmax", &x.mapv(|x| g.wrt(x)), &(&p * (&w - &centre)), 1e-15);
    let duals = softmax(&a.mapv(Dual::<f64>::constant)).mapv(Dual::value);
    assert_eq!(duals, p);
    // The sum of a tanh, and a vector's dot product with itself.
    let g = (x.mapv(Var::tanh).sum() + x.row(0).dot(&x.row(1))).backward();
    let mut want = a.mapv(|a| 1.0 - a.tanh().powi(2));
    want.row_mut(0).scaled_add(1.0, &a.row(1));
    want.row_mut(1).scaled_add(1.0, &a.row(0));
    all_close("tanh and dot", &x.mapv(|x| g.wrt(x)), &want, 1e-15);
}

#[test]
fn nalgebra_product() {
    let (a, b) = (Matrix2::new(1.0, 2.0, 3.0, 4.0), Matrix2::new(-1.0, 0.5, 2.0, 3.0));
    let tape = Tape::new();
    let (x, y) = (a.map(|a| tape.var(a)), b.map(|b| tape.var(b)));
    let product = x * y;
    assert_eq!(product.map(Var::value), a * b);
    let g = (product[(0, 0)] * 2.0 - product[(1, 0)]).backward();
    let w = Matrix2::new(2.0, 0.0, -1.0, 0.0);
    assert_eq!(x.map(|x| g.wrt(x)), w * b.transpose());
    assert_eq!(y.map(|y| g.wrt(y)), a.transpose() * w);

    let a = DMatrix::from_fn(3, 4, |i, j| (i * 4 + j) as f64 * 0.1);
    let x = a.map(|a| tape.var(a));
    let gram = &x * x.transpose();
    let trace = (0..3).map(|i| gram[(i, i)]).sum::<Var<f64>>();
    let g = trace.backward();
    tests::all_close("twice A", &x.map(|x| g.wrt(x)), &(a * 2.0), 1e-15);
}

#[test]
fn duals_in_arrays() {
    let x: Array1<Dual<f64>> = array![0.5, -1.0].mapv(Dual::variable);
    let m: Array2<Dual<f64>> = array![[1.0, 2.0], [3.0, 4.0]].mapv(Dual::constant);
    let y = m.dot(&x).mapv(Dual::sin);
    for (y, (value, slope)) in y.iter().zip([(-1.5_f64, 3.0), (-2.5, 7.0)]) {
        assert_eq!((y.value(), y.tangent()[0]), (value.sin(), slope * value.cos()));
    }
    assert_eq!(x.sum().tangent(), &[2.0]);
    let v = nalgebra::Vector2::new(Dual::variable(3.0), Dual::constant(4.0));
    assert_eq!(v.dot(&v).tangent(), &[6.0]);
}

#[test]
fn sums_and_products() {
    let f = |x: &[Var<f64>]| {
        let sum: Var<f64> = x.iter().sum();
        let product: Var<f64> = x.iter().product();
        let squares = x.iter().map(|x| x * x).sum::<Var<f64>>();
        let cubes = x.iter().map(|x| x.powi(3)).product::<Var<f64>>();
        sum * product + squares * cubes
    };
    let plain = |x: &[f64]| {
        let (sum, product): (f64, f64) = (x.iter().sum(), x.iter().product());
        sum * product + x.iter().map(|x| x * x).sum::<f64>() * product.powi(3)
    };
    let x = [0.7, -1.2, 1.5];
    all_close("sums and products", &grad(f, &x), &slopes(plain, &x), 1e-9);
    assert_eq!([0.1, 0.2, 0.3].map(Var::constant).iter().sum::<Var<f64>>().value(), 0.1 + 0.2 + 0.3);
    assert_eq!(std::iter::empty::<Var<f64>>().sum::<Var<f64>>().value(), 0.0);
    assert_eq!(std::iter::empty::<Var<f64>>().product::<Var<f64>>().value(), 1.0);
    let duals = [2.0, 3.0].map(Dual::<f64>::variable);
    assert_eq!(duals.iter().sum::<Dual<f64>>().tangent(), &[2.0]);
    assert_eq!(duals.into_iter().product::<Dual<f64>>().tangent(), &[5.0]);
}

/// All of `Float` and `FloatConst` that is not a row of the table, by a stranger who knows nothing else.
fn everything<F: Float + FloatConst>(x: F, z: F) -> Vec<F> {
    let (sin, cos) = x.sin_cos();
    let constants = [
        F::E(),
        F::FRAC_1_PI(),
        F::FRAC_1_SQRT_2(),
        F::FRAC_2_PI(),
        F::FRAC_2_SQRT_PI(),
        F::FRAC_PI_2(),
        F::FRAC_PI_3(),
        F::FRAC_PI_4(),
        F::FRAC_PI_6(),
        F::FRAC_PI_8(),
        F::LN_10(),
        F::LN_2(),
        F::LOG10_2(),
        F::LOG10_E(),
        F::LOG2_10(),
        F::LOG2_E(),
        F::PI(),
        F::SQRT_2(),
        F::TAU(),
        F::nan(),
        F::infinity(),
        F::neg_infinity(),
        F::neg_zero(),
        F::min_value(),
        F::min_positive_value(),
        F::max_value(),
        F::epsilon(),
    ];
    let truths = |x: F| {
        let floats = [x.is_nan(), x.is_infinite(), x.is_finite(), x.is_normal(), x.is_subnormal()];
        let signs = [x.is_sign_positive(), x.is_sign_negative(), x.classify() == std::num::FpCategory::Normal];
        floats.into_iter().chain(signs).map(|holds| if holds { F::one() } else { F::zero() })
    };
    let decoded = constants.map(|x| F::from(x.integer_decode().0).expect("a mantissa is a number"));
    let mut all = vec![x.mul_add(z, x), sin, cos, x.clamp(z, z + F::one()), x.powi(-3), x.abs_sub(z), x.copysign(-z)];
    all.extend(constants.into_iter().chain(decoded).chain(constants.into_iter().flat_map(truths)));
    all
}

#[test]
fn all_of_float_and_of_its_constants() {
    for (x, z) in [(0.3_f64, 0.7), (-1.3, 0.2), (1.1, 0.4)] {
        let tape = Tape::new();
        let v = [tape.var(x), tape.var(z)];
        let (recorded, dual) = (everything(v[0], v[1]), everything(Dual::variable(x), Dual::constant(z)));
        for (i, want) in everything(x, z).into_iter().enumerate() {
            assert_eq!(recorded[i].value().to_bits(), want.to_bits(), "Var, {i}: {}, {want}", recorded[i]);
            assert_eq!(dual[i].value().to_bits(), want.to_bits(), "Dual, {i}: {}, {want}", dual[i]);
            let slope = if recorded[i].is_tracked() { recorded[i].backward().wrt(v[0]) } else { 0.0 };
            assert_eq!(slope, dual[i].tangent()[0], "{i}");
        }
        let want = slopes(|x| everything(x[0], z).into_iter().take(7).map(f64::cos).sum(), &[x]);
        let got = grad(|x| everything(x[0], Var::constant(z)).into_iter().take(7).map(Var::cos).sum(), &[x]);
        all_close("slopes", &got, &want, 1e-9);
    }
}

/// Functions that are not in `Float`, generic over `Real`.
#[test]
fn special_functions_of_any_number() {
    fn f<R: Real>(x: R) -> R {
        let normal = x.normal_cdf() * x.normal_pdf() + x.normal_ln_pdf();
        let gamma = x.ln_gamma() + x.digamma() * x.polygamma(2);
        let error = x.erf() * x.erfc() + x.inv_erf();
        let other = x.sinc() + x.spherical_jn(2) + x.logit().sigmoid() + x.xlog1py(x).log_add_exp(x.log_sigmoid());
        normal + gamma + error + other + x.xlogy(x) + x.softplus() * x.square() + x.relu() * x.step()
    }
    let x = 0.3_f64;
    let tape = Tape::new();
    let v = tape.var(x);
    assert_eq!(f(v).value().to_bits(), f(x).to_bits());
    assert_eq!(f(Dual::variable(x)).value().to_bits(), f(x).to_bits());
    close("f32", f(x as f32).into(), f(x), 1e-5);
    let slope = tests::slope(f::<f64>, x);
    close("reverse", f(v).backward().wrt(v), slope, 1e-9);
    close("forward", f(Dual::variable(x)).tangent()[0], slope, 1e-9);
    // Without the trait.
    let recorded = v.polygamma(2) + v.spherical_jn(2) + v.erf().log_add_exp(v.sinc());
    let forward = Dual::variable(x);
    let forward = forward.polygamma(2) + forward.spherical_jn(2) + forward.erf().log_add_exp(forward.sinc());
    assert_eq!((recorded.value(), recorded.backward().wrt(v)), (forward.value(), forward.tangent()[0]));
    let t = tape.tensor(array![x]);
    let y = t.polygamma(2) + t.spherical_jn(2) + t.erf().log_add_exp(t.sinc());
    assert_eq!(y.item(), forward.value());
    assert_eq!(y.sum().backward().wrt(&t)[0], forward.tangent()[0]);
}

/// Newton's square root, by a stranger who only knows `Float`.
fn newton<F: Float + FloatConst>(x: F) -> F {
    let two = F::one() + F::one();
    let mut y = if x > F::one() { x } else { F::one() };
    while (y * y - x).abs() > F::epsilon() * x * F::PI() {
        y = (y + x / y) / two;
    }
    y
}

#[test]
fn generic_over_float() {
    for x in [0.3_f64, 2.0, 17.0] {
        close("value", newton(x), x.sqrt(), 1e-15);
        close("gradient", grad(|x| newton(x[0]), &[x])[0], 0.5 / x.sqrt(), 1e-12);
        close("dual", newton(Dual::variable(x)).tangent()[0], 0.5 / x.sqrt(), 1e-12);
    }
    // One more step would square the error of the second derivative; what there is suffices for half the digits.
    close("hessian", hessian(|x| newton(x[0]), &[2.0])[[0, 0]], -0.25 * 2.0_f64.powf(-1.5), 1e-4);
    let f = |x: &[Var<f64>]| {
        let (s, c) = Float::sin_cos(x[0]);
        Float::mul_add(s, c, Float::hypot(x[0], x[1])) + Float::powi(x[1], -3) + Float::clamp(x[0], x[1], x[1] + 9.0)
    };
    let plain = |x: &[f64]| x[0].sin() * x[0].cos() + x[0].hypot(x[1]) + x[1].powi(-3) + x[0].clamp(x[1], x[1] + 9.0);
    let x = [1.9, 0.8];
    all_close("Float's own functions", &grad(f, &x), &slopes(plain, &x), 1e-9);
}

#[test]
fn numbers_as_numbers() {
    type V = Var<f64>;
    assert_eq!((V::zero().value(), V::one().value(), V::PI().value()), (0.0, 1.0, f64::PI()));
    assert_eq!(V::from_str_radix("2.5", 10).expect("a number").value(), 2.5);
    assert_eq!((V::from_i32(-3).expect("fits") * 2.0).value(), -6.0);
    assert_eq!(V::from(1.5).value() + V::default().value(), 1.5);
    assert_eq!(V::max_value().value(), f64::MAX);
    assert!(V::nan().is_nan() && V::infinity().is_infinite() && !V::one().is_tracked());
    let tape = Tape::new();
    let mut x = tape.var(2.0);
    let start = x;
    x += 1.0;
    x *= start;
    x -= start;
    x /= &start;
    x %= 10.0;
    assert_eq!((x.value(), x.backward().wrt(start)), (2.0, 1.0));
    assert!(start == 2.0 && start < tape.var(3.0) && start.max(tape.var(3.0)) == 3.0);
    assert_eq!((format!("{start}"), format!("{:?}", V::constant(0.5))), ("2".into(), "Var(0.5, constant)".into()));
    assert_eq!(format!("{}", Dual::<f64>::new(1.0, [2.0])), "1 + 2 ε");
}

#[test]
fn f32_beside_f64() {
    let g = grad(|x| 2.0_f32 * x[0].powi(2) - x[1] / 4.0 + 1.0, &[3.0_f32, 1.0]);
    assert_eq!(g, [12.0, -0.25]);
    let (a, b) = (Tape::<f32>::new(), Tape::<f64>::new());
    let (x, y) = (a.var(0.1), b.var(0.1));
    assert_eq!((x * x).backward().wrt(x), 0.2_f32);
    assert_eq!((y * y).backward().wrt(y), 0.2_f64);
}
