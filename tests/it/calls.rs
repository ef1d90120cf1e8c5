//! Programs called on a tape, once and again and again, against the functions that they record.

use autodiff::{Program, Real, Tape, Var, grad, hessian};
use tests::panics;

fn f<R: Real>(x: &[R]) -> Vec<R> {
    vec![x[0] * x[1].sin() + x[2], x[0] / (x[1] * x[1] + R::one()), x[2] * R::of(0.9) - x[0] * R::of(0.1)]
}

fn at<T: Real>() -> [T; 3] {
    [0.3, -1.2, 0.7].map(T::of)
}

/// Value and gradient of the weighed sum of what `by` makes of three variables.
fn weighed<T: Real>(by: impl Fn(&[Var<T>]) -> Vec<Var<T>>) -> (T, Vec<T>) {
    let tape = Tape::new();
    let x = tape.vars(&at());
    let sum = by(&x).into_iter().enumerate().map(|(k, y)| y * T::of(k as f64 + 0.5)).sum::<Var<T>>();
    let gradients = sum.backward();
    (sum.value(), x.iter().map(|&x| gradients.wrt(x)).collect())
}

fn compare<T: Real>(near: f64) {
    let program = Program::record(|x: &[Var<T>]| f(x), &[T::one(); 3]);
    let same = |[got, want]: [(T, Vec<T>); 2]| {
        assert_eq!(got.0.primal(), want.0.primal());
        for (got, want) in got.1.iter().zip(&want.1) {
            assert!((*got - *want).primal().abs() <= near, "{got} in place of {want}");
        }
    };
    same([weighed(|x| program.call(x).unwrap()), weighed(f)]);
    // One variable in two places, a constant in the third.
    let shared = |x: &[Var<T>]| [x[2], x[2], Var::constant(T::of(2.0))];
    same([weighed(|x| program.call(&shared(x)).unwrap()), weighed(|x| f(&shared(x)))]);
    let steps = |x: &[Var<T>]| (0..40).fold(x.to_vec(), |state, _| f(&state));
    same([weighed(|x| program.repeat(x, 40).unwrap()), weighed(steps)]);
    same([weighed(|x| program.repeat(x, 0).unwrap()), weighed(<[_]>::to_vec)]);
}

#[test]
fn as_the_function() {
    compare::<f64>(1e-15);
    compare::<f32>(1e-6);
    compare::<autodiff::Dual<f64, 1>>(1e-15);
}

#[test]
fn derivatives_of_a_call_are_recorded() {
    let program = Program::record(|x: &[Var<f64>]| f(x), &at());
    let called = hessian(|x| program.repeat(x, 3).unwrap()[0] * x[1], &at::<f64>());
    let plain = hessian(|x| f(&f(&f(x)))[0] * x[1], &at::<f64>());
    for (called, plain) in called.iter().zip(&plain) {
        assert!((called - plain).abs() < 1e-14, "{called} in place of {plain}");
    }
    let tape = Tape::new();
    let x = tape.vars(&at());
    let y = program.call(&x).unwrap()[0];
    let slope = tape.grad(y, &[x[1]])[0];
    assert_eq!(slope.value(), 0.3 * (-1.2_f64).cos());
    assert_eq!(slope.backward().wrt(x[0]), (-1.2_f64).cos());
}

#[test]
fn constants_stay_constants() {
    let program = Program::record(|x: &[Var<f64>]| vec![x[0] * 2.0, Var::constant(5.0)], &[1.0]);
    let tape = Tape::new();
    let y = program.call(&[tape.var(3.0)]).unwrap();
    assert!(y[0].is_tracked() && !y[1].is_tracked());
    assert_eq!([y[0].value(), y[1].value()], [6.0, 5.0]);
    assert!(!program.call(&[Var::constant(3.0)]).unwrap()[0].is_tracked());
}

#[test]
fn another_branch_is_an_error() {
    let program = Program::record(|x: &[Var<f64>]| if x[0] < 1.0 { x[0] * 0.4 } else { x[0] }, &[0.5]);
    let tape = Tape::new();
    assert_eq!(program.repeat(&[tape.var(0.9)], 3).unwrap()[0].value(), 0.9 * 0.4 * 0.4 * 0.4);
    let error = program.call(&[tape.var(2.0)]).unwrap_err().to_string();
    assert!(error.contains("`0.5 < 1` held when the program was recorded, `2 < 1` does not"), "{error}");
}

#[test]
fn slips_panic_with_what_would_be_right() {
    let program = Program::record(|x: &[Var<f64>]| x[0] * x[1], &[1.0, 2.0]);
    let message = panics(|| grad(|x| program.call(&x[..1]).unwrap()[0], &[1.0])).expect("a panic");
    assert!(message.contains("one value for each input"), "{message}");
    let message = panics(|| grad(|x| program.repeat(x, 2).unwrap()[0], &[1.0, 2.0])).expect("a panic");
    assert!(message.contains("a step gives the next state"), "{message}");
    let message = panics(|| Program::record(|x| program.call(x).unwrap()[0], &[1.0, 2.0]).len()).expect("a panic");
    assert!(message.contains("call the function that was recorded"), "{message}");
    let (one, other) = (Tape::new(), Tape::new());
    let message = panics(|| program.call(&[one.var(1.0), other.var(2.0)])).expect("a panic");
    assert!(message.contains("Program::call"), "{message}");
}
