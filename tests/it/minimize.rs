//! L-BFGS and Newton: convergence, models, what happens at edges.

use autodiff::{Tensor, Var, hessian};
use ndarray::{Array2, array};
use nn::optim::{Minimum, Outcome};
use nn::{Activation, Layer, Lbfgs, Linear, Mlp, Newton, Param, Visit, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{close, raises_here, values_of};

fn rosenbrock(x: &[Var<f64>]) -> Var<f64> {
    x.windows(2).map(|x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)).sum()
}

/// The start from which the minimum at 1, 1, … is reached, not the local one.
fn start(n: usize) -> Vec<f64> {
    (0..n).map(|i| if i % 2 == 0 { -1.2 } else { 1.0 } + if n > 2 { 1.5 } else { 0.0 }).collect()
}

fn at_ones(minimum: &Minimum<f64>, within: f64) {
    assert_eq!(minimum.outcome, Outcome::Converged, "{minimum:?}");
    for &x in &minimum.x {
        close("coordinate", x, 1.0, within);
    }
    // Values fall all the way.
    assert!(minimum.course.windows(2).all(|w| w[1].value <= w[0].value));
}

#[test]
fn lbfgs_walks_down_rosenbrocks_valley() {
    // SciPy 1.17's L-BFGS-B takes 39, 53 and 78 steps, with 47, 57 and 85 evaluations.
    for (n, steps) in [(2, 45), (10, 60), (100, 90)] {
        let minimum = Lbfgs::new().tolerance(1e-10).minimize(rosenbrock, &start(n)).unwrap();
        at_ones(&minimum, 1e-10);
        assert!(minimum.steps() <= steps, "{n}: {} steps", minimum.steps());
        assert!(minimum.evaluations <= minimum.steps() * 5 / 4, "{n}: {} evaluations", minimum.evaluations);
    }
}

#[test]
fn memory_makes_lbfgs_fast() {
    // Eight eigenvalues from 1 to 1000.
    let quadratic = |x: &[Var<f64>]| {
        x.iter().enumerate().map(|(i, &x)| 0.5 * f64::powf(1000.0, i as f64 / 7.0) * (x - i as f64).powi(2)).sum()
    };
    let steps = [1, 10, 30].map(|memory| {
        let minimum = Lbfgs::new().memory(memory).steps(1000).minimize(quadratic, &[1.0; 8]).unwrap();
        assert_eq!(minimum.outcome, Outcome::Converged);
        minimum.steps()
    });
    // SciPy's takes 321, 48 and 29.
    assert!(steps[0] > 100 && steps[1] < 60 && steps[2] < 35, "{steps:?}");
}

#[test]
fn newton_squares_the_error_in_every_step() {
    // Its third derivative at the minimum, 0, is not 0.
    let f = |x: &[Var<f64>]| x[0].exp() - x[0] + (x[1] - 0.5 * x[0]).exp() - (x[1] - 0.5 * x[0]);
    let minimum = Newton::new().tolerance(1e-14).minimize(f, &[1.0, 1.5]).unwrap();
    assert_ne!(minimum.outcome, Outcome::StepLimit);
    assert!(minimum.x.iter().all(|x| x.abs() < 1e-13), "{:?}", minimum.x);
    let errors: Vec<f64> = minimum.course.iter().map(|at| at.gradient).collect();
    let squared: Vec<&[f64]> = errors.windows(2).filter(|w| w[0] < 0.5 && w[0] * w[0] > 1e-14).collect();
    assert!(squared.len() >= 3, "{errors:?}");
    for w in squared {
        assert!(w[1] < 0.7 * w[0] * w[0], "{errors:?}");
    }
}

#[test]
fn newton_walks_down_rosenbrocks_valley() {
    for n in [2, 10] {
        let minimum = Newton::new().tolerance(1e-12).minimize(rosenbrock, &start(n)).unwrap();
        at_ones(&minimum, 1e-12);
        assert!(minimum.steps() <= 25, "{n}: {} steps", minimum.steps());
    }
}

