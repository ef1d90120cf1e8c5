//! Verdicts: what passes, what fails, what cannot be decided, and how a report says so.

use autodiff::check::{
    Entry, Fault, Reason, Report, Verdict, gradient, hessian, op_with, tensor_gradient, tensor_hessian,
};
use autodiff::rules::{Binary, Unary};
use autodiff::{Dual, Real, Tensor, Var, fuse};
use ndarray::{ArrayD, IxDyn};

fn first_line<T: Real>(report: &Report<T>) -> String {
    report.to_string().lines().next().unwrap_or_default().to_owned()
}

/// A value that the tape takes for a constant, for derivatives that are wrong on purpose.
fn detached(x: Var<f64>) -> Var<f64> {
    Var::constant(x.value())
}

#[test]
fn smooth_functions_pass() {
    let f = |x: &[Var<f64>]| (x[0] * x[1]).sin() + x[2].exp() / x[0] - x[1].tanh();
    for i in 0..40 {
        let t = f64::from(i);
        let x = [0.1 + 0.1 * t, 2.0 - 0.3 * t, 0.05 * t - 1.0];
        gradient(f, &x).assert_pass();
        hessian(f, &x).assert_pass();
    }
    assert_eq!(first_line(&gradient(f, &[1.0, 2.0, 3.0])), "gradient: PASS, 3 of 3 entries agree");
    assert_eq!(first_line(&hessian(f, &[1.0, 2.0, 3.0])), "hessian: PASS, 9 of 9 entries agree");
}

/// Some points are so near an edge, or so far out, that differences cannot decide; none is to fail.
#[test]
fn every_row_of_the_table_passes_at_its_points() {
    for &row in autodiff::rules::Unary::ALL {
        let passed = |&&x: &&f64| {
            let report = gradient(|x| x[0].unary(row), &[x]);
            assert_ne!(report.verdict, Verdict::Fail, "{} at {x}: {report}", row.name());
            report.is_pass()
        };
        let passed = row.points().iter().filter(passed).count();
        assert!(2 * passed > row.points().len(), "{}: {passed} of {} points", row.name(), row.points().len());
    }
}

#[test]
fn stationary_points_pass() {
    gradient(|x| x[0].square() + x[1].square(), &[0.0, 0.0]).assert_pass();
    gradient(|x| x[0].exp() - x[0], &[0.0]).assert_pass();
    gradient(|x| x[0].sinh().square(), &[0.0]).assert_pass();
    gradient(|x| x[0].cos() + x[1] * 0.0, &[0.0, 7.0]).assert_pass();
    hessian(|x| x[0].powi(4), &[0.0]).assert_pass();
}

#[test]
fn single_precision_passes() {
    for i in 1..40_u16 {
        let x = [0.1 * f32::from(i), 1.5];
        gradient(|x: &[Var<f32>]| x[0].sin() * x[1].exp() + x[0].ln(), &x).assert_pass();
    }
    let wrong = gradient(|x: &[Var<f32>]| Var::constant(x[0].value()) * x[0], &[2.0]);
    assert_eq!(wrong.verdict, Verdict::Fail);
}

#[test]
fn a_detached_value_fails() {
    let report = gradient(|x| detached(x[0]) * x[1].sin(), &[2.0, 0.5]);
    assert_eq!(report.verdict, Verdict::Fail);
    assert_eq!(first_line(&report), "gradient: FAIL, 1 of 2 entries wrong");
    assert_eq!(report.max_relative_difference(), 1.0);
    let worst = report.worst().expect("two entries");
    assert_eq!((worst.index.as_slice(), worst.autodiff, worst.verdict), (&[0][..], 0.0, Verdict::Fail));
    assert_eq!(report.entries[1].verdict, Verdict::Pass);

    let report = hessian(|x| detached(x[0]) * x[0] * x[0], &[2.0]);
    assert_eq!(first_line(&report), "hessian: FAIL, 1 of 1 entries wrong");
}

#[test]
fn a_relative_error_of_a_millionth_fails() {
    // The detached term adds the slope 1e-6 f' to the function and nothing to the tape.
    let functions: [fn(Var<f64>) -> Var<f64>; 6] =
        [|x| x.sin(), |x| x.exp(), |x| x.ln(), |x| x.recip(), |x| (x * x).tanh(), |x| (x * 20.0).cos()];
    for (k, f) in functions.into_iter().enumerate() {
        for i in 1..60 {
            let x = 0.037 * f64::from(i);
            let report = gradient(|x| f(x[0]) + f(detached(x[0])) * 1e-6, &[x]);
            assert_eq!(report.verdict, Verdict::Fail, "function {k} at {x}: {report}");
        }
    }
}

