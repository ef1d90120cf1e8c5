//! Approximate comparison of variables and duals.

use approx::{RelativeEq, UlpsEq, assert_abs_diff_eq, assert_relative_eq, assert_relative_ne, assert_ulps_eq};
use autodiff::interop::nalgebra::SendVar;
use autodiff::{Dual, Real, Tape, Var};
use nalgebra::Matrix2;

/// What plain numbers answer, the others answer too.
fn answers<R: Real + RelativeEq<Epsilon = R> + UlpsEq>() -> Vec<bool> {
    let values = [0.0, -0.0, 1.0, 1.0 + 1e-16, 1.0 + 1e-15, 1.0 + 1e-9, -1.0, 1e300, f64::INFINITY, f64::NAN];
    let mut answers = Vec::new();
    for a in values.map(R::of) {
        for b in values.map(R::of) {
            let (epsilon, relative) = (R::default_epsilon(), R::default_max_relative());
            answers.extend([a.abs_diff_eq(&b, epsilon), a.relative_eq(&b, epsilon, relative)]);
            answers.extend([a.ulps_eq(&b, epsilon, R::default_max_ulps()), a.abs_diff_eq(&b, R::of(1e-8))]);
            answers.extend([a.relative_eq(&b, epsilon, R::of(1e-8)), a.ulps_eq(&b, R::of(0.0), 1)]);
        }
    }
    answers
}

#[test]
fn by_value() {
    let want = answers::<f64>();
    assert!(want.contains(&true) && want.contains(&false));
    assert_eq!(answers::<Var<f64>>(), want);
    assert_eq!(answers::<Dual<f64, 3>>(), want);
    assert_eq!(answers::<SendVar<f64>>(), want);
    assert_eq!(answers::<Dual<Var<Dual<f64>>>>(), want);
    assert_eq!(answers::<Dual<f32>>(), answers::<f32>());
}

#[test]
fn macros() {
    let tape = Tape::<f64>::new();
    let x = tape.var(0.1);
    let sum = (0..10).map(|_| x).sum::<Var<f64>>();
    assert_ne!(sum, Var::constant(1.0));
    assert_relative_eq!(sum, Var::constant(1.0));
    assert_ulps_eq!(sum, Var::constant(1.0));
    assert_abs_diff_eq!(sum, Var::constant(1.1), epsilon = Var::constant(0.2));
    assert_relative_ne!(sum, Var::constant(1.1));
    // Tangents do not count.
    assert_relative_eq!(Dual::<f64>::variable(1.0), Dual::constant(1.0 + 1e-16));
    // Matrices compare with their elements' tolerance.
    let a = Matrix2::new(1.0, 2.0, 3.0, 4.0);
    let tracked = a.map(|a| tape.var(a * (1.0 + 1e-12)));
    assert_relative_eq!(tracked, a.map(Var::constant), max_relative = Var::constant(1e-11));
    assert_relative_ne!(tracked, a.map(Var::constant));
}
