//! What the tests share: comparing numbers, finite differences, expecting panics, a model's numbers.

pub mod edges;

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Once;

use autodiff::rules::{Binary, Unary};

/// Whether tests that are cut short are to run whole: with `LONG=1`, which `scripts/check --long` sets.
pub fn is_long() -> bool {
    std::env::var_os("LONG").is_some()
}

/// All numbers of a model's parameters, in order.
pub fn values_of(model: &impl nn::Layer<f64>) -> Vec<f64> {
    let mut all = Vec::new();
    nn::parameters(model, |_, p| all.extend(p.value().to_array()));
    all
}

/// Asserts that two numbers agree within `tolerance`, relative for large numbers and absolute below 1.
///
/// # Panics
/// If they do not. NaN agrees with NaN, and an infinity with itself.
#[track_caller]
pub fn close(what: impl Display, got: f64, want: f64, tolerance: f64) {
    let same = got == want || got.is_nan() && want.is_nan();
    let near = (got - want).abs() <= tolerance * want.abs().max(1.0);
    assert!(same || near, "{what}: got {got:e}, want {want:e}, tolerance {tolerance:e}");
}

/// Whether a row's second operand is a whole number and a constant by contract: an exponent or an order.
pub fn constant_second(f: Binary) -> bool {
    matches!(f, Binary::Powi | Binary::Polygamma | Binary::SphericalJn)
}

/// Whether tensors compute this row by a vector function of their own, within 2 ulp of the exact value where the standard
/// library's is within 1.
pub fn has_vector_function(f: Unary) -> bool {
    use Unary::{Cos, Erf, Erfc, Exp, ExpM1, Ln, Ln1p, LogSigmoid, NormalCdf, NormalPdf, Sigmoid, Sin, Softplus, Tanh};
    let normal = matches!(f, Erf | Erfc | NormalCdf | NormalPdf);
    normal || matches!(f, Exp | ExpM1 | Ln | Ln1p | Tanh | Sigmoid | Softplus | LogSigmoid | Sin | Cos)
}

/// The distance of two numbers in units in the last place of `want`; 0 for equal infinities.
pub fn ulps(got: f64, want: f64) -> f64 {
    if got == want { 0.0 } else { (got - want).abs() / (want.abs().next_up() - want.abs()) }
}

/// As [`close`], for single precision: against the `f32` that is nearest, which may be 0 or infinite.
///
/// # Panics
/// If they do not agree.
#[track_caller]
pub fn close_f32(what: impl Display, got: f32, want: f64, tolerance: f64) {
    close(what, got.into(), (want as f32).into(), tolerance);
}

/// Asserts that two numbers agree within `tolerance`, relative however small they are.
///
/// # Panics
/// If they do not. NaN agrees with NaN, and an infinity with itself.
#[track_caller]
pub fn near(what: impl Display, got: f64, want: f64, tolerance: f64) {
    let same = got == want || got.is_nan() && want.is_nan();
    assert!(
        same || (got - want).abs() <= tolerance * want.abs(),
        "{what}: got {got:e}, want {want:e}, tolerance {tolerance:e}"
    );
}

/// Asserts that two lists of numbers agree one by one, as [`close`] does.
///
/// # Panics
/// If they do not, or if their lengths differ.
#[track_caller]
pub fn all_close<'a>(
    what: impl Display,
    got: impl IntoIterator<Item = &'a f64>,
    want: impl IntoIterator<Item = &'a f64>,
    tolerance: f64,
) {
    let (got, want): (Vec<_>, Vec<_>) = (got.into_iter().collect(), want.into_iter().collect());
    assert_eq!(got.len(), want.len(), "{what}: lengths");
    for (i, (&&got, &&want)) in got.iter().zip(&want).enumerate() {
        close(format_args!("{what} [{i}]"), got, want, tolerance);
    }
}

/// The derivative of `f` at `x` from central differences at halved steps, extrapolated (Richardson); of all
/// extrapolations the one whose neighbours agree best.
pub fn slope(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    // Half of the distance to 0 at most: many functions end there.
    slope_with(f, x, 0.05 * x.abs().clamp(0.1, 1.0))
}

/// As [`slope`], with the first and largest step given.
pub fn slope_with(f: impl Fn(f64) -> f64, x: f64, mut step: f64) -> f64 {
    let (mut best, mut error) = (f64::NAN, f64::INFINITY);
    let mut before: Vec<f64> = Vec::new();
    for _ in 0..8 {
        let mut row = vec![(f(x + step) - f(x - step)) / (2.0 * step)];
        let mut power = 1.0;
        for (k, coarse) in before.iter().enumerate() {
            power *= 4.0;
            let fine = row[k];
            let next = fine + (fine - coarse) / (power - 1.0);
            let spread = (next - fine).abs().max((next - coarse).abs());
            if spread < error {
                (best, error) = (next, spread);
            }
            row.push(next);
        }
        before = row;
        step /= 2.0;
    }
    best
}

/// The gradient of `f` at `x` by [`slope`], one variable at a time.
pub fn slopes(f: impl Fn(&[f64]) -> f64, x: &[f64]) -> Vec<f64> {
    let along = |i: usize| {
        let moved = |value| {
            let mut x = x.to_vec();
            x[i] = value;
            f(&x)
        };
        slope(moved, x[i])
    };
    (0..x.len()).map(along).collect()
}

thread_local! {
    static EXPECTING: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `action`, which is to panic with exactly this message, but for the line that names a chapter. Returns the file in which the panic was raised.
///
/// # Panics
/// If `action` does not panic, or with another message.
#[track_caller]
pub fn raises<R>(action: impl FnOnce() -> R, message: &str) -> String {
    let Some(text) = panics(action) else { panic!("no panic; expected: {message}") };
    assert_eq!(text, message);
    PLACE.take()
}

/// What `action` panics with, if it does, without the line that names a chapter.
pub fn panics<R>(action: impl FnOnce() -> R) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if EXPECTING.get() {
                PLACE.set(info.location().map_or_else(String::new, |place| place.file().to_owned()));
            } else {
                usual(info);
            }
        }));
    });
    EXPECTING.set(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(action));
    EXPECTING.set(false);
    let payload = outcome.err()?;
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    // The last line names a chapter of the guide; `it/guide.rs` tests it.
    let text = text.unwrap_or("a payload that is no text");
    Some(text.split("\nsee `").next().unwrap_or(text).to_owned())
}

/// As [`raises`], for a panic that is to be blamed on the caller's own file.
///
/// # Panics
/// If `action` does not panic, with another message, or in another file.
#[track_caller]
pub fn raises_here<R>(action: impl FnOnce() -> R, message: &str) {
    let here = Location::caller().file();
    assert_eq!(raises(action, message), here, "the panic should point at the test: {message}");
}

/// The README's code runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