#[test]
fn kinks_are_not_called_wrong() {
    let acceptable = [Verdict::Pass, Verdict::Inconclusive(Reason::Kink)];
    let functions: [fn(Var<f64>) -> Var<f64>; 5] = [
        |x| x.relu(),
        |x| x.abs(),
        |x| x.relu() + x.sin(),
        |x| x.max(Var::constant(0.0)),
        |x| (x * 3.0).abs() * x.exp(),
    ];
    for (k, f) in functions.into_iter().enumerate() {
        for distance in [0.0, 1e-12, 1e-9, 1e-7, 2.5e-7, 1e-6, 1e-4, 0.1] {
            for (x, shift) in [(distance, 0.0), (-distance, 0.0), (1.0 + distance, 1.0), (1.0 - distance, 1.0)] {
                let report = gradient(|x| f(x[0] - shift), &[x]);
                assert!(acceptable.contains(&report.verdict), "function {k}, {x} - {shift}: {report}");
            }
        }
    }
    let report = gradient(|x| x[0].relu(), &[0.0]);
    assert_eq!(first_line(&report), "gradient: INCONCLUSIVE (kink), 1 of 1 entries undecided");
    assert_eq!(gradient(|x| x[0].relu(), &[1e-9]).verdict, Verdict::Pass);
    assert_eq!(gradient(|x| x[0].floor(), &[1.0]).verdict, Verdict::Inconclusive(Reason::Kink));
}

#[test]
fn jumps_of_the_second_derivative_are_kinks_of_the_hessian() {
    let kink = Verdict::Inconclusive(Reason::Kink);
    assert_eq!(hessian(|x| x[0].relu().square(), &[0.0]).verdict, kink);
    assert_eq!(hessian(|x| (x[0] - x[1]).relu().square(), &[1.0, 1.0]).verdict, kink);
    assert_eq!(hessian(|x| x[0].relu(), &[0.0]).verdict, kink);
    // Differences of a gradient with a kink converge slowly.
    assert_eq!(gradient(|x| x[0].relu().square(), &[0.0]).verdict, kink);
}

#[test]
fn what_cannot_be_seen_is_inconclusive() {
    let domain = gradient(|x| x[0].sqrt(), &[0.0]);
    assert_eq!(domain.verdict, Verdict::Inconclusive(Reason::Domain));
    let noise = gradient(|x| x[0].sin() + 1e13, &[1.0]);
    assert_eq!(noise.verdict, Verdict::Inconclusive(Reason::Noise));
}

const NOT_FINITE: [f64; 3] = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

