//! Questions that steer a function, with two numbers at which the answers differ.

use std::fmt::Debug;

use approx::{RelativeEq, UlpsEq};
use autodiff::{Program, Real, Tape, Var};
use nalgebra::{ComplexField, Matrix2, RealField, SimdPartialOrd};
use num_traits::NumCast;

/// A trait's method, what a function asks by it, and two numbers.
pub(crate) type Case<R> = (&'static str, fn(R) -> String, f64, f64);

fn say(answer: impl Debug) -> String {
    format!("{answer:?}")
}

/// What every number type is asked.
pub(crate) fn general<R: Real + RelativeEq<Epsilon = R> + UlpsEq>() -> Vec<Case<R>> {
    vec![
        ("PartialEq::eq", |x| say(x == R::one()), 1.0, 1.5),
        ("PartialEq::eq", |x| say(R::one() == x), 1.5, 1.0),
        ("PartialEq::ne", |x| say(x != R::one()), 1.0, 1.5),
        ("PartialOrd::partial_cmp", |x| say(x.partial_cmp(&R::one())), 0.5, f64::NAN),
        ("PartialOrd::lt", |x| say(x < R::one()), 0.5, 1.0),
        ("PartialOrd::le", |x| say(x <= R::one()), 1.0, 1.5),
        ("PartialOrd::gt", |x| say(x > R::one()), 1.0, 1.5),
        ("PartialOrd::ge", |x| say(x >= R::one()), 0.5, 1.0),
        ("Zero::is_zero", |x| say(x.is_zero()), 0.5, -0.0),
        ("One::is_one", |x| say(x.is_one()), 0.5, 1.0),
        ("Float::is_nan", |x| say(x.is_nan()), 0.5, f64::NAN),
        ("Float::is_infinite", |x| say(x.is_infinite()), 0.5, f64::INFINITY),
        ("Float::is_finite", |x| say(x.is_finite()), 0.5, f64::INFINITY),
        ("Float::is_normal", |x| say(x.is_normal()), 0.5, 0.0),
        ("Float::is_subnormal", |x| say(x.is_subnormal()), 0.5, 1e-310),
        ("Float::is_sign_positive", |x| say(x.is_sign_positive()), 0.0, -0.0),
        ("Float::is_sign_negative", |x| say(x.is_sign_negative()), 0.0, -0.0),
        ("Float::classify", |x| say(x.classify()), 0.5, 0.0),
        ("Float::classify", |x| say(x.classify()), 1e-310, f64::NAN),
        ("Float::integer_decode", |x| say(x.integer_decode()), 0.5, 0.75),
        ("Float::integer_decode", |x| say(x.integer_decode().2), 0.0, -0.0),
        ("Float::integer_decode", |x| say(x.integer_decode().1), f64::NAN, 1.0),
        ("real::Real::is_sign_negative", |x| say(num_traits::real::Real::is_sign_negative(x)), 1.0, -1.0),
        ("real::Real::is_sign_positive", |x| say(num_traits::real::Real::is_sign_positive(x)), 1.0, -1.0),
        ("ToPrimitive::to_i64", |x| say(x.to_i64()), 2.5, 3.0),
        ("ToPrimitive::to_i64", |x| say(x.to_i64()), f64::NAN, 3.0),
        ("ToPrimitive::to_u64", |x| say(x.to_u64()), 0.5, -1.0),
        ("ToPrimitive::to_f64", |x| say(x.to_f64()), 0.5, 0.75),
        ("ToPrimitive::to_f64", |x| say(x.to_f64().map(f64::is_nan)), f64::NAN, 0.75),
        ("ToPrimitive::to_f32", |x| say(x.to_f32()), 0.5, 0.75),
        ("ToPrimitive::to_isize", |x| say(x.to_isize()), 0.5, 1.75),
        ("ToPrimitive::to_i8", |x| say(x.to_i8()), 0.5, 1.75),
        ("ToPrimitive::to_i16", |x| say(x.to_i16()), 0.5, 1.75),
        ("ToPrimitive::to_i32", |x| say(x.to_i32()), 0.5, 1.75),
        ("ToPrimitive::to_i128", |x| say(x.to_i128()), 0.5, 1.75),
        ("ToPrimitive::to_usize", |x| say(x.to_usize()), 0.5, 1.75),
        ("ToPrimitive::to_u8", |x| say(x.to_u8()), 0.5, 1.75),
        ("ToPrimitive::to_u16", |x| say(x.to_u16()), 0.5, 1.75),
        ("ToPrimitive::to_u32", |x| say(x.to_u32()), 0.5, 1.75),
        ("ToPrimitive::to_u128", |x| say(x.to_u128()), 0.5, 1.75),
        ("NumCast::from", |x| say(<f64 as NumCast>::from(x)), 0.5, 0.75),
        ("Real::primal", |x| say(x.primal() < 1.0), 0.5, 1.5),
        ("Display::fmt", |x| x.to_string(), 0.5, 0.75),
        ("Debug::fmt", |x| say(x), 0.5, 0.75),
        ("AbsDiffEq::abs_diff_eq", |x| say(x.abs_diff_eq(&R::zero(), R::of(1e-3))), 3.0, 1e-4),
        ("AbsDiffEq::abs_diff_eq", |x| say(R::one().abs_diff_eq(&R::of(1.5), x)), 0.1, 0.7),
        ("AbsDiffEq::abs_diff_ne", |x| say(x.abs_diff_ne(&R::zero(), R::of(1e-3))), 3.0, 1e-4),
        ("RelativeEq::relative_eq", |x| say(R::of(1e9).relative_eq(&x, R::zero(), R::of(1e-6))), 3.0, 1e9 + 1.0),
        ("RelativeEq::relative_eq", |x| say(x.relative_eq(&R::one(), R::zero(), R::of(1e-6))), 1.0, f64::INFINITY),
        ("RelativeEq::relative_ne", |x| say(x.relative_ne(&R::one(), R::zero(), R::of(1e-6))), 1.0, 2.0),
        ("UlpsEq::ulps_eq", |x| say(x.ulps_eq(&R::one(), R::zero(), 4)), 3.0, 1.0 + 4.0 * f64::EPSILON),
        (
            "UlpsEq::ulps_eq",
            |x| say(x.ulps_eq(&R::one(), R::zero(), 4)),
            1.0 + 4.0 * f64::EPSILON,
            1.0 + 5.0 * f64::EPSILON,
        ),
        ("UlpsEq::ulps_eq", |x| say(x.ulps_eq(&R::of(5e-324), R::zero(), 4)), 1e-323, 1e-310),
        ("UlpsEq::ulps_eq", |x| say(x.ulps_eq(&R::one(), R::zero(), 4)), -1.0, 1.0),
        ("UlpsEq::ulps_ne", |x| say(x.ulps_ne(&R::one(), R::zero(), 4)), f64::NAN, 1.0),
        ("Algebra::less", |x| say(autodiff::rules::Algebra::less(x, R::one())), 0.5, 1.5),
        ("Algebra::equals", |x| say(autodiff::rules::Algebra::equals(x, R::one())), 0.5, 1.0),
    ]
}

/// What nalgebra asks besides.
pub(crate) fn fields<R: Real + RealField>() -> Vec<Case<R>> {
    vec![
        ("Signed::is_positive", |x| say(x.is_positive()), 1.0, -1.0),
        ("Signed::is_negative", |x| say(x.is_negative()), 1.0, -1.0),
        ("ComplexField::is_finite", |x| say(ComplexField::is_finite(&x)), 1.0, f64::INFINITY),
        ("ComplexField::try_sqrt", |x| say(ComplexField::try_sqrt(x).is_some()), 1.0, -1.0),
        ("ComplexField::argument", |x| say(x.argument() > R::zero()), 1.0, -1.0),
        ("ComplexField::to_polar", |x| say(x.to_polar().1 > R::zero()), 1.0, -1.0),
        ("ComplexField::to_exp", |x| say(x.to_exp().1 > R::zero()), 1.0, -1.0),
        ("ComplexField::cosc", |x| say(x.cosc() == R::one()), 1.0, 0.0),
        ("ComplexField::coshc", |x| say(x.coshc() == R::one()), 1.0, 0.0),
        ("RealField::is_sign_positive", |x| say(RealField::is_sign_positive(&x)), 0.0, -0.0),
        ("RealField::is_sign_negative", |x| say(RealField::is_sign_negative(&x)), 0.0, -0.0),
        ("SupersetOf::to_subset_unchecked", |x| say(nalgebra::convert_unchecked::<R, f32>(x)), 0.5, 0.75),
        ("SubsetOf::from_superset_unchecked", |x| say(nalgebra::convert_unchecked::<R, f64>(x)), 0.5, 0.75),
        ("SimdPartialOrd::simd_gt", |x| say(x.simd_gt(R::one())), 0.5, 1.5),
        ("SimdPartialOrd::simd_lt", |x| say(x.simd_lt(R::one())), 0.5, 1.5),
        ("SimdPartialOrd::simd_ge", |x| say(x.simd_ge(R::one())), 0.5, 1.5),
        ("SimdPartialOrd::simd_le", |x| say(x.simd_le(R::one())), 0.5, 1.5),
        ("SimdPartialOrd::simd_eq", |x| say(x.simd_eq(R::one())), 0.5, 1.0),
        ("SimdPartialOrd::simd_ne", |x| say(x.simd_ne(R::one())), 0.5, 1.0),
        ("Matrix::is_identity", |x| say(matrix(x).is_identity(R::of(1e-3))), 2.0, 1.0001),
        ("Matrix::is_invertible", |x| say(matrix(x).is_invertible()), 2.0, 0.0),
    ]
}

fn matrix<R: Real + RealField>(x: R) -> Matrix2<R> {
    Matrix2::new(x, R::zero(), R::zero(), R::one())
}

/// A function that takes one branch where a question is answered as at the first number, and another one elsewhere: its program
/// refuses the second number.
#[track_caller]
pub(crate) fn check<R: Real>(kind: &str, to: fn(Var<f64>) -> R, back: fn(R) -> Var<f64>, cases: &[Case<R>]) {
    for &(name, ask, here, there) in cases {
        let what = format!("{name} of {kind}, recorded at {here:?}");
        let answer = |x: f64| ask(to(Tape::new().var(x)));
        let want = answer(here);
        assert_ne!(want, answer(there), "{what}: the answers differ");
        let f = |x: &[Var<f64>]| {
            let x = to(x[0]);
            back(if ask(x) == want { x + x } else { x * x * x })
        };
        let program = Program::record(f, &[here]);
        let doubled = program.value(&[here]).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(doubled == 2.0 * here || here.is_nan(), "{what}: {doubled}");
        for error in [program.value(&[there]).err(), program.gradient(&[there]).err()] {
            let error = error.unwrap_or_else(|| panic!("{what}: no error at {there:?}")).to_string();
            let branch = error.starts_with("the function takes another branch at these inputs (");
            assert!(branch || error.starts_with("the program holds for one value of a number"), "{what}: {error}");
        }
    }
}
