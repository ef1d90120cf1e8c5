//! What depends on values without a question.

use std::cell::Cell;

use approx::abs_diff_eq;
use autodiff::interop::nalgebra::SendVar;
use autodiff::{Dual, Program, Tape, Tensor, Var, checkpoint, fuse, grad, softmax, tensor};
use num_traits::{Float, ToPrimitive};
use tests::{raises, raises_here};

/// The guard's message, if the program is asked at `x`.
#[track_caller]
fn error(program: &Program, x: &[f64]) -> String {
    program.values(x).expect_err("another branch").to_string()
}

#[test]
fn approximate_comparisons_are_guards_in_steps() {
    let f = |x: &[Var<f64>]| {
        if abs_diff_eq!(x[0], Var::constant(0.0), epsilon = Var::constant(1e-3)) {
            Var::constant(7.0)
        } else {
            x[0] + 1.0
        }
    };
    let program = Program::record(f, &[3.0]);
    assert_eq!(program.value(&[-0.5]).unwrap(), 0.5, "the same branch");
    assert!(
        error(&program, &[0.0]).contains("`3 <= 0.001` did not hold when the program was recorded, `0 <= 0.001` does")
    );
    let far = Program::record(|x: &[Var<f64>]| if approx::ulps_eq!(x[0], x[1]) { x[0] } else { x[1] }, &[3.0, 1.0]);
    assert_eq!(far.value(&[3.1, 1.5]).unwrap(), 1.5, "as far apart");
    assert!(far.value(&[2.0, 2.0]).is_err());
    let single = |x: &[Var<f32>]| if approx::ulps_eq!(x[0], Var::constant(1.0)) { x[0] } else { -x[0] };
    assert_eq!(Program::record(single, &[3.0]).value(&[1.5]).unwrap(), -1.5);
    assert!(Program::record(single, &[3.0]).value(&[1.0 + 3.0 * f32::EPSILON]).is_err());
    // Nothing but a program costs entries.
    let tape = Tape::<f64>::new();
    let (x, z) = (tape.var(1.0), tape.var(2.0));
    assert!(!approx::ulps_eq!(x, z) && !approx::relative_eq!(x, z) && !abs_diff_eq!(x, z));
    assert_eq!((x.classify(), x.to_f64(), tape.len()), (std::num::FpCategory::Normal, Some(1.0), 2));
}

#[test]
fn messages_name_the_place() {
    let here = |line: u32, column: u32| format!("(tests/guards/special.rs:{line}:{column})");
    let program = Program::record(|x: &[Var<f64>]| if x[0].to_f64() < Some(1.0) { x[0] } else { -x[0] }, &[0.5]);
    let want = format!(
        "the program holds for one value of a number that was taken out of a variable {}: 0.5 when the program was recorded, \
         0.75 at these inputs; record it again, use `eval_or_record`, or take it out by `value()` if it is to stay as it was",
        here(line!() - 4, 60)
    );
    assert_eq!(error(&program, &[0.75]), want);
    let back: Program = serde_json::from_str(&serde_json::to_string(&program).unwrap()).unwrap();
    assert_eq!(error(&back, &[0.75]), want, "from a file");
    let through_dual = |x: &[Var<f64>]| if Dual::<_>::constant(x[0]) < Dual::constant(x[1]) { x[0] } else { x[1] };
    let message = error(&Program::record(through_dual, &[1.0, 2.0]), &[2.0, 1.0]);
    assert!(message.contains(&here(line!() - 2, 44)), "{message}");
    // The documented way out.
    let constant = Program::record(|x: &[Var<f64>]| x[0] * x[0].value(), &[0.5]);
    assert_eq!(constant.value(&[3.0]).unwrap(), 1.5);
}

/// At a bound the value is a constant, and so are both bounds.
#[test]
fn a_number_that_is_clamped_to_a_variable() {
    let program = Program::record(|x: &[Var<f64>]| x[0].clamp(x[1], 5.0), &[1.0, 1.0]);
    assert_eq!(program.value(&[1.0, 1.0]).unwrap(), 1.0);
    assert!(program.value(&[2.0, 2.0]).is_err());
}

/// The largest argument is not that of the recording.
#[test]
fn a_softmax_is_shifted_by_its_own_largest() {
    let f = |x: &[Var<f64>]| softmax(x);
    let program = Program::record(f, &[1e16, 0.0, -2.0]);
    let x = [0.1, 0.2, 0.4];
    let plain: Vec<f64> = softmax(x.map(Var::constant)).iter().map(|p| p.value()).collect();
    assert_eq!(program.values(&x).unwrap(), plain);
    let jacobian = program.jacobian(&x).unwrap();
    for ((i, k), slope) in jacobian.indexed_iter() {
        let want = plain[i] * (f64::from(u8::from(i == k)) - plain[k]);
        assert!((slope - want).abs() < 1e-15, "{slope} {want}");
    }
    assert!(program.values(&[f64::INFINITY, 0.0, 0.0]).is_err(), "an infinite one shifts nothing");
}

/// Where an adjoint is 0, an infinite slope does not count: also if it was not 0 when the program was recorded.
#[test]
fn zero_wins_over_infinity_in_a_recorded_gradient() {
    let f = |x: &[Var<f64>]| (x[1] * x[0].sqrt()).grad(&[x[0]])[0];
    let program = Program::record(f, &[4.0, 3.0]);
    assert_eq!(program.value(&[4.0, 3.0]).unwrap(), 0.75);
    let tape = Tape::<f64>::new();
    let fresh = f(&tape.vars(&[0.0, 0.0])).value();
    assert_eq!((fresh, program.value(&[0.0, 0.0]).unwrap()), (0.0, 0.0));
}

