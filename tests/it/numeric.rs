//! Numerical differentiation: true errors, bounds, and what functions cost.

use autodiff::numeric::{
    Differences, Estimate, Method, derivative, directional, gradient, hessian, jacobian, tensor_gradient,
};
use autodiff::{Real, Tensor, Var};
use num_traits::Float;

type Case<T> = (&'static str, fn(Var<T>) -> Var<T>, fn(f64) -> f64, f64, f64);

/// Smooth functions, their derivatives in closed form, and where to look.
fn cases<T: Real>() -> Vec<Case<T>> {
    vec![
        ("sin", |x| x.sin(), f64::cos, -5.0, 5.0),
        ("exp", |x| x.exp(), f64::exp, -5.0, 5.0),
        ("ln", |x| x.ln(), f64::recip, 0.01, 10.0),
        ("sqrt", |x| x.sqrt(), |x| 0.5 / x.sqrt(), 0.01, 10.0),
        ("recip", |x| x.recip(), |x| -1.0 / (x * x), -1.0, 1.0),
        ("tan", |x| x.tan(), |x| 1.0 + x.tan().powi(2), -3.0, 3.0),
        ("tanh", |x| x.tanh(), |x| x.cosh().powi(-2), -4.0, 4.0),
        ("atan", |x| x.atan(), |x| 1.0 / (1.0 + x * x), -5.0, 5.0),
        ("asin", |x| x.asin(), |x| 1.0 / ((1.0 - x) * (1.0 + x)).sqrt(), -0.99, 0.99),
        ("cosh", |x| x.cosh(), f64::sinh, -5.0, 5.0),
        ("gauss", |x| (-x * x).exp(), |x| -2.0 * x * (-x * x).exp(), -3.0, 3.0),
        ("cubic", |x| x.powi(3) - x - x, |x| 3.0 * x * x - 2.0, -3.0, 3.0),
        ("exp of sin", |x| x.sin().exp(), |x| x.cos() * x.sin().exp(), -4.0, 4.0),
        ("fast sine", |x| (x * Var::of(20.0)).sin(), |x| 20.0 * (20.0 * x).cos(), -2.0, 2.0),
        ("chirp", |x| (x * x).sin(), |x| 2.0 * x * (x * x).cos(), -4.0, 4.0),
        ("runge", |x| (x * x * Var::of(25.0) + Var::<T>::of(1.0)).recip(), runge_slope, -1.0, 1.0),
        ("sigmoid", |x| x.sigmoid(), |x| 0.25 / (0.5 * x).cosh().powi(2), -6.0, 6.0),
        ("softplus", |x| x.softplus(), |x| 1.0 / (1.0 + (-x).exp()), -6.0, 6.0),
        ("power", |x| x.powf(x), |x| x.powf(x) * (x.ln() + 1.0), 0.05, 4.0),
    ]
}

fn runge_slope(x: f64) -> f64 {
    -50.0 * x / (1.0 + 25.0 * x * x).powi(2)
}

struct Accuracy {
    median: f64,
    percentile_99: f64,
    /// The largest true error, as a multiple of its bound.
    worst: f64,
}

/// Relative errors over all cases at points spread by the golden ratio; the closed form is in f64.
fn accuracy<T: Real>(points: u32) -> Accuracy {
    let (mut errors, mut worst) = (Vec::new(), 0.0_f64);
    for (name, f, slope, low, high) in cases::<T>() {
        for i in 0..points {
            let spread = ((f64::from(i) + 0.5) * 0.618_033_988_749_894_8).fract();
            let x = T::of(low + (high - low) * spread);
            let got = derivative(f, x);
            let want = slope(x.primal());
            let error = (got.value.primal() - want).abs();
            let multiple = error / got.error.primal();
            assert!(multiple <= 10.0, "{name} at {x}: {got}, true error {error:e}");
            worst = worst.max(multiple);
            errors.push(error / want.abs());
        }
    }
    errors.sort_by(f64::total_cmp);
    let at = |percent: usize| errors[errors.len() * percent / 100];
    Accuracy { median: at(50), percentile_99: at(99), worst }
}

#[test]
fn smooth_functions_in_double_precision() {
    let a = accuracy::<f64>(200);
    println!("f64: median {:.1e}, 99 % {:.1e}, worst error / bound {:.2}", a.median, a.percentile_99, a.worst);
    assert!(a.median <= 1e-14, "median {:e}", a.median);
    assert!(a.percentile_99 <= 1e-11, "99th percentile {:e}", a.percentile_99);
    assert!(a.worst <= 3.0, "error / bound {}", a.worst);
}

#[test]
fn smooth_functions_in_single_precision() {
    let a = accuracy::<f32>(200);
    println!("f32: median {:.1e}, 99 % {:.1e}, worst error / bound {:.2}", a.median, a.percentile_99, a.worst);
    assert!(a.median <= 5e-6, "median {:e}", a.median);
    assert!(a.percentile_99 <= 1e-4, "99th percentile {:e}", a.percentile_99);
}

/// The estimate is within its bound of the truth, and the bound is no larger than `at_most`.
#[track_caller]
fn assert_within(got: Estimate<f64>, want: f64, at_most: f64) {
    let error = (got.value - want).abs();
    assert!(error <= 10.0 * got.error, "{got}, wanted {want}: off by {error:e}");
    assert!(got.error <= at_most, "{got}: bound above {at_most:e}");
}

#[test]
fn coarse_steps_that_agree_by_accident_are_found_out() {
    // Steps far above a period, or over the pole, give small and consistent nonsense.
    assert_within(derivative(|x| x.sin(), 123_456.7), 123_456.7_f64.cos(), 1e-9);
    assert_within(derivative(|x| (x * 1e4).sin(), 0.3), 1e4 * 3e3_f64.cos(), 1e-1);
    assert_within(derivative(|x| x.recip(), 1e-7), -1e14, 1e4);
    assert_within(derivative(|x| x.relu(), 1e-9), 1.0, 1e-12);
    assert_within(derivative(|x| (x - 0.3).abs(), 0.3 + 1e-4), 1.0, 1e-9);
}

#[test]
fn rounding_inside_the_function_widens_the_bound() {
    // The subtraction leaves the rounding of terms of size 1 in a result near 0.
    for i in 1..50 {
        let x = 0.01 * f64::from(i);
        let got = derivative(|x| (x.cos() - 1.0) / (x * x), x);
        let want = (2.0 - 2.0 * x.cos() - x * x.sin()) / x.powi(3);
        // The closed form cancels as well: it is good to this.
        let slack = 1e-15 / x.powi(3);
        assert!((got.value - want).abs() <= 10.0 * got.error + slack, "at {x}: {got}, wanted {want}");
    }
    assert_within(derivative(|x| x.sin() + 1e8, 1.0), 1.0_f64.cos(), 1e-4);
    // Nothing but rounding.
    assert_within(derivative(|x| x.sin().square() + x.cos().square() - 1.0, 0.7), 0.0, 1e-13);
    assert_within(derivative(|x| ((x + 1.0) - 1.0) - x, 1e-9), 0.0, 1e-13);
}

#[test]
fn levels_outside_the_domain_are_skipped() {
    assert_within(derivative(|x| x.ln(), 1e-5), 1e5, 1e-6);
    assert_within(derivative(|x| (x - 1.0).sqrt(), 1.0 + 1e-6), 0.5 / ((1.0_f64 + 1e-6) - 1.0).sqrt(), 1e-3);
    assert_within(derivative(|x| x.exp(), 700.0), 700.0_f64.exp(), 700.0_f64.exp() * 1e-10);
}

#[test]
fn nothing_is_said_outside_the_domain() {
    for x in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let got = derivative(|x| x.ln(), x);
        assert!(got.value.is_nan() && got.error == f64::INFINITY, "at {x}: {got}");
    }
    let j = jacobian(|x| [x[0].ln(), x[0] * 2.0], &[-1.0]);
    assert!(j[[0, 0]].value.is_nan());
    assert_within(j[[1, 0]], 2.0, 1e-13);
}

