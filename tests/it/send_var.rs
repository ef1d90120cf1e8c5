//! The number types under nalgebra's traits: every method, handles, threads.

use autodiff::interop::nalgebra::SendVar;
use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Real, Tape, Var, grad, numeric};
use nalgebra::{ComplexField, RealField, SimdValue};
use num_traits::Signed;
use tests::{close, raises_here};

/// Every method that yields numbers, at arguments inside the domain of all.
fn methods<R: RealField + Copy>(x: R, z: R) -> Vec<(&'static str, R)> {
    let (sin, cos) = x.sin_cos();
    let (sinh, cosh) = x.sinh_cosh();
    let (modulus, sign) = (-x).to_exp();
    let (radius, angle) = (-x).to_polar();
    let half = nalgebra::convert(0.5);
    vec![
        ("from_real", R::from_real(x)),
        ("real", x.real()),
        ("imaginary", x.imaginary()),
        ("modulus", (-x).modulus()),
        ("modulus_squared", x.modulus_squared()),
        ("argument", x.argument()),
        ("argument, negative", (-x).argument()),
        ("norm1", (-x).norm1()),
        ("scale", x.scale(z)),
        ("unscale", x.unscale(z)),
        ("to_polar", radius + angle),
        ("to_exp, modulus", modulus),
        ("to_exp, sign", sign),
        ("complex signum", ComplexField::signum(-x)),
        ("floor", x.floor()),
        ("ceil", x.ceil()),
        ("round", x.round()),
        ("trunc", x.trunc()),
        ("fract", x.fract()),
        ("mul_add", x.mul_add(z, x)),
        ("complex abs", ComplexField::abs(-x)),
        ("hypot", x.hypot(z)),
        ("recip", x.recip()),
        ("conjugate", x.conjugate()),
        ("sin", x.sin()),
        ("cos", x.cos()),
        ("sin_cos", sin * cos),
        ("sinh_cosh", sinh * cosh),
        ("tan", x.tan()),
        ("asin", x.asin()),
        ("acos", x.acos()),
        ("atan", x.atan()),
        ("sinh", x.sinh()),
        ("cosh", x.cosh()),
        ("tanh", x.tanh()),
        ("asinh", x.asinh()),
        ("acosh", x.recip().acosh()),
        ("atanh", x.atanh()),
        ("sinc", x.sinc()),
        ("sinhc", x.sinhc()),
        ("cosc", x.cosc()),
        ("coshc", x.coshc()),
        ("log", x.log(z)),
        ("log2", x.log2()),
        ("log10", x.log10()),
        ("ln", x.ln()),
        ("ln_1p", x.ln_1p()),
        ("sqrt", x.sqrt()),
        ("try_sqrt", x.try_sqrt().expect("positive")),
        ("exp", x.exp()),
        ("exp2", x.exp2()),
        ("exp_m1", x.exp_m1()),
        ("powi", x.powi(-3)),
        ("powf", x.powf(z)),
        ("powc", x.powc(z)),
        ("cbrt", x.cbrt()),
        ("copysign", x.copysign(-z)),
        ("max", x.max(z)),
        ("min", x.min(z)),
        ("clamp", x.clamp(z, z + half)),
        ("clamp, above", x.clamp(z - half, z)),
        ("atan2", x.atan2(z)),
        ("signed abs", Signed::abs(&-x)),
        ("signed abs_sub", Signed::abs_sub(&x, &z)),
        ("signed signum", Signed::signum(&-x)),
        ("two_pi", R::two_pi()),
        ("constants", R::pi() + R::frac_pi_2() + R::frac_pi_3() + R::frac_pi_4() + R::frac_pi_6() + R::frac_pi_8()),
        ("more constants", R::frac_1_pi() + R::frac_2_pi() + R::frac_2_sqrt_pi() + R::log2_e() + R::log10_e()),
        ("logarithms", R::e() + R::ln_2() + R::ln_10()),
        ("min_value", RealField::min_value().expect("bounded")),
        ("max_value", RealField::max_value().expect("bounded")),
    ]
}