/// What stands on another tape is a constant, in a comparison too; each program notes its own side.
#[test]
fn comparisons_across_tapes() {
    let other = Tape::<f64>::new();
    let outer = other.vars(&[0.0, 1.0, 2.0])[2];
    let program = Program::record(|x: &[Var<f64>]| if x[0] < outer { x[0] } else { -x[0] }, &[1.0]);
    assert_eq!(program.value(&[1.5]).unwrap(), 1.5);
    assert!(error(&program, &[2.5]).contains("`1 < 2` held when the program was recorded, `2.5 < 2` does not"));
    let reversed = Program::record(|x: &[Var<f64>]| if outer > x[0] { x[0] } else { -x[0] }, &[1.0]);
    assert!(error(&reversed, &[2.5]).contains("`2 > 1` held when the program was recorded, `2 > 2.5` does not"));
    // A stale one is a constant as well, whoever has its tape's memory now.
    let stale = Tape::<f64>::new().vars(&[0.0, 2.0])[1];
    let program = Program::record(|x: &[Var<f64>]| if x[0] < stale { x[0] } else { -x[0] }, &[1.0]);
    assert!(error(&program, &[2.5]).contains("`2.5 < 2` does not"));
    // A program in a program: the comparison is noted by both.
    let inner = |x: &[Var<f64>]| {
        let outer = x[0];
        let inner = Program::record(|z: &[Var<f64>]| if z[0] < outer { z[0] } else { -z[0] }, &[1.0]);
        assert!(error(&inner, &[3.0]).contains("`3 < 2` does not"));
        x[0] * inner.value(&[1.0]).expect("the same branch")
    };
    assert!(error(&Program::record(inner, &[2.0]), &[0.5]).contains("`1 < 0.5` does not"));
    // In a derivative function inside as well.
    let slope = |x: &[Var<f64>]| x[0] * grad(|z| if z[0] < x[0] { z[0] * 2.0 } else { z[0] * 3.0 }, &[1.0])[0];
    assert!(error(&Program::record(slope, &[2.0]), &[0.5]).contains("`1 < 0.5` does not"));
}

/// A variable that is itself a number of another tape.
#[test]
fn nested_numbers() {
    let f = |x: &[Var<f64>]| {
        grad(|z: &[Var<Var<f64>>]| if z[0].classify() == 1.0.classify() { z[0] * z[0] } else { z[0] }, x)[0]
    };
    let program = Program::record(f, &[2.0]);
    assert_eq!(program.value(&[3.0]).unwrap(), 6.0);
    assert!(error(&program, &[0.0]).contains("`2 == 0` did not hold when the program was recorded, `0 == 0` does"));
}

/// A fused block runs again, with its branches.
#[test]
fn fused_blocks_ask_again() {
    let f = |x: &[Var<f64>]| fuse([x[0]], |[a]| if a.classify() == 1.0.classify() { a * 2.0 } else { a + 7.0 });
    assert_eq!(Program::record(f, &[2.0]).value(&[0.0]).unwrap(), 7.0);
}

#[test]
fn what_is_refused() {
    let refuses = |f: fn(&[Var<f64>]) -> Var<f64>, message: &str| raises_here(|| Program::record(f, &[3.0]), message);
    let tensors =
        "Program: the function uses tensors; a program consists of scalar operations (see `Tape` for tensors)";
    refuses(|x| (x[0] * &Tensor::from(2.0)).item().into(), tensors);
    refuses(|x| Var::constant(tensor::no_grad(|| Tensor::from(x[0]).square().item())), tensors);
    refuses(|x| tensor::grad(|t| (&t[0] * x[0]).sum(), &[Tensor::from(2.0)])[0].sum().into(), tensors);
    refuses(
        |x| checkpoint::sequence(x, 1, |x, _| [if x[0] > 1.0 { Var::constant(7.0) } else { x[0] + 1.0 }])[0],
        "Program: the function uses `checkpoint`; a program keeps what its steps do: let it run them as a plain loop",
    );
    refuses(
        |x| x[0] - x[0].square().backward().wrt(x[0]),
        "Program: the function uses `backward`; its gradients are plain numbers, where those of `grad` are recorded",
    );
}

/// Nobody knows on another thread whether a program is recorded.
#[test]
fn other_threads() {
    let message = "this variable was recorded on another thread: a tape and its variables stay on the thread that made them; send values (`.value()`) and record them there";
    let answers: [fn(SendVar<f64>) -> bool; 3] =
        [|x| x < SendVar::constant(1.0), |x| x.to_f64() == Some(0.5), |x| x.is_nan()];
    let ran = Cell::new(0);
    let f = |x: &[Var<f64>]| {
        let x = x[0].send();
        for ask in answers {
            std::thread::scope(|scope| scope.spawn(|| raises(|| ask(x), message)).join().map(drop))
                .expect("as expected");
            ran.set(ran.get() + 1);
        }
        // Printed it is all the same: a panic may want to.
        assert_eq!(std::thread::scope(|scope| scope.spawn(|| x.to_string()).join()).expect("no panic"), "0.5");
        x.var()
    };
    assert_eq!((Program::record(f, &[0.5]).value(&[2.0]).unwrap(), ran.get()), (2.0, 3));
}
