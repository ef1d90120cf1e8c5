//! Fits: against certified values, in boxes, with outliers, of many parameters; and minimisation of objectives in boxes.

use autodiff::{Program, Tape, Tensor, Var};
use ndarray::{Array1, Array2, array};
use nn::Newton;
use nn::optim::{Bounds, Ending, Lbfgs, LeastSquares, Objective, Outcome, Robust};
use serde_json::Value;
use tests::{close, raises_here};

type V = Var<f64>;

/// The models of `nist.json`.
fn model(name: &str, b: &[V], x: f64) -> V {
    match name {
        "Misra1a" | "BoxBOD" => b[0] * (1.0 - (-b[1] * x).exp()),
        "Thurber" => {
            let above = b[0] + b[1] * x + b[2] * (x * x) + b[3] * (x * x * x);
            above / (1.0 + b[4] * x + b[5] * (x * x) + b[6] * (x * x * x))
        }
        "MGH09" => b[0] * (x * x + b[1] * x) / (x * x + b[2] * x + b[3]),
        "MGH10" => b[0] * (b[1] / (b[2] + x)).exp(),
        "MGH17" => b[0] + b[1] * (-b[3] * x).exp() + b[2] * (-b[4] * x).exp(),
        "Eckerle4" => b[0] / b[1] * (-0.5 * ((b[2] - x) / b[1]).square()).exp(),
        "Rat42" => b[0] / (1.0 + (b[1] - b[2] * x).exp()),
        "Rat43" => b[0] / (1.0 + (b[1] - b[2] * x).exp()).powf(1.0 / b[3]),
        "Lanczos3" => b[0] * (-b[1] * x).exp() + b[2] * (-b[3] * x).exp() + b[4] * (-b[5] * x).exp(),
        _ => panic!("no model {name}"),
    }
}

fn rosenbrock(x: &[V]) -> V {
    x.windows(2).map(|x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)).sum()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

/// The digits to which the worst of some numbers is right.
fn digits(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).map(|(got, want)| -((got - want) / want).abs().max(1e-16).log10()).fold(16.0, f64::min)
}

#[test]
fn nist_certifies_them() {
    let data: Value = serde_json::from_str(include_str!("../data/nist.json")).unwrap();
    let problems: Vec<_> = data.as_object().unwrap().iter().filter(|(name, _)| *name != "source").collect();
    assert_eq!(problems.len(), 10);
    for (name, problem) in problems {
        let (x, y) = (list(&problem["x"]), list(&problem["y"]));
        for start in problem["starts"].as_array().unwrap() {
            let residuals = |b: &[V]| x.iter().zip(&y).map(|(&x, &y)| model(name, b, x) - y).collect::<Vec<_>>();
            let fit = LeastSquares::new().fit(residuals, &list(start)).unwrap();
            let what = format!("{name} from {start}: {fit}");
            assert_ne!(fit.ending, Ending::StepLimit, "{what}");
            assert!(digits(&fit.x, &list(&problem["certified"])) > 8.0, "{what}");
            assert!(digits(&fit.standard_errors().unwrap(), &list(&problem["errors"])) > 8.0, "{what}");
            assert!(digits(&[2.0 * fit.cost], &[problem["sum_of_squares"].as_f64().unwrap()]) > 8.0, "{what}");
        }
    }
}