#[test]
fn every_method() {
    let at = [0.6, 0.35];
    let plain = methods(at[0], at[1]);
    for (k, (name, value)) in plain.iter().enumerate() {
        let f = |x: &[Var<f64>]| methods(x[0].send(), x[1].send())[k].1.var();
        assert_eq!(f(&at.map(Var::constant)).value().to_bits(), value.to_bits(), "{name}");
        let constant = !f(&Tape::new().vars(&at)).is_tracked();
        let recorded = grad(f, &at);
        let [x, z] = [Dual::new(at[0], [1.0, 0.0]), Dual::new(at[1], [0.0, 1.0])];
        let dual = methods(x, z)[k].1;
        assert_eq!(dual.value().to_bits(), value.to_bits(), "{name}");
        for (i, estimate) in numeric::gradient(f, &at).into_iter().enumerate() {
            close(format_args!("{name}: forward {i}"), dual.tangent()[i], recorded[i], 1e-14);
            // Differences of the largest number there is overflow.
            let exact = constant && recorded[i] == 0.0;
            let near = (recorded[i] - estimate.value).abs() <= 2.0 * estimate.error + 1e-12 && estimate.error < 1e-8;
            assert!(exact || near, "{name}: {} numerically {estimate}", recorded[i]);
        }
    }
    // In single precision too.
    for ((name, value), (_, dual)) in
        methods(0.6_f32, 0.35).into_iter().zip(methods(Dual::variable(0.6_f32), 0.35.into()))
    {
        assert_eq!(dual.value().to_bits(), value.to_bits(), "{name}");
    }
}

/// Where branches are taken at 0.
#[test]
fn at_zero() {
    let derivatives = |f: fn(SendVar<f64>) -> SendVar<f64>| -> Vec<f64> {
        let tape = Tape::new();
        let x = tape.var(0.0);
        let mut y = f(x.send()).var();
        let mut values = vec![y.value()];
        for _ in 0..6 {
            y = tape.grad(y, &[x])[0];
            values.push(y.value());
        }
        values
    };
    let third = 1.0 / 3.0;
    tests::all_close("sinc", &derivatives(SendVar::sinc), &[1.0, 0.0, -third, 0.0, 0.2, 0.0, -1.0 / 7.0], 1e-15);
    tests::all_close("sinhc", &derivatives(SendVar::sinhc), &[1.0, 0.0, third, 0.0, 0.2, 0.0, 1.0 / 7.0], 1e-15);

    // Magnitude times sign is the number; the magnitude alone has a kink.
    let zero = Dual::<f64>::variable(0.0);
    let (magnitude, sign) = zero.to_exp();
    assert_eq!((magnitude.tangent(), sign.value(), zero.modulus().tangent()), (&[1.0], 1.0, &[0.0]));
    assert!((-Dual::<f64>::variable(1.0)).try_sqrt().is_none());
}

#[test]
fn questions() {
    let tape = Tape::<f64>::new();
    let x = tape.var(-2.0).send();
    assert!(RealField::is_sign_negative(&x) && !RealField::is_sign_positive(&x));
    assert!(Signed::is_negative(&x) && !Signed::is_positive(&x) && ComplexField::is_finite(&x));
    assert!(!ComplexField::is_finite(&(x / 0.0)));
    // A plain number becomes a constant. What carries a derivative is no plain number.
    assert_eq!(nalgebra::try_convert::<SendVar<f64>, f64>(x), None);
    assert_eq!(nalgebra::try_convert::<SendVar<f64>, f64>(SendVar::constant(1.5)), Some(1.5));
    assert_eq!(nalgebra::try_convert::<Dual<f32>, f64>(Dual::variable(1.5)), None);
    assert_eq!(nalgebra::try_convert::<Dual<Dual<f32>>, f32>(Dual::of(1.5)), Some(1.5));
    assert_eq!(nalgebra::convert::<f32, Dual<f64, 2>>(1.5).tangent(), &[0.0; 2]);
    assert_eq!(nalgebra::convert::<SendVar<f64>, SendVar<f64>>(x).var().backward().wrt(x.var()), 1.0);
    // One lane.
    let one = SendVar::splat(SendVar::constant(1.0));
    let doubled = x.map_lanes(|x| x * 2.0);
    assert_eq!(
        (SendVar::<f64>::LANES, doubled.extract(0).value(), doubled.var().backward().wrt(x.var())),
        (1, -4.0, 2.0)
    );
    assert_eq!((SimdValue::select(x, true, one).value(), SimdValue::select(x, false, one).value()), (-2.0, 1.0));
    let mut replaced = one;
    SimdValue::replace(&mut replaced, 0, x);
    assert_eq!(replaced, x);
}

