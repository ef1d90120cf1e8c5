//! Corners of rules and sweeps that other tests pass by: a change of the code there went unnoticed (`tests/mutants.md`).

use autodiff::graph::Graph;
use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Program, Tape, Tensor, Var, checkpoint, dot, explain, fuse, grad, jacobian, jvp, logsumexp, sum};
use ndarray::{Array2, array};

#[track_caller]
fn near(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs(), "{got:e} instead of {want:e}");
}

/// Values of mpmath 1.3, computed with 60 digits.
#[test]
fn special_functions_where_their_formulas_cancel() {
    let digamma = |x: f64| Unary::Digamma.value(x);
    near(digamma(-2.0 + 2.0_f64.powi(-30)), -1_073_741_823.077_215_7, 4e-16);
    near(digamma(-3.0 - 2.0_f64.powi(-40)), 1_099_511_627_777.256, 4e-16);
    near(digamma(-1.0 + 2.0_f64.powi(-20)), -1_048_575.577_213_142_5, 4e-16);
    let bessel = |n: u32, x: f64| Binary::SphericalJn.value(x, f64::from(n));
    // At zeros of the functions of order 0 and 1, from which the recurrence takes its scale.
    near(bessel(10, std::f64::consts::TAU), 0.002_862_689_890_020_163_3, 1e-14);
    near(bessel(6, 4.493_409_457_909_064), 0.030_170_064_440_263_24, 1e-14);
    // 3e-1172 is 0, and so is its way there.
    assert_eq!(bessel(1000, 50.0), 0.0);
    assert_eq!(bessel(1, 0.0).to_bits(), 0.0_f64.to_bits(), "no zero below 0");
    assert_eq!(Unary::InvErf.value(-0.0_f64).to_bits(), (-0.0_f64).to_bits(), "odd to the bit");
}

#[test]
fn shares_of_a_log_sum_exp() {
    let f = |x: &[Var<f64>]| logsumexp(x.iter().copied());
    let share = 1.0 / (1.0 + (-1.0_f64).exp());
    // The result is rounded by 7e-9 here, and its exponential is beyond all numbers.
    near(jvp(f, &[1e8, 1e8 - 1.0], &[1.0, 0.0])[0], share, 1e-15);
    near(grad(f, &[1e8, 1e8 - 1.0])[0], share, 1e-15);
    assert_eq!(grad(f, &[f64::INFINITY, 1.0, f64::INFINITY]), [0.5, 0.0, 0.5]);
    assert_eq!(grad(f, &[f64::NEG_INFINITY; 2]), [0.0, 0.0]);
}

/// Two variables, with tensors of them that have the value in question.
fn tape_and_tensor() -> (Tape<f64>, Tensor<f64>) {
    let tape = Tape::new();
    let t = tape.tensor(array![1.0, 2.0, 3.0]);
    (tape, t)
}

#[test]
fn a_tensor_read_as_a_whole_and_by_elements() {
    let (tape, t) = tape_and_tensor();
    let root = t.at([0]) * t.at([1]) + t.square().sum().at([]);
    assert_eq!(root.backward().wrt(&t), array![4.0, 5.0, 6.0].into_dyn());
    let first = &tape.grad(root, &[&t])[0];
    assert_eq!(first.to_array(), array![4.0, 5.0, 6.0].into_dyn());
    assert_eq!(first.sum().backward().wrt(&t), array![3.0, 3.0, 2.0].into_dyn());
}

#[test]
fn more_inputs_than_a_forward_sweep_takes_at_once() {
    let (inputs, outputs) = (11, 13);
    let x: Vec<f64> = (0..inputs).map(|j| 0.1 * f64::from(j)).collect();
    let f = |x: &[Var<f64>]| -> Vec<Var<f64>> {
        (0..outputs).map(|i| x.iter().map(|&x| (x * f64::from(i)).sin()).sum()).collect()
    };
    let want = Array2::from_shape_fn((13, 11), |(i, j)| i as f64 * (x[j] * i as f64).cos());
    let got = jacobian(f, &x);
    assert!((&got - &want).iter().all(|d| d.abs() < 1e-13), "{got} instead of {want}");
    let replayed = Program::record(f, &x).jacobian(&x).unwrap();
    assert!((&replayed - &want).iter().all(|d| d.abs() < 1e-13), "{replayed} instead of {want}");
}