/// Sines, with a vjp whose first element has a factor too many.
fn sine<T: Real>(x: &Tensor<T>, factor: f64) -> Tensor<T> {
    let factors = move |shape: &[usize]| {
        let mut factors = ArrayD::from_elem(shape, T::one());
        factors.iter_mut().take(1).for_each(|first| *first = T::of(factor));
        Tensor::constant(factors)
    };
    let forward = |x: &[ndarray::ArrayViewD<'_, T>]| x[0].mapv(num_traits::Float::sin);
    Tensor::custom("spoilt", &[x], forward, move |cx| {
        (cx.grad() * cx.input(0).cos() * factors(cx.input(0).shape())).into()
    })
}

/// Minus cosines, whose second derivative has a factor too many at the first element.
fn minus_cosine(x: &Tensor<f64>, factor: f64) -> Tensor<f64> {
    let forward = |x: &[ndarray::ArrayViewD<'_, f64>]| x[0].mapv(|x| -x.cos());
    Tensor::custom("outer", &[x], forward, move |cx| (cx.grad() * sine(cx.input(0), factor)).into())
}

fn numbers<T: Real>(shape: &[usize]) -> [Tensor<T>; 1] {
    let mut state = 0.3;
    let next = |_: IxDyn| {
        state = (state + 0.618_f64).fract();
        T::of(0.1 + state)
    };
    [Tensor::constant(ArrayD::from_shape_fn(IxDyn(shape), next))]
}

#[test]
fn what_is_not_finite_fails() {
    for factor in NOT_FINITE {
        let first = |t: &[Tensor<f64>]| sine(&t[0], factor).sum();
        let second = |t: &[Tensor<f64>]| minus_cosine(&t[0], factor).sum();
        let fused =
            |x: &[Var<f64>]| fuse([x[0]], move |[x]| Dual::new(x.value(), [x.tangent()[0] * factor])) + x[1].sin();
        let curved = |x: &[Var<f64>]| second(&[Tensor::from_vars(x, &[x.len()])]).at([]);
        let reports = [
            tensor_gradient(first, &numbers(&[])),
            tensor_gradient(first, &numbers(&[3])),
            tensor_gradient(first, &numbers(&[40, 50])),
            tensor_hessian(second, &numbers(&[])),
            tensor_hessian(second, &numbers(&[3])),
            tensor_hessian(second, &numbers(&[40])),
            gradient(fused, &[1.0, 2.0]),
            hessian(curved, &[1.0, 2.0]),
            op_with(|x: &[&Tensor<f64>]| sine(x[0], factor), &numbers(&[2, 3])),
        ];
        for (k, report) in reports.iter().enumerate() {
            assert_eq!(report.verdict, Verdict::Fail, "{k}, {factor}: {report}");
            assert_eq!(report.max_relative_difference(), f64::INFINITY, "{k}, {factor}: {report}");
            // Its rule is to blame: of a second derivative the one that gives the first's.
            let blamed = &report.causes[0];
            assert!(matches!(blamed.fault, Fault::Rule(Some(_))), "{k}, {factor}: {report}");
            assert_eq!(blamed.operation, if k == 6 { "fuse" } else { "spoilt" }, "{report}");
        }
        let one_of_three = reports[1].entries.iter().map(|entry| entry.verdict);
        assert_eq!(one_of_three.collect::<Vec<_>>(), [Verdict::Fail, Verdict::Pass, Verdict::Pass]);
        assert_eq!((reports[2].entries.len(), &reports[2].entries[0].index[..]), (1, &[0, 0, 0][..]));
        let right = ["swept twice", "input 0 transposed", "input 0 sliced"];
        for case in &reports[8].cases {
            let want = if right.contains(&case.name.as_str()) { Verdict::Pass } else { Verdict::Fail };
            assert_eq!(case.report.verdict, want, "{}: {}", case.name, case.report);
        }
        let single = tensor_gradient(|t: &[Tensor<f32>]| sine(&t[0], factor).sum(), &numbers(&[3]));
        assert_eq!(single.verdict, Verdict::Fail, "{single}");
    }
}

#[test]
fn what_is_finite_by_one_way_only_fails() {
    for factor in NOT_FINITE {
        for spoils_views in [true, false] {
            let view = move |x: &Tensor<f64>| x.view().as_slice().is_none() == spoils_views;
            let apply = |x: &[&Tensor<f64>]| sine(x[0], if view(x[0]) { factor } else { 1.0 });
            let report = op_with(apply, &numbers(&[2, 3]));
            assert_eq!(report.verdict, Verdict::Fail, "{report}");
            for name in ["input 0 transposed", "input 0 sliced"] {
                let case = report.cases.iter().find(|case| case.name == name).expect("is looked at");
                assert_eq!(case.report.verdict, Verdict::Fail, "{name}: {report}");
            }
        }
    }
}

/// Where the derivative is infinite in truth, or beyond the range of numbers, differences decide nothing.
#[test]
fn infinite_derivatives_are_undecided() {
    fn undecided<T: Real>(what: &str, f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) {
        let report = gradient(f, x);
        for entry in report.entries.iter().filter(|entry| entry.autodiff.is_infinite()) {
            assert!(matches!(entry.verdict, Verdict::Inconclusive(_)), "{what} at {x:?}: {report}");
        }
    }
    for &f in Unary::ALL {
        for &x in f.edges() {
            undecided(f.name(), |x| x[0].unary(f), &[x]);
            undecided(f.name(), |x: &[Var<f32>]| x[0].unary(f), &[x as f32]);
        }
    }
    for &f in Binary::ALL {
        for &(a, b) in f.edges() {
            undecided(f.name(), |x| x[0].binary(f, x[1]), &[a, b]);
            undecided(f.name(), |x: &[Var<f32>]| x[0].binary(f, x[1]), &[a as f32, b as f32]);
        }
    }
    for x in [1e-200, 1e-300, -1e-300, 1e-308] {
        assert_eq!(gradient(|x| x[0].recip(), &[x]).verdict, Verdict::Inconclusive(Reason::Domain));
        assert_eq!(hessian(|x| x[0].recip(), &[x]).verdict, Verdict::Inconclusive(Reason::Domain));
    }
    for x in [1e-25_f32, -1e-30, 1e-38] {
        assert_eq!(gradient(|x| x[0].recip(), &[x]).verdict, Verdict::Inconclusive(Reason::Domain));
    }
}

#[test]
fn next_to_zero_right_passes_and_wrong_fails() {
    for k in [3, 12, 20, 50, 120, 300] {
        let x: f64 = format!("1e-{k}").parse().expect("a number");
        gradient(|x| x[0].ln() + x[0].sqrt(), &[x]).assert_pass();
        gradient(|v| v[0] / (v[0] + x), &[x]).assert_pass();
        gradient(|x| x[0].exp() * x[1], &[x, 2.0]).assert_pass();
        let wrong = gradient(|v| v[0].ln() + detached(v[0]).ln(), &[x]);
        assert_eq!(wrong.verdict, Verdict::Fail, "{wrong}");
        let wrong = gradient(|v| v[0].sin() + detached(v[0]).sin(), &[x]);
        assert_eq!(wrong.verdict, Verdict::Fail, "{wrong}");
    }
    gradient(|x: &[Var<f32>]| x[0].recip(), &[1e-12]).assert_pass();
}

#[test]
fn tensors_are_compared_element_by_element() {
    let w = Tensor::constant(ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    let x = Tensor::constant(ndarray::array![[0.1], [0.2]]);
    let unused = Tensor::scalar(1.0);
    let inputs = [w, x, unused];
    let report = tensor_gradient(|t| t[0].matmul(&t[1]).tanh().sum(), &inputs);
    assert_eq!(first_line(&report), "tensor_gradient: PASS, 7 of 7 entries agree");
    assert_eq!(report.entries[2].index, [0, 1, 0]);
    let wrong = tensor_gradient(|t| t[0].detach().matmul(&t[1]).tanh().sum(), &inputs);
    assert_eq!(first_line(&wrong), "tensor_gradient: FAIL, 4 of 7 entries wrong");
    let constant = tensor_gradient(|t| t[0].detach().sum(), &inputs[..1]);
    assert_eq!(first_line(&constant), "tensor_gradient: FAIL, 4 of 4 entries wrong");
}

#[test]
fn many_entries_are_compared_along_random_directions() {
    let x: Vec<f64> = (0..3000).map(|i| 0.1 + (f64::from(i) * 0.618).fract()).collect();
    let f = |x: &[Var<f64>]| autodiff::sum(x.iter().map(|&x| x.sin() * x));
    let report = gradient(f, &x);
    assert_eq!(first_line(&report), "gradient: PASS, all of 32 random directions compared, through 3000 entries");
    let directions = report.directions.as_ref().expect("many entries");
    assert!(directions.resolution < 1e-7 && directions.missed < 1e-9, "{report}");
    assert_eq!(report.to_string().lines().count(), 14);

    // A single entry that is wrong by a millionth is seen in every direction, and found.
    let wrong = gradient(|x| f(x) + detached(x[1234]) * 1e-6, &x);
    assert_eq!(first_line(&wrong), "gradient: FAIL, 32 of 32 random directions wrong, through 3000 entries");
    assert_eq!(wrong.entries[0].index, [1234]);
    assert!(matches!(wrong.causes[0].fault, Fault::Severed { .. }), "{wrong}");
    // Two that cancel each other along half of the directions, more or less.
    let wrong = gradient(|x| f(x) + (detached(x[1]) - detached(x[2000])) * 1e-6, &x);
    let failed = |entry: &&Entry<f64>| entry.verdict == Verdict::Fail;
    let failed = wrong.directions.as_ref().map_or(0, |d| d.entries.iter().filter(failed).count());
    assert!((8..=24).contains(&failed), "{wrong}");
}

#[test]
fn many_second_derivatives_are_compared_along_random_pairs() {
    let x: Vec<f64> = (0..40).map(|i| 0.1 + (f64::from(i) * 0.618).fract()).collect();
    let f = |x: &[Var<f64>]| x.windows(2).fold(Var::constant(0.0), |sum, x| sum + x[0].sin() * x[1]);
    let report = hessian(f, &x);
    assert_eq!(first_line(&report), "hessian: PASS, all of 64 random directions compared, through 1600 entries");
    let wrong = hessian(|x| f(x) + detached(x[3]) * x[7] * 1e-3, &x);
    // Two entries that are wrong, on both sides of the diagonal: they cancel along half of the pairs.
    let failed = wrong
        .directions
        .as_ref()
        .map_or(0, |d| d.entries.iter().filter(|entry| entry.verdict == Verdict::Fail).count());
    assert!((20..=44).contains(&failed), "{wrong}");
    assert!(matches!(wrong.causes[0].fault, Fault::Severed { .. }), "{wrong}");
}

#[test]
fn the_table_is_aligned() {
    let report = gradient(|x| detached(x[0]) * x[1] + x[0], &[2.0, 0.5]);
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "gradient: FAIL, 1 of 2 entries wrong");
    assert!(lines[1].starts_with("index") && lines[1].ends_with("digits  verdict"), "{text}");
    assert!(lines[2].starts_with("[0]    1.0000000000e0  1.5000000000e0 ± "), "{text}");
    assert!(lines[2].ends_with("     0  FAIL"), "{text}");
    assert!(lines[3].ends_with("  PASS"), "{text}");
}

#[test]
#[should_panic(expected = "gradient: FAIL, 1 of 1 entries wrong\nindex")]
fn assert_pass_panics_with_the_table() {
    gradient(|x| detached(x[0]), &[2.0]).assert_pass();
}