/// What `Real` offers besides rows.
fn mixed<R: Real>(x: &[R]) -> R {
    let sum: R = x.iter().copied().sum();
    let product: R = x.iter().copied().product();
    let mut y = sum.mul_add(product, x[0].chain(x[1]));
    y += R::of(2.0);
    y.max(R::zero()).chain(R::one())
}

/// As a number it is what `Var` is, in value and derivative.
#[test]
fn like_var() {
    for &f in Unary::ALL {
        for &x in f.points() {
            let same = |x: &[Var<f64>]| x[0].send().unary(f).var();
            assert_eq!(grad(same, &[x]), grad(|x| x[0].unary(f), &[x]), "{}", f.name());
        }
    }
    for &f in Binary::ALL {
        for &(a, b) in f.points() {
            let same = |x: &[Var<f64>]| x[0].send().binary(f, x[1].send()).var();
            assert_eq!(grad(same, &[a, b]), grad(|x| x[0].binary(f, x[1]), &[a, b]), "{}", f.name());
        }
    }
    let x = [0.5, -1.5, 2.0];
    let sent = |x: &[Var<f64>]| mixed(&x.iter().map(|x| x.send()).collect::<Vec<_>>()).var();
    assert_eq!(grad(sent, &x), grad(mixed, &x));
    let tape = Tape::<f64>::new();
    let (x, constant) = (tape.var(0.0).send(), SendVar::constant(0.0));
    assert!(!x.is_exact_zero() && constant.is_exact_zero() && SendVar::<f64>::of(1.0).is_exact_one());
    assert_eq!((x.is_tracked(), constant.is_tracked(), x.primal()), (true, false, 0.0));
    assert_eq!((format!("{x}"), format!("{x:?}")), ("0".into(), "SendVar(0.0 @ 0)".into()));
    assert_eq!(format!("{constant:?}"), "SendVar(0.0, constant)");
    assert_eq!(size_of::<SendVar<f64>>(), size_of::<Var<f64>>());
}

#[test]
fn on_other_threads() {
    let tape = Tape::<f64>::new();
    let x = tape.var(2.0).send();
    let message = "this variable was recorded on another thread: a tape and its variables stay on the thread that made them; send values (`.value()`) and record them there";
    let elsewhere = std::thread::spawn(move || {
        raises_here(|| x + 1.0, message);
        raises_here(|| x.var(), message);
        // Values and constants can be used anywhere, and each thread has tapes of its own.
        let here = Tape::<f64>::new();
        let z = here.var(x.value()).send();
        raises_here(|| z * x, message);
        (SendVar::constant(3.0) + 1.0, (z * z).var().backward().wrt(z.var()), z)
    });
    let (constant, slope, z) = elsewhere.join().expect("no panic but those expected");
    assert_eq!((constant.value(), slope), (4.0, 4.0));
    raises_here(|| z + constant, message);
    assert_eq!((x * constant).var().backward().wrt(x.var()), 4.0);
}

#[test]
fn handles() {
    let (tape, other) = (Tape::<f64>::new(), Tape::<f64>::new());
    let (x, z) = (tape.var(1.0).send(), other.var(1.0).send());
    let foreign = "add: operands are recorded on two different tapes; record both on one tape, or pass one as a constant (`.value()`, `.detach()`)";
    raises_here(|| x + z, foreign);
    let stale = "stale handle: this variable was recorded before its tape was reset or dropped; values recorded on a tape live until the next reset";
    tape.reset();
    raises_here(|| x + 1.0, stale);
    drop(other);
    raises_here(|| Var::<f64>::from(z), stale);
    // The next tape takes the memory over; variables from before are not mistaken for its own.
    let next = Tape::<f64>::new();
    let y = next.var(5.0).send();
    raises_here(|| -z, stale);
    assert_eq!((y * y).var().backward().wrt(y.var()), 10.0);
    // Tapes of another number type in the same thread.
    let single = Tape::<f32>::new();
    let s = single.var(0.5).send();
    assert_eq!((s * s).var().backward().wrt(s.var()), 1.0_f32);
}