#[test]
fn gradient_jacobian_and_directional_agree_with_the_tape() {
    let f = |x: &[Var<f64>]| (x[0] * x[1]).sin() + x[2].exp() / x[0];
    let x = [1.3, -0.7, 0.2];
    let want = autodiff::grad(f, &x);
    for (got, &want) in gradient(f, &x).into_iter().zip(&want) {
        assert_within(got, want, 1e-11);
    }
    let rows = jacobian(|x| vec![f(x), x[2] * x[2]], &x);
    for (got, &want) in rows.row(0).into_iter().zip(&want) {
        assert_within(*got, want, 1e-11);
    }
    assert_within(rows[[1, 2]], 0.4, 1e-14);
    let v = [0.3, -2.0, 1.7];
    let along = directional(f, &x, &v);
    assert_within(along, want.iter().zip(v).map(|(g, v)| g * v).sum(), 1e-11);
    assert_eq!(directional(f, &x, &[0.0; 3]), Estimate { value: 0.0, error: 0.0 });
}

#[test]
fn hessian_agrees_with_the_tape() {
    let f = |x: &[Var<f64>]| (x[0] * x[1]).sin() + x[2].exp() / x[0] + x[1].ln() * x[2];
    for i in 0..50 {
        let t = f64::from(i);
        let x = [0.5 + 0.1 * t, 0.02 + 0.05 * t, 2.0 - 0.1 * t];
        let want = autodiff::hessian(f, &x);
        let got = hessian(f, &x);
        assert_eq!(got, got.t());
        for (&got, &want) in got.iter().zip(&want) {
            assert_within(got, want, 1e-8 * want.abs().max(1.0));
        }
    }
}