#[test]
fn a_straight_line_in_closed_form() {
    let (t, y) = ([0.0, 1.0, 2.0, 3.0, 4.0], [1.1, 2.9, 5.2, 6.8, 9.1]);
    let line = |x: &[V]| (0..5).map(|i| x[0] + x[1] * t[i] - y[i]).collect::<Vec<_>>();
    let design = Array2::from_shape_fn((5, 2), |(i, k)| if k == 0 { 1.0 } else { t[i] });
    let normal = Tensor::constant(design.t().dot(&design));
    let x = normal.solve(&Tensor::constant(design.t().dot(&Array1::from(y.to_vec())))).unwrap();
    let inverse = normal.inverse().unwrap();
    for by in [LeastSquares::new(), LeastSquares::new().sparse()] {
        let fit = by.fit(line, &[0.0, 0.0]).unwrap();
        assert_eq!(fit.degrees_of_freedom(), 3);
        let variance = fit.residuals.iter().map(|r| r * r).sum::<f64>() / 3.0;
        close("variance", fit.variance().unwrap(), variance, 1e-14);
        let covariance = fit.covariance().unwrap();
        for (i, k) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            close("covariance", covariance[[i, k]], variance * inverse.view()[[i, k]], 1e-12);
        }
        close("offset", fit.x[0], x.view()[[0]], 1e-10);
        close("slope", fit.x[1], x.view()[[1]], 1e-10);
        let text = fit.to_string();
        assert!(text.contains("; cost ") && text.contains("\n1: ") && text.contains(" ± "), "{text}");
    }
    // In single precision, to its precision.
    let line = |x: &[Var<f32>]| (0..5).map(|i| x[0] + x[1] * (t[i] as f32) - y[i] as f32).collect::<Vec<_>>();
    let fit = LeastSquares::new().fit(line, &[0.0, 0.0]).unwrap();
    close("slope in f32", f64::from(fit.x[1]), x.view()[[1]], 1e-5);
    // As many parameters as residuals leave nothing to tell errors from; a parameter without influence has none.
    let exact = LeastSquares::new().fit(|x: &[V]| [x[0] - 1.0, x[1] + x[0]], &[5.0, 5.0]).unwrap();
    assert!(exact.cost < 1e-18 && exact.variance().unwrap_err().to_string().contains("2 residuals for 2 parameters"));
    let idle = LeastSquares::new().fit(|x: &[V]| [x[0] - 1.0, x[0] - 2.0, x[1] * 0.0], &[5.0, 5.0]).unwrap();
    close("mean", idle.x[0], 1.5, 1e-10);
    assert!(idle.covariance().unwrap_err().to_string().contains("do not determine parameter 1"));
}

#[test]
fn a_box() {
    // The parabola's minimum lies outside: at the bound the others are as if it were a constant.
    let residuals = |x: &[V]| [x[0] - 2.0, x[1] - x[0] * x[0], x[1] + x[2]];
    let outside = std::cell::Cell::new(0);
    let watched = |x: &[V]| {
        outside.set(outside.get() + usize::from(x[0] > 1.5 || x[2] < -2.0));
        residuals(x)
    };
    let bounds = Bounds::new([-1.0, -9.0, -2.0], [1.5, 9.0, 9.0]);
    let fit = LeastSquares::new().fit_within(watched, &[-3.0, 5.0, -5.0], &bounds).unwrap();
    assert_eq!((fit.x[0], fit.x[2], outside.get()), (1.5, -2.0, 0));
    // ½ ((y - 2.25)² + (y - 2)²) is least between the two.
    close("inner", fit.x[1], 2.125, 1e-10);
    assert_eq!(fit.degrees_of_freedom(), 2);
    let errors = fit.standard_errors().unwrap();
    assert!(errors[0] == 0.0 && errors[1] > 0.0 && errors[2] == 0.0);
    // Bounds that do not bind change nothing.
    let wide = Bounds::new([-99.0; 3], [99.0; 3]);
    let (bound, free) = (
        LeastSquares::new().fit_within(residuals, &[-1.0, 1.0, 0.0], &wide).unwrap(),
        LeastSquares::new().fit(residuals, &[-1.0, 1.0, 0.0]).unwrap(),
    );
    assert_eq!(bound.x, free.x);
    raises_here(|| Bounds::new([1.0], [0.0]), "Bounds: unknown 0 is to lie between 1 and 0, expected low ≤ high");
    raises_here(
        || LeastSquares::new().fit_within(residuals, &[0.0; 3], &Bounds::none(2)),
        "LeastSquares: bounds of 2 unknowns for 3",
    );
}

#[test]
fn outliers() {
    let t: Vec<f64> = (0..30).map(|i| f64::from(i) * 0.1).collect();
    let y: Vec<f64> = t.iter().map(|&t| 2.0 + 3.0 * t + 0.01 * (40.0 * t).sin()).collect();
    let spoilt: Vec<f64> = y.iter().enumerate().map(|(i, &y)| if i % 7 == 3 { y + 20.0 } else { y }).collect();
    let line = |x: &[V]| t.iter().zip(&spoilt).map(|(&t, &y)| x[0] + x[1] * t - y).collect::<Vec<_>>();
    for (robust, within) in [(Robust::Huber(0.05), 0.05), (Robust::Cauchy(0.05), 0.01)] {
        let fit = LeastSquares::new().robust(robust).fit(line, &[1.9, 3.1]).unwrap();
        close("slope", fit.x[1], 3.0, within);
        // The gradient of the cost vanishes: by automatic differentiation of the loss itself.
        let cost = |x: &[V]| -> V {
            let of = |r: V| match robust {
                Robust::Huber(s) => {
                    if r.abs() <= s {
                        0.5 * r * r
                    } else {
                        s * (r.abs() - 0.5 * s)
                    }
                }
                Robust::Cauchy(s) => 0.5 * s * s * (r / s).square().ln_1p(),
                Robust::Square => 0.5 * r * r,
            };
            line(x).into_iter().map(of).sum()
        };
        let (value, gradient) = autodiff::value_and_grad(cost, &fit.x);
        close("cost", fit.cost, value, 1e-13);
        assert!(gradient.iter().all(|g| g.abs() < 1e-8), "{robust:?}: {gradient:?}, {fit}");
    }
    let plain = LeastSquares::new().fit(line, &[0.0, 0.0]).unwrap();
    assert!((plain.x[0] - 2.0).abs() > 1.0);
    raises_here(
        || LeastSquares::new().robust(Robust::Huber(0.0)),
        "LeastSquares: the scale of the loss is 0, expected a finite number above 0",
    );
}