#[test]
fn newton_minimises_a_quadratic_in_one_step() {
    let a = array![[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]];
    let quadratic = |x: &[Var<f64>]| -> Var<f64> {
        let entries = a.indexed_iter().map(|((i, j), &a)| 0.5 * a * x[i] * x[j]);
        entries.sum::<Var<f64>>() - x[0] + 2.0 * x[2]
    };
    let minimum = Newton::new().minimize(quadratic, &[100.0, -50.0, 7.0]).unwrap();
    assert_eq!((minimum.steps(), minimum.evaluations, minimum.outcome), (1, 2, Outcome::Converged));
    // A x = (1, 0, -2).
    let product = a.dot(&ndarray::Array1::from(minimum.x));
    for (got, want) in product.into_iter().zip([1.0, 0.0, -2.0]) {
        close("A x", got, want, 1e-12);
    }
}

#[test]
fn newton_leaves_saddles_and_flat_directions() {
    // The Hessian at the start has eigenvalues of both signs; minima at (±1, 0).
    let saddle = |x: &[Var<f64>]| 0.25 * x[0].powi(4) - 0.5 * x[0].powi(2) + 0.5 * x[1].powi(2);
    let minimum = Newton::new().minimize(saddle, &[0.1, 1.0]).unwrap();
    assert_eq!(minimum.outcome, Outcome::Converged);
    close("x", minimum.x[0].abs(), 1.0, 1e-8);
    // A second derivative that is infinite at the start and all along: the gradient is followed.
    let cusp = |x: &[Var<f64>]| x[0].powf(Var::constant(1.5)) + (x[1] - 1.0).powi(4);
    let h = hessian(cusp, &[0.0, 0.0]);
    assert!(!h[[0, 0]].is_finite(), "{h}");
    let minimum = Newton::new().tolerance(1e-6).minimize(cusp, &[0.0, 0.0]).unwrap();
    assert_eq!((minimum.outcome, minimum.x[0]), (Outcome::Converged, 0.0));
    close("x", minimum.x[1], 1.0, 0.01);
    // One coordinate takes no part: a Hessian of rank 1.
    let flat = |x: &[Var<f64>]| (x[0] - 3.0).powi(2);
    let minimum = Newton::new().minimize(flat, &[0.0, 5.0]).unwrap();
    assert_eq!(minimum.outcome, Outcome::Converged);
    close("x", minimum.x[0], 3.0, 1e-7);
    assert_eq!(minimum.x[1], 5.0);
}

#[test]
fn places_without_a_value_are_too_far() {
    // Finite for 0 < x < 1 only, the minimum near the far end.
    let barrier = |x: &[Var<f64>]| -(1.0 - x[0]).ln() - 0.001 * x[0].ln() - 50.0 * x[0];
    // 1/(1-x) - 0.001/x = 50
    for minimum in [Lbfgs::new().minimize(barrier, &[0.5]), Newton::new().minimize(barrier, &[0.5])] {
        let minimum = minimum.unwrap();
        let x = minimum.x[0];
        assert_eq!(minimum.outcome, Outcome::Converged, "{minimum:?}");
        close("slope", 1.0 / (1.0 - x) - 0.001 / x, 50.0, 1e-8);
    }
}

#[test]
fn endings() {
    let two = Lbfgs::new().steps(2).minimize(rosenbrock, &start(2)).unwrap();
    assert_eq!((two.outcome, two.steps()), (Outcome::StepLimit, 2));
    let none = Newton::new().minimize(rosenbrock, &[1.0, 1.0]).unwrap();
    assert_eq!((none.outcome, none.steps(), none.evaluations), (Outcome::Converged, 0, 1));
    // With a tolerance that rounding cannot meet, both say so, at the minimum.
    let odd = |x: &[Var<f64>]| (x[0] / 3.0 - 0.1).exp() - 0.7 * x[0] + (x[1] - 0.3).cosh();
    for minimum in
        [Lbfgs::new().tolerance(0.0).minimize(odd, &[0.0; 2]), Newton::new().tolerance(0.0).minimize(odd, &[0.0; 2])]
    {
        let minimum = minimum.unwrap();
        assert_ne!(minimum.outcome, Outcome::StepLimit, "{minimum:?}");
        close("x", minimum.x[0], 3.0 * (2.1_f64.ln() + 0.1), 1e-14);
        close("x", minimum.x[1], 0.3, 1e-14);
    }
}