#[test]
fn many_variables_on_a_tape_that_is_nearly_full() {
    // The tape's room is a power of two times its first; there is more than that, and less than twice of it, to come.
    for before in [50_u32, 60, 250, 1020, 4000, 16_300] {
        let tape = Tape::<f64>::new();
        let first: Vec<Var<f64>> = (0..before).map(|k| tape.var(f64::from(k))).collect();
        let values: Vec<f64> = (0..before / 2 + 100).map(f64::from).collect();
        let vars = tape.vars(&values);
        let last = vars[vars.len() - 1];
        assert_eq!((sum(&vars[..1]) + last).backward().wrt(last), 1.0);
        assert!(first.iter().zip(0..before).all(|(x, k)| x.value() == f64::from(k)));
        assert!(vars.iter().zip(&values).all(|(x, value)| x.value() == *value));
    }
}

#[test]
fn entries_of_one_operand_keep_room_for_those_of_two() {
    let tape = Tape::<f64>::new();
    let x = tape.var(1.5);
    let (mut y, mut z) = (x, x);
    for _ in 0..3000 {
        y = sum([y]);
    }
    for _ in 0..3000 {
        z = z * x / x;
    }
    assert_eq!((y.backward().wrt(x), z.backward().wrt(x)), (1.0, 1.0));
}

/// A block recorded here, whatever closure it is of.
fn block(x: Var<f64>, f: impl Fn([Dual<f64, 1>; 1]) -> Dual<f64, 1> + Send + Sync + 'static) -> Var<f64> {
    fuse([x], f)
}

#[test]
fn blocks_of_one_line_with_other_closures_and_other_numbers() {
    let f = |x: &[Var<f64>]| {
        let by_numbers: Var<f64> = [2.0, 3.0, 5.0].map(|c| block(x[0], move |[a]| a * c)).into_iter().sum();
        by_numbers + block(x[0], |[a]| a.sin()) + block(x[0], |[a]| a.exp())
    };
    let program = Program::record(f, &[0.5]);
    for x in [0.5_f64, 1.25] {
        near(program.value(&[x]).unwrap(), 10.0 * x + x.sin() + x.exp(), 1e-15);
        near(program.gradient(&[x]).unwrap()[0], 10.0 + x.cos() + x.exp(), 1e-15);
    }
}

#[test]
fn lines_of_an_earlier_recording_are_forgotten() {
    let tape = Tape::<f64>::new();
    tape.trace_lines(true);
    let _ = tape.var(0.5).sin();
    tape.reset();
    tape.trace_lines(true);
    let x = tape.var(0.5);
    let _ = x.exp();
    let here = format!(":{}", line!() - 1);
    let lines: Vec<String> = tape.stats().by_line.into_iter().map(|row| row.name).collect();
    assert!(lines.len() == 2 && lines.iter().any(|name| name.ends_with(&here)), "{lines:?}");
}

/// An opcode, the operands between their counts, and the value.
#[test]
fn bytes_of_a_sum_of_three() {
    let tape = Tape::<f64>::new();
    let x = tape.var(1.0);
    let before = tape.stats().bytes;
    let _ = sum([x, x, x]);
    assert_eq!(tape.stats().bytes, before + 1 + 4 * (3 + 2) + 8);
}

#[test]
fn an_empty_tape_says_so() {
    let tape = Tape::<f64>::new();
    assert!(tape.is_empty());
    let x = tape.var(2.0);
    let _ = x * x;
    assert!(!tape.is_empty());
    assert!(format!("{tape:?}").contains('2'), "{tape:?}");
}

