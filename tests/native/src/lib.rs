//! Programs as native code: the tests of programs as loops, and what native code alone has.
#![cfg(test)]

use autodiff::{Program, Real, Var};

#[path = "../../it/rolled.rs"]
mod rolled;

/// What the tests of loops run: native code.
fn compiled<T: Real>(program: Program<T>) -> Program<T> {
    program.jit()
}

/// Whether tests that are cut short run whole.
fn is_long() -> bool {
    std::env::var_os("LONG").is_some()
}

fn shown<T: Real>(program: &Program<T>) -> String {
    format!("{program:?}")
}

/// A chain of steps that hand on two numbers, in which every step is asked for too.
fn steps<R: Real>(x: &[R]) -> Vec<R> {
    let (mut a, mut b, mut all) = (x[0], x[1], Vec::new());
    for k in 0..200 {
        (a, b) = (a + b * R::of(0.01), b - a.sin() * x[2 + k % 3] * R::of(0.01));
        all.push(a * b);
    }
    all
}

#[test]
fn chains_are_native_code_with_the_same_bits() {
    let x = [0.3, -0.2, 1.0, 1.1, 0.9];
    let program = Program::record(|x: &[Var<f64>]| steps(x), &x);
    let native = program.clone().jit();
    assert!(shown(&native).contains("of native code"), "{native:?}");
    assert!(!shown(&program).contains("of native code"), "{program:?}");
    assert_eq!(native.values(&x).unwrap(), steps(&x));
    let weights: Vec<f64> = (0..200).map(|k| f64::from(k) * 0.01 - 1.0).collect();
    let (got, want) = (native.vjp(&x, &weights).unwrap(), program.vjp(&x, &weights).unwrap());
    for (got, want) in got.iter().zip(&want) {
        assert!((got - want).abs() <= 1e-13 * want.abs().max(1.0), "{got} in place of {want}");
    }
}

#[test]
fn an_exact_zero_wins_over_infinity() {
    // The root of a difference that is 0 in places, weighed with 0 there.
    fn f<R: Real>(x: &[R]) -> R {
        x.windows(2).map(|w| (w[1] - w[0]).sqrt() * R::zero() + w[0] * w[0]).fold(R::zero(), |sum, y| sum + y)
    }
    let x = vec![0.5; 100];
    let program = Program::record(|x: &[Var<f64>]| f(x), &x);
    let native = program.clone().jit();
    assert!(shown(&native).contains("of native code"), "{native:?}");
    assert_eq!(native.gradient(&x).unwrap(), program.gradient(&x).unwrap());
}

#[test]
fn programs_of_a_few_operations_are_native_code() {
    let program = Program::record(|x: &[Var<f32>]| x[0] * x[1].sin() - x[2] / x[0], &[1.0, 2.0, 3.0]).jit();
    assert!(shown(&program).contains("of native code"), "{program:?}");
    let (value, gradient) = program.value_and_gradient(&[1.5, 0.5, -1.0]).unwrap();
    assert_eq!(value, 1.5 * 0.5_f32.sin() + 1.0 / 1.5);
    assert!((gradient[1] - 1.5 * 0.5_f32.cos()).abs() < 1e-6);
}

#[test]
fn copies_outlive_what_they_were_made_from() {
    let x = vec![0.5; 300];
    let copy = {
        let program = Program::record(|x: &[Var<f64>]| x.iter().map(|&x| x * x).sum::<Var<f64>>(), &x).jit();
        program.clone()
    };
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (copy, x) = (copy.clone(), x.clone());
            std::thread::spawn(move || copy.gradient(&x).unwrap())
        })
        .collect();
    drop(copy);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), vec![1.0; 300]);
    }
}

#[test]
fn a_guard_that_fails_says_the_same() {
    let f = |x: &[Var<f64>]| x.iter().map(|&x| if x > 0.0 { x * x * 2.0 } else { -x }).sum::<Var<f64>>();
    let program = Program::record(f, &vec![0.5; 100]);
    let mut x = vec![0.5; 100];
    x[70] = -1.0;
    let message = program.value(&x).unwrap_err().to_string();
    assert_eq!(program.jit().gradient(&x).unwrap_err().to_string(), message);
}

/// A loop whose trips are cut into pieces of their own code adds up in the order of the trips, however that code was numbered.
#[test]
fn pieces_add_up_in_order() {
    let term = |x: &[Var<f64>], k: usize| x[[k, 0, k + 40][k / 40]] / (x[k] + 1.0);
    let f = |x: &[Var<f64>]| (0..120).map(|k| term(x, k)).sum::<Var<f64>>();
    let x: Vec<f64> = (0..160).map(|k| 1.0 / (3.0 + f64::from(k))).collect();
    let plain = Program::record(f, &x).exact();
    for _ in 0..20 {
        let native = plain.clone().jit();
        assert!(shown(&native).contains("120, a sum of 120"), "{native:?}");
        assert_eq!(native.value(&x).unwrap().to_bits(), plain.value(&x).unwrap().to_bits());
    }
}