#[test]
#[should_panic(
    expected = "directional: 1 values given where 2 are needed (a direction has one element for each variable)"
)]
fn a_direction_needs_the_length_of_the_point() {
    directional(|x| x[0], &[1.0, 2.0], &[1.0]);
}

#[test]
fn simple_methods_have_their_errors_and_counts() {
    for (method, evaluations, most) in
        [(Method::Forward, 3, 1e-6), (Method::Backward, 3, 1e-6), (Method::Central, 5, 1e-8)]
    {
        for (name, f, slope, low, high) in cases::<f64>() {
            let differences = Differences::new(method);
            let x = low + 0.371 * (high - low);
            let (got, want) = (differences.derivative(f, x), slope(x));
            assert_eq!(differences.evaluations(), evaluations, "{method:?}");
            let error = (got.value - want).abs();
            assert!(error <= 3.0 * got.error, "{method:?} of {name}: {got}, wanted {want}");
            assert!(error <= most * want.abs().max(1.0) * 300.0, "{method:?} of {name}: {got}, wanted {want}");
        }
    }
    let best = Differences::default();
    best.derivative(|x: Var<f64>| x.sin(), 0.5);
    println!("extrapolated: {} evaluations", best.evaluations());
    assert!((40..100).contains(&best.evaluations()));
    let forward = Differences::new(Method::Forward);
    let x = [1.0_f32, 2.0];
    let g = forward.gradient(|x| x[0] * x[1] + x[0].sin(), &x);
    assert!((g[0].value - (2.0 + 1.0_f32.cos())).abs() <= g[0].error && g[0].error < 1e-2);
    assert_eq!(forward.evaluations(), 6);
    let j = Differences::new(Method::Central).jacobian(|x| [x[0] * x[1], x[0] + x[1]], &[2.0_f64, 3.0]);
    assert!((j[[0, 0]].value - 3.0).abs() < 1e-9 && (j[[1, 1]].value - 1.0).abs() < 1e-9);
}

#[test]
fn one_side_at_the_edge_of_a_domain() {
    // Smooth from inside, and nothing beyond: the square of a root.
    let inside = |x: Var<f64>| (x - 1.0).sqrt().powi(4) + x;
    assert_within(derivative(inside, 1.0), 1.0, 1e-10);
    assert_within(derivative(|x| (-x).sqrt().powi(2) * 3.0, 0.0), -3.0, 1e-10);
    assert_within(gradient(|x| inside(x[0]) * x[1], &[1.0, 2.0])[0], 2.0, 1e-9);
    let j = jacobian(|x| [inside(x[0]), x[0].exp()], &[1.0]);
    assert_within(j[[0, 0]], 1.0, 1e-10);
    // Asked for: |x| has two derivatives at 0.
    assert_within(Differences::new(Method::FromRight).derivative(|x| x.abs(), 0.0), 1.0, 1e-12);
    assert_within(Differences::new(Method::FromLeft).derivative(|x| x.abs(), 0.0), -1.0, 1e-12);
    assert_within(Differences::new(Method::FromRight).derivative(|x| x.exp(), 0.3), 0.3_f64.exp(), 1e-9);
    // Near the edge, steps get small enough by themselves.
    assert_within(derivative(|x| x * x.ln(), 1e-9), 1e-9_f64.ln() + 1.0, 1e-5);
    // No derivative at all: the error says so.
    let root = derivative(|x| x.sqrt(), 0.0_f64);
    assert!(root.error > 1e-3 * root.value.abs(), "{root}");
}