#[test]
fn where_values_differ_by_rounding_only_slopes_lead_on() {
    // Around the minimum the values are all the same, the more so the larger the constant.
    for constant in [0.0, 1e4, 1e12] {
        let f = |x: &[Var<f64>]| {
            let terms = x
                .iter()
                .enumerate()
                .map(|(i, &y)| (y * (1.0 + i as f64) - 0.3).cosh() + 0.1 * (y + x[(i + 1) % 10]).sin());
            constant + terms.sum::<Var<f64>>()
        };
        let ends =
            [Lbfgs::new().tolerance(0.0).minimize(f, &[0.7; 10]), Newton::new().tolerance(0.0).minimize(f, &[0.7; 10])];
        for minimum in ends {
            let minimum = minimum.unwrap();
            assert_eq!(minimum.outcome, Outcome::Stalled, "{minimum:?}");
            let last = *minimum.course.last().unwrap();
            assert!(last.gradient < 1e-15, "{minimum:?}");
            // What is given back belongs together.
            let (value, gradient) = autodiff::value_and_grad(f, &minimum.x);
            assert_eq!((value, value), (minimum.value, last.value));
            assert_eq!(gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs())), last.gradient);
        }
    }
}

#[test]
fn mistakes_are_named() {
    let log = |x: &[Var<f64>]| x[0].ln();
    let message = |minimum: nn::Result<Minimum<f64>>| minimum.unwrap_err().to_string();
    let text = "the objective is NaN at the start, expected a finite number";
    assert_eq!(message(Lbfgs::new().minimize(log, &[-1.0])), text);
    let text = "the objective is -inf at the start, expected a finite number";
    assert_eq!(message(Newton::new().minimize(log, &[0.0])), text);
    // The value is finite, the slope is not.
    let text = "the objective's gradient holds inf at the start, expected finite numbers";
    assert_eq!(message(Newton::new().minimize(|x: &[Var<f64>]| x[0].sqrt(), &[0.0])), text);
    raises_here(|| Lbfgs::new().memory(0), "Lbfgs: the memory is 0, expected 1 or more");
    let text = "Newton: the tolerance is NaN, expected a finite number, 0 or above";
    raises_here(|| Newton::new().tolerance(f64::NAN), text);
    let text = "Lbfgs: the tolerance is -1, expected a finite number, 0 or above";
    raises_here(|| Lbfgs::new().tolerance(-1.0), text);
}