#[test]
fn many_parameters_by_sparse_jacobians() {
    // A smooth curve through noise: hundreds of parameters, each residual of one or three of them.
    let n = 400;
    let data: Vec<f64> = (0..n).map(|i| (i as f64 * 0.01).sin() + 0.1 * (i as f64 * 2.3).sin()).collect();
    let residuals = |x: &[V]| {
        let near = x.iter().zip(&data).map(|(&x, &y)| x - y);
        let smooth = x.windows(3).map(|x| 3.0 * (x[0] - 2.0 * x[1] + x[2] + 0.001 * x[1].powi(3)));
        near.chain(smooth).collect::<Vec<_>>()
    };
    let program = Program::record(residuals, &data);
    let fit = LeastSquares::new().sparse().fit_program(&program, &vec![0.0; n], &Bounds::none(n)).unwrap();
    assert!(fit.steps < 60 && fit.ending != Ending::StepLimit, "{} steps: {}", fit.steps, fit.ending);
    let cost = |x: &[V]| residuals(x).into_iter().map(|r| 0.5 * r * r).sum::<V>();
    let gradient = autodiff::grad(cost, &fit.x);
    assert!(gradient.iter().all(|g| g.abs() < 1e-7));
    // And the same from a closure, dense, for fewer of them.
    let short = |x: &[V]| x.windows(2).flat_map(|x| [10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]).collect::<Vec<_>>();
    for by in [LeastSquares::new(), LeastSquares::new().sparse()] {
        let fit = by.fit(short, &[-1.2; 10]).unwrap();
        assert!(fit.x.iter().all(|x| (x - 1.0).abs() < 1e-10), "{fit}");
    }
}

#[test]
fn what_a_fit_refuses() {
    let said = |x: f64| LeastSquares::new().fit(|x: &[V]| [x[0].ln(), x[0].sqrt()], &[x]).unwrap_err().to_string();
    assert_eq!(said(-1.0), "the objective is NaN at the start, expected a finite number");
    // Where the function has no value, steps are too long.
    let fit = LeastSquares::new().fit(|x: &[V]| [x[0].ln() - 0.01f64.ln(), 0.0 * x[0]], &[5.0]).unwrap();
    close("root", fit.x[0], 0.01, 1e-10);
    let limited = LeastSquares::new().steps(2).fit(|x: &[V]| [x[0].exp() - 9.0, x[0] * 1e-3], &[-5.0]).unwrap();
    assert_eq!((limited.ending, limited.steps), (Ending::StepLimit, 2));
    let branch = |x: &[V]| [if x[0] > 0.0 { x[0] - 2.0 } else { -x[0] - 2.0 }];
    let program = Program::record(branch, &[1.0]);
    let other = LeastSquares::new().fit_program(&program, &[-1.0], &Bounds::none(1)).unwrap_err().to_string();
    assert!(other.contains("the function takes another branch"), "{other}");
}

#[test]
fn objectives_of_ones_own() {
    // By hand, without a Hessian.
    struct Quartic;
    impl Objective<f64> for Quartic {
        fn value_and_gradient(&mut self, x: &[f64]) -> nn::Result<(f64, Vec<f64>)> {
            Ok((x.iter().map(|x| (x - 1.0).powi(4)).sum(), x.iter().map(|x| 4.0 * (x - 1.0).powi(3)).collect()))
        }
    }
    let minimum = Lbfgs::new().minimize_objective(Quartic, &[3.0, 0.0]).unwrap();
    assert!(minimum.outcome == Outcome::Converged && minimum.x.iter().all(|x| (x - 1.0).abs() < 1e-2));
    let none = Newton::new().minimize_objective(Quartic, &[3.0]).unwrap_err().to_string();
    assert!(none.contains("implement `Objective::hessian`"), "{none}");
    // A program and its closure walk the same way.
    let program = Program::record(rosenbrock, &[-1.2, 1.0]);
    let (of, by) = (
        Newton::new().minimize_objective(&program, &[-1.2, 1.0]).unwrap(),
        Newton::new().minimize(rosenbrock, &[-1.2, 1.0]).unwrap(),
    );
    assert_eq!(of.evaluations, by.evaluations);
    tests::all_close("program and closure", &of.x, &by.x, 1e-12);
}