#[test]
fn a_group_that_outlives_its_tape() {
    let tape = Tape::<f64>::new();
    let _ = tape.var(1.0);
    let y = tape.group("gone", || {
        tape.reset();
        tape.var(0.5).sin().exp()
    });
    assert!(Graph::of(y).unwrap().groups().is_empty());
}

#[test]
fn sums_of_gradients_are_finite_though_their_product_is_not() {
    let (tape, t) = tape_and_tensor();
    tape.check_finite(true);
    let g = ((&t * 1e200).sum() + (&t * 1e200).sum()).backward();
    assert_eq!(g.wrt(&t), array![2e200, 2e200, 2e200].into_dyn());
    // The same sweep of scalars, their differences and stretches that run again.
    assert_eq!((t.at([0]) - t.at([1])).backward().wrt(&t), array![1.0, -1.0, 0.0].into_dyn());
    let x = tape.var(0.5);
    let loop_of = |x: Var<f64>| checkpoint::sequence(&[x], 6, |s, _| [s[0].sin() + s[0]])[0];
    let plain = (0..6).fold(x, |s, _| s.sin() + s);
    assert_eq!(loop_of(x).backward().wrt(x), plain.backward().wrt(x));
}

#[test]
fn structure_of_second_derivatives() {
    let entries = |f: fn(&[Var<f64>]) -> Var<f64>| {
        let program = Program::record(f, &[0.5, 1.5, 2.5, 3.5]);
        let hessian = program.sparse_hessian(&[0.5, 1.5, 2.5, 3.5]).unwrap();
        let mut places: Vec<(usize, usize)> = hessian.iter().map(|(i, j, _)| (i, j)).collect();
        places.sort_unstable();
        places
    };
    assert_eq!(entries(|x| x[0] / 3.0 + x[1] * x[2]), [(1, 2), (2, 1)]);
    assert_eq!(entries(|x| 3.0 / x[0]), [(0, 0)]);
    assert_eq!(entries(|x| dot(&x[..2], &x[2..])), [(0, 2), (1, 3), (2, 0), (3, 1)]);
}

#[test]
fn guards_at_the_border() {
    let above = |x: &[Var<f64>]| if x[0] > 1.0 { x[0] * 2.0 } else { x[0] * 3.0 };
    assert!(Program::record(above, &[1.5]).gradient(&[1.0]).is_err());
    assert_eq!(Program::record(above, &[1.0]).gradient(&[0.5]).unwrap(), [3.0]);
}

#[test]
fn paths_pass_by_what_does_not_depend_on_the_variable() {
    let tape = Tape::<f64>::new();
    let (x, y) = (tape.var(2.0).named("x"), tape.var(3.0).named("y"));
    let paths = explain::paths(x * y.sin().exp(), x);
    assert_eq!((paths.count(), paths.edges(), paths.list().len()), (Some(1), 1, 1));
}

#[test]
fn derivations_with_constants_elements_and_blocks() {
    let (tape, t) = tape_and_tensor();
    let t = t.named("t");
    let text = explain::derivation(t.at([2]).sin() * t.at([1]), &t).to_string();
    assert!(text.contains("t[2]") && text.contains("t[1]") && text.contains("e[2]"), "{text}");
    let x = tape.var(0.5).named("x");
    let text = explain::derivation(x.mul_add(Var::constant(7.25), Var::constant(3.5)), x).to_string();
    assert!(text.contains("7.25x + 3.5"), "{text}");
    // A block's derivatives are known as numbers, `2 a b` here.
    let (x, y) = (tape.var(0.7).named("x"), tape.var(1.3).named("y"));
    let block = explain::derivation(fuse([x, y], |[a, b]| a * a * b).sin(), x).to_string();
    assert!(block.contains("1.82 cos fuse(x, y)"), "{block}");
    let graph = Graph::of(Tensor::<f64>::from(x).exp()).unwrap();
    assert!(graph.nodes().iter().any(|node| node.title == "from_vars" && node.lines.contains(&"0.7".to_owned())));
}