fn network(seed: u64) -> Mlp<f64> {
    Mlp::new(&[2, 3, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(seed))
}

fn xor() -> (Tensor<f64>, Tensor<f64>) {
    let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    (Tensor::constant(x), Tensor::constant(array![[0.0], [1.0], [1.0], [0.0]]))
}

#[test]
fn a_network_learns_xor_in_full_batches() {
    let (x, t) = xor();
    let objective = |model: &Mlp<f64>| loss::squared_error(&model.forward(&x), &t);
    let model = network(1);
    let minimum = Lbfgs::new().fit(&model, objective).unwrap();
    assert_eq!(minimum.outcome, Outcome::Converged);
    assert!(minimum.value < 1e-12, "{minimum:?}");
    // The model is where the minimum is.
    assert_eq!(values_of(&model), minimum.x);
    assert_eq!(objective(&model).item(), minimum.value);
    let model = network(1);
    let minimum = Newton::new().fit(&model, objective).unwrap();
    assert!(minimum.value < 1e-12, "{minimum:?}");
}

/// The network of [`network`] written out on scalars.
fn written_out(w: &[Var<f64>], x: &Array2<f64>, t: &Array2<f64>) -> Var<f64> {
    let item = |(x, t): (ndarray::ArrayView1<'_, f64>, &f64)| {
        let z = (0..3).map(|j| (w[2 * j] * x[0] + w[2 * j + 1] * x[1] + w[6 + j]).tanh() * w[9 + j]);
        (z.sum::<Var<f64>>() + w[12] - *t).powi(2)
    };
    x.rows().into_iter().zip(t).map(item).sum::<Var<f64>>() / 4.0
}

#[test]
fn a_model_and_the_function_written_out_take_the_same_steps() {
    let (x, t) = xor();
    let (columns, targets) = (x.to_array().into_dimensionality().unwrap(), t.to_array().into_dimensionality().unwrap());
    let flat = |w: &[Var<f64>]| written_out(w, &columns, &targets);
    let objective = |model: &Mlp<f64>| loss::squared_error(&model.forward(&x), &t);
    // So that Hessians are tried where they are definite and where they are not.
    let h = hessian(flat, &values_of(&network(1)));
    assert!(h.diag().iter().any(|&h| h < 0.0) || h.iter().any(|&h| h != 0.0));
    let model = network(1);
    let by_model = Newton::new().steps(6).fit(&model, objective).unwrap();
    let by_hand = Newton::new().steps(6).minimize(flat, &values_of(&network(1))).unwrap();
    let model = network(1);
    let by_model_2 = Lbfgs::new().steps(6).fit(&model, objective).unwrap();
    let by_hand_2 = Lbfgs::new().steps(6).minimize(flat, &values_of(&network(1))).unwrap();
    for (model, hand) in [(by_model, by_hand), (by_model_2, by_hand_2)] {
        assert_eq!((model.steps(), model.evaluations), (hand.steps(), hand.evaluations));
        for (model, hand) in model.x.iter().zip(&hand.x) {
            close("weight", *model, *hand, 1e-9);
        }
    }
}

#[test]
fn newton_solves_linear_regression_in_one_step_also_in_f32() {
    let line = Linear::<f32>::from_weights(array![[0.0]], array![0.0]);
    let x = Tensor::constant(array![[0.0], [1.0], [2.0], [4.0]]);
    let t = Tensor::constant(array![[1.0], [3.0], [5.0], [9.0]]);
    let minimum = Newton::new().fit(&line, |line| loss::squared_error(&line.forward(&x), &t)).unwrap();
    assert_eq!((minimum.steps(), minimum.outcome), (1, Outcome::Converged));
    close("slope", f64::from(line.weight().value().item()), 2.0, 1e-6);
    close("intercept", f64::from(line.bias().value().item()), 1.0, 1e-6);
    let line = Linear::<f32>::from_weights(array![[0.0]], array![0.0]);
    let minimum = Lbfgs::new().fit(&line, |line| loss::squared_error(&line.forward(&x), &t)).unwrap();
    assert_eq!(minimum.outcome, Outcome::Converged);
    close("slope", f64::from(line.weight().value().item()), 2.0, 1e-3);
}

/// A layer that forgets its second parameter once the first is below 0.
struct Careless {
    used: Param<f64>,
    forgotten: Param<f64>,
}

impl Layer<f64> for Careless {
    fn forward(&self, _x: &Tensor<f64>) -> Tensor<f64> {
        let used = self.used.tensor();
        let square = (&used + 3.0).square().sum();
        if used.item() > 0.0 { square + self.forgotten.tensor().square().sum() } else { square }
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.param("used", &self.used);
        v.param("forgotten", &self.forgotten);
    }
}

#[test]
fn a_severed_parameter_is_named_and_the_model_is_as_before() {
    let mut model = Careless { used: Param::new(array![1.0]), forgotten: Param::new(array![2.0]) };
    for fit in [
        |model: &mut Careless| Lbfgs::new().fit(model, |model| model.forward(&Tensor::scalar(0.0))),
        |model: &mut Careless| Newton::new().fit(model, |model| model.forward(&Tensor::scalar(0.0))),
    ] {
        let message = fit(&mut model).unwrap_err().to_string();
        assert!(message.starts_with("no gradient reaches parameter `forgotten`: "), "{message}");
        assert_eq!(values_of(&model), [1.0, 2.0]);
    }
}