#[test]
fn lbfgs_in_a_box() {
    // A quadratic whose free minimum is known: at the solution the gradient is 0 inside, and points outward at bounds.
    let n = 30;
    let quadratic = move |x: &[V]| -> V {
        let ends = x[0] * x[0] + x[n - 1] * x[n - 1];
        let chain: V = x.windows(2).map(|x| (x[1] - x[0]).square()).sum();
        let load: V = x.iter().enumerate().map(|(i, &x)| x * (0.05 * (i as f64 * 0.7).sin() + 0.02)).sum();
        0.5 * (ends + chain) - load
    };
    let bounds = Bounds::new(vec![-0.1; n], vec![0.3; n]);
    let outside = std::cell::Cell::new(0);
    let watched = |x: &[V]| {
        outside.set(outside.get() + x.iter().filter(|x| x.value() < -0.1 || x.value() > 0.3).count());
        quadratic(x)
    };
    let minimum = Lbfgs::new().tolerance(1e-10).minimize_within(watched, &vec![5.0; n], &bounds).unwrap();
    assert_eq!((minimum.outcome, outside.get()), (Outcome::Converged, 0), "{minimum:?}");
    let (mut held, gradient) = (0, autodiff::grad(quadratic, &minimum.x));
    for (&x, &g) in minimum.x.iter().zip(&gradient) {
        let at = if x == -0.1 {
            g >= 0.0
        } else if x == 0.3 {
            g <= 0.0
        } else {
            g.abs() < 1e-9
        };
        assert!(at, "{x}: {g}");
        held += usize::from(x == -0.1 || x == 0.3);
    }
    assert!(held > 3 && held < n - 3, "{held} held");
    // Without binding bounds it is the minimum of the free problem; from a corner, too.
    for start in [[-1.2, 1.0], [-3.0, -3.0], [4.0, 4.0]] {
        let minimum = Lbfgs::new().minimize_within(rosenbrock, &start, &Bounds::new([-3.0, -3.0], [4.0, 4.0])).unwrap();
        assert!(
            minimum.outcome == Outcome::Converged && minimum.x.iter().all(|x| (x - 1.0).abs() < 1e-6),
            "{minimum:?}"
        );
    }
    let corner = Lbfgs::new().minimize_within(|x: &[V]| x[0] + x[1], &[0.3, 0.9], &Bounds::new([0.0, 0.5], [1.0, 1.0]));
    let corner = corner.unwrap();
    assert_eq!((corner.outcome, corner.x), (Outcome::Converged, vec![0.0, 0.5]));
    raises_here(
        || Lbfgs::new().minimize_within(rosenbrock, &[0.0; 2], &Bounds::none(3)),
        "Lbfgs: bounds of 3 unknowns for 2",
    );
}

#[test]
fn hyper_parameters_of_a_fit() {
    // The fit is plain numbers, and a function of its data by the implicit function theorem.
    let t = array![0.0, 0.5, 1.0, 1.5, 2.0];
    let cost = {
        let t = Tensor::constant(t.clone());
        move |x: &Tensor<f64>, p: &[Tensor<f64>]| {
            let (size, rate) = (x.narrow(0, 0..1), x.narrow(0, 1..2));
            (size * (-(rate * &t)).exp() - &p[0]).square().sum()
        }
    };
    let fitted = |y: &Tensor<f64>| {
        let y: Vec<f64> = y.view().iter().copied().collect();
        let residuals = |x: &[V]| t.iter().zip(&y).map(|(&t, &y)| x[0] * (-x[1] * t).exp() - y).collect::<Vec<_>>();
        LeastSquares::new().fit(residuals, &[1.0, 1.0]).unwrap().x
    };
    let tape = Tape::new();
    let y = tape.tensor(array![3.0, 2.4, 1.7, 1.45, 1.1]);
    let x = autodiff::implicit::argmin(cost, fitted(&y), &[&y]).unwrap();
    let gradient = x.at([1]).backward().wrt(&y);
    for k in 0..5 {
        let moved = |h: f64| {
            let mut y = y.to_array();
            y[[k]] += h;
            fitted(&Tensor::constant(y))[1]
        };
        close("rate by a datum", gradient[[k]], (moved(1e-4) - moved(-1e-4)) / 2e-4, 1e-6);
    }
}