#[test]
fn next_to_zero_steps_are_as_small() {
    for x in [1e-5, 1e-20, 1e-50, 1e-150, 1e-300] {
        assert_within(derivative(|x| x.ln(), x), 1.0 / x, 1e-8 / x);
        assert_within(derivative(|v| v / (v + x), x), 0.25 / x, 1e-8 / x);
        assert_within(derivative(|x| x.exp(), x), x.exp(), 1e-12);
        assert_within(gradient(|x| x[0].ln() * x[1], &[x, 2.0])[0], 2.0 / x, 1e-8 / x);
        assert_within(jacobian(|x| [x[0].ln() * x[1]], &[x, 2.0])[[0, 0]], 2.0 / x, 1e-8 / x);
        assert_within(directional(|x| x[0].ln(), &[x], &[-3.0]), -3.0 / x, 1e-8 / x);
        let h = hessian(|v| v[0].ln() * v[1].sin(), &[x, 0.3]);
        assert_within(h[[0, 1]], 0.3_f64.cos() / x, 1e-5 / x);
        if x > 1e-150 {
            assert_within(h[[0, 0]], -0.3_f64.sin() / x / x, 1e-5 / x / x);
        }
        assert_within(hessian(|x| x[0].sin() * x[1].exp(), &[x, 0.3])[[0, 1]], x.cos() * 0.3_f64.exp(), 1e-6);
    }
    let got = derivative(|x: Var<f32>| x.recip(), 1e-12);
    assert!((got.value + 1e24).abs() <= got.error && got.error < 1e20, "{got}");
}

#[test]
fn what_is_not_resolved_has_no_bound() {
    let unknown = |what: &str, got: Estimate<f64>| assert_eq!(got.error, f64::INFINITY, "{what}: {got}");
    for (name, f, x) in [
        ("too fast", (|x| x.sin()) as fn(Var<f64>) -> Var<f64>, 1e300),
        ("a step at the point", |x| x.floor(), 1.0),
        ("a step too close", |x| x / (x + 1e-50), 0.0),
        ("infinite", |x| x.sqrt(), 0.0),
        ("infinite from both sides", |x| x.cbrt(), 0.0),
        ("infinite, and then a stair", |x| (x + 1.0).acosh(), 0.0),
        ("infinite, but slowly", |x| x.xlogy(x), 0.0),
        ("beyond the range of numbers", |x| x.recip(), 1e-300),
    ] {
        unknown(name, derivative(f, x));
        for method in [Method::FromLeft, Method::Backward, Method::Central] {
            // Few values may look like anything.
            if name != "too fast" || method == Method::FromLeft {
                unknown(&format!("{name}, {method:?}"), Differences::new(method).derivative(f, x));
            }
        }
        unknown(name, hessian(|x| f(x[0]), &[x])[[0, 0]]);
    }
    // No step small enough for the one would move the other.
    unknown("a pole", directional(|x| x[0].recip() + x[1], &[1e-50, 1.0], &[1.0, 1.0]));
    unknown("infinite", hessian(|x| (x[0] + x[1]).cbrt(), &[1e-100, 0.0])[[0, 1]]);
    // A direction of any length.
    for v in [1e-310, 1e-200, 1e300] {
        let got = directional(|x| x[0].sin(), &[0.5], &[v]);
        assert!((got.value / v - 0.5_f64.cos()).abs() <= got.error / v && got.error / v < 1e-9, "along {v:e}: {got:?}");
    }
}

#[test]
fn a_kink_is_within_the_bound() {
    for x in [0.0, 5e-324, -5e-324] {
        for (f, slopes) in [((|x| x.abs()) as fn(Var<f64>) -> Var<f64>, [-1.0, 1.0]), (|x| x.relu() + x, [1.0, 2.0])] {
            let got = derivative(f, x);
            assert!(slopes.iter().all(|slope| (got.value - slope).abs() <= got.error), "at {x:e}: {got}");
            assert!(got.error < 1.01, "at {x:e}: {got}");
        }
    }
}

#[test]
fn tensors_as_numbers() {
    let x = ndarray::array![[0.3, -0.2], [1.2, 0.4]];
    let f = |t: &[Tensor<f64>]| (t[0].sin() * &t[1]).sum();
    let g = tensor_gradient(f, &[Tensor::constant(x.clone()), Tensor::scalar(2.0)]);
    for (got, want) in g[0].iter().zip(x.mapv(|x| 2.0 * x.cos())) {
        assert_within(*got, want, 1e-12);
    }
    assert_within(g[1][[]], x.mapv(f64::sin).sum(), 1e-12);
}
